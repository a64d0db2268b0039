"""How long a first plan takes, against what the runner needs to decide alone. PLAN_RECORDS says of how many records."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from engine.store.store import Store
from engine.sync import holding
from engine.sync.connection import Connection
from engine.sync.planner import plan
from engine.sync.runner import Runner
from tests.engine.sync.conftest import COMPANIES, MEMOS, SALES, build
from tests.engine.sync.memory import Clock, System

COUNT = int(os.environ.get("PLAN_RECORDS", "10000"))


def deciding(connection: Connection, clock: Clock) -> float:
    """Seconds that the runner takes for the first requests of these records, on a copy, without any answer."""
    with connection.store.scratch(connection.name) as scratch:
        began = time.perf_counter()
        with scratch.transaction() as tx:
            while Runner(tx, connection, "crm", "me", clock()).requests(64) is not None:
                pass
        return time.perf_counter() - began


def test_10_000_records_are_planned(
    benchmark: BenchmarkFixture, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = Clock()
    books, crm, store = System(clock), System(clock), Store.open(f"sqlite:///{tmp_path}/engine.db")
    connection = build(tmp_path / "mappings", store, clock, books, crm, [COMPANIES, SALES, MEMOS])
    holding.hold(connection)
    for number in range(COUNT):
        books.put("client", f"c{number:05}", name=f"Client {number:05}", mail=f"c{number}@x.example", town="Bayshore")
    for name in ("books", "crm"):
        connection.endpoints[name].drain()
    alone = deciding(connection, clock)
    made = benchmark.pedantic(plan, args=(connection,), rounds=1)
    took = benchmark.stats.stats.mean
    connection.close()
    store.close()
    assert len(made.changes) == made.writes == COUNT
    benchmark.extra_info.update({"records": COUNT, "deciding": round(alone, 2)})
    ratio = f"{took / alone:.1f} times what the runner needs to decide ({alone:.1f} s)"
    with capsys.disabled():
        print(f"\n{COUNT:,} records planned in {took:.1f} s, {ratio}.")
