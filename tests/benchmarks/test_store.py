"""What a visit of the Web Connector asks of the store: run by `make bench`, not with the tests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from engine.store import Snapshot, Store
from tests.engine.store.conftest import NOW


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store.open(f"sqlite:///{tmp_path}/engine.db")
    yield made
    made.close()


def test_a_page_of_500_snapshots_is_put(benchmark: BenchmarkFixture, store: Store) -> None:
    record = {f"Field{number}": f"value {number}" for number in range(40)} | {"Total": Decimal("1.10")}
    record["Lines"] = [{"Quantity": Decimal("5"), "Desc": "x" * 40}] * 8  # type: ignore[assignment]
    page = [Snapshot(str(number), record, "h", NOW) for number in range(500)]

    def put() -> None:
        with store.transaction() as tx:
            tx.snapshots.put("acme", "quickbooks_desktop", "Invoice", page)

    benchmark.pedantic(put, rounds=5)
    with store.reading() as tx:
        assert tx.snapshots.count("acme", "quickbooks_desktop", "Invoice") == 500


def test_100_groups_of_50_000_due_rows_are_leased(benchmark: BenchmarkFixture, store: Store) -> None:
    with store.transaction() as tx:
        rows = [(str(number), f"group {number // 2}" if number % 3 else None) for number in range(50_000)]
        tx.work.mark("acme", "invoices", rows, 9, NOW)

    def lease() -> int:
        with store.transaction() as tx:
            return len(tx.work.lease("acme", ["invoices"], 100, "me", NOW, timedelta(minutes=1)))

    assert benchmark.pedantic(lease, rounds=5) >= 100
