"""Persons, leads, activities and tasks from QuickBooks, and what a lead says back: YAML is all it takes."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.quickbooks_desktop.simulator.company import Company
from tests.scenarios.served import Served, running

MAPPINGS = Path(__file__).parent / "work_entities"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One visit after the books were kept, and what followed from it."""
    with running(tmp_path_factory.mktemp("work") / "work", customers=0, mappings=MAPPINGS) as one:
        one.account.add("project", title="Purchasing")
        keep_books(one.company)
        assert one.visit().ok
        one.settle()
        yield one


def keep_books(company: Company) -> None:
    company.add(
        "Customer", Name="Oak Homes", CompanyName="Oak Homes Ltd.", FirstName="Ann", LastName="Lee",
        Email="ann@oak.example; office@oak.example", Phone="+1 212 555 0100",
    )  # fmt: skip
    company.add("Vendor", Name="Paper Mill")
    company.add(
        "Bill", VendorRef="Paper Mill", RefNumber="A-17", AmountDue="120.50", IsPaid=False, DueDate="2026-12-01"
    )
    line = {"TxnLineID": "L-1", "ItemRef": "Installation", "Desc": "Two hours", "Quantity": "2", "Rate": "40.00"}
    company.add(
        "Estimate", CustomerRef="Oak Homes", RefNumber="E-4", TotalAmount="80.00", PONumber="PO-77", IsActive=True,
        EstimateLineRet=[line | {"Amount": "80.00"}],
    )  # fmt: skip
    company.add(
        "PurchaseOrder", VendorRef="Paper Mill", RefNumber="PO-1", TotalAmount="80.00", IsFullyReceived=False,
        Memo="Two hours", ExpectedDate="2026-12-05", PurchaseOrderLineRet=[line | {"Amount": "80.00"}],
    )  # fmt: skip


def only(served: Served, entity: str) -> dict[str, Any]:
    (found,) = served.account.records(entity)
    return found


def organization(served: Served, name: str) -> int:
    (found,) = served.account.records("organization", name=name)
    return int(found["id"])


def test_a_customers_contact_becomes_a_person_of_its_organization(served: Served) -> None:
    person = only(served, "person")
    assert (person["name"], person["org_id"]) == ("Ann Lee", organization(served, "Oak Homes Ltd."))
    assert [one["value"] for one in person["emails"]] == ["ann@oak.example", "office@oak.example"]
    assert [one["value"] for one in person["phones"]] == ["+1 212 555 0100"]


def test_a_bill_becomes_an_activity_of_its_vendor(served: Served) -> None:
    activity = only(served, "activity")
    assert (activity["subject"], activity["type"], activity["done"]) == ("Pay bill A-17", "deadline", False)
    assert (activity["due_date"], activity["org_id"]) == ("2026-12-01", organization(served, "Paper Mill"))
    assert "120.50 USD" in activity["note"] and "QuickBooks ID: acme/Bill/" in activity["note"]


def test_an_estimate_becomes_a_lead_with_the_deals_custom_fields(served: Served) -> None:
    lead = only(served, "lead")
    assert (lead["title"], lead["value"]) == ("Estimate E-4", {"amount": Decimal(80), "currency": "USD"})
    assert lead["organization_id"] == organization(served, "Oak Homes Ltd.")
    shown = served.account.custom("lead", lead)
    assert (shown["Customer order"], shown["Active"]) == ("PO-77", "Active")
    assert shown["QuickBooks ID"].startswith("acme/Estimate/")


def test_a_purchase_order_becomes_a_task_of_the_project(served: Served) -> None:
    task = only(served, "task")
    assert (task["title"], task["project_id"], task["is_done"]) == ("Order PO-1", 1, False)
    assert task["due_date"] == "2026-12-05"
    assert task["description"].startswith("Two hours\nQuickBooks ID: acme/PurchaseOrder/")


def test_what_happens_to_them_follows_both_ways(served: Served) -> None:
    company = served.company
    company.edit("Bill", company.ids("Bill")[0], IsPaid=True)
    company.edit("PurchaseOrder", company.ids("PurchaseOrder")[0], IsFullyReceived=True)
    served.account.edit("lead", only(served, "lead")["id"], expected_close_date="2026-12-24")
    estimate = company.ids("Estimate")[0]
    assert served.visit().ok
    served.settle()
    assert (only(served, "activity")["done"], only(served, "task")["is_done"]) == (True, True)
    assert "120.50 USD" in only(served, "activity")["note"]
    served.until(lambda one: one.visit().ok and company.record("Estimate", estimate).get("Memo"))
    assert company.record("Estimate", estimate)["Memo"] == "[Pipedrive: expected 2026-12-24]"
    assert len(served.account.records("lead")) == 1
