"""A saved plan is carried out exactly, or refused with what moved."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from engine.protocol import Failure, Write
from engine.sync import holding
from engine.sync.applying import Applied, Applying
from engine.sync.plan import Plan
from engine.sync.planner import plan
from tests.engine.sync.conftest import World
from tests.engine.sync.test_planner import bill, held

__all__ = ["held"]


def applying(world: World, saved: Plan) -> Applying:
    return Applying(world.connection, saved, lambda pause: world.clock.on(seconds=pause / timedelta(seconds=1)))


def carried(world: World, saved: Plan) -> Applied:
    """The plan, once it was found to be as it was."""
    one = applying(world, saved)
    one.look()
    assert one.moved() == []
    one.approve()
    return one.carry()


def read(world: World) -> None:
    world.clock.on(minutes=5)
    for name in ("books", "crm", "books"):
        world.connection.endpoints[name].drain()


def test_on_hold_exactly_the_plan_is_written_and_nothing_else(held: World, tmp_path: Path) -> None:
    plan(held.connection).save(tmp_path / "plan.json")
    held.books.put("client", "c2", name="Late")
    read(held)
    saved = Plan.load(tmp_path / "plan.json")
    applied = carried(held, saved)
    assert (applied.done, list(applied.moved), applied.waiting) == (3, [], {})
    planned = [step.request for one in saved.changes for step in one.steps]
    assert [(one.action, one.entity) for one in held.crm.writes] == [(one["action"], one["entity"]) for one in planned]
    assert {one["name"] for one in held.crm.of("company").values()} == {"Acme"}
    (memo,) = held.crm.of("memo").values()
    (sale,) = held.crm.of("sale")
    assert memo["sale"] == sale
    again = plan(held.connection)
    assert [(one.mapping, one.records) for one in again.changes] == [("companies", ("c2",))]


def test_a_connection_that_is_not_on_hold_is_held_back_to_the_plan_by_who_applies_it(held: World) -> None:
    saved = plan(held.connection)
    holding.release(held.connection)
    held.books.put("client", "c2", name="Late")
    held.clock.on(minutes=5)
    held.connection.endpoints["books"].drain()
    carried(held, saved)
    assert {one["name"] for one in held.crm.of("company").values()} == {"Acme"}


@pytest.fixture
def linked(held: World) -> World:
    """In step, then on hold, with one change to come."""
    holding.release(held.connection)
    held.settle()
    holding.hold(held.connection)
    held.books.put("client", "c1", town="Lakeside")
    read(held)
    return held


def why(world: World, saved: Plan) -> list[str]:
    one = applying(world, saved)
    one.look()
    return [moved.why for moved in one.moved()]


def test_a_source_that_was_edited_since_is_named(linked: World) -> None:
    saved = plan(linked.connection)
    linked.books.put("client", "c1", town="Hilltop")
    read(linked)
    assert why(linked, saved) == ["c1 has changed in Books; city is 'Hilltop' now, planned was 'Lakeside'"]


def test_a_target_that_was_edited_since_is_seen_by_the_look_before(linked: World) -> None:
    saved = plan(linked.connection)
    linked.clock.on(minutes=5)
    (company,) = linked.crm.of("company")
    linked.crm.put("company", company, city="Riverside")
    (words,) = why(linked, saved)
    assert words.startswith(f"{company} has changed in Crm; planned was updated, now it is parked: both sides changed")
    assert linked.crm.of("company")[company]["city"] == "Riverside"


def test_an_edited_mapping_is_named(linked: World) -> None:
    saved = plan(linked.connection)
    other = Plan(
        **{**{name: getattr(saved, name) for name in saved.__slots__}, "versions": {**saved.versions, "sales": "x"}}
    )
    (moved,) = applying(linked, other).moved()
    assert (moved.mapping, moved.why) == ("sales", "the mapping or its settings were edited")


def test_what_was_done_meanwhile_is_not_done_again(linked: World) -> None:
    saved = plan(linked.connection)
    holding.release(linked.connection)
    linked.settle()
    assert why(linked, saved) == ["c1 has changed in Crm; nothing is to be done about it now"]


def test_a_record_that_moves_while_the_plan_is_carried_out_is_left_and_told(held: World) -> None:
    saved = plan(held.connection)
    one = applying(held, saved)
    one.look()
    one.approve()
    held.books.put("client", "c1", town="Hilltop")
    read(held)
    applied = one.carry()
    (moved,) = applied.moved
    assert (moved.label, moved.why) == ("Acme", "city is 'Hilltop' now, planned was 'Bayshore'")
    assert held.crm.writes == []
    assert applied.waiting == {"sales": {"waiting": 1}, "memos": {"waiting": 1}}


def test_a_request_that_failed_for_a_moment_is_still_approved(held: World) -> None:
    saved, failed = plan(held.connection), []

    def fail(write: Write) -> Failure | None:
        failed.append(write.entity)
        return Failure.RETRY if len(failed) == 1 else None

    held.crm.fail = fail
    assert carried(held, saved).done == 3
    assert failed[0] == "company" and len(held.crm.of("company")) == 1


def test_an_answer_that_got_lost_is_looked_up_and_the_plan_goes_on(held: World) -> None:
    saved, lost = plan(held.connection), []

    def lose(write: Write) -> bool:
        lost.append(write.entity)
        return len(lost) in (1, 3)

    held.crm.lose = lose
    assert carried(held, saved).done == 3
    assert [len(held.crm.of(entity)) for entity in ("company", "sale", "memo")] == [1, 1, 1]


def test_a_plan_that_was_interrupted_goes_on_where_it_was(held: World) -> None:
    saved = plan(held.connection)
    first = applying(held, saved)
    first.look()
    first.approve()
    held.crm.fail = lambda write: Failure.RETRY if write.entity == "sale" else None
    held.connection.endpoints["crm"].drain()
    held.crm.fail = lambda write: None
    second = applying(held, saved)
    assert second.begun
    assert second.carry().done == 3


def test_rows_of_one_group_that_were_not_planned_stay_out_of_its_target(held: World) -> None:
    saved = plan(held.connection)
    bill(held, "b2", number="101", total=50, open=50, lines=[{"no": "1", "qty": 1, "price": 50, "what": "Gate"}])
    read(held)
    one = applying(held, saved)
    one.approve()
    one.carry()
    (sale,) = held.crm.of("sale").values()
    assert sale["value"] == 100
