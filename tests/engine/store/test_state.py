from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.protocol import State
from engine.store import Store
from tests.engine.store.conftest import NOW

DAY = timedelta(days=1)


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def going() -> Clock:
    return Clock()


@pytest.fixture
def state(store: Store, going: Clock) -> State:
    return store.state("acme/pipedrive", going)


def together(function: Callable[[], None], number: int) -> None:
    threads = [threading.Thread(target=function) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_value_comes_back_and_none_removes_it(state: State) -> None:
    state.put("ticket", {"amount": Decimal("1.10"), "id": "007"})
    assert state.get("ticket") == {"amount": Decimal("1.10"), "id": "007"}
    state.put("ticket", None)
    assert state.get("ticket") is None


def test_scopes_do_not_see_each_other(store: Store, going: Clock, state: State) -> None:
    state.put("key", 1)
    assert store.state("acme/quickbooks_desktop", going).get("key") is None


def test_a_value_expires_and_putting_it_again_without_a_term_keeps_it(state: State, going: Clock) -> None:
    state.put("ticket", "x", timedelta(minutes=10))
    going.now += timedelta(minutes=9)
    assert state.get("ticket") == "x"
    going.now += timedelta(minutes=1)
    assert state.get("ticket") is None
    assert state.change("ticket", lambda old: [old]) == [None]
    going.now += DAY
    assert state.get("ticket") == [None]


def test_no_update_is_lost_between_threads(state: State) -> None:
    def count() -> None:
        for _ in range(200):
            state.change("counter", lambda old: (old or 0) + 1)

    together(count, 4)
    assert state.get("counter") == 800


def test_no_update_is_lost_between_processes(store: Store, url: str, state: State) -> None:
    script = (
        "import sys; from datetime import UTC, datetime; from engine.store import Store\n"
        "state = Store.open(sys.argv[1]).state('acme/pipedrive', lambda: datetime.now(UTC))\n"
        "for _ in range(100): state.change('counter', lambda old: (old or 0) + 1)"
    )
    others = [subprocess.Popen([sys.executable, "-c", script, url]) for _ in range(2)]
    assert [other.wait(60) for other in others] == [0, 0]
    assert state.get("counter") == 200


def test_a_change_that_fails_changes_nothing(state: State) -> None:
    def fail(old: Any) -> Any:
        raise LookupError(old)

    state.put("key", 1)
    with pytest.raises(LookupError):
        state.change("key", fail)
    assert state.get("key") == 1


def test_spending_stops_at_the_limit_and_a_refused_amount_is_not_counted(state: State) -> None:
    assert state.spend("tokens", 60, 100, DAY)
    assert not state.spend("tokens", 41, 100, DAY)
    assert state.spend("tokens", 40, 100, DAY)
    assert state.spent("tokens", DAY) == 100
    assert state.spent("other", DAY) == 0


def test_spending_under_contention_never_exceeds_the_limit(state: State) -> None:
    allowed: list[int] = []

    def spend() -> None:
        allowed.extend(3 for _ in range(40) if state.spend("tokens", 3, 100, DAY))

    together(spend, 4)
    assert sum(allowed) == 99 == state.spent("tokens", DAY)


@pytest.mark.parametrize("window", [DAY, timedelta(seconds=2)])
def test_what_was_spent_leaves_the_window_never_early_and_soon_after(
    state: State, going: Clock, window: timedelta
) -> None:
    assert state.spend("tokens", 100, 100, window)
    going.now += window - timedelta(microseconds=1)
    assert not state.spend("tokens", 1, 100, window)
    going.now += window / 1000
    assert state.spend("tokens", 100, 100, window)


def test_what_was_spent_since_a_moment_is_counted_from_that_moment_on(state: State, going: Clock) -> None:
    going.now = going.now.replace(hour=5, minute=44, second=59, microsecond=0)
    assert state.spend("tokens", 70, 100, DAY)
    reset = going.now = going.now.replace(minute=45, second=0)
    assert state.spend("tokens", 90, 100, DAY, since=reset)
    assert not state.spend("tokens", 11, 100, DAY, since=reset)
    assert (state.spent("tokens", DAY), state.spent("tokens", DAY, since=reset)) == (160, 90)
    going.now += DAY
    assert state.spent("tokens", DAY, since=reset) <= 90, "never longer than the window"


def test_spending_keeps_no_more_rows_than_its_window_has_buckets(store: Store, state: State, going: Clock) -> None:
    for _ in range(50):
        state.spend("burst", 1, 1000, timedelta(seconds=2))
        going.now += timedelta(seconds=1)
    with store.connect(only_reading=True) as db:
        assert db.exec_driver_sql("SELECT count(*) FROM spending").scalar_one() <= 3
