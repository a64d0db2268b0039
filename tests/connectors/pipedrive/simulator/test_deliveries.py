"""Webhook deliveries to a real listener: bodies, Basic, retries, bans."""

import base64
import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from connectors.pipedrive.simulator import Account
from connectors.pipedrive.simulator.deliveries import Deliveries
from connectors.pipedrive.simulator.disorder import parse_disorder
from connectors.pipedrive.simulator.events import Actor
from connectors.pipedrive.simulator.webhooks import create_webhook
from connectors.pipedrive.webhook_delivery import read
from tests.connectors.pipedrive.openapi import REFERENCE, load_judge
from tests.connectors.pipedrive.ports import Clock


class Listener:
    """Keeps what it is sent and answers with the statuses it is given, the last one for ever."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[Any] = []
        self.statuses = [200]
        self.answering = threading.Event()
        self.answering.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.headers.append(self.headers)
                outer.bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                outer.answering.wait(10)
                status = outer.statuses.pop(0) if len(outer.statuses) > 1 else outer.statuses[0]
                self.send_response(status)
                self.send_header("location", "/elsewhere")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture
def deliveries(account: Account) -> Iterator[Deliveries]:
    with Deliveries(account, pace=0.001) as deliveries:
        yield deliveries


def hook(account: Account, listener: Listener, **changes: Any) -> int:
    body = {"subscription_url": listener.url, "event_action": "*", "event_object": "*", "name": "test"} | changes
    return int(create_webhook(account, body, Actor(1))["id"])


def acme_with_deal(account: Account) -> None:
    account.add_field("deal", "Invoice", "varchar")
    account.add_field("deal", "Total", "monetary")
    account.add_field("deal", "Terms", "enum", ["Net 30"])
    account.add_organization("Acme")
    total = {"value": Decimal("12.50"), "currency": "USD"}
    account.add_deal("D", org_id=1, custom={"Invoice": "INV-1", "Total": total, "Terms": "Net 30"})


def test_a_win_in_the_app_is_told_in_v2(account: Account, deliveries: Deliveries, listener: Listener) -> None:
    acme_with_deal(account)
    hook(account, listener, event_action="change", event_object="deal", http_auth_user="u", http_auth_password="p:ä")
    account.edit("organization", 1, name="Acme Inc")
    account.win_deal(1)
    assert deliveries.settle()
    (body,) = listener.bodies
    assert (body["meta"]["action"], body["meta"]["entity"], body["meta"]["entity_id"]) == ("change", "deal", "1")
    assert (body["meta"]["change_source"], body["meta"]["attempt"]) == ("app", 1)
    assert (body["data"]["status"], body["previous"]["status"]) == ("won", "open")
    invoice = account.fields.named("deal", "Invoice")["field_code"]
    assert body["data"]["custom_fields"][invoice] == {"type": "varchar", "value": "INV-1"}
    expected = base64.b64encode("u:p:ä".encode()).decode()
    assert listener.headers[0]["authorization"] == f"Basic {expected}"


@pytest.mark.reference
def test_v2_bodies_have_the_keys_of_the_samples(account: Account, deliveries: Deliveries, listener: Listener) -> None:
    load_judge()
    samples = json.loads((REFERENCE / "webhook-samples.json").read_text())
    hook(account, listener)
    acme_with_deal(account)
    account.add_note("Paid", deal_id=1)
    account.remove("deal", 1)
    account.add_organization("Acme Ltd")
    account.merge("organization", 2, into=1)
    assert deliveries.settle()
    told = {(body["meta"]["action"], body["meta"]["entity"]): body for body in listener.bodies}
    for name in ("create_deal", "create_note", "delete_deal", "delete_organization_by_merge"):
        action, entity = name.split("_")[:2]
        body, sample = told[action, entity], samples[f"v2_{name}"]
        assert set(body["meta"]) == set(sample["meta"]), name
        for part in ("data", "previous"):
            assert set(body[part] or ()) == set(sample[part] or ()), (name, part)
            assert {type(v) for v in body["meta"].values()} == {type(v) for v in sample["meta"].values()}


def test_v1_has_custom_fields_at_the_root_and_both_states(
    account: Account, deliveries: Deliveries, listener: Listener
) -> None:
    acme_with_deal(account)
    hook(account, listener, version="1.0")
    account.lose_deal(1, "Too dear")
    assert deliveries.settle()
    (body,) = listener.bodies
    total, terms = (account.fields.named("deal", name)["field_code"] for name in ("Total", "Terms"))
    assert (body["event"], body["retry"], body["meta"]["id"]) == ("updated.deal", 0, 1)
    assert (body["previous"]["status"], body["current"]["status"]) == ("open", "lost")
    assert (body["current"][total], body["current"][f"{total}_currency"]) == (12.5, "USD")
    assert isinstance(body["current"][terms], str) and body["current"]["org_name"] == "Acme"


def test_a_failed_delivery_is_repeated_three_times_with_the_same_id(
    account: Account, deliveries: Deliveries, listener: Listener
) -> None:
    key = hook(account, listener)
    listener.statuses = [500, 302, 404, 204]
    account.add_organization("Acme")
    assert deliveries.settle()
    assert [body["meta"]["attempt"] for body in listener.bodies] == [1, 2, 3, 4]
    assert len({body["meta"]["id"] for body in listener.bodies}) == 1
    assert account.record("webhook", key)["last_http_status"] == 204


def test_ten_failed_first_tries_ban_and_events_are_lost(account: Account, listener: Listener) -> None:
    hook(account, listener)
    listener.statuses = [500]
    with Deliveries(account, pace=0.01) as deliveries:
        for _ in range(10):
            account.add_organization("Acme")
            while len([b for b in listener.bodies if b["meta"]["attempt"] == 1]) < len(account.records("organization")):
                threading.Event().wait(0.002)
        threading.Event().wait(0.05)
        account.add_organization("Lost")
        assert deliveries.lost == 1


def test_a_deleted_webhook_hears_nothing_more(account: Account, deliveries: Deliveries, listener: Listener) -> None:
    key = hook(account, listener)
    account.tables.remove("webhook", key)
    account.add_organization("Acme")
    assert deliveries.settle() and listener.bodies == []


def test_a_ban_is_shown_and_ends_after_half_an_hour(listener: Listener) -> None:
    clock = Clock()
    account = Account(clock=clock)
    key = hook(account, listener)
    listener.statuses = [500]
    with Deliveries(account, pace=0.01) as deliveries:
        for number in range(10):
            account.add_organization(f"Acme {number}")
            while len({b["meta"]["id"] for b in listener.bodies}) <= number:
                threading.Event().wait(0.002)
        while account.record("webhook", key)["is_active"]:
            threading.Event().wait(0.002)
        clock.move(minutes=31 * 0.01)
        listener.statuses = [200]
        account.add_organization("Heard")
        assert deliveries.settle()
        assert deliveries.lost == 0
    assert account.record("webhook", key)["is_active"] == 1
    assert "Heard" in {body["data"]["name"] for body in listener.bodies}


def test_three_days_without_a_success_delete_a_webhook(listener: Listener) -> None:
    clock = Clock()
    account = Account(clock=clock)
    key = hook(account, listener)
    listener.statuses = [500]
    with Deliveries(account, pace=1) as deliveries:
        account.add_organization("Acme")
        while not listener.bodies:
            threading.Event().wait(0.002)
        clock.move(hours=73)
        account.add_organization("Acme Ltd")
        while key in account.tables["webhook"]:
            threading.Event().wait(0.002)
        assert deliveries.account is account


def test_an_answer_that_comes_too_late_is_a_failure(account: Account, listener: Listener) -> None:
    hook(account, listener)
    listener.answering.clear()
    with Deliveries(account, pace=0.001, timeout=0.05) as deliveries:
        account.add_organization("Acme")
        while not listener.headers:
            threading.Event().wait(0.002)
        threading.Event().wait(0.1)
        listener.answering.set()
        assert deliveries.settle()
    assert sorted(body["meta"]["attempt"] for body in listener.bodies)[:2] == [1, 2]


@pytest.mark.parametrize(
    ("spec", "told"),
    [("twice", ["A", "A", "B", "B"]), ("late=2", ["A", "B", "A", "B"]), ("lost", []), ("held=2", ["A", "B"])],
)
def test_deliveries_are_disordered_on_demand(account: Account, listener: Listener, spec: str, told: list[str]) -> None:
    hook(account, listener)
    with Deliveries(account, pace=0.1, disorder=parse_disorder((spec,), seed=1)) as deliveries:
        account.add_organization("A")
        account.add_organization("B")
        assert deliveries.settle()
    assert [body["data"]["name"] for body in listener.bodies] == told


def test_disorder_by_chance_is_the_same_for_the_same_seed() -> None:
    def drawn(seed: int) -> list[list[tuple[float, int]]]:
        disorder = parse_disorder(("twice%0.3", "held=7%0.3", "lost%0.1"), seed)
        return [disorder.sendings() for _ in range(50)]

    assert drawn(4) == drawn(4) != drawn(5)
    assert [] in drawn(4) and [(0.0, 1), (0.0, 1)] in drawn(4) and [(7.0, 1)] in drawn(4)


@pytest.mark.parametrize("spec", ["often", "twice%", "held=soon", "twice@POST /deals"])
def test_a_delivery_fault_that_is_none_is_quoted(spec: str) -> None:
    with pytest.raises(ValueError, match="not a delivery fault"):
        parse_disorder((spec,), 0)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_activities_and_leads_are_told_of(
    account: Account, deliveries: Deliveries, listener: Listener, version: str
) -> None:
    hook(account, listener, version=version)
    account.add_organization("Acme")
    account.add("activity", subject="Call")
    account.add("lead", title="Lead", organization_id=1)
    assert deliveries.settle()
    told = [read(json.dumps(body).encode()) for body in listener.bodies]
    assert [one.entity for one in told] == ["organization", "activity", "lead"]


@pytest.mark.reference
def test_v1_bodies_have_the_metas_keys_of_the_sample(
    account: Account, deliveries: Deliveries, listener: Listener
) -> None:
    load_judge()
    sample = json.loads((REFERENCE / "webhook-samples.json").read_text())["v1_updated_deal"]
    hook(account, listener, version="1.0")
    acme_with_deal(account)
    account.win_deal(1)
    assert deliveries.settle()
    body = listener.bodies[-1]
    assert set(body) == set(sample) and set(body["meta"]) == set(sample["meta"])
    assert {key: type(value) for key, value in body["meta"].items()} == {
        key: type(value) for key, value in sample["meta"].items()
    }
