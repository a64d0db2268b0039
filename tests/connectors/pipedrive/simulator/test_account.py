"""The account as a person's: the app, listeners, merging, surviving a restart, speed."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from connectors.pipedrive.simulator import Account
from connectors.pipedrive.simulator.events import Event
from connectors.pipedrive.simulator.refusals import Missing

from .conftest import Clock


@pytest.fixture
def events(account: Account) -> list[Event]:
    told: list[Event] = []
    account.subscribe(told.append)
    return told


def test_listeners_learn_what_changed_and_through_what(
    client: httpx.Client, account: Account, events: list[Event]
) -> None:
    field = account.add_field("deal", "Paid", "enum", ["Open", "Paid"])
    account.add_organization("Acme")
    account.add_deal("D", org_id=1)
    events.clear()
    client.patch("/api/v2/deals/1", json={"custom_fields": {field["field_code"]: field["options"][1]["id"]}})
    account.win_deal(1)
    account.remove("deal", 1)
    api, app, gone = events
    assert (api.action, api.actor.source, app.actor.source) == ("change", "api", "app")
    assert api.previous is not None and api.previous["custom_fields"] == {field["field_code"]: None}
    assert app.previous is not None and app.previous["status"] == "open"
    assert app.current is not None and app.current["status"] == "won"
    assert (gone.action, gone.current) == ("delete", None)


def test_a_listener_may_ask_the_account_from_another_thread(account: Account) -> None:
    names: list[str] = []

    def listener(event: Event) -> None:
        thread = threading.Thread(target=lambda: names.append(account.record("organization", 1)["name"]))
        thread.start()
        thread.join(timeout=5)

    account.subscribe(listener)
    account.add_organization("Acme")
    assert names == ["Acme"]


def test_a_person_moves_loses_and_reopens_deals(account: Account) -> None:
    account.add_organization("Acme")
    account.add_deal("D", org_id=1)
    assert account.move_deal(1, "Pipeline", "Proposal Made")["stage_id"] == 4
    assert account.lose_deal(1, "Too dear")["lost_reason"] == "Too dear"
    assert account.reopen_deal(1)["status"] == "open"
    with pytest.raises(KeyError, match="no stage 'Sent'"):
        account.move_deal(1, "Pipeline", "Sent")


def test_copies_are_handed_out(account: Account) -> None:
    account.add_organization("Acme", address={"value": "1 Main St"})
    account.records("organization")[0]["address"]["value"] = "elsewhere"
    assert account.record("organization", 1)["address"]["value"] == "1 Main St"


def test_a_merge_moves_what_hung_on_the_other(account: Account, events: list[Event], clock: Clock) -> None:
    account.add_organization("Acme")
    account.add_organization("Acme Inc", address={"value": "1 Main St"})
    account.add_deal("D", org_id=2)
    events.clear()
    clock.move(seconds=1)
    stays = account.merge("organization", 2, into=1)
    assert (stays["name"], stays["address"]["value"]) == ("Acme", "1 Main St")
    assert account.record("deal", 1)["org_id"] == 1
    assert [(e.action, e.entity_id, e.merged_to_id, e.merged_from_id) for e in events] == [
        ("delete", 2, 1, None),
        ("change", 1, None, 2),
    ]


def test_an_account_survives_a_restart(account: Account, clock: Clock, tmp_path: Path) -> None:
    account.add_field("deal", "Due date", "date")
    account.add_organization("Acme")
    account.add_product("Hammer")
    account.add_deal("D", org_id=1, custom={"Due date": "2026-12-01"})
    account.add_line(1, product_id=1, item_price=10, quantity=3)
    account.limits.spend(100, clock())
    account.save(tmp_path / "account.json")
    again = Account.load((tmp_path / "account.json").read_bytes(), clock=clock)
    assert again.dump() == account.dump()
    assert again.limits.remaining(clock()) == 60_000 - 100
    assert again.add_line(1, product_id=1, item_price=5, quantity=1)["id"] == 2
    assert again.record("deal", 1)["value"] == 35
    assert again.add_field("deal", "Due date", "date") != account.fields.named("deal", "Due date")


def test_what_is_not_there_cannot_be_edited(account: Account) -> None:
    with pytest.raises(Missing, match="Deal not found"):
        account.edit("deal", 9, title="x")


def test_many_writers_lose_nothing(account: Account) -> None:
    def work() -> None:
        for _ in range(50):
            account.add_organization("Acme")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row["id"] for row in account.records("organization")] == list(range(1, 201))


def test_the_command_serves_until_interrupted_and_keeps_its_state(tmp_path: Path) -> None:
    state = tmp_path / "account.json"
    code = "from connectors.pipedrive.simulator.cli import simulator; simulator()"
    arguments = ["--token", "secret", "--state", str(state), "--fault", "503@GET /deals"]
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        url, token = process.stdout.readline().split()[1], process.stdout.readline().split()[1]
        with httpx.Client(base_url=url, headers={"x-api-token": token}) as client:
            assert client.get("/api/v2/deals").status_code == 503
            assert client.post("/api/v2/organizations", json={"name": "Acme"}).status_code == 200
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(timeout=10) == 0
    finally:
        process.kill()
        process.stdout.close()
        process.wait()
    assert token == "secret"
    assert [row["name"] for row in Account.load(state.read_bytes()).records("organization")] == ["Acme"]
