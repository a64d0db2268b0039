"""Writes into a simulated company, carried by the simulated Web Connector over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from connectors.quickbooks_desktop.connector import QuickBooksDesktop
from connectors.quickbooks_desktop.simulator.company import Company
from connectors.quickbooks_desktop.simulator.faults import Faults
from connectors.quickbooks_desktop.simulator.visit import VisitReport
from connectors.quickbooks_desktop.simulator.web_connector import WebConnector
from engine.protocol import CustomField, Failed, Failure, Query, Record, Request, Result, Write, Written
from tests.connectors.quickbooks_desktop.ports import PASSWORD, Clock, MemoryState, MemoryWork, make_site
from tests.connectors.quickbooks_desktop.server import serve

FIELDS = {"Invoice": (CustomField("Deal stage", "text"), CustomField("Mood", "text", optional=True))}


class Shop:
    """A company with one customer and one invoice, and a connection to it."""

    def __init__(self, clock: Clock, state: MemoryState) -> None:
        self.clock, self.state, self.work = clock, state, MemoryWork()
        self.company = Company("Acme", clock=clock, zone="America/New_York")
        item = self.company.add_item("ItemService", "Work", price=Decimal("10.00"))
        self.customer = self.company.add_customer("Smith", CompanyName="Smith & Co")
        self.invoice = self.company.add_invoice(self.customer, [{"ItemRef": item, "Quantity": "3"}], Memo="Old")
        self.custom: Mapping[str, tuple[CustomField, ...]] = {}
        self.faults = Faults()
        clock.move(minutes=5)

    def visit(self, *writes: Write) -> VisitReport:
        """A visit of a fresh server process; ends with the report of the Web Connector."""
        self.work.due += writes
        endpoint = QuickBooksDesktop.open(make_site(self.work, self.clock, self.state, self.custom))
        with serve(endpoint) as url:
            connector = WebConnector(url, "acme", PASSWORD, self.company, faults=self.faults, sleep=self.pause)
            return connector.visit()

    def decide_again(self, request: Request, result: Result) -> None:
        """As the engine does with what was not sent, or is out of date: it is due at once."""
        again = (Failure.UNSENT, Failure.STALE)
        if isinstance(request, Write) and isinstance(result, Failed) and result.failure in again:
            self.work.due.append(replace(request, id=request.id + "+"))

    def pause(self, seconds: float) -> None:
        """The Web Connector waits."""
        self.clock.move(seconds=seconds)

    def result(self, write: Write) -> Result:
        """What was given back, once."""
        (found,) = [result for request, result in self.work.results if request == write]
        return found

    def written(self, write: Write) -> Written:
        result = self.result(write)
        assert isinstance(result, Written), result
        return result

    def failed(self, write: Write) -> Failed:
        result = self.result(write)
        assert isinstance(result, Failed), result
        return result

    def memo(self, text: str, expected: str = "Old", id: str = "intent-1") -> Write:
        return Write(id, "Invoice", "update", self.invoice, {"Memo": text}, expected={"Memo": expected})

    def shown(self, entity: str, key: str) -> dict[str, Any]:
        return self.company.record(entity, key)

    def carried_out(self, *reports: VisitReport) -> int:
        """How many writes QuickBooks carried out, repeated answers not counted."""
        pairs = [pair for one in reports for pair in zip(one.requests, one.responses, strict=True)]
        new = [answer for request, answer in pairs if "ModRq" in request or "AddRq" in request]
        return sum('Rs requestID="w" statusCode="0"' in answer for answer in new)

    def mods(self, report: VisitReport) -> list[str]:
        return [text for text in report.requests if "ModRq" in text or "AddRq" in text]


@pytest.fixture
def shop(clock: Clock, state: MemoryState) -> Shop:
    return Shop(clock, state)


# ------------------------------------------------------------------------------------------------------- the way
def test_a_memo_is_read_then_written_alone_then_read_again(shop: Shop) -> None:
    write = shop.memo("Grüße – 10 €")
    report = shop.visit(write)
    assert shop.shown("Invoice", shop.invoice)["Memo"] == "Grüße - 10 EUR"
    assert [text.split("Rq")[1].split("<")[-1] for text in report.requests] == [
        "InvoiceQuery", "InvoiceMod", "InvoiceQuery"
    ]  # fmt: skip
    (mod,) = shop.mods(report)
    assert "newMessageSetID" in mod and "&#252;" in mod
    assert "InvoiceLineMod" not in mod and "<PONumber>" not in mod, "only what differs is sent"
    assert shop.written(write).record["Memo"] == "Grüße - 10 EUR"
    assert "spelt otherwise" in (report.status or ""), "people are told what became of their text"
    assert not shop.company.message_sets.stored(), "the kept answer is let go"


def test_a_written_record_comes_back_with_the_fields_that_are_read(shop: Shop) -> None:
    fields = ("Memo", "Subtotal", "SalesTaxTotal")
    shop.work.due.append(Query("Invoice", "keys", fields, keys=(shop.invoice,), id="q"))
    write = shop.memo("New")
    shop.work.when_given = lambda request, result: (
        shop.work.due.append(write) if isinstance(request, Query) and result == shop.work.results[0][1] else None
    )
    shop.visit()
    read = shop.work.found("Invoice")[0].record
    assert shop.written(write).record.keys() == read.keys()


def test_nothing_is_sent_when_it_is_there_already(shop: Shop) -> None:
    write = shop.memo("Old", expected="Older")
    assert not shop.mods(shop.visit(write))
    assert shop.written(write).key == shop.invoice


def test_several_fields_keep_the_order_of_the_message(shop: Shop, qbxml_schema: etree.XMLSchema) -> None:
    values: Record = {"Memo": "m", "PONumber": "7", "DueDate": "2026-04-01", "IsToBePrinted": True, "Other": None,
                      "BillAddress": {"lines": ["1 Main St"], "city": "Ulm", "country": None}}  # fmt: skip
    write = Write("w", "Invoice", "update", shop.invoice, values)
    report = shop.visit(write)
    for text in report.requests:
        qbxml_schema.assertValid(etree.fromstring(text.encode()))
    shown = shop.shown("Invoice", shop.invoice)
    assert (shown["Memo"], shown["PONumber"], str(shown["DueDate"])) == ("m", "7", "2026-04-01")
    assert (shown["BillAddress"]["Addr1"], shown["BillAddress"]["City"]) == ("1 Main St", "Ulm")
    assert shop.written(write).record["IsToBePrinted"] is True


# ------------------------------------------------------------------------------------------------------ customers
def test_a_customer_is_made_and_changed(shop: Shop) -> None:
    made = Write("a", "Customer", "create", None, {"Name": "Jones", "Phone": "555", "CreditLimit": Decimal("10.5")})
    shop.visit(made)
    key = shop.written(made).key
    assert shop.written(made).record["CreditLimit"] == Decimal("10.50")
    shop.clock.move(minutes=1)
    changed = Write("b", "Customer", "update", key, {"Phone": "777"}, expected={"Phone": "555"})
    shop.visit(changed)
    assert shop.shown("Customer", key)["Phone"] == "777"
    assert shop.written(changed).record["Name"] == "Jones"


def test_a_name_in_use_is_refused_in_quickbooks_own_words(shop: Shop) -> None:
    write = Write("a", "Customer", "create", None, {"Name": "Smith"})
    shop.visit(write)
    assert (shop.failed(write).failure, shop.failed(write).code) == (Failure.REFUSED, "3100")


def test_what_quickbooks_cannot_take_is_refused_before_anything_is_sent(shop: Shop) -> None:
    long = Write("a", "Invoice", "update", shop.invoice, {"PONumber": "x" * 26})
    unknown = Write("b", "Invoice", "update", shop.invoice, {"Subtotal": Decimal(1)})
    nameless = Write("c", "Customer", "create", None, {"Phone": "1"})
    assert not shop.mods(shop.visit(long, unknown, nameless))
    assert shop.failed(long).field == "PONumber" and "26 characters" in shop.failed(long).message
    assert shop.failed(unknown).failure is Failure.REFUSED
    assert "Name" in shop.failed(nameless).message


# ----------------------------------------------------------------------------------------------- others are writing
def test_an_edit_since_the_decision_is_handed_over_and_never_written_over(shop: Shop) -> None:
    shop.company.edit("Invoice", shop.invoice, Memo="A person's words")
    shop.clock.move(minutes=1)
    write = shop.memo("Ours")
    assert not shop.mods(shop.visit(write))
    assert shop.failed(write).failure is Failure.STALE
    (fresh,) = shop.work.found("Invoice")
    assert fresh.record["Memo"] == "A person's words"
    assert shop.shown("Invoice", shop.invoice)["Memo"] == "A person's words"


def test_pain_15_an_edit_between_look_and_write_is_stale_and_never_forced(shop: Shop) -> None:
    write = shop.memo("Ours")
    process = shop.company.open_session

    def between() -> Any:
        session = process()
        real = session.process

        def processed(qbxml: str) -> str:
            if "InvoiceModRq" in qbxml:
                shop.clock.move(seconds=2)
                shop.company.edit("Invoice", shop.invoice, Memo="In between")
            return real(qbxml)

        session.process = processed  # type: ignore[method-assign]
        return session

    shop.company.open_session = between  # type: ignore[method-assign]
    shop.visit(write)
    assert (shop.failed(write).failure, shop.failed(write).code) == (Failure.STALE, "3200")
    assert shop.work.found("Invoice")[0].record["Memo"] == "In between"
    assert shop.shown("Invoice", shop.invoice)["Memo"] == "In between"


def test_two_writes_of_one_record_are_more_than_a_second_apart(shop: Shop) -> None:
    first, second = shop.memo("One"), shop.memo("Two", expected="One", id="intent-2")
    report = shop.visit(first, second)
    assert [call.method for call in report.calls].count("getLastError") == 1, "one NoOp"
    moments = [at for at, _ in shop.company.history(shop.invoice)][-2:]
    assert (moments[1] - moments[0]).total_seconds() > 1
    assert shop.shown("Invoice", shop.invoice)["Memo"] == "Two"
    assert shop.written(first) and shop.written(second)


def test_a_closed_book_is_refused_and_an_open_window_is_tried_again(shop: Shop) -> None:
    shop.company.open_in_window(shop.invoice)
    busy = shop.memo("A")
    shop.visit(busy)
    assert (shop.failed(busy).failure, shop.failed(busy).code) == (Failure.RETRY, "3175")
    shop.company.close_window(shop.invoice)
    shop.company.close_books(date(2030, 1, 1))
    closed = shop.memo("B", id="intent-2")
    shop.visit(closed)
    assert (shop.failed(closed).failure, shop.failed(closed).code) == (Failure.REFUSED, "3171")


def test_a_record_that_is_gone_is_said_to_be_gone(shop: Shop) -> None:
    shop.company.delete_transaction(shop.invoice)
    write = shop.memo("A")
    shop.visit(write)
    assert shop.failed(write).failure is Failure.GONE
    assert shop.work.pages("Invoice")[0].missing == (shop.invoice,)


# --------------------------------------------------------------------------------------------------- broken visits
@pytest.mark.parametrize("place", ["cut_before", "cut_after", "abandon_after"])
@pytest.mark.parametrize("call", [4, 5, 6, 7, 8, 9])
def test_pain_16_a_visit_cut_anywhere_writes_once(shop: Shop, place: str, call: int) -> None:
    """Calls 4 to 9 of a visit: sendRequestXML and receiveResponseXML of look, write and check."""
    write = Write("a", "Invoice", "update", shop.invoice, {"Memo": "Ours"}, expected={"Memo": "Old"})
    getattr(shop.faults, place)(call)
    shop.work.when_given = shop.decide_again
    broken = shop.visit(write)
    shop.clock.move(minutes=5)
    report = shop.visit()
    assert not shop.faults.pending()
    assert shop.carried_out(broken, report) == 1
    results = [
        result
        for request, result in shop.work.results
        if isinstance(request, Write) and not (isinstance(result, Failed) and result.code == "")
    ]
    assert [type(result) for result in results] == [Written], "one outcome"
    assert shop.shown("Invoice", shop.invoice)["Memo"] == "Ours"
    assert report.outcome in ("done", "no work")
    assert not shop.work.due


def test_what_never_arrived_is_decided_anew_on_a_fresh_look_and_not_sent_as_it_was(shop: Shop) -> None:
    write = shop.memo("Ours")
    shop.faults.cut_after(6)  # the Mod was handed out, and never reached QuickBooks
    broken = shop.visit(write)
    shop.clock.move(days=2)
    report = shop.visit()
    assert shop.mods(broken) == shop.mods(report) == [] and shop.carried_out(broken, report) == 0
    failed = shop.failed(write)
    assert failed.failure is Failure.STALE and "decided again" in failed.message
    (found,) = shop.work.found("Invoice")
    assert found.record["Memo"] == "Old", "the engine decides on this"
    assert shop.shown("Invoice", shop.invoice)["Memo"] == "Old"


@pytest.mark.parametrize("place", ["cut_before", "cut_after", "abandon_after"])
@pytest.mark.parametrize("call", [4, 5, 6, 7])
def test_pain_16_a_customer_is_never_made_twice(shop: Shop, place: str, call: int) -> None:
    write = Write("a", "Customer", "create", None, {"Name": "Jones"})
    getattr(shop.faults, place)(call)
    shop.visit(write)
    shop.clock.move(minutes=5)
    shop.visit()
    results = [result for request, result in shop.work.results if request == write]
    if isinstance(results[-1], Failed):  # it never got there: the engine makes it again
        assert results[-1].failure in (Failure.RETRY, Failure.UNSENT)
        again = Write("b", "Customer", "create", None, {"Name": "Jones"})
        shop.visit(again)
        assert shop.written(again)
    names = [one["Name"] for one in shop.company.records("Customer")]
    assert names.count("Jones") == 1
    assert not shop.work.due


def test_an_answer_cut_in_half_is_asked_for_again(shop: Shop) -> None:
    shop.faults.truncated_answer(request=1)
    made = Write("a", "Customer", "create", None, {"Name": "Jones"})
    shop.visit(made)
    shop.clock.move(minutes=5)
    report = shop.visit()
    assert 'oldMessageSetID="' in report.requests[0], "asked for before anything else"
    assert shop.written(made).record["Name"] == "Jones"
    assert [one["Name"] for one in shop.company.records("Customer")].count("Jones") == 1


def test_writes_that_had_no_turn_are_handed_back(shop: Shop) -> None:
    first, second = shop.memo("A"), Write("b", "Customer", "update", shop.customer, {"Phone": "1"})
    shop.faults.process_raises(request=1)
    shop.visit(first, second)
    assert [shop.failed(one).failure for one in (first, second)] == [Failure.UNSENT, Failure.UNSENT]
    assert not shop.work.due


@pytest.mark.parametrize("entity", ["Estimate", "SalesOrder"])
def test_orders_are_changed_like_invoices(shop: Shop, entity: str) -> None:
    item = shop.company.ids("ItemService")[0]
    key = shop.company.add_order(entity, shop.customer, [{"ItemRef": item, "Quantity": "1"}])
    shop.clock.move(minutes=1)
    write = Write("a", entity, "update", key, {"Memo": "Lost", "PONumber": "9"}, expected={"Memo": None})
    shop.visit(write)
    assert (shop.shown(entity, key)["Memo"], shop.written(write).record["PONumber"]) == ("Lost", "9")


# --------------------------------------------------------------------------------------------------- custom fields
def test_a_custom_field_is_set_apart_from_the_memo_and_read_again(shop: Shop) -> None:
    shop.company.define_custom_field("Deal stage", ("Customer",))
    shop.custom = FIELDS
    values = {"Memo": "New", "custom.Deal stage": "Won"}
    write = Write("a", "Invoice", "update", shop.invoice, values, expected={"Memo": "Old", "custom.Deal stage": None})
    report = shop.visit(write)
    first, second = shop.mods(report)
    assert "InvoiceModRq" in first and "DataExtModRq" in second and "InvoiceModRq" not in second
    assert shop.written(write).record["custom"]["Deal stage"] == "Won"
    assert [call.method for call in report.calls].count("getLastError") == 1, "it kept its distance by a NoOp"


def test_a_custom_field_cut_off_is_set_in_the_next_visit(shop: Shop) -> None:
    shop.company.define_custom_field("Deal stage", ("Customer",))
    write = Write("a", "Invoice", "update", shop.invoice, {"custom.Deal stage": "Won"})
    shop.faults.cut_before(9)
    shop.work.when_given = shop.decide_again
    shop.visit(write)
    shop.clock.move(minutes=5)
    shop.visit()
    (written,) = [result for _, result in shop.work.results if isinstance(result, Written)]
    assert written.record["custom"] == {"Deal stage": "Won"}


def test_an_unknown_custom_field_is_refused_with_what_to_click_unless_it_is_optional(shop: Shop) -> None:
    shop.custom = FIELDS
    write = Write("a", "Invoice", "update", shop.invoice, {"custom.Deal stage": "Won"})
    optional = Write("b", "Invoice", "update", shop.invoice, {"Memo": "New", "custom.Mood": "Fine"})
    shop.visit(write, optional)
    assert "Define Fields" in shop.failed(write).message
    assert shop.failed(write).field == "custom.Deal stage"
    assert shop.written(optional).record["Memo"] == "New"
    endpoint = QuickBooksDesktop.open(make_site(shop.work, shop.clock, shop.state, FIELDS))
    shown = endpoint.canonical("Invoice", {"Memo": "a–b", "custom.Mood": "x", "custom.Deal stage": "y"})
    assert shown == {"Memo": "a-b", "custom.Deal stage": "y"}
