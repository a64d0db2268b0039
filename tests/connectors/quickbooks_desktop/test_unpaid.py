"""Once a day, what we hold as unpaid is compared with QuickBooks' own list: some things are settled unseen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from connectors.quickbooks_desktop.connector import QuickBooksDesktop
from connectors.quickbooks_desktop.qbxml import Answer
from connectors.quickbooks_desktop.reading import Reading, Surroundings
from connectors.quickbooks_desktop.simulator.company import Company
from connectors.quickbooks_desktop.simulator.faults import Faults
from connectors.quickbooks_desktop.simulator.visit import VisitReport
from connectors.quickbooks_desktop.simulator.web_connector import WebConnector
from engine.protocol import Query
from tests.connectors.quickbooks_desktop.ports import PASSWORD, Clock, MemoryState, MemoryWork, make_site
from tests.connectors.quickbooks_desktop.server import serve

Read = Callable[..., tuple[dict[str, bool], VisitReport]]


@pytest.fixture
def company(clock: Clock) -> Company:
    """Three open invoices. A payment does not mark the invoice that it settles as changed."""
    made = Company(clock=clock)
    customer, item = made.add_customer("Acme"), made.add_item("ItemService", "Work")
    for _ in range(3):
        made.add_invoice(customer, [{"ItemRef": item, "Quantity": "1", "Rate": "10.00"}])
    made.add("Vendor", Name="Mill")
    made.add("Bill", VendorRef="Mill", AmountDue="5.00", IsPaid=False)
    clock.move(hours=1)
    return made


@pytest.fixture
def read(company: Company, clock: Clock, state: MemoryState) -> Read:
    """A visit that reads invoices from the cursor of the one before: what came (TxnID -> paid), and its report."""
    cursor: list[str | None] = [None]

    def play(faults: Faults | None = None, kind: str = "Invoice") -> tuple[dict[str, bool], VisitReport]:
        work = MemoryWork(Query(kind, fields=("RefNumber",), cursor=cursor[0]))
        with serve(QuickBooksDesktop.open(make_site(work, clock, state))) as url:
            report = WebConnector(url, "acme", PASSWORD, company, faults=faults, sleep=lambda seconds: None).visit()
        assert not work.failures
        pages = work.pages(kind)
        if not work.due:
            assert pages[-1].done and pages[-1].cursor
            cursor[0] = pages[-1].cursor
        missing = {key: True for page in pages for key in page.missing}
        return {**{one.key: one.record["IsPaid"] for one in work.found(kind)}, **missing}, report

    return play


def settle(company: Company, invoice: str) -> None:
    balance = company.record("Invoice", invoice)["BalanceRemaining"]
    company.receive_payment("Acme", {invoice: balance})


@pytest.mark.reference
def test_what_was_settled_unseen_is_read_again_once_a_day(
    company: Company, clock: Clock, read: Read, qbxml_schema: etree.XMLSchema
) -> None:
    first, second, third = company.ids("Invoice")
    assert read()[0] == {first: False, second: False, third: False}
    clock.move(hours=2)
    settle(company, second)
    assert read()[0] == {}, "QuickBooks does not say that it changed, and it is not time to compare"
    clock.move(hours=23)
    found, report = read()
    assert found == {second: True}
    for text in report.requests:
        qbxml_schema.assertValid(etree.fromstring(text.encode()))
    assert sum("NotPaidOnly" in text for text in report.requests) == 1
    clock.move(hours=23)
    assert "NotPaidOnly" not in "".join(read()[1].requests), "not yet a day"
    clock.move(hours=2)
    again, report = read()
    assert again == {} and "NotPaidOnly" in "".join(report.requests), "it is not unpaid any more"


def test_what_was_made_and_settled_between_two_comparisons_is_found(company: Company, clock: Clock, read: Read) -> None:
    read()
    clock.move(hours=10)
    late = company.add_invoice("Acme", [{"ItemRef": "Work", "Quantity": "2", "Rate": "5.00"}])
    clock.move(hours=1)
    assert read()[0] == {late: False}
    clock.move(hours=1)
    settle(company, late)
    clock.move(hours=14)
    assert read()[0] == {late: True}


@pytest.mark.parametrize("call", range(4, 10))
def test_a_comparison_that_is_cut_off_is_made_by_the_next_visit(
    company: Company, clock: Clock, read: Read, call: int
) -> None:
    read()
    clock.move(hours=2)
    settle(company, company.ids("Invoice")[0])
    clock.move(hours=23)
    faults = Faults()
    faults.cut_after(call)
    found, report = read(faults)
    assert report.outcome == "cut" and faults.pending() == 0
    clock.move(minutes=10)
    assert found | read()[0] == {company.ids("Invoice")[0]: True}


def test_one_that_is_gone_is_told_as_missing(company: Company, clock: Clock, read: Read) -> None:
    read()
    clock.move(hours=25)
    gone = company.ids("Invoice")[2]
    company.delete_transaction(gone)
    assert read()[0] == {gone: True}
    clock.move(hours=25)
    assert read()[0] == {}


def test_bills_are_compared_as_well(company: Company, clock: Clock, read: Read) -> None:
    assert read(kind="Bill")[0] == {company.ids("Bill")[0]: False}
    clock.move(hours=25)
    found, report = read(kind="Bill")
    assert found == {} and "NotPaidOnly" in "".join(report.requests)


def test_a_list_that_quickbooks_refuses_holds_nothing_up() -> None:
    asked_at = datetime(2026, 3, 3, 15, tzinfo=UTC)
    around = Surroundings(ZoneInfo("America/New_York"), unpaid=("1A-1",))
    reading = Reading(Query("Invoice", fields=("RefNumber",)), asked_at, "1")
    assert not reading.take(Answer("1", "InvoiceQuery", 1, "none"), asked_at, around).over
    outcome = reading.take(Answer("1", "InvoiceQuery", 1000, "internal"), asked_at, around)
    assert outcome.over and outcome.pages[-1].done and not reading.settling, "tried again by the next reading"
