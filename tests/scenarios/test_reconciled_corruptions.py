"""Two hundred corruptions of the demo's company: each is found for what it is, and no untouched record is listed."""

from __future__ import annotations

from pathlib import Path

from engine.sync.reconcile import Kind
from tests.scenarios.month_end import demo_world, reconciled
from tests.scenarios.saboteur import Saboteur, months

CORRUPTIONS = 200
FOUND: tuple[Kind, ...] = ("differs", "only_here", "only_there", "doubled", "unlinked", "edited")


def test_every_corruption_is_found_for_what_it_is_and_nothing_else_is_listed(tmp_path: Path) -> None:
    world = demo_world(tmp_path, scale=0.3)
    try:
        before = {month: reconciled(world, month) for month in list(months(world))[:2]}
        assert all(told.of(*FOUND) == set() and told.adds_up() for told in before.values())
        saboteur = Saboteur(world, seed=7)
        saboteur.spoil(CORRUPTIONS)
        found: set[tuple[str, str, str]] = set()
        for month in months(world):
            told = reconciled(world, month)
            assert told.adds_up()
            found |= told.of(*FOUND)
        assert len(saboteur.expected) == CORRUPTIONS
        assert found - saboteur.expected == set(), "listed, though nobody touched it"
        assert saboteur.expected - found == set(), "spoilt, and not found"
    finally:
        world.close()
