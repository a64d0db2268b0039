"""Webhooks between a simulated account and our server, over real HTTP: made, delivered, refused, renewed, missed."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import timedelta
from decimal import Decimal
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from connectors.pipedrive.simulator.deliveries import Deliveries
from connectors.pipedrive.simulator.events import Actor
from connectors.pipedrive.simulator.webhooks import create_webhook
from connectors.pipedrive.webhook_subscriptions import OFTEN, SELDOM, address_problem
from engine.errors import InvalidSettings
from engine.protocol import Child, Found, Gone, HttpRequest, Page, Query, Write
from engine.store.clock import machine
from engine.store.store import Store
from engine.web.server import Server, listen
from tests.connectors.pipedrive.conftest import Bench, Bencher, change
from tests.engine.web.doubles import settings

WEBHOOK = {"user": "pipedrive", "password": "long and random"}
PLACE = "/acme/pipedrive/webhook"


@contextmanager
def serving(bench_of: Bencher, **block: Any) -> Iterator[tuple[Bench, str]]:
    """A bench that follows deals and mirrors organizations, reached at an address of our real server."""
    with listen("127.0.0.1", 0) as listening:
        url = "http://{}:{}".format(*listening.getsockname()) + PLACE
        webhook = {**WEBHOOK, "url": url, **block.pop("webhook", {})}
        wanted: Mapping[str, Any] = {"follows": ("deal",), "mirrors": ("organization",), **block}
        bench = bench_of(webhook=webhook, **wanted)
        bench.account.switches.webhook_urls_are_checked = True
        connection = SimpleNamespace(endpoints={"pipedrive": bench.endpoint}, status=dict)
        with TemporaryDirectory() as folder, closing(Store.open(f"sqlite:///{folder}/engine.db")) as store:
            engine: Any = SimpleNamespace(
                connections={"acme": connection}, store=store, clock=machine, stopping=threading.Event()
            )
            server = Server(engine, settings(), listening=listening)
            server.start()
            try:
                yield bench, url
            finally:
                server.stop()


@pytest.fixture
def served(bench_of: Bencher) -> Iterator[tuple[Bench, str]]:
    with serving(bench_of) as made:
        yield made


def hooks(bench: Bench) -> dict[str, dict[str, Any]]:
    return {f"{one['event_action']}.{one['event_object']}": one for one in bench.account.tables["webhook"].values()}


def spent(bench: Bench) -> int:
    return sum(one.tokens for one in bench.account.ledger.entries if "webhooks" in one.path)


def a_deal(bench: Bench) -> int:
    organization = bench.account.add_organization("Acme")
    return int(bench.account.add_deal("Invoice 1", org_id=organization["id"])["id"])


# ------------------------------------------------------------------------------------------------- what is made
def test_the_first_drain_makes_what_the_mappings_need_and_the_next_asks_nobody(served: tuple[Bench, str]) -> None:
    bench, url = served
    bench.endpoint.drain()
    assert sorted(hooks(bench)) == ["*.deal", "delete.organization"]
    one = hooks(bench)["*.deal"]
    assert (one["subscription_url"], one["version"], one["http_auth_user"]) == (url, "2.0", "pipedrive")
    assert spent(bench) == 10 + 2 * 10
    bench.clock.move(hours=3)
    bench.endpoint.drain()
    assert spent(bench) == 30
    bench.clock.move(hours=22)
    bench.endpoint.drain()
    assert spent(bench) == 40, "a look once a day"
    assert len(hooks(bench)) == 2


def test_with_webhooks_that_deliver_the_poll_is_seldom_unless_the_settings_say_otherwise(bench_of: Bencher) -> None:
    with serving(bench_of) as (bench, _):
        bench.endpoint.drain()
        assert bench.endpoint._account.poll == SELDOM
        assert any("every hour (240 tokens a day)" in one for one in bench.endpoint.facts()["notes"])
    with serving(bench_of, poll="5 minutes") as (bench, _):
        bench.endpoint.drain()
        assert bench.endpoint._account.poll == timedelta(minutes=5)
    bench = bench_of(follows=("deal",))
    bench.endpoint.drain()
    assert bench.endpoint._account.poll == OFTEN
    assert any("Webhooks are off" in one for one in bench.endpoint.facts()["notes"])


def test_what_people_deleted_or_broke_is_made_again_and_others_webhooks_stay(served: tuple[Bench, str]) -> None:
    bench, url = served
    theirs = {"subscription_url": f"{url}/other", "event_action": "*", "event_object": "*", "name": "theirs"}
    create_webhook(bench.account, theirs, Actor(1))
    bench.endpoint.sync_hooks()
    assert not [one for one in bench.endpoint.sync_hooks() if "made" in one.message]
    bench.account.tables.remove("webhook", hooks(bench)["*.deal"]["id"])
    hooks(bench)["delete.organization"] |= {"is_active": 0, "remove_reason": "too many failures"}
    told = {one.what: one.message for one in bench.endpoint.sync_hooks() if one.message == "made"}
    assert sorted(told) == ["*.deal", "delete.organization"]
    assert hooks(bench)["delete.organization"]["is_active"] == 1
    assert sorted(hooks(bench)) == ["*.*", "*.deal", "delete.organization"]


@pytest.mark.parametrize(
    "change",
    [
        {"http_auth_user": "somebody"},
        {"http_auth_password": "another"},
        {"version": "1.0"},
        {"is_active": 0},
        {"last_http_status": 401},
    ],
)
def test_a_webhook_of_ours_that_cannot_deliver_is_renewed(served: tuple[Bench, str], change: dict[str, Any]) -> None:
    bench, _ = served
    bench.endpoint.sync_hooks()
    before = hooks(bench)["*.deal"]["id"]
    hooks(bench)["*.deal"].update(change)
    assert [one for one in bench.endpoint.list_hooks() if not one.ok]
    bench.endpoint.sync_hooks()
    assert len(hooks(bench)) == 2 and hooks(bench)["*.deal"]["id"] != before
    assert all(one.ok for one in bench.endpoint.list_hooks())


def test_ours_are_removed_and_nobody_elses(served: tuple[Bench, str]) -> None:
    bench, url = served
    theirs = {"subscription_url": f"{url}/other", "event_action": "*", "event_object": "deal", "name": "theirs"}
    create_webhook(bench.account, theirs, Actor(1))
    bench.endpoint.sync_hooks()
    assert len(bench.endpoint.remove_hooks()) == 2
    assert [one["name"] for one in hooks(bench).values()] == ["theirs"]


def test_an_address_that_pipedrive_cannot_reach_is_said_and_tried_again_later(bench_of: Bencher) -> None:
    with serving(bench_of, webhook={"url": "http://127.0.0.1:9/webhook"}) as (bench, _):
        bench.endpoint.drain()
        assert hooks(bench) == {}
        assert bench.endpoint._account.poll == OFTEN
        (said, *_) = bench.endpoint.facts()["notes"]
        assert "not in order" in said and "subscription_url" in said
        before = spent(bench)
        bench.endpoint.drain()
        assert spent(bench) == before
        bench.clock.move(minutes=61)
        bench.endpoint.drain()
        assert spent(bench) > before


@pytest.mark.parametrize(
    ("url", "account", "good"),
    [
        ("https://sync.example.com/acme/pipedrive/webhook", "https://acme.pipedrive.com", True),
        ("http://sync.example.com/acme/pipedrive/webhook", "https://acme.pipedrive.com", False),
        ("https://localhost/acme", "https://acme.pipedrive.com", False),
        ("https://192.168.1.5/acme", "https://acme.pipedrive.com", False),
        ("https://server/acme", "https://acme.pipedrive.com", False),
        ("https://acme.pipedrive.com/hook", "https://acme.pipedrive.com", False),
        ("http://localhost:8800/acme/pipedrive/webhook", "http://127.0.0.1:8850", True),
    ],
)
def test_the_address_must_be_public_and_https_unless_the_account_is_here(url: str, account: str, good: bool) -> None:
    assert (address_problem(url, account) is None) is good


def test_sync_without_settings_says_what_is_missing(bench: Bench) -> None:
    with pytest.raises(InvalidSettings, match="no `webhook`"):
        bench.endpoint.sync_hooks()


def test_a_trouble_that_passes_is_not_waited_out_for_an_hour(served: tuple[Bench, str]) -> None:
    bench, _ = served
    bench.running.faults.add("503@GET /webhooks")
    bench.endpoint.drain()
    assert hooks(bench) == {}
    bench.clock.move(minutes=6)
    bench.endpoint.drain()
    assert len(hooks(bench)) == 2


def test_ping_tells_how_webhooks_stand(bench_of: Bencher) -> None:
    with serving(bench_of) as (bench, url):
        bench.endpoint.sync_hooks()
        (told,) = [one for one in bench.endpoint.ping() if one.name == "webhooks"]
        assert told.ok and url in told.message
    outside = bench_of(webhook={**WEBHOOK, "url": "http://sync.example.com/hook"}, follows=("deal",))
    outside.endpoint._subscriptions.problem = address_problem(
        "http://sync.example.com/hook", "https://acme.pipedrive.com"
    )
    (told,) = [one for one in outside.endpoint.ping() if one.name == "webhooks"]
    assert not told.ok and "https" in told.message
    assert [one.name for one in bench_of().endpoint.ping() if one.name == "webhooks"] == []


# -------------------------------------------------------------------------------------------- what is delivered
def test_a_persons_change_becomes_a_hint_at_once_and_only_of_what_is_read(served: tuple[Bench, str]) -> None:
    bench, _ = served
    key = a_deal(bench)
    bench.endpoint.sync_hooks()
    with Deliveries(bench.account, pace=0.01) as deliveries:
        bench.account.win_deal(key)
        bench.account.edit("organization", 1, name="Acme Inc")
        assert deliveries.settle()
    (hint,) = bench.work.hints
    assert (hint.entity, hint.key, hint.ours) == ("deal", str(key), False)
    assert hint.event and hint.stamp is not None
    assert hooks(bench)["*.deal"]["last_http_status"] == 204


def test_the_echo_of_our_own_write_has_the_stamp_of_its_answer(served: tuple[Bench, str]) -> None:
    bench, _ = served
    key = a_deal(bench)
    bench.endpoint.drain()
    bench.read("deal")  # asks who we are
    with Deliveries(bench.account, pace=0.01) as deliveries:
        written = bench.carry(change("deal", str(key), title="Invoice 1a"))
        assert deliveries.settle()
    (hint,) = bench.work.hints
    assert hint.ours and hint.stamp == written.stamp


def test_what_pipedrive_added_up_from_our_lines_is_nothing_to_look_at_but_a_persons_value_is(
    served: tuple[Bench, str],
) -> None:
    bench, _ = served
    key = a_deal(bench)
    bench.endpoint.drain()
    bench.read("deal")
    product = bench.account.add_product("Work")["id"]
    line = {"product_id": str(product), "quantity": Decimal(2), "item_price": Decimal("8.50")}
    lines = Write("lines", "deal", "children", str(key), child="products", add=(Child("a", values=line),))
    with Deliveries(bench.account, pace=0.01) as deliveries:
        bench.carry(lines)
        assert deliveries.settle()
        assert bench.account.record("deal", key)["value"] == 17
        assert (bench.work.hints, hooks(bench)["*.deal"]["last_http_status"]) == ([], 204)
        other = a_deal(bench)
        bench.work.hints.clear()
        bench.account.edit("deal", other, value=12, by=1)
        assert deliveries.settle()
    assert [(one.key, one.ours) for one in bench.work.hints][-1] == (str(other), False)


def test_another_program_that_uses_the_app_under_our_user_is_a_person_to_us(served: tuple[Bench, str]) -> None:
    bench, _ = served
    key = a_deal(bench)
    bench.endpoint.drain()
    bench.read("deal")
    with Deliveries(bench.account, pace=0.01) as deliveries:
        bench.account.edit("deal", key, title="by hand", by=1)
        assert deliveries.settle()
    assert [one.ours for one in bench.work.hints] == [False]


def test_a_merge_is_told_on_when_the_swallowed_record_is_read(served: tuple[Bench, str]) -> None:
    bench, _ = served
    for name in ("Acme", "Acme Ltd"):
        bench.account.add_organization(name)
    bench.endpoint.sync_hooks()
    with Deliveries(bench.account, pace=0.01) as deliveries:
        bench.account.merge("organization", 2, into=1)
        assert deliveries.settle()
    assert {one.key for one in bench.work.hints} == {"1", "2"}
    asked = Query("organization", "keys", keys=("1", "2"))
    bench.carry(asked)
    pages: list[Page] = bench.work.pages(asked)
    assert [one for page in pages for one in page.gone] == [Gone("2", "merged", into="1")]
    assert [found.key for page in pages for found in page.found] == ["1"]


def test_deliveries_in_version_1_are_taken_too(served: tuple[Bench, str]) -> None:
    bench, url = served
    key = a_deal(bench)
    body = {"subscription_url": url, "event_action": "*", "event_object": "deal", "name": "by hand", "version": "1.0",
            "http_auth_user": WEBHOOK["user"], "http_auth_password": WEBHOOK["password"]}  # fmt: skip
    create_webhook(bench.account, body, Actor(1))
    with Deliveries(bench.account, pace=0.01) as deliveries:
        bench.account.win_deal(key)
        assert deliveries.settle()
    assert [(one.entity, one.key) for one in bench.work.hints] == [("deal", str(key))]


# ---------------------------------------------------------------------------------------------- what is refused
DELIVERY = {"meta": {"action": "change", "entity": "deal", "entity_id": "7", "id": "e1"}, "data": None}


def post(
    url: str,
    body: Any = DELIVERY,
    auth: tuple[str, str] | None = ("pipedrive", "long and random"),
    kind: str = "application/json",
) -> int:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.post(url, content=content, auth=auth, headers={"content-type": kind}).status_code


def test_what_is_not_authentic_gets_401_and_changes_nothing(served: tuple[Bench, str]) -> None:
    bench, url = served
    assert post(url, auth=None) == 401
    assert post(url, auth=("pipedrive", "guess")) == 401
    assert bench.work.hints == []
    assert any("was refused" in one and "user and password" in one for one in bench.endpoint.facts()["notes"])
    assert not any("guess" in one or "long and random" in one for one in bench.endpoint.facts()["notes"])
    assert post(url) == 204
    assert len(bench.work.hints) == 1


@pytest.mark.parametrize("kind", ["text/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_what_is_authentic_and_sent_as_anything_but_json_is_taken_and_left(
    served: tuple[Bench, str], kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    bench, url = served
    assert post(url, auth=None, kind=kind) == 401
    assert post(url, kind=kind) == 204, "a refusal would count towards a ban"
    assert bench.work.hints == []
    assert [one.__dict__["why"] for one in caplog.records if one.msg == "delivery.senseless"] == [
        "it is not sent as application/json"
    ]


@pytest.mark.parametrize("auth", [None, ("pipedrive", "long and random")])
@pytest.mark.parametrize("kind", ["application/json", "text/xml"])
def test_a_delivery_beyond_one_megabyte_is_not_read_whatever_it_calls_itself(
    served: tuple[Bench, str], kind: str, auth: tuple[str, str] | None
) -> None:
    _, url = served
    assert post(url, b" " * (1024 * 1024 + 1), auth, kind) == 413


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        {"meta": {"action": "change", "entity": "planet", "entity_id": "7"}},
        {"meta": {"action": "implode", "entity": "organization", "entity_id": "7"}},
        {"event": "updated.deal"},
    ],
)
def test_what_is_authentic_and_says_nothing_is_taken_and_left(served: tuple[Bench, str], body: Any) -> None:
    bench, url = served
    assert post(url, body) == 204, "a refusal would count towards a ban"
    assert bench.work.hints == []


def test_a_word_that_is_not_known_yet_about_a_deal_is_a_change(served: tuple[Bench, str]) -> None:
    bench, url = served
    assert post(url, {"meta": {"action": "implode", "entity": "deal", "entity_id": "7"}}) == 204
    assert [one.key for one in bench.work.hints] == ["7"]


def test_without_a_configured_proof_there_is_nothing_at_the_address(bench_of: Bencher) -> None:
    endpoint = bench_of(follows=("deal",)).endpoint
    request = HttpRequest("POST", "/webhook", {}, json.dumps(DELIVERY).encode())
    assert endpoint.answer(request).status == 404
    assert endpoint.answer(HttpRequest("GET", "/webhook", {}, b"")).status == 404


def test_other_methods_and_places_say_so(served: tuple[Bench, str]) -> None:
    _, url = served
    assert httpx.get(url).status_code == 200
    assert httpx.put(url).status_code == 405
    assert httpx.post(url.removesuffix("webhook") + "other").status_code == 404


def test_our_refusals_get_us_banned_and_a_look_finds_out(served: tuple[Bench, str]) -> None:
    bench, _ = served
    key = a_deal(bench)
    bench.endpoint.drain()
    hooks(bench)["*.deal"]["http_auth_password"] = "old"  # the password was changed on our side only
    with Deliveries(bench.account, pace=0.0001) as deliveries:
        bench.account.win_deal(key)
        assert deliveries.settle()
    assert bench.work.hints == []
    bench.clock.move(minutes=61)
    bench.endpoint.drain()
    assert hooks(bench)["*.deal"]["http_auth_password"] == WEBHOOK["password"]


# ----------------------------------------------------------------------------------------------- what is missed
def test_a_change_that_the_poll_finds_and_no_webhook_told_makes_us_look(served: tuple[Bench, str]) -> None:
    bench, _ = served
    bench.endpoint.drain()
    bench.account.tables.remove("webhook", hooks(bench)["*.deal"]["id"])
    bench.clock.move(hours=7)
    key = a_deal(bench)
    bench.clock.move(minutes=10)
    before = (bench.clock() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    asked = Query("deal", cursor=before)
    found: list[Found] = [one for page in (bench.carry(asked), *bench.work.pages(asked)) for one in page.found]
    assert str(key) in {one.key for one in found}
    bench.endpoint.drain()
    assert "*.deal" in hooks(bench)


def test_a_poll_that_finds_what_webhooks_told_asks_for_nothing_more(served: tuple[Bench, str]) -> None:
    bench, _ = served
    bench.endpoint.drain()
    bench.clock.move(hours=7)
    with Deliveries(bench.account, pace=0.01) as deliveries:
        a_deal(bench)
        assert deliveries.settle()
    bench.clock.move(minutes=10)
    before = (bench.clock() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    bench.carry(Query("deal", cursor=before))
    looked = spent(bench)
    bench.endpoint.drain()
    assert spent(bench) == looked
