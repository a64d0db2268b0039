"""Clocks that jump: the server's clock counts on PostgreSQL, and what was noted by a wrong one does not last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from engine.store import Store
from engine.store.clock import ServerClock
from engine.store.workers import Workers
from tests.engine.store.conftest import NOW

DAY = timedelta(days=1)


@dataclass
class Moved:
    """A clock that is set by hand."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


def test_a_server_clock_counts_on_by_itself_and_follows_at_the_next_look() -> None:
    server, seconds = Moved(), 100.0
    clock = ServerClock(server, lambda: seconds)
    seconds = 107.5
    assert clock() == NOW + timedelta(seconds=7.5)
    server.now = NOW - timedelta(hours=1)
    assert clock() == NOW + timedelta(seconds=7.5)
    clock.look()
    assert clock() == NOW - timedelta(hours=1)


def test_processes_whose_machines_disagree_go_by_the_servers_clock(store: Store) -> None:
    here = datetime.now(UTC)
    clock = store.clock()
    assert isinstance(clock, ServerClock) == ("postgresql" in repr(store))
    assert abs(clock() - here) < timedelta(minutes=5)
    assert clock().tzinfo is not None


@pytest.mark.parametrize("jump", [timedelta(hours=-3), timedelta(minutes=-5), timedelta(minutes=5)])
def test_no_jump_lets_more_be_spent_than_the_limit(store: Store, jump: timedelta) -> None:
    clock = Moved()
    state = store.state("shared/pipedrive:acme", clock)
    assert state.spend("tokens", 80, 100, DAY)
    clock.now += jump
    assert not state.spend("tokens", 30, 100, DAY)
    assert state.spend("tokens", 20, 100, DAY)
    clock.now = NOW + timedelta(hours=1)
    assert not state.spend("tokens", 1, 100, DAY)


def test_what_expires_outlives_a_clock_that_goes_back_by_no_more_than_it_went(store: Store) -> None:
    clock = Moved(NOW + timedelta(hours=2))
    state = store.state("acme/books", clock)
    state.put("session", "ticket", timedelta(hours=1))
    clock.now = NOW
    assert state.get("session") == "ticket"
    clock.now = NOW + timedelta(hours=3)
    assert state.get("session") is None


def test_a_worker_that_beat_by_a_clock_far_ahead_is_forgotten_at_the_next_beat(store: Store) -> None:
    ttl = timedelta(seconds=20)
    with store.transaction() as tx:
        assert isinstance(tx.workers, Workers)
        tx.workers.beat("dead", True, NOW + timedelta(hours=2), ttl)
        tx.workers.beat("living", True, NOW, ttl)
        assert [one.name for one in tx.workers.alive(NOW)] == ["living"]


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2028, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC),  # the end of a leap day
        datetime(2026, 3, 8, 7, tzinfo=UTC),  # New York's clocks go from 2 to 3
        datetime(2026, 11, 1, 6, 30, tzinfo=UTC),  # the second half past one of that night
        datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC),
    ],
)
def test_odd_moments_are_kept_to_the_microsecond_and_in_their_order(store: Store, moment: datetime) -> None:
    tick = timedelta(microseconds=1)
    with store.transaction() as tx:
        for key, at in (("a", moment), ("b", moment + tick)):
            tx.work.mark("acme", "customers", [(key, None)], 0, at)
        rows = tx.work.get("acme", "customers", ["a", "b"])
        assert [rows[key].due_at for key in "ab"] == [moment, moment + tick]
        assert [one.source_key for one in tx.work.lease("acme", ["customers"], 9, "me", moment, DAY / 1_000)] == ["a"]
