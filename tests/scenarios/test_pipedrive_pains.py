"""What breaks for users of other Pipedrive integrations: each by its number, with the cure that is to hold here.

[facts: Pipedrive 9] Over the whole product, against the simulated account.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.pipedrive.operations import operations
from connectors.pipedrive.shapes import read
from engine.protocol import Field
from tests.scenarios.initial_sync import InitialSync
from tests.scenarios.test_two_way_schedules import MAPPINGS
from tests.scenarios.two_way import BEGIN, TwoWay, nothing_yet


@pytest.fixture
def world(tmp_path: Path) -> Iterator[TwoWay]:
    """A customer with an invoice, and nothing synchronised yet."""
    made = nothing_yet(tmp_path, MAPPINGS)
    at = BEGIN - timedelta(days=30)
    made.company.add_item("ItemService", "Work", price=Decimal("85.00"), at=at)
    key = made.company.add_customer("Acme", CompanyName="Acme", CurrencyRef="US Dollar", Email="a@acme.example", at=at)
    made.company.add_invoice(key, [{"ItemRef": "Work", "Quantity": Decimal(2)}], at=at)
    yield made
    made.close()


def customer(world: TwoWay) -> str:
    return str(world.company.records("Customer")[0]["ListID"])


def bodies(world: TwoWay, mark: int = 0) -> list[tuple[str, str, dict[str, object]]]:
    """What was written since a mark: method, first part of the path, body."""
    return [(one.method, one.path.split("/")[1], one.body or {}) for one in world.account.ledger.since(mark).writes]


def test_pain_01_a_first_sync_of_accounts_that_both_have_data_makes_no_double_and_stops_where_it_cannot_know(
    tmp_path: Path,
) -> None:
    sync = InitialSync(tmp_path, 60, seed=9)
    try:
        sync.run()
        assert not sync.wrong()
        assert {outcome for outcome, _ in sync.key.expected.values()} == {"linked", "new", "parked"}
        parked = sync.world.connection.status()["mappings"]["customers"]["states"]["parked"]
        assert parked == sync.key.number("parked")
    finally:
        sync.world.close()


@pytest.mark.parametrize("fault", ["cut-after", "500-after", "502-after", "null"])
@pytest.mark.parametrize("path", ["/organizations", "/deals", "/products"])
def test_pain_02_a_create_whose_answer_is_lost_is_looked_up_before_anything_is_repeated(
    world: TwoWay, path: str, fault: str
) -> None:
    world.pipedrive_faults.add(f"{fault}@POST {path}")
    world.settle()
    made = [one for one in world.account.ledger.writes if (one.method, one.path) == ("POST", path)]
    assert len(world.account.records(path.strip("/").removesuffix("s"))) == len(made) == 1


def test_pain_03_and_04_custom_fields_are_sent_under_their_keys_and_options_as_numbers(world: TwoWay) -> None:
    world.settle()
    (organization,) = [body for method, entity, body in bodies(world) if (method, entity) == ("POST", "organizations")]
    assert not [key for key in organization if re.fullmatch(r"[0-9a-f]{40}", key)]
    custom = organization["custom_fields"]
    assert isinstance(custom, dict)
    fields = {one["field_name"]: one for one in world.account.custom_fields("organization").values()}
    active = fields["Active"]
    assert custom[active["field_code"]] in {option["id"] for option in active["options"]}
    assert custom[fields["Email"]["field_code"]] == "a@acme.example"


def test_pain_05_a_key_that_looks_like_anything_else_is_not_touched() -> None:
    key = "0e1500000000000000000000000000000000000A"
    assert read((Field("custom"),), {"custom_fields": {key: "1E5"}}).get(key) is None
    assert "1E5" in str({"custom_fields": {key: "1E5"}})


def test_pain_06_owners_are_named_as_each_version_names_them(world: TwoWay) -> None:
    world.settle()
    for one in world.account.ledger.writes:
        body = one.body if isinstance(one.body, dict) else {}
        assert "user_id" not in body or one.operation.startswith("v1"), one.operation


def test_pain_07_version_one_is_called_for_nothing_that_version_two_has(world: TwoWay) -> None:
    world.company.receive_payment(
        customer(world), {world.company.ids("Invoice")[0]: Decimal("10.00")}, at=BEGIN - timedelta(days=3)
    )
    world.settle()
    called = {one.operation for one in world.account.ledger.entries if one.operation.startswith("v1")}
    assert {one.split()[2].split("/")[1] for one in called} <= {"notes", "users", "webhooks", "currencies"}
    assert any("notes" in one for one in called)


def test_pain_08_what_is_unchanged_costs_no_write_and_every_call_has_its_price(world: TwoWay) -> None:
    world.settle()
    mark = world.account.ledger.mark()
    for _ in range(3):
        world.clock.on(hours=1)
        world.visit()
        world.drain()
    assert not world.account.ledger.since(mark).writes
    assert all(one.tokens is not None for one in operations().values())


def test_pain_09_a_page_of_the_edge_is_no_json_and_nothing_is_sent_until_its_pause_is_over(world: TwoWay) -> None:
    limits = world.account.limits
    world.account.switches.token_headers = False
    limits.patience, limits.edge_seconds = 0, 0  # the edge answers at the first request too many
    world.visit()
    world.drain()
    limits.spend(limits.remaining(world.clock()), world.clock())  # by another program
    world.company.edit("Customer", customer(world), Phone="555-0101")
    world.clock.on(minutes=6)
    world.visit()
    world.drain()
    pause = world.connection.endpoints["pipedrive"]._client.pause.left()  # type: ignore[attr-defined]
    assert pause is not None and pause > timedelta(minutes=1)
    mark = world.account.ledger.mark()
    world.clock.on(seconds=30)
    world.drain()
    assert not world.account.ledger.since(mark).entries


def test_pain_09_an_answer_that_is_no_json_leaves_one_organization(world: TwoWay) -> None:
    world.pipedrive_faults.add("html@POST /organizations")
    world.settle()
    assert len(world.account.records("organization")) == 1


def test_pain_10_our_own_writes_come_back_and_cause_nothing(world: TwoWay) -> None:
    world.settle()
    edits = [one["EditSequence"] for one in world.company.records("Invoice")]
    mark = world.account.ledger.mark()
    for _ in range(3):
        world.clock.on(minutes=20)
        world.visit()
        world.drain()
    assert not world.account.ledger.since(mark).writes
    assert [one["EditSequence"] for one in world.company.records("Invoice")] == edits


def test_pain_11_a_change_that_no_webhook_told_is_found_by_the_poll(world: TwoWay) -> None:
    world.settle()
    world.account.win_deal(1)  # no webhook is registered here
    world.settle()
    assert "[Pipedrive: Won" in str(world.company.records("Invoice")[0]["Memo"])


def test_pain_12_a_delivery_is_a_hint_and_what_is_true_is_read_again(world: TwoWay) -> None:
    world.settle()
    world.account.win_deal(1)
    world.account.lose_deal(1, "Too dear")
    world.settle()
    memo = str(world.company.records("Invoice")[0]["Memo"])
    assert "[Pipedrive: Lost" in memo and "Won" not in memo


@pytest.mark.unjudged("no document has a type of tomorrow")
def test_pain_13_unknown_types_and_keys_of_fields_spoil_no_reading(world: TwoWay) -> None:
    world.account.add_field("organization", "Of tomorrow", "varchar")
    (code,) = [key for key, one in world.account.custom_fields("organization").items()]
    world.account.fields.by_entity["organization"][code]["field_type"] = "hologram"
    world.settle()
    assert len(world.account.records("organization")) == 1


@pytest.mark.parametrize("how", ["archived", "deleted"])
def test_pain_14_a_deal_that_was_archived_or_deleted_is_never_made_again(world: TwoWay, how: str) -> None:
    world.settle()
    act: dict[str, Callable[[], object]] = {
        "archived": lambda: world.account.archive_deal(1), "deleted": lambda: world.account.remove("deal", 1),
    }  # fmt: skip
    act[how]()
    world.company.edit("Invoice", world.company.ids("Invoice")[0], PONumber="P2")
    world.company.edit("Invoice", world.company.ids("Invoice")[0], DueDate="2026-04-30")
    world.settle()
    assert len(world.account.records("deal", deleted=True)) == 1


def test_pain_15_a_field_that_a_person_made_after_we_started_is_found_by_its_name(world: TwoWay) -> None:
    world.settle()
    for code, one in world.account.custom_fields("organization").items():
        if one["field_name"] == "Phone":
            del world.account.fields.by_entity["organization"][code]
    made = world.account.add_field("organization", "Phone", "phone")["field_code"]
    world.company.edit("Customer", customer(world), Phone="555-0101")
    world.settle()
    (organization,) = world.account.records("organization")
    assert organization["custom_fields"][made] == "555-0101"
    assert [one["field_name"] for one in world.account.custom_fields("organization").values()].count("Phone") == 1
