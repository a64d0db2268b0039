"""`engine reconcile` over a store that a sync has filled."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine

from engine.store.snapshots import table as snapshots
from engine.store.store import Store
from tests.engine.cli.conftest import Installation
from tests.scenarios.two_way import BEGIN, nothing_yet


@pytest.fixture
def filled(installed: Installation) -> Iterator[Installation]:
    """A customer with an invoice of February, in step."""
    world = nothing_yet(installed.folder, str(installed.folder / "mappings"))
    at = BEGIN - timedelta(days=30)
    world.company.add_item("ItemService", "Work", price=Decimal("85.00"), at=at)
    key = world.company.add_customer("=Acme", CompanyName="=Acme", CurrencyRef="US Dollar", at=at)
    lines = [{"ItemRef": "Work", "Quantity": Decimal(2)}]
    world.company.add_invoice(key, lines, RefNumber="0071", TxnDate="2026-02-03", at=at)
    world.settle()
    world.close()
    with time_machine.travel(world.clock.now):  # the account's names that are kept are young enough
        yield installed


def lose_the_deal(installation: Installation) -> None:
    store = Store.open(f"sqlite:///{installation.folder / 'engine.db'}")
    with store.connect() as db:
        db.execute(sa.delete(snapshots).where(snapshots.c.entity == "deal"))
    store.close()


def test_a_month_that_agrees_says_so_with_its_sums(filled: Installation) -> None:
    result = filled.run("reconcile", "--month", "2026-02", "--held")
    assert result.exit_code == 0, result.output
    assert "Both sides agree" in result.output and "170.00" in result.output


def test_a_month_that_does_not_agree_has_an_exit_status_of_its_own(filled: Installation) -> None:
    lose_the_deal(filled)
    result = filled.run("reconcile", "--month", "2026-02", "--held")
    assert result.exit_code == 4, result.output
    assert "Only in QuickBooks: Invoices 0071" in result.output


def test_the_file_adds_up_and_is_safe_to_open(filled: Installation, tmp_path: Path) -> None:
    filled.run("reconcile", "--month", "2026-02", "--held", "--csv", str(tmp_path / "f.csv"))
    with (tmp_path / "f.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    invoices = [one for one in rows if one["section"] == "Invoices"]
    assert sum(Decimal(one["QuickBooks amount"]) for one in invoices) == Decimal("170.00")
    printed = filled.run("reconcile", "--month", "2026-02", "--last", "--csv").output
    assert printed.startswith("section,class,")
    assert not [cell for one in rows for cell in one.values() if cell[:1] == "="]


def test_programs_read_the_same(filled: Installation) -> None:
    data = json.loads(filled.run("reconcile", "--month", "2026-02", "--held", "--json").output)
    assert (data["month"], data["wrong"], data["findings"]) == ("2026-02", 0, [])
    assert data["sections"][0]["statements"][0]["total"]["sum_here"] == "170.00"


def test_what_is_no_month_and_what_was_never_made_is_told_with_the_next_step(filled: Installation) -> None:
    assert "Write it as 2026-10" in filled.run("reconcile", "--month", "May").output
    assert "Leave out --last" in filled.run("reconcile", "--month", "2026-02", "--last").output


def test_without_a_server_it_does_not_wait_for_ever(filled: Installation) -> None:
    result = filled.run("reconcile", "--month", "2026-02", "--yes", "--wait", "0.001")
    assert result.exit_code == 1, result.output
    assert "Waiting for the next visit of QuickBooks" in result.output and "engine serve" in result.output
