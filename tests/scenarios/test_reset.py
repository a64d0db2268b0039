"""A company whose tokens are used up every day by another program, on an account that sends no header about them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connectors.pipedrive.budget import Budget
from tests.scenarios.test_two_way_schedules import MAPPINGS
from tests.scenarios.two_way import BEGIN, TwoWay, nothing_yet


@pytest.fixture
def world(tmp_path: Path) -> Iterator[TwoWay]:
    """A customer in step, whose account tells nothing of the day's tokens."""
    made = nothing_yet(tmp_path, MAPPINGS)
    made.account.switches.token_headers = False
    made.company.add_customer("Acme", CompanyName="Acme", Email="a@acme.example", at=BEGIN - timedelta(days=30))
    made.settle()
    yield made
    made.close()


def budget(world: TwoWay) -> Budget:
    found: Budget = world.connection.endpoints["pipedrive"]._client.budget  # type: ignore[attr-defined]
    return found


def through_the_reset(world: TwoWay, name: str) -> tuple[datetime, int]:
    """Everything is spent by another program, then a customer is renamed: when Pipedrive has the name, and how many
    requests were refused until then."""
    limits = world.account.limits
    limits.spend(limits.remaining(world.clock()), world.clock())
    mark = world.account.ledger.mark()
    world.company.edit("Customer", world.company.ids("Customer")[0], CompanyName=name)
    world.visit()
    for _ in range(200):
        world.drain()
        if world.account.records("organization")[0]["name"] == name:
            entries = world.account.ledger.since(mark).entries
            return world.clock.now, sum(one.status == 429 for one in entries)
        world.clock.on(minutes=7, seconds=13)
    raise AssertionError(f"it never came: {world.connection.status()}")


def test_what_waits_for_the_reset_is_sent_after_it_and_on_the_second_day_the_hour_is_known(world: TwoWay) -> None:
    hour = world.account.limits.reset_hour
    assert budget(world).began() is None
    for day in (1, 2):
        sent_at, refused = through_the_reset(world, f"Acme {day}")
        reset_at = sent_at.replace(hour=hour, minute=0, second=0, microsecond=0)
        assert timedelta(0) <= sent_at - reset_at < timedelta(minutes=20)
        assert 0 < refused <= 24 * 6 + 1, "asked at most every ten minutes, one request each time"
        world.settle()
        world.clock.on(hours=2)
        assert (budget(world).began() is not None) is (day == 2)
    began = budget(world).began()
    assert began is not None and (began.hour, began.minute) == (hour, 0)


def test_once_the_hour_is_known_it_is_said_and_hardly_anything_is_asked_in_vain(world: TwoWay) -> None:
    for day in (1, 2):
        through_the_reset(world, f"Acme {day}")
        world.settle()
        world.clock.on(hours=2)
    _, refused = through_the_reset(world, "Acme 3")
    assert 0 < refused <= 25, "once an hour, since somebody may buy more"
    assert not any(one.status == 403 for one in world.account.ledger.entries), "the edge was never met"
