"""What a first sync of 5,000 customers with 5,000 organizations and 5,000 persons costs: run by `make bench`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.scenarios.initial_sync import InitialSync

SIZE = int(os.environ.get("INITIAL_SYNC", "5000"))
MOST = 1.02
"""Times the floor that may be spent."""


def test_a_first_sync_costs_hardly_more_than_its_writes(
    benchmark: BenchmarkFixture, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sync = InitialSync(tmp_path, SIZE, seed=3)
    try:
        benchmark.pedantic(sync.run, rounds=1)
        spent, floor, searching = sync.account.ledger.spent, sync.floor(), sync.by_searching()
        wrong = sync.wrong()
    finally:
        sync.world.close()
    counts = {outcome: sync.key.number(outcome) for outcome in ("linked", "new", "parked")}
    benchmark.extra_info.update(tokens=spent, floor=floor, by_searching=searching, **counts)
    with capsys.disabled():
        print(
            f"\n{counts}: {spent:,} tokens, {spent / floor:.3f} of the floor ({floor:,}); "
            f"searching first would have cost {searching:,}"
        )
    assert not wrong
    assert spent <= MOST * floor
