"""A lost store: the links are found again in Pipedrive, and nothing is written a second time."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from tests.scenarios.test_two_way_schedules import MAPPINGS
from tests.scenarios.two_way import BEGIN, TwoWay, nothing_yet


def in_step(folder: Path) -> TwoWay:
    """Customers with a job, invoices with lines, a shared payment, deals that people won and moved."""
    world = nothing_yet(folder, MAPPINGS)
    company, at = world.company, BEGIN - timedelta(days=30)
    company.add("PaymentMethod", Name="Check", at=at)
    company.add_item("ItemService", "Work", price=Decimal("85.00"), description="Work, per hour", at=at)
    company.add_item("ItemDiscount", "Loyal", price=Decimal("5.00"), description="For loyal customers", at=at)
    invoices = []
    for number in (1, 2):
        name = f"Customer {number}"
        key = company.add_customer(name, CompanyName=name, Email=f"c{number}@x.example", CurrencyRef="US Dollar", at=at)
        job = company.add_customer("Roof", parent=key, at=at)
        lines = [{"ItemRef": "Work", "Quantity": Decimal(number)}, {"ItemRef": "Loyal"}]
        invoices += [company.add_invoice(one, lines, at=at) for one in (key, job)]
        company.receive_payment(
            key, {invoices[-2]: Decimal("10.00"), invoices[-1]: Decimal("7.50")}, method="Check", at=at
        )
    world.settle()
    deals = sorted(one["id"] for one in world.account.records("deal"))
    world.account.edit("deal", deals[0], status="won")
    world.settle()
    return world


def test_a_lost_store_is_rebuilt_from_both_systems_without_a_write(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    before = in_step(tmp_path / "first")
    with before.store.reading() as tx:
        links = tx.links.count("acme")
    before.close()
    mark, edits = before.account.ledger.mark(), [one["EditSequence"] for one in before.company.records("Invoice")]
    after = TwoWay(tmp_path / "second.db", before.clock, before.company, before.account, MAPPINGS)
    try:
        after.settle()
        with after.store.reading() as tx:
            assert tx.links.count("acme") == links
        assert [(one.method, one.path, one.body) for one in before.account.ledger.since(mark).writes] == []
        assert [one["EditSequence"] for one in before.company.records("Invoice")] == edits
        for mapping, facts in after.connection.status()["mappings"].items():
            assert not facts["parked"] and not facts["waiting"], mapping
    finally:
        after.close()


def test_after_a_rebuild_changes_of_both_sides_flow_as_before(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    before = in_step(tmp_path / "first")
    before.close()
    after = TwoWay(tmp_path / "second.db", before.clock, before.company, before.account, MAPPINGS)
    try:
        after.settle()
        mark = after.account.ledger.mark()
        customer = after.company.records("Customer")[0]
        after.company.edit("Customer", customer["ListID"], Phone="555-0101")
        after.settle()
        writes = [(one.method, one.path) for one in after.account.ledger.since(mark).writes]
        assert [path.split("/")[1] for _, path in writes] == ["organizations"]
        deal = min(one["id"] for one in after.account.records("deal"))
        after.account.edit("deal", deal, status="lost", lost_reason="Too dear")
        after.settle()
        memos = [str(one.get("Memo")) for one in after.company.records("Invoice")]
        assert sum("[Pipedrive: Lost" in one for one in memos) == 1
    finally:
        after.close()


def test_what_people_did_while_there_was_no_store_is_told_after_the_rebuild(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    before = in_step(tmp_path / "first")
    before.close()
    won = sorted(one["id"] for one in before.account.records("deal"))[1]
    before.account.edit("deal", won, status="won")
    after = TwoWay(tmp_path / "second.db", before.clock, before.company, before.account, MAPPINGS)
    try:
        after.settle()
        memos = [str(one.get("Memo")) for one in after.company.records("Invoice")]
        assert sum("[Pipedrive: Won" in one for one in memos) == 2
    finally:
        after.close()
