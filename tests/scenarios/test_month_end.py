"""Months that end: dates and zones, what was voided, shared, split or in another currency, and when what is read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine.sync import sighting
from engine.sync.reconcile import Line, Month
from tests.scenarios.month_end import Told, reconciled
from tests.scenarios.test_two_way_schedules import MAPPINGS
from tests.scenarios.two_way import BEGIN, TwoWay, nothing_yet

AT = BEGIN - timedelta(days=30)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[TwoWay]:
    """A company with one customer and something to sell."""
    made = nothing_yet(tmp_path, MAPPINGS)
    made.company.add("PaymentMethod", Name="Check", at=AT)
    made.company.add_item("ItemService", "Work", price=Decimal("100.00"), description="Work, per hour", at=AT)
    made.company.add_customer("Mill", CompanyName="Mill", CurrencyRef="US Dollar", at=AT)
    yield made
    made.close()


def sell(world: TwoWay, day: str, hours: int, customer: str = "Mill", **fields: object) -> str:
    key = world.company.find("Customer", customer)
    assert key is not None
    lines = [{"ItemRef": "Work", "Quantity": Decimal(hours)}]
    return world.company.add_invoice(key, lines, at=AT, TxnDate=day, **fields)


def total(told: Told, mapping: str, currency: str = "USD") -> Line:
    section = next(one for one in told.report.sections if one.mapping == mapping)
    return next((one.total for one in section.statements if one.currency == currency), Line())


def kinds(told: Told) -> list[tuple[str, str]]:
    return [(one.mapping, one.kind) for one in told.findings]


@pytest.mark.parametrize(
    ("last", "first"), [("2026-02-28", "2026-03-01"), ("2028-02-29", "2028-03-01"), ("2026-12-31", "2027-01-01")]
)
def test_the_last_day_of_a_month_is_its_own_and_the_next_day_is_not(world: TwoWay, last: str, first: str) -> None:
    sell(world, last, 1)
    sell(world, first, 2)
    world.settle()
    for day, value in ((last, 100), (first, 200)):
        told = reconciled(world, day[:7])
        assert (total(told, "invoices"), kinds(told)) == (Line(1, 1, Decimal(value), Decimal(value)), [])


def test_a_voided_and_a_deleted_invoice_are_explained_and_the_sums_add_up(world: TwoWay) -> None:
    voided, deleted = sell(world, "2026-02-03", 1), sell(world, "2026-02-04", 2)
    sell(world, "2026-02-05", 4)
    world.settle()
    world.company.void_invoice(voided)
    world.company.delete_transaction(deleted)
    world.settle()
    told = reconciled(world, "2026-02")
    # the customer's balance moved with them, and QuickBooks does not mark a customer as changed by that
    assert [one for one in kinds(told) if one[0] != "customers"] == [("invoices", "ended"), ("invoices", "ended")]
    assert total(told, "invoices") == Line(2, 3, Decimal(400), Decimal(700))
    assert told.adds_up() and not told.report.sections[0].wrong


def test_a_voided_invoice_that_pipedrive_does_not_know_of_yet_waits(world: TwoWay) -> None:
    voided = sell(world, "2026-02-03", 1)
    world.settle()
    world.company.void_invoice(voided)
    world.clock.on(minutes=6)
    world.visit()
    told = reconciled(world, "2026-02", held=True)
    assert kinds(told) == [("invoices", "waiting"), ("customers", "waiting")]  # what the customer owes has changed too


def test_invoices_of_two_months_that_share_a_deal_count_in_each_with_their_own_part(world: TwoWay) -> None:
    sell(world, "2026-01-31", 1, PONumber="PO-1")
    sell(world, "2026-02-01", 2, PONumber="PO-1")
    sell(world, "2026-02-15", 4, PONumber="PO-1")
    world.settle()
    assert [one["value"] for one in world.account.records("deal")] == [700]
    january, february = reconciled(world, "2026-01"), reconciled(world, "2026-02")
    assert total(january, "invoices") == Line(1, 1, Decimal(100), Decimal(100))
    assert total(february, "invoices") == Line(2, 1, Decimal(600), Decimal(600))
    assert january.adds_up() and february.adds_up() and not kinds(january) and not kinds(february)


def test_a_payment_of_several_invoices_is_a_line_for_each(world: TwoWay) -> None:
    first, second = sell(world, "2026-01-10", 1), sell(world, "2026-01-11", 2)
    key = world.company.find("Customer", "Mill")
    assert key is not None
    world.company.receive_payment(
        key, {first: Decimal("70.00"), second: Decimal("30.00")}, method="Check", date="2026-02-10", at=AT
    )
    world.settle()
    told = reconciled(world, "2026-02")
    assert total(told, "payments") == Line(2, 2, Decimal(100), Decimal(100))
    assert total(told, "invoices") == Line() and not kinds(told)


def test_each_currency_adds_up_by_itself(world: TwoWay) -> None:
    world.company.add_customer("Moulin", CompanyName="Moulin", CurrencyRef="Canadian Dollar", at=AT)
    sell(world, "2026-02-03", 1)
    sell(world, "2026-02-04", 3, customer="Moulin", ExchangeRate="0.75")
    world.settle()
    told = reconciled(world, "2026-02")
    assert total(told, "invoices", "USD") == Line(1, 1, Decimal(100), Decimal(100))
    assert total(told, "invoices", "CAD") == Line(1, 1, Decimal(300), Decimal(300))


def test_a_persons_change_of_the_value_is_told_with_what_it_comes_to(world: TwoWay) -> None:
    sell(world, "2026-02-03", 1)
    world.settle()
    deal = world.account.records("deal")[0]["id"]
    product = world.account.records("product")[0]["id"]
    world.account.add_line(deal, product_id=product, quantity=1, item_price=25, tax_method="none")
    told = reconciled(world, "2026-02")
    assert kinds(told) == [("invoices", "edited")]
    assert total(told, "invoices") == Line(1, 1, Decimal(100), Decimal(125))
    assert told.report.wrong == 1


def test_nothing_is_read_of_pipedrive_before_quickbooks_was_read_and_nothing_is_written(world: TwoWay) -> None:
    sell(world, "2026-02-03", 1)
    world.settle()
    run = sighting.begin(world.connection, Month.of("2026-02"), held=False, now=world.clock())
    mark, edits = world.account.ledger.mark(), [one["EditSequence"] for one in world.company.records("Invoice")]
    world.clock.on(minutes=6)
    world.drain()
    with world.store.reading() as tx:
        found = tx.reconciliations.get("acme", run.id)
    assert found is not None and found.state == "reading" and not found.progress["read"]
    world.visit()
    world.drain()
    with world.store.reading() as tx:
        found = tx.reconciliations.get("acme", run.id)
    assert found is not None and found.state == "comparing"
    assert not world.account.ledger.since(mark).writes
    assert [one["EditSequence"] for one in world.company.records("Invoice")] == edits


def test_what_it_costs_is_what_it_said(world: TwoWay) -> None:
    sell(world, "2026-02-03", 1)
    world.settle()
    world.clock.on(minutes=6)
    world.visit()
    world.drain()  # what a usual poll costs is spent before
    said = sighting.price(world.connection)["pipedrive"]
    sighting.begin(world.connection, Month.of("2026-02"), held=False, now=world.clock())
    world.visit()
    spent = world.account.ledger.spent
    world.drain()
    assert world.account.ledger.spent - spent == said
