"""Two one-way mappings over one pair share their links and bases: fields kept in step both ways."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.sync.conftest import COMPANIES, World, opened

THERE = COMPANIES.replace("conflicts: park", "conflicts: source_wins")
BACK_AGAIN = """
mapping: clients
summary: What salespeople change of a company goes back to its client.
from: crm.company
to: books.client
for: linked
fields:
  town: {from: city, conflicts: target_wins}
"""


@pytest.fixture
def both(tmp_path: Path, url: str) -> Iterator[World]:
    with opened(tmp_path, url, THERE, BACK_AGAIN) as world:
        world.books.put("client", "c1", name="Acme", town="Bayshore")
        world.settle()
        world.clock.on(minutes=5)
        yield world


def towns(world: World) -> tuple[str, str]:
    (company,) = world.crm.of("company").values()
    return world.books.of("client")["c1"]["town"], company["city"]


def test_what_was_just_created_does_not_come_back_as_a_change(both: World) -> None:
    assert towns(both) == ("Bayshore", "Bayshore")
    assert both.books.writes == []


def test_an_edit_on_either_side_reaches_the_other_and_stops_there(both: World) -> None:
    both.crm.put("company", "c1", city="Lakeside")
    both.settle()
    assert towns(both) == ("Lakeside", "Lakeside")
    assert (len(both.books.writes), len(both.crm.writes)) == (1, 1)
    both.clock.on(minutes=5)
    both.books.put("client", "c1", town="Hilltop")
    both.settle()
    assert towns(both) == ("Hilltop", "Hilltop")
    both.clock.on(minutes=5)
    both.settle()
    assert (len(both.books.writes), len(both.crm.writes)) == (1, 2)


def test_edits_of_different_fields_on_both_sides_are_both_kept(both: World) -> None:
    both.crm.put("company", "c1", city="Lakeside")
    both.books.put("client", "c1", name="Acme Two")
    both.settle()
    (company,) = both.crm.of("company").values()
    assert (company["name"], *towns(both)) == ("Acme Two", "Lakeside", "Lakeside")


def test_edits_of_one_field_on_both_sides_end_with_what_the_policies_say(both: World) -> None:
    both.crm.put("company", "c1", city="Lakeside")
    both.books.put("client", "c1", town="Hilltop")
    both.settle()
    assert towns(both) == ("Hilltop", "Hilltop")
    before = len(both.books.writes) + len(both.crm.writes)
    both.clock.on(minutes=5)
    both.settle()
    assert len(both.books.writes) + len(both.crm.writes) == before
