"""The invented world is believable, repeatable, and as large as promised."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal

import pytest

from connectors.demo.clock import Clock
from connectors.demo.generator import World
from connectors.demo.load_account import load_account
from connectors.demo.load_company import load_company
from connectors.demo.sales import cents


@pytest.fixture(scope="module")
def world() -> World:
    return World(1)


def test_the_same_seed_makes_the_same_world(world: World) -> None:
    again = World(1)
    assert again.customers == world.customers
    assert again.invoices == world.invoices
    assert again.payments == world.payments
    assert (again.organizations, again.contacts, again.key) == (world.organizations, world.contacts, world.key)


def test_another_seed_makes_another_world(world: World) -> None:
    assert {one.company for one in World(2).customers} != {one.company for one in world.customers}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_world_is_as_large_as_promised(seed: int) -> None:
    world = World(seed)
    assert sum(one.parent is None for one in world.customers) >= 300
    assert len(world.invoices) >= 900
    assert len(world.payments) >= 700
    assert sum(not one.deleted for one in world.organizations) == 120


def test_customers_are_as_untidy_as_real_ones(world: World) -> None:
    emails = Counter(email for one in world.customers if one.parent is None for email in one.emails)
    assert sum(one.parent is not None for one in world.customers) >= 50
    assert any(world.customer(one.parent).parent for one in world.customers if one.parent), "a job of a job"
    assert sum(not one.active for one in world.customers) >= 5
    assert sum(not one.company.isascii() for one in world.customers) >= 20
    assert sum("&" in one.company for one in world.customers) >= 50
    assert sum(not one.emails for one in world.customers if one.parent is None) >= 20
    assert sum(count > 1 for count in emails.values()) >= 2
    assert any(len(one.emails) > 1 for one in world.customers)


def test_no_two_companies_have_nearly_one_name(world: World) -> None:
    """Else the answer key would call two customers strangers whom any careful reader would call the same."""
    cores = Counter(frozenset(name.core) for name in world.book.names.values())
    assert max(cores.values()) == 1


def test_invoices_have_every_kind_of_line(world: World) -> None:
    lines = [line for invoice in world.invoices for line in invoice.lines]
    kinds = {item.ref: item.kind for item in world.items}
    used = {kinds[line.item] for line in lines if line.item}
    assert used >= {"Inventory", "Service", "NonInventory", "OtherCharge", "Discount", "Subtotal", "Group"}
    assert any(line.item is None for line in lines), "a description alone"
    assert any(invoice.tax_amount for invoice in world.invoices)
    products = [(line.quantity * line.rate, line.amount) for line in lines if line.quantity and line.rate]
    assert sum(exact != amount for exact, amount in products) >= 50, "fractions and overwritten amounts"
    assert sum(cents(exact) != amount for exact, amount in products if amount) >= 20, "overwritten amounts"


def test_some_purchase_orders_are_shared_and_some_numbers_coincide(world: World) -> None:
    orders: dict[str, list[str]] = defaultdict(list)
    for invoice in world.invoices:
        if invoice.po_number:
            orders[invoice.po_number].append(invoice.customer)
    assert sum(len(set(who)) == 1 and len(who) > 1 for who in orders.values()) >= 50
    assert any(len(set(who)) > 1 for who in orders.values()), "two customers who number alike"


def test_payments_are_partial_shared_or_missing_and_never_more_than_is_owed(world: World) -> None:
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for payment in world.payments:
        for ref, amount in payment.applied.items():
            paid[ref] += amount
    totals = {one.ref: one.total for one in world.invoices}
    assert all(amount <= totals[ref] for ref, amount in paid.items())
    assert sum(0 < paid[ref] < total for ref, total in totals.items()) >= 40
    assert sum(paid[ref] == 0 for ref in totals) >= 80
    assert sum(len(one.applied) > 1 for one in world.payments) >= 20
    assert len({one.method for one in world.payments}) >= 4


def test_the_key_covers_every_customer_once_and_names_organizations_that_live(world: World) -> None:
    roots = {one.ref for one in world.customers if one.parent is None}
    living = {one.ref for one in world.organizations if not one.deleted}
    linked = [one.organization for one in world.key.values() if one.outcome == "linked"]
    assert world.key.keys() == roots
    assert set(linked) <= living
    assert len(linked) == len(set(linked)) >= 80
    assert Counter(one.outcome for one in world.key.values())["parked"] == 7


def test_quickbooks_adds_up_every_invoice_as_the_generator_did(world: World) -> None:
    company, ids = load_company(world, Clock())  # raises where a total differs
    owed = sum(one["BalanceRemaining"] for one in company.records("Invoice"))
    assert owed == sum(one.total for one in world.invoices) - sum(one.amount for one in world.payments)
    assert len(ids.invoices) == len(world.invoices)


def test_pipedrive_holds_what_was_made_stamped_before_the_demo(world: World) -> None:
    clock = Clock()
    account, ids = load_account(world, clock)
    records = account.records("organization")
    assert len(records) == 120
    assert max(one["update_time"] for one in records) < "2026-01-01"
    named = {ids[one.ref]: one for one in world.organizations}
    assert all(account.custom("organization", one).get("Email") == named[one["id"]].email for one in records)
