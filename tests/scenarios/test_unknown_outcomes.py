"""Whatever is written to Pipedrive and whichever of its answers is lost: nothing is missing and nothing is there twice.

Each world is lived once undisturbed, for what the account then holds and which calls wrote it; then once more, with the
first answer to each of these calls lost, and must come to the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from connectors.pipedrive.simulator import Account
from tests.scenarios.test_two_way_schedules import MAPPINGS
from tests.scenarios.test_work_entities import MAPPINGS as WORK, keep_books
from tests.scenarios.two_way import BEGIN, TwoWay, nothing_yet

FAULTS = ("cut-after", "503-after", "cut-before")
VOLATILE = re.compile(r"(^|_)(id|time|ids|order_nr|user|flag|nr)$|^(update_time|picture_id|url|user)$")
MOMENT = re.compile(r"\b\d\d:\d\d:\d\d\b|(?<=-)\d{10}\b")
"""In notes, and in the keys of QuickBooks."""
TABLES = ("organization", "person", "deal", "product", "note", "activity", "lead", "task", "pipeline", "stage")


def accounts(world: TwoWay) -> None:
    """Customers of a type with terms, an invoice of several lines, payments; then all of it changes."""
    company, at = world.company, BEGIN - timedelta(days=30)
    company.add("PaymentMethod", Name="Check", at=at)
    company.add("CustomerType", Name="Retail", at=at)
    company.add("CustomerType", Name="Trade", at=at)
    for name in ("Work", "Lamp"):
        company.add_item("ItemService", name, price=Decimal("85.00"), description=name, at=at)
    given = {"CompanyName": "Acme", "CurrencyRef": "US Dollar", "Email": "a@acme.example"}
    key = company.add_customer("Acme", CustomerTypeRef="Retail", **given, at=at)
    invoice = company.add_invoice(key, [{"ItemRef": "Work", "Quantity": Decimal(2)}], at=at)
    company.receive_payment(key, {invoice: Decimal("10.00")}, method="Check", at=at)
    long = [{"ItemRef": "Lamp", "Quantity": Decimal(number)} for number in range(1, 7)]
    other = company.add_invoice(key, long, at=at)
    world.settle()
    company.add("CustomerType", Name="Public", at=world.clock())
    company.edit("CustomerType", company.find("CustomerType", "Trade") or "", Name="Wholesale")
    company.edit("Customer", key, CompanyName="Acme Ltd.", CustomerTypeRef="Wholesale")
    company.edit("Invoice", other, DueDate="2026-04-30")
    company.edit("ItemService", company.find("ItemService", "Lamp") or "", Name="Lantern")
    payment = company.receive_payment(key, {other: Decimal("20.00")}, method="Check", at=world.clock())
    world.settle()
    company.delete_transaction(payment)
    world.settle()


def work(world: TwoWay) -> None:
    """Persons, leads, activities and tasks; then all of them change."""
    world.account.add("project", title="Purchasing")
    company = world.company
    company.add_item("ItemService", "Installation", price=Decimal("40.00"))
    keep_books(company)
    world.settle()
    company.edit("Customer", company.ids("Customer")[0], LastName="Leigh", Phone="+1 212 555 0199")
    company.edit("Bill", company.ids("Bill")[0], IsPaid=True)
    company.edit("PurchaseOrder", company.ids("PurchaseOrder")[0], IsFullyReceived=True)
    company.edit("Estimate", company.ids("Estimate")[0], PONumber="PO-78")
    world.settle()


WORLDS: dict[str, tuple[Callable[[TwoWay], None], str]] = {"accounts": (accounts, MAPPINGS), "work": (work, str(WORK))}
WRITTEN = {
    "accounts": {
        "POST /organizationFields", "POST /dealFields", "POST /productFields",
        "POST /organizationFields/{field_code}/options", "PATCH /organizationFields/{field_code}/options",
        "POST /organizations", "PATCH /organizations/{id}", "POST /products", "PATCH /products/{id}",
        "POST /deals", "PATCH /deals/{id}", "POST /deals/{id}/products", "POST /deals/{id}/products/bulk",
        "POST /notes", "PUT /notes/{id}",
    },
    "work": {
        "POST /organizationFields", "POST /personFields", "POST /dealFields", "POST /organizations", "POST /persons",
        "PATCH /persons/{id}", "POST /activities", "PATCH /activities/{id}", "POST /leads", "PATCH /leads/{id}",
        "POST /tasks", "PATCH /tasks/{id}",
    },
}  # fmt: skip
"""What each world writes; a test says whether it is all."""


def lived(folder: Path, name: str, faults: Collection[str] = ()) -> tuple[dict[str, Any], set[str], set[str]]:
    """What the account holds at the end, which calls wrote it, and the faults that did not strike."""
    live, mappings = WORLDS[name]
    world = nothing_yet(folder, mappings)
    rules = {fault: world.pipedrive_faults.add(fault) for fault in faults}
    try:
        live(world)
        called = {one.operation.partition(" ")[2] for one in world.account.ledger.writes}
        return held(world.account), called, {fault for fault, rule in rules.items() if not rule.struck}
    finally:
        world.close()


@cache
def undisturbed(folder: Path, name: str) -> tuple[dict[str, Any], set[str], set[str]]:
    folder.mkdir()
    return lived(folder, name)


def held(account: Account) -> dict[str, Any]:
    """Everything in the account, without the numbers and moments that another order of events gives it."""
    found: dict[str, Any] = {}
    for entity in TABLES:
        rows = account.records(entity)
        found[entity] = sorted(MOMENT.sub("", repr(_said(account, entity, row))) for row in rows)
    names = {deal["id"]: deal["title"] for deal in account.records("deal")}
    found["line"] = sorted(
        (names[one["deal_id"]], one["name"], str(one["quantity"]), str(one["item_price"]), str(one["comments"]))
        for one in account.records("deal_product")
    )
    for entity in ("organization", "person", "deal", "product"):
        found[f"{entity} fields"] = sorted(
            (one["field_name"], one["field_type"], sorted(option["label"] for option in one["options"] or ()))
            for one in account.custom_fields(entity).values()
        )
    return found


def _said(account: Account, entity: str, row: dict[str, Any]) -> dict[str, Any]:
    said = {key: value for key, value in row.items() if not VOLATILE.search(key) and key != "custom_fields"}
    if "custom_fields" in row:
        said["custom"] = sorted((name, str(value)) for name, value in account.custom(entity, row).items())
    return said


@pytest.mark.parametrize("name", WORLDS)
def test_the_calls_that_are_tried_are_all_that_a_world_writes(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    account, called, _ = undisturbed(tmp_path_factory.getbasetemp() / f"undisturbed-{name}", name)
    assert called == WRITTEN[name]
    assert account["note" if name == "accounts" else "lead"]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", WORLDS)
def test_lost_answers_leave_the_account_as_it_would_have_been(
    name: str, fault: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    expected, calls, _ = undisturbed(tmp_path_factory.getbasetemp() / f"undisturbed-{name}", name)
    patterns = [re.sub(r"\{\w+\}", "*", call) for call in sorted(calls)]
    account, _, unstruck = lived(tmp_path, name, [f"{fault}@{pattern}" for pattern in patterns])
    assert not unstruck
    for entity, rows in account.items():
        assert rows == expected[entity], entity
