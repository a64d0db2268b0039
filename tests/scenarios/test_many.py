"""Companies whose Pipedrive hangs keep no other company from being carried, nor from visiting."""

from __future__ import annotations

from pathlib import Path

from engine.sync.sender import THREADS
from tests.scenarios.many import many

GOOD = 3
SLOW = THREADS + 3


def test_slow_companies_delay_no_other(tmp_path: Path) -> None:
    with many(tmp_path, GOOD + SLOW, cost=2) as world:
        tokens = world.accounts.tokens
        world.accounts.slow = dict.fromkeys(tokens[GOOD:], 25.0)
        world.until(lambda: all(world.accounts.asked[one] for one in tokens), 30)
        world.visit_all(seconds=1)
        assert world.refused == []
        world.until(lambda: all(world.deals(number) == 1 for number in range(GOOD)), 20)
        assert not any(world.deals(number) for number in range(GOOD, GOOD + SLOW)), "they hang all the while"
        world.visit_all(seconds=1, seed=2)
        assert world.refused == []
        assert max(world.calls) < 20, "nobody waits for one that hangs, however busy the machine is"
