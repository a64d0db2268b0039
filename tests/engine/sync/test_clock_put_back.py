"""A machine that began with a wrong clock, a day ahead, and was put right: nothing waits or is missed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.protocol import Failure
from engine.store.ahead import SMALL
from engine.sync.crew import Crew
from tests.engine.sync.conftest import World
from tests.engine.sync.test_found_by_schedules import drain
from tests.engine.sync.test_way_of_a_record import bill


def put_back(world: World, by: timedelta) -> None:
    world.clock.on(seconds=-by.total_seconds())


def test_what_changed_since_a_clock_was_put_back_is_read_and_carried_at_once(world: World) -> None:
    crew = Crew(world.store)
    world.clock.on(days=1)
    world.books.put("client", "c1", name="Acme")
    world.settle()
    world.books.put("client", "c2", name="Brown")
    world.crm.fail = lambda request: Failure.RETRY  # deferred by the wrong clock
    drain(world, "books", "crm")
    world.crm.fail = lambda request: None
    put_back(world, timedelta(days=1))
    world.clock.on(seconds=10)
    world.books.put("client", "c3", name="Clark")
    crew.beat(world.clock())
    world.clock.on(minutes=1)
    world.settle()
    assert sorted(one["name"] for one in world.crm.of("company").values()) == ["Acme", "Brown", "Clark"]


def test_what_people_made_since_is_found_and_not_made_again(world: World) -> None:
    world.clock.on(days=1)
    world.books.put("client", "c1", name="Acme")
    world.settle()  # for which the companies were looked at
    put_back(world, timedelta(days=1))
    world.clock.on(minutes=10)
    world.crm.put("company", "x2", name="Brown")
    world.books.put("client", "c2", name="Brown")
    Crew(world.store).beat(world.clock())
    world.settle()
    assert sorted(one["name"] for one in world.crm.of("company").values()) == ["Acme", "Brown"]
    assert world.crm.identity["company", "x2"]


@pytest.mark.parametrize("step", [timedelta(0), SMALL])
def test_small_steps_read_nothing_anew(world: World, step: timedelta) -> None:
    world.books.put("client", "c1", name="Acme")
    bill(world, "b1")
    world.settle()
    with world.store.reading() as tx:
        before = tx.cursors.all("acme", "books")
    put_back(world, step)
    Crew(world.store).beat(world.clock())
    with world.store.reading() as tx:
        assert tx.cursors.all("acme", "books") == before
