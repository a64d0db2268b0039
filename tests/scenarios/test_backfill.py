"""Old records on a small budget, in the small: `make bench` lives through 50,000 of them on a whole Lite seat."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.scenarios.backfill import DAY, VISITS, World


@pytest.mark.parametrize("headers", [True, False], ids=["headers", "no headers"])
def test_old_records_keep_to_our_share_and_let_new_bills_pass(tmp_path: Path, headers: bool) -> None:
    world = World(tmp_path, clients=220, bills=130, tokens=3_000, headers=headers, seed=3)
    try:
        world.connection.endpoints["books"].drain()
        foretold = world.endpoint.facts()["backlog_days"]
        took = world.run(most=timedelta(days=5)) / DAY
        assert len(world.made) >= 130 and len(world.account.records("organization")) == 220
        assert max(world.by_reset().values()) <= world.share()
        assert max(world.rolling()) <= world.share()
        assert 403 not in world.refusals()
        waits = world.waits()
        assert waits[int(len(waits) * 0.95)] <= VISITS.total_seconds() + 5
        assert foretold == pytest.approx(took, rel=0.5), "small portions pay many looks"
    finally:
        world.close()
