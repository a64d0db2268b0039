"""`engine hold`, `engine plan`, `engine apply` and `engine release` against a simulated account, as on a first day."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from connectors.pipedrive.simulator import Account, serve
from tests.engine.cli.conftest import Installation, running
from tests.scenarios.two_way import BEGIN, TwoWay, nothing_yet


@pytest.fixture
def first_day(installed: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Installation, TwoWay]]:
    """A connection on hold, which has read a customer with an invoice."""
    assert installed.run("hold", "acme").exit_code == 0
    world = nothing_yet(installed.folder, str(installed.folder / "mappings"))
    at = BEGIN - timedelta(days=30)
    world.company.add_item("ItemService", "Work", price=Decimal("85.00"), at=at)
    key = world.company.add_customer("Acme", CompanyName="Acme", CurrencyRef="US Dollar", at=at)
    world.company.add_invoice(key, [{"ItemRef": "Work", "Quantity": Decimal(2)}], RefNumber="0071", at=at)
    for _ in range(2):
        world.visit()
        world.drain()
    with serve(world.account) as simulator:
        monkeypatch.setenv("PIPEDRIVE_API_TOKEN", world.account.token)
        installed.pipedrive_at(simulator.url)
        yield installed, world
    world.close()


def deals(account: Account) -> list[str]:
    return [one["title"] for one in account.records("deal")]


def test_a_first_plan_is_shown_saved_applied_and_the_connection_released(
    first_day: tuple[Installation, TwoWay],
) -> None:
    installed, world = first_day
    shown = installed.run("plan", "--save", "first.json")
    assert shown.exit_code == 0, shown.output
    for part in (
        "invoices: create 1",
        "Invoice 0071",
        "Creates 1 product, 1 organization, 1 deal.",
        "Pipedrive tokens",
    ):
        assert part in shown.output
    assert world.account.ledger.writes == []
    applied = installed.run("apply", "first.json", "--release")
    assert applied.exit_code == 0, applied.output
    assert "acme writes again." in applied.output
    assert deals(world.account) == ["Invoice 0071"]
    assert json.loads(installed.run("plan", "--json").output)["changes"] == []


def test_beside_a_server_that_runs_each_change_of_a_plan_is_written_once(
    first_day: tuple[Installation, TwoWay],
) -> None:
    installed, world = first_day
    assert installed.run("plan", "--save", "first.json").exit_code == 0
    with running(installed, "serve", "--port", "0") as (process, out, _):
        assert out.readline()
        applied = installed.run("apply", "first.json", "--release")
        assert applied.exit_code == 0, applied.output
        assert json.loads(installed.run("plan", "--json").output)["changes"] == []
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    made = ("product", "organization", "deal")
    assert {kind: len(world.account.records(kind)) for kind in made} == dict.fromkeys(made, 1)
    assert len(world.account.records("deal_product")) == 1


def test_a_plan_that_the_world_has_left_behind_is_refused_with_what_moved(
    first_day: tuple[Installation, TwoWay],
) -> None:
    installed, world = first_day
    installed.run("plan", "--save", "first.json")
    world.account.add_organization("Acme")
    result = installed.run("apply", "first.json")
    assert result.exit_code == 1
    assert "customers Acme: planned was created, now it is linked: " in result.output
    assert world.account.ledger.writes == []


def test_a_mapping_that_was_edited_since_is_named(first_day: tuple[Installation, TwoWay]) -> None:
    installed, world = first_day
    installed.run("plan", "--save", "first.json")
    installed.change("engine.yaml", "first_invoice_date: null", 'first_invoice_date: "2026-01-01"')
    result = installed.run("apply", "first.json")
    assert result.exit_code == 1
    assert "invoices: the mapping or its settings were edited" in result.output
    assert world.account.ledger.writes == []


def test_a_file_that_is_no_plan_is_refused(installed: Installation) -> None:
    (installed.folder / "some.json").write_text("[]")
    result = installed.run("apply", "some.json")
    assert result.exit_code == 1 and "some.json is no saved plan." in result.output


def test_on_hold_and_released_say_so(installed: Installation) -> None:
    assert "is on hold" in installed.run("hold", "acme").output
    assert installed.run("release", "acme").output == "acme writes again.\n"
    assert installed.run("release", "acme").output == "acme was not on hold.\n"
    assert installed.run("hold", "nobody").exit_code == 1
