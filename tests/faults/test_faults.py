"""The harness works: it passes every boundary, ends well without a fault, and finds defects built in on purpose.

The matrix itself is played by `make faults` (a sample) and `make faults-full` (all of it).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults import table
from tests.faults.matrix import Case, Passings, Result, Unreached, play, play_at, survey
from tests.faults.mutants import MUTANTS
from tests.faults.place import Place
from tests.faults.points import Combination, Layout, combinations, points

FOUND_BY = {
    "no look up": (Combination("pipedrive organization.create after", "cut"), (1,)),
    "result before link": (Combination("store written note create after", "kill"), (1,)),
    "snapshot before mark": (Combination("store page of Invoice after", "kill"), (5, 4, 6, 7, 3)),
}
"""The combination at which each mutant loses or doubles something, and the passings at which to look for it: the last
needs the page with what is new on the second day, and which one that is, may differ by one or two."""


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with Place() as one:
        yield one


@pytest.fixture(scope="module")
def passings(place: Place) -> Passings:
    return survey(place, runs=1)


def test_every_boundary_that_is_passed_has_a_name_and_every_name_is_passed(passings: Passings) -> None:
    assert all(passings[name] for name in points("sqlite"))
    assert len(points("sqlite")) == len(set(points("sqlite"))) >= 60


def test_every_boundary_that_one_of_two_workers_passes_has_a_name_and_killing_it_there_does_no_harm(
    postgres: str,
) -> None:
    with Place("workers", postgres) as place:
        passings = survey(place)
        assert all(passings[name] for name in points("workers"))
        case = Case("workers", Combination("pipedrive deal.create after", "kill"), seed=0)
        result = play(place, case, passings)
    assert result.holds, result.told


@pytest.mark.parametrize("layout", ["sqlite", "postgresql", "workers"])
def test_no_combination_is_listed_twice(layout: Layout) -> None:
    every = list(combinations(layout))
    assert len(every) == len(set(every)) >= 100


def test_the_table_has_a_column_for_each_layout_that_was_played() -> None:
    results = [Result(layout, "store tokens after", "kill", 0, 1, 0, 0, 0, 2.0) for layout in ("sqlite", "workers")]
    kept = [Result.of_line(one.as_line()) for one in results]
    assert kept == results
    assert "| store tokens after | kill | 1, 0, 0 | 1, 0, 0 |" in table.text(kept)
    assert "PostgreSQL" not in table.text(kept)
    before = results[0].as_line().replace('"layout"', '"database"')
    assert Result.of_line(before) == results[0], "as kept before there were workers"


def test_a_boundary_that_no_run_passes_is_an_error(place: Place, passings: Passings) -> None:
    nowhere = Combination("store written Vendor update after", "kill")
    with pytest.raises(Unreached, match="Vendor"):
        play(place, Case("sqlite", nowhere, 0), {**passings, nowhere.point: 1})


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_defect_is_found_where_the_product_as_it_is_holds(place: Place, mutant: str) -> None:
    combination, passings = FOUND_BY[mutant]
    case = Case("sqlite", combination, seed=0)
    for nth in passings:
        wrong = play_at(place, case, nth, mutant)
        if wrong is not None and (wrong.lost or wrong.doubled):
            break
    else:
        raise AssertionError(f"{mutant} was not found at any of the passings {passings}")
    right = play_at(place, case, nth)
    assert right is not None
    assert right.holds, right.told
