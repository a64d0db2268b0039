"""50,000 old records on one Lite seat, on one clock shared with the simulator. BACKFILL_RECORDS changes how many.

Each record takes the engine some 15 ms, so the long run lasts a quarter of an hour: it is the one without headers, in
which less is known. The run with headers is a fifth as long.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.scenarios.backfill import DAY, VISITS, World

COUNT = int(os.environ.get("BACKFILL_RECORDS", "50000"))


@pytest.mark.parametrize(("headers", "count"), [(True, COUNT // 5), (False, COUNT)], ids=["headers", "no headers"])
def test_a_backfill_keeps_to_our_share_and_ends_when_it_was_foretold(
    benchmark: BenchmarkFixture, tmp_path: Path, capsys: pytest.CaptureFixture[str], headers: bool, count: int
) -> None:
    world = World(tmp_path, clients=count * 3 // 5, bills=count * 2 // 5, headers=headers, seed=11)
    try:
        world.connection.endpoints["books"].drain()
        facts = world.endpoint.facts()
        took = benchmark.pedantic(world.run, args=(timedelta(days=60),), rounds=1) / DAY
        found = world.facts()
    finally:
        world.close()
    benchmark.extra_info.update(found | {"days": round(took, 2), "foretold": facts["backlog_days"]})
    with capsys.disabled():
        print(f"\n{facts['forecast']} It took {took:.2f} days.\n{found}")
    assert max(world.by_reset().values()) <= world.share()
    assert max(world.rolling()) <= world.share()
    assert 403 not in found["refusals"]
    assert found["p95_seconds"] <= VISITS.total_seconds() + 5
    assert facts["backlog_days"] == pytest.approx(took, rel=0.1)
