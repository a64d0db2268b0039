"""Queries: filters, ids, pages and iterators, deletions, time stamps; every kind of answer against Intuit's schema."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from lxml import etree

from connectors.quickbooks_desktop.simulator import requests
from connectors.quickbooks_desktop.simulator.errors import HResult

D = Decimal


def status(answer: etree._Element) -> tuple[str, str]:
    return answer.get("statusCode"), answer.get("statusSeverity")


def values(answer: etree._Element, name: str) -> list[str]:
    return [found.text for found in answer.iter(name)]


def sell(company, *prices: str, customer: str = "Acme & Sons") -> list[str]:
    return [company.add_invoice(customer, [{"ItemRef": "Labor", "Rate": D(price)}]) for price in prices]


# what is in the file


@pytest.mark.reference
def test_every_query_answers_validly_by_intuits_schema(company, ask, clock, qbxml_schema):
    txn = company.add_invoice(
        "Acme & Sons:Roof",
        [{"ItemRef": "Labor"}, {"Desc": "<&>"}, {"ItemGroupRef": "Kit"}, {"ItemRef": "Subtotal"},
         {"ItemRef": "Ten off"}],
        BillAddress={"Addr1": "1 Main", "City": "Albany", "State": "NY"}, Memo="a < b & c",
    )  # fmt: skip
    company.receive_payment("Acme & Sons", {txn: D("10")}, method="Check")
    company.set_custom("Invoice", txn, "CRM status", "won")
    for entity, fields in {
        "Vendor": {"Name": "V"}, "OtherName": {"Name": "O"}, "Class": {"Name": "C"},
        "JobType": {"Name": "Roofing"}, "ShipMethod": {"Name": "UPS"},
        "ItemInventoryAssembly": {"Name": "A", "ItemInventoryAssemblyLine": [{"ItemInventoryRef": "Lamp"}]},
        "ItemFixedAsset": {"Name": "Van", "AcquiredAs": "New", "PurchaseDesc": "van", "PurchaseDate": "2026-01-01"},
        "ItemSalesTaxGroup": {"Name": "G", "ItemSalesTaxRef": ["Tax 10"]},
        "BillPaymentCheck": {"PayeeEntityRef": "V", "TxnDate": "2026-01-01", "Amount": 5},
        "SalesReceipt": {"CustomerRef": "Acme & Sons", "TxnDate": "2026-01-01"},
        "CreditMemo": {"CustomerRef": "Acme & Sons", "TxnDate": "2026-01-01", "CreditRemaining": 1},
        "Bill": {"VendorRef": "V", "TxnDate": "2026-01-01", "AmountDue": 5},
        "PurchaseOrder": {"VendorRef": "V", "TxnDate": "2026-01-01", "TotalAmount": 5},
        "JournalEntry": {"TxnDate": "2026-01-01", "JournalDebitLine": [{"AccountRef": "Sales", "Amount": 1}]},
    }.items():  # fmt: skip
        company.add(entity, **fields)
    for order in ("Estimate", "SalesOrder"):
        company.add_order(order, "Acme & Sons", [{"ItemRef": "Labor"}, {"ItemGroupRef": "Kit"}], Memo="to come")
    gone = company.add_customer("Gone")
    company.delete("Customer", gone)
    company.delete_transaction(sell(company, "5")[0])
    inside = {
        "TxnDeletedQueryRq": "<TxnDelType>Invoice</TxnDelType>",
        "ListDeletedQueryRq": "<ListDelType>Customer</ListDelType>",
        "DataExtDefQueryRq": "<OwnerID>0</OwnerID>",
    }
    empty = []
    for name, model in requests.QUERIES.items():
        extra = "".join(
            f"<{part}>{value}</{part}>"
            for part, value in (("IncludeLineItems", "true"), ("IncludeLinkedTxns", "true"), ("OwnerID", "0"))
            if f"{part}?" in model or (f"{part}*" in model and name != "DataExtDefQueryRq")
        )
        answer = ask(f"<{name}>{inside.get(name, '')}{extra}</{name}>")
        qbxml_schema.assertValid(answer.getparent())
        if status(answer[0]) != ("0", "Info"):
            empty.append(name)
    # nothing to find: a file with one currency has no list of them, and nobody made these items
    assert empty == ["CurrencyQueryRq", "ItemNonInventoryQueryRq", "ItemOtherChargeQueryRq", "ItemPaymentQueryRq"]


def test_lines_links_and_custom_fields_come_only_when_asked_for(company, ask):
    (txn,) = sell(company, "50")
    company.receive_payment("Acme & Sons", {txn: D(20)})
    company.set_custom("Invoice", txn, "CRM status", "won")
    plain = ask("<InvoiceQueryRq />")
    assert not {"InvoiceLineRet", "LinkedTxn", "DataExtRet"} & {child.tag for child in plain.iter()}
    whole = ask(
        "<InvoiceQueryRq><IncludeLineItems>true</IncludeLineItems><IncludeLinkedTxns>true</IncludeLinkedTxns>"
        "<OwnerID>0</OwnerID></InvoiceQueryRq>"
    )
    assert values(whole, "DataExtValue") == ["won"]
    assert values(whole, "AppliedAmount") == ["-20.00"]
    assert [link.findtext("Amount") for link in whole.iter("LinkedTxn")] == ["-20.00"]
    some = ask(
        "<InvoiceQueryRq><IncludeRetElement>Memo</IncludeRetElement><IncludeRetElement>TxnID</IncludeRetElement></InvoiceQueryRq>"
    )
    assert [child.tag for child in some[0][0]] == ["TxnID"]


def test_ids_not_found_are_a_warning_and_the_others_are_returned(company, ask):
    first, second = sell(company, "1", "2")
    answer = ask(f"<InvoiceQueryRq><TxnID>{second}</TxnID><TxnID>9-9</TxnID><TxnID>{first}</TxnID></InvoiceQueryRq>")[0]
    assert status(answer) == ("500", "Warn")
    assert values(answer, "TxnID") == [second, first]


def test_nothing_found_is_status_one(ask):
    assert status(ask("<InvoiceQueryRq />")[0]) == ("1", "Info")


def test_inactive_objects_show_only_when_asked_for(company, ask):
    company.deactivate("Customer", company.add_customer("Sleepy"))
    names = {s: values(ask(f"<CustomerQueryRq><ActiveStatus>{s}</ActiveStatus></CustomerQueryRq>"), "Name")
             for s in ("ActiveOnly", "InactiveOnly", "All")}  # fmt: skip
    assert names == {
        "ActiveOnly": ["Acme & Sons", "Roof"], "InactiveOnly": ["Sleepy"], "All": ["Acme & Sons", "Roof", "Sleepy"],
    }  # fmt: skip


def test_filters_of_transactions(company, ask, clock):
    first, second, third = sell(company, "1", "2", "3")
    company.edit("Invoice", third, TxnDate="2026-05-05")
    company.receive_payment("Acme & Sons", {second: D(2)})
    (job,) = sell(company, "4", customer="Acme & Sons:Roof")

    def found(inside: str) -> list[str]:
        return values(ask(f"<InvoiceQueryRq>{inside}</InvoiceQueryRq>"), "TxnID")

    assert found("<PaidStatus>PaidOnly</PaidStatus>") == [second]
    assert found("<TxnDateRangeFilter><ToTxnDate>2026-05-05</ToTxnDate></TxnDateRangeFilter>") == [third]
    assert found("<EntityFilter><FullName>Acme &amp; Sons:Roof</FullName></EntityFilter>") == [job]
    whole = "<EntityFilter><FullNameWithChildren>Acme &amp; Sons</FullNameWithChildren></EntityFilter>"
    assert found(whole) == [first, second, third, job]
    span = "<FromRefNumber>2</FromRefNumber><ToRefNumber>3</ToRefNumber>"
    assert found(f"<RefNumberRangeFilter>{span}</RefNumberRangeFilter>") == [second, third]


# times


def test_in_summer_the_stamp_has_the_right_wall_clock_and_winters_offset(company, ask):
    acme = ask("<CustomerQueryRq><FullName>Acme &amp; Sons</FullName></CustomerQueryRq>")
    assert values(acme, "TimeCreated") == ["2026-07-01T12:00:00-05:00"]  # 16:00Z is 12:00-04:00
    assert values(acme, "EditSequence") == [str(int(datetime(2026, 7, 1, 16, tzinfo=UTC).timestamp()))]


@pytest.mark.parametrize(
    ("since", "found"),
    [
        ("2026-07-01T13:00:00", True),  # inclusive
        ("2026-07-01T13:00:01", False),
        ("2026-07-01T13:00:00-05:00", True),  # QuickBooks' own wrong offset
        ("2026-07-01T13:00:01-05:00", False),
        ("2026-07-01T13:59:59-04:00", True),  # the right offset is an hour off
        ("2026-07-01T14:00:01-04:00", False),
        ("2026-07-01", True),
    ],
)
def test_the_modified_filter_compares_wall_clocks(company, ask, since, found):
    sell(company, "1")  # at 17:00Z, 13:00 on the wall
    inside = f"<ModifiedDateRangeFilter><FromModifiedDate>{since}</FromModifiedDate></ModifiedDateRangeFilter>"
    assert (status(ask(f"<InvoiceQueryRq>{inside}</InvoiceQueryRq>")[0]) == ("0", "Info")) is found


def test_a_date_without_a_time_ends_with_its_last_second_and_upside_down_is_refused(company, ask):
    sell(company, "1")
    upto = "<ModifiedDateRangeFilter><ToModifiedDate>2026-07-01</ToModifiedDate></ModifiedDateRangeFilter>"
    assert status(ask(f"<InvoiceQueryRq>{upto}</InvoiceQueryRq>")[0]) == ("0", "Info")
    wrong = "<FromModifiedDate>2026-07-02</FromModifiedDate><ToModifiedDate>2026-07-01</ToModifiedDate>"
    assert status(ask(f"<CustomerQueryRq>{wrong}</CustomerQueryRq>")[0]) == ("3030", "Error")


def test_answers_come_in_file_order_not_by_time_of_change(company, ask, clock):
    first, second = sell(company, "1", "2")
    clock.advance(hours=1)
    company.edit("Invoice", first, Memo="later")
    assert values(ask("<InvoiceQueryRq />"), "TxnID") == [first, second]


# iterators

WHOLE = (
    '<?xml version="1.0"?><?qbxml version="13.0"?><QBXML><QBXMLMsgsRq onError="stopOnError">{0}</QBXMLMsgsRq></QBXML>'
)
PAGE = '<InvoiceQueryRq requestID="7" iterator="{0}"{1}><MaxReturned>{2}</MaxReturned></InvoiceQueryRq>'


def test_an_iterator_pages_through_everything_once_and_then_is_gone(company, ask):
    txns = sell(company, "1", "2", "3", "4", "5")
    page = ask(PAGE.format("Start", "", 2))[0]
    ident = f' iteratorID="{page.get("iteratorID")}"'
    seen, left = values(page, "TxnID"), [page.get("iteratorRemainingCount")]
    while left[-1] != "0":
        page = ask(PAGE.format("Continue", ident, 2))[0]
        assert page.get("requestID") == "7"
        seen += values(page, "TxnID")
        left.append(page.get("iteratorRemainingCount"))
    assert (seen, left) == (txns, ["3", "1", "0"])
    assert status(ask(PAGE.format("Continue", ident, 2))[0]) == ("3391", "Error")


def test_an_iterator_belongs_to_its_session_and_its_query(company, ask):
    sell(company, "1", "2", "3")
    ident = f' iteratorID="{ask(PAGE.format("Start", "", 1))[0].get("iteratorID")}"'
    message = PAGE.format("Continue", ident, 1)
    other = company.open_session().process(WHOLE.format(message))
    assert 'statusCode="3391"' in other
    assert status(ask(message.replace("Invoice", "ReceivePayment"))[0]) == ("3391", "Error")
    assert status(ask(message)[0]) == ("0", "Info")


def test_an_iterator_without_maxreturned_is_refused_and_stop_frees_it(company, ask):
    sell(company, "1", "2")
    assert status(ask('<InvoiceQueryRq iterator="Start" />')[0]) == ("3150", "Error")
    ident = ask(PAGE.format("Start", "", 1))[0].get("iteratorID")
    assert status(ask(f'<InvoiceQueryRq iterator="Stop" iteratorID="{ident}" />')[0]) == ("0", "Info")
    assert status(ask(PAGE.format("Continue", f' iteratorID="{ident}"', 1))[0]) == ("3391", "Error")


def test_what_is_deleted_during_an_iteration_is_not_returned(company, ask):
    txns = sell(company, "1", "2", "3")
    ident = ask(PAGE.format("Start", "", 1))[0].get("iteratorID")
    company.delete_transaction(txns[1])
    page = ask(PAGE.format("Continue", f' iteratorID="{ident}"', 2))[0]
    assert values(page, "TxnID") == [txns[2]]


def test_a_closed_session_answers_no_more(company):
    session = company.open_session()
    session.close()
    with pytest.raises(HResult, match="0x8004040D"):
        session.process("")


def test_an_older_quickbooks_does_not_know_newer_qbxml(company, ask):
    company.facts.versions = company.facts.versions[:-2]
    with pytest.raises(HResult, match="0x80040423"):
        ask("<HostQueryRq />")


# deletions


def test_deleted_transactions_vanish_and_are_told_for_ninety_days(company, ask, clock):
    (txn,) = sell(company, "1")
    clock.advance(minutes=1)
    company.delete_transaction(txn)
    query = "<TxnDeletedQueryRq><TxnDelType>Invoice</TxnDelType></TxnDeletedQueryRq>"
    assert status(ask("<InvoiceQueryRq />")[0]) == ("1", "Info")
    assert values(ask(query), "TxnID") == [txn]
    since = "<DeletedDateRangeFilter><FromDeletedDate>2026-07-01T13:01:01</FromDeletedDate></DeletedDateRangeFilter>"
    assert status(ask(query.replace("</TxnDelType>", "</TxnDelType>" + since))[0]) == ("1", "Info")
    clock.advance(days=90, seconds=1)
    assert status(ask(query)[0]) == ("1", "Info")


def test_merged_customers_show_as_deleted(company, ask):
    twin = company.add_customer("Twin")
    company.merge("Customer", twin, company.find("Customer", "Acme & Sons"))
    answer = ask("<ListDeletedQueryRq><ListDelType>Customer</ListDelType></ListDeletedQueryRq>")
    assert (values(answer, "ListID"), values(answer, "FullName")) == ([twin], ["Twin"])
