"""The simulated Web Connector visits over HTTP with a whole company: everything arrives, once, and adds up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from connectors.quickbooks_desktop.connector import QuickBooksDesktop
from connectors.quickbooks_desktop.entities import sources
from connectors.quickbooks_desktop.simulator.company import Company
from connectors.quickbooks_desktop.simulator.faults import Faults
from connectors.quickbooks_desktop.simulator.sample_company import sample_company
from connectors.quickbooks_desktop.simulator.visit import VisitReport
from connectors.quickbooks_desktop.simulator.web_connector import WebConnector
from engine.protocol import Query, Record, Request
from tests.connectors.quickbooks_desktop.ports import PASSWORD, Clock, MemoryState, MemoryWork, make_site
from tests.connectors.quickbooks_desktop.server import serve

Visit = Callable[..., VisitReport]


@pytest.fixture
def company(clock: Clock) -> Company:
    return sample_company(3, customers=30, clock=clock)


@pytest.fixture
def work() -> MemoryWork:
    return MemoryWork()


@pytest.fixture
def visit(company: Company, work: MemoryWork, clock: Clock, state: MemoryState) -> Iterator[Visit]:
    """Plays a visit; a new endpoint each time, as after a restart."""

    def play(faults: Faults | None = None, *, of: Company = company) -> VisitReport:
        endpoint = QuickBooksDesktop.open(make_site(work, clock, state, page_sizes={"Invoice": 20, "Customer": 20}))
        with serve(endpoint) as url:
            connector = WebConnector(url, "acme", PASSWORD, of, faults=faults, sleep=lambda seconds: None)
            return connector.visit()

    yield play


def everything(cursors: dict[tuple[str, str], str | None] | None = None) -> list[Query]:
    known = cursors or {}
    return [
        Query(name, kind, tuple(one.name for one in source.entity.fields), known.get((name, kind)))  # type: ignore[arg-type]
        for name, source in sources().items()
        for kind in ("changed", "gone")
    ]


def cursors(work: MemoryWork) -> dict[tuple[str, str], str | None]:
    return {
        (request.entity, request.kind): result.cursor  # type: ignore[union-attr]
        for request, result in work.results
        if getattr(result, "done", False)
    }


def held(work: MemoryWork, entity: str) -> dict[str, Record]:
    return {one.key: QuickBooksDesktop.derive(entity, one.record, None) for one in work.found(entity)}


def test_a_whole_company_arrives_in_valid_requests(visit: Visit, work: MemoryWork, company: Company) -> None:
    work.due = list(everything())
    report = visit()
    assert (report.outcome, report.errors) == ("done", [])
    assert report.progress[-1] == 100 and all(0 <= one < 100 for one in report.progress[:-1])
    assert not work.failures and not work.due
    for entity in ("Customer", "Invoice", "ReceivePayment", "CustomerType", "PaymentMethod", "SalesRep", "Employee"):
        keys = [one.key for one in work.found(entity)]
        assert sorted(keys) == sorted(company.ids(entity)), entity
    assert len(work.found("Terms")) == 3
    kinds = {one.record["Name"]: one.record["Kind"] for one in work.found("Item")}
    assert kinds["Lamp kit"] == "Group" and kinds["Subtotal"] == "Subtotal" and kinds["Lamp"] == "Inventory"


@pytest.mark.reference
def test_every_request_of_a_visit_is_valid_by_the_schema(
    visit: Visit, work: MemoryWork, qbxml_schema: etree.XMLSchema
) -> None:
    work.due = list(everything())
    for text in visit().requests:
        qbxml_schema.assertValid(etree.fromstring(text.encode()))


def test_lines_add_up_to_the_total_on_every_invoice(visit: Visit, work: MemoryWork, company: Company) -> None:
    customer = company.ids("Customer")[0]
    odd: list[dict[str, Any]] = [
        {"ItemRef": "Installation", "Quantity": "3", "Rate": "33.333"},
        {"ItemRef": "Lamp", "Quantity": "7", "Amount": "100.00"},
        {"ItemRef": "Subtotal"},
        {"ItemRef": "Trade discount"},
        {"Desc": "Thank you for your business"},
        {"ItemGroupRef": "Lamp kit", "Quantity": "2"},
    ]
    added = company.add_invoice(customer, odd)
    work.due = list(everything())
    assert visit().ok
    records = {entity: held(work, entity) for entity in ("Item", "Invoice")}
    assert any(one["InvoiceLineGroupRet"] for one in records["Invoice"].values())
    for key, invoice in records["Invoice"].items():
        known = QuickBooksDesktop.enrich("Invoice", invoice, lambda entity, item: records[entity][item])
        assert sum((one["LineAmount"] for one in known["Lines"]), Decimal(0)) == invoice["Total"], key
        assert (known["CurrencyCode"], known["IsVoided"]) == ("USD", False)
    assert len(records["Invoice"][added]["InvoiceLineRet"]) == 5


@pytest.mark.parametrize("entity", ["Estimate", "SalesOrder"])
def test_lines_of_orders_add_up_to_their_total(visit: Visit, work: MemoryWork, company: Company, entity: str) -> None:
    lines: list[dict[str, Any]] = [
        {"ItemRef": "Installation", "Quantity": "3", "Rate": "33.333"}, {"ItemGroupRef": "Lamp kit", "Quantity": "2"},
        {"ItemRef": "Subtotal"}, {"ItemRef": "Trade discount"}, {"ItemRef": "Lamp", "Quantity": "1"},
    ]  # fmt: skip
    added = company.add_order(entity, company.ids("Customer")[0], lines)
    work.due = list(everything())
    assert visit().ok
    items = held(work, "Item")
    record = QuickBooksDesktop.enrich(entity, held(work, entity)[added], lambda kind, key: items[key])
    assert sum((one["LineAmount"] for one in record["Lines"]), Decimal(0)) == record["TotalAmount"] > 100
    assert [one["ItemRef"]["FullName"] for one in record["Lines"] if one["ItemRef"]] == [
        "Installation", "Lamp", "Bulb", "Subtotal", "Trade discount", "Lamp",
    ]  # fmt: skip


def test_a_second_visit_reads_what_changed_and_what_is_gone(
    visit: Visit, work: MemoryWork, company: Company, clock: Clock
) -> None:
    work.due = list(everything())
    assert visit().ok
    before = held(work, "Invoice")
    clock.move(hours=2)
    customer, other = company.ids("Customer")[:2]
    voided, deleted, *_ = company.ids("Invoice")
    company.edit("Customer", customer, Phone="555-0100")
    company.deactivate("Customer", other)
    company.void_invoice(voided)
    company.delete_transaction(deleted)
    unused = company.add_customer("Never Sold To")
    company.delete("Customer", unused)
    clock.move(minutes=20)
    work.due, known = list(everything(cursors(work))), len(work.results)
    assert visit().ok
    later = MemoryWork()
    later.results = work.results[known:]
    assert {one.key for one in later.found("Customer")} == {customer, other}
    assert {one.key: one.record["IsActive"] for one in later.found("Customer")} == {customer: True, other: False}
    assert {one.key for one in later.gone("Invoice")} == {deleted}
    assert unused in {one.key for one in later.gone("Customer")}
    record = {one.key: one.record for one in later.found("Invoice")}[voided]
    assert QuickBooksDesktop.derive("Invoice", record, before[voided])["IsVoided"]


def test_missing_keys_are_told_apart_from_found_ones(visit: Visit, work: MemoryWork, company: Company) -> None:
    key = company.ids("Invoice")[0]
    work.due = [Query("Invoice", "keys", ("RefNumber",), keys=(key, "FFFF-1")), Query("Person", "keys", keys=("80-1",))]
    assert visit().ok
    assert [one.key for one in work.found("Invoice")] == [key]
    assert work.pages("Invoice")[-1].missing == ("FFFF-1",)
    assert work.pages("Person")[-1].missing == ("80-1",)


def test_the_home_currency_of_a_company_with_many_is_found(work: MemoryWork, visit: Visit, clock: Clock) -> None:
    abroad = Company("Abroad", clock=clock, currency="Euro", multicurrency=True)
    item = abroad.add_item("ItemService", "Work", price=Decimal("10.00"))
    abroad.add_invoice(abroad.add_customer("Müller"), [{"ItemRef": item, "Quantity": "1"}])
    work.due = list(everything())
    assert visit(of=abroad).ok
    assert [one.record["HomeCurrencyCode"] for one in work.found("Invoice")] == ["EUR"]
    assert {one.record["CurrencyCode"] for one in work.found("Currency")} >= {"EUR", "USD"}


@pytest.mark.parametrize("place", ["cut_before", "cut_after", "abandon_after"])
@pytest.mark.parametrize("method", ["authenticate", "sendRequestXML", "receiveResponseXML", "closeConnection"])
def test_a_visit_that_is_cut_off_anywhere_loses_nothing(
    work: MemoryWork, company: Company, visit: Visit, clock: Clock, method: str, place: str
) -> None:
    work.due = [Query("Invoice", fields=("RefNumber",)), Query("Terms")]
    faults = Faults()
    getattr(faults, place)(method)
    assert visit(faults).outcome in ("cut", "abandoned")
    clock.move(minutes=5)
    assert visit(faults).ok
    assert faults.pending() == 0
    assert {one.key for one in work.found("Invoice")} == set(company.ids("Invoice"))
    assert not work.due


@pytest.mark.parametrize("fault", ["process_raises", "truncated_answer", "modal_dialog"])
def test_a_fault_of_quickbooks_is_said_in_words_and_the_next_visit_goes_on(
    work: MemoryWork, company: Company, visit: Visit, fault: str
) -> None:
    queries: list[Request] = [Query("Invoice", fields=("RefNumber",)), Query("Terms")]
    work.due = list(queries)
    faults = Faults()
    getattr(faults, fault)()
    report = visit(faults)
    assert not report.ok and faults.pending() == 0
    assert "QuickBooks" in work.visits[-1]["message"]
    work.due = list(queries)
    assert visit().ok
    assert {one.key for one in work.found("Invoice")} == set(company.ids("Invoice"))
