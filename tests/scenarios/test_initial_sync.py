"""The first sync of two companies that both have years of customers makes no double and no wrong link."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.initial_sync import InitialSync


@pytest.mark.parametrize("seed", [1, 2])
def test_a_first_sync_finds_every_customer_that_is_there_and_parks_what_it_cannot_know(
    tmp_path: Path, seed: int
) -> None:
    sync = InitialSync(tmp_path, 300, seed)
    try:
        sync.run()
        assert not sync.wrong()
        assert sync.account.ledger.spent < sync.by_searching()
        mark = sync.account.ledger.mark()
        sync.world.clock.on(hours=1)
        sync.run()
        assert not sync.account.ledger.since(mark).writes
    finally:
        sync.world.close()
