"""Vendors, bills, purchase orders, accounts, journal entries and services: a connection's own YAML is all it takes.

The mappings lie beside this file; the server runs with them alone, between both simulated systems.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.quickbooks_desktop.simulator.company import Company
from tests.scenarios.served import Served, running

MAPPINGS = Path(__file__).parent / "other_entities"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One visit after the books were kept, and what followed from it."""
    with running(tmp_path_factory.mktemp("other") / "work", customers=1, mappings=MAPPINGS) as one:
        keep_books(one.company)
        assert one.visit().ok
        one.settle()
        yield one


def keep_books(company: Company) -> None:
    address = {"Addr1": "1 Mill Road", "City": "Albany", "State": "NY", "PostalCode": "12207"}
    company.add("Vendor", Name="Paper Mill", CompanyName="The Paper Mill", VendorAddress=address)
    company.add("Vendor", Name="City Power")
    company.add("Account", Name="Office", AccountType="Expense", AccountNumber="6100")
    company.add("Account", Name="Energy", AccountType="Expense", ParentRef="Office")
    company.add("Account", Name="Savings", AccountType="Bank")
    company.add(
        "Bill", VendorRef="Paper Mill", RefNumber="A-17", AmountDue="120.50", IsPaid=False, DueDate="2026-12-01"
    )
    company.add("Bill", VendorRef="City Power", AmountDue="80.00", IsPaid=True)
    ordered = {"TxnLineID": "L-1", "ItemRef": "Installation", "Desc": "Two hours", "Quantity": "2", "Rate": "40.00"}
    company.add(
        "PurchaseOrder", VendorRef="Paper Mill", RefNumber="PO-1", TotalAmount="80.00", IsFullyReceived=False,
        PurchaseOrderLineRet=[ordered | {"Amount": "80.00"}],
    )  # fmt: skip
    debit = {"TxnLineID": "D-1", "AccountRef": "Office:Energy", "Amount": "33.10", "EntityRef": "City Power"}
    credit = {"TxnLineID": "C-1", "AccountRef": "Checking", "Amount": "33.10"}
    company.add("JournalEntry", RefNumber="JE-1", JournalDebitLine=[debit], JournalCreditLine=[credit])


def deals(served: Served) -> dict[str, dict[str, Any]]:
    return {one["title"]: one for one in served.account.records("deal")}


def organization(served: Served, name: str) -> dict[str, Any]:
    (found,) = served.account.records("organization", name=name)
    return found


def test_vendors_become_organizations(served: Served) -> None:
    names = [one["name"] for one in served.account.records("organization")]
    assert sorted(names) == ["City Power", "The Paper Mill"]


def test_bills_become_deals_of_their_vendor(served: Served) -> None:
    bill = deals(served)["Bill A-17"]
    assert (bill["value"], bill["currency"]) == (Decimal("120.50"), "USD")
    assert bill["org_id"] == organization(served, "The Paper Mill")["id"]
    paid = {title: served.account.custom("deal", one).get("Paid") for title, one in deals(served).items()}
    assert paid["Bill A-17"] == "Open"
    assert list(paid.values()).count("Paid") == 1, "the one without a number"


def test_purchase_orders_become_deals_with_their_lines(served: Served) -> None:
    order = deals(served)["Order PO-1"]
    lines = served.account.records("deal_product", deal_id=order["id"])
    assert [(one["quantity"], one["item_price"], one["comments"]) for one in lines] == [(2, 40, "Two hours")]
    (product,) = served.account.records("product", name="Installation")
    assert (lines[0]["product_id"], order["value"]) == (product["id"], Decimal("80.00"))


def test_only_the_kinds_that_a_mapping_asks_for_come(served: Served) -> None:
    assert {one["name"] for one in served.account.records("product")} == {"Installation", "Office", "Office:Energy"}


def test_a_debit_of_a_vendor_becomes_a_note_on_it(served: Served) -> None:
    (note,) = served.account.records("note")
    assert "JE-1" in note["content"] and "33.10" in note["content"] and "Office:Energy" in note["content"]
    assert note["org_id"] == organization(served, "City Power")["id"]


def test_what_happens_to_them_follows(served: Served) -> None:
    company = served.company
    bill, order = company.ids("Bill")[0], company.ids("PurchaseOrder")[0]
    company.void("Bill", bill)
    company.edit("PurchaseOrder", order, IsFullyReceived=True)
    company.edit("Vendor", company.ids("Vendor")[1], CompanyName="City Power and Light")
    company.delete("JournalEntry", company.ids("JournalEntry")[0])
    assert served.visit().ok
    served.settle()
    assert organization(served, "City Power and Light")
    assert (deals(served)["Bill A-17"]["status"], deals(served)["Order PO-1"]["status"]) == ("lost", "won")
    (note,) = served.account.records("note")
    assert "Reversed in QuickBooks" in note["content"]
    assert len(served.account.records("organization")) == 2 and len(deals(served)) == 3
