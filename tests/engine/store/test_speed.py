"""The speeds that a visit of the Web Connector relies on; the best of a few runs, since other programs run too."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine.store import Snapshot, Store
from tests.engine.store.conftest import NOW


@pytest.fixture
def quick(tmp_path: Path) -> Store:
    return Store.open(f"sqlite:///{tmp_path}/engine.db")


def best(function: Callable[[], object], runs: int = 5) -> float:
    """Milliseconds."""
    times: list[float] = []
    for _ in range(runs):
        began = time.perf_counter()
        function()
        times.append((time.perf_counter() - began) * 1000)
    return min(times)


def test_a_page_of_500_snapshots_is_put_within_50_milliseconds(quick: Store) -> None:
    record = {f"Field{number}": f"value {number}" for number in range(40)} | {"Total": Decimal("1.10")}
    record["Lines"] = [{"Quantity": Decimal("5"), "Desc": "x" * 40}] * 8  # type: ignore[assignment]
    page = [Snapshot(str(number), record, "h", NOW) for number in range(500)]

    def put() -> None:
        with quick.transaction() as tx:
            tx.snapshots.put("acme", "quickbooks_desktop", "Invoice", page)

    assert best(put) < 50
    quick.close()


def test_100_groups_of_50_000_due_rows_are_leased_within_20_milliseconds(quick: Store) -> None:
    with quick.transaction() as tx:
        rows = [(str(number), f"group {number // 2}" if number % 3 else None) for number in range(50_000)]
        tx.work.mark("acme", "invoices", rows, 9, NOW)

    def lease() -> None:
        with quick.transaction() as tx:
            assert len(tx.work.lease("acme", ["invoices"], 100, "me", NOW, timedelta(minutes=1))) >= 100

    assert best(lease) < 20
    quick.close()
