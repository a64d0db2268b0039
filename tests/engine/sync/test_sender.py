"""A few threads call the endpoints of many connections: none waits for a slow or broken one, also across processes."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from engine.store import Store
from engine.sync import sender as sending
from engine.sync.bell import Bell
from engine.sync.crew import ALIVE, Crew, caller
from engine.sync.sender import Sender


@dataclass
class Company:
    """A connection with one endpoint, which notes who calls it."""

    name: str
    calls: Counter[str]
    held_up: threading.Event | None = None
    pause: timedelta | None = timedelta(0)
    broken: bool = False
    called_at: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bells, self.endpoints, self.beaten = {"crm": Bell()}, {"crm": self}, set[str]()
        mappings = {"customers": SimpleNamespace(target=("crm", "company"))}
        self.compiled = SimpleNamespace(mappings=mappings)

    def drain(self) -> timedelta | None:
        self.calls[self.name] += 1
        self.called_at.append(time.monotonic())
        if self.held_up is not None:
            self.held_up.wait(30)
        if self.broken:
            raise LookupError("told to fail")
        time.sleep(0.001)
        return self.pause


@contextmanager
def calling(store: Store, companies: list[Company], me: str = "here:1:a", calls: bool = True) -> Iterator[Sender]:
    engine: Any = SimpleNamespace(store=store, connections={one.name: one for one in companies}, clock=store.clock())
    made = Sender(engine, calls, me)
    made.start()
    try:
        yield made
    finally:
        for one in companies:
            if one.held_up is not None:
                one.held_up.set()
        made.stop()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = Store.open(url)
    yield opened
    opened.close()


def until(reached: Any, patience: float = 20) -> None:
    deadline = time.monotonic() + patience
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_companies_that_hang_delay_no_other(store: Store) -> None:
    calls: Counter[str] = Counter()
    hang = threading.Event()
    slow = [Company(f"slow {number}", calls, held_up=hang) for number in range(sending.THREADS + 4)]
    quick = [Company(f"quick {number}", calls) for number in range(5)]
    with calling(store, slow + quick):
        until(lambda: all(calls[one.name] >= 20 for one in quick))
        assert all(calls[one.name] == 1 for one in slow)
        began = time.monotonic()
        until(lambda: all(one.called_at[-1] > began for one in quick))
        assert all(calls[one.name] == 1 for one in slow), "they hang all the while"
    assert len(quick[0].called_at) > 20


def test_a_company_that_fails_is_tried_again_later_and_stops_nobody(
    store: Store, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "AFTER_ERROR", timedelta(seconds=0.2))
    calls: Counter[str] = Counter()
    with calling(store, [Company("bad", calls, broken=True), Company("good", calls)]):
        until(lambda: calls["bad"] > 2 and calls["good"] > 20)
    assert "told to fail" in caplog.text


def test_many_companies_with_much_to_do_get_their_turns_alike(store: Store) -> None:
    calls: Counter[str] = Counter()
    with calling(store, [Company(f"company {number}", calls) for number in range(100)]):
        until(lambda: min(calls.values()) >= 5 and len(calls) == 100)
        assert max(calls.values()) - min(calls.values()) <= 2
        assert threading.active_count() < 2 * sending.THREADS + 20


def test_what_another_process_made_due_is_carried_within_seconds(store: Store) -> None:
    calls: Counter[str] = Counter()
    company = Company("acme", calls, pause=timedelta(hours=1))
    with calling(store, [company]):
        until(lambda: calls["acme"] == 1)
        time.sleep(0.1)
        with store.transaction() as tx:
            tx.work.mark("acme", "customers", [("1", None)], 0, store.clock()())
        until(lambda: calls["acme"] > 1)
        with store.transaction() as tx:
            tx.wanted.add("acme", "crm", "company", ["1"], "told", store.clock()())
        seen = calls["acme"]
        until(lambda: calls["acme"] > seen)


def test_endpoints_that_are_called_by_their_system_are_left_alone(store: Store) -> None:
    calls: Counter[str] = Counter()
    company = Company("acme", calls, pause=None)
    with calling(store, [company]) as sender:
        until(lambda: calls["acme"] == 1)
        sender._ring(("acme", "crm"))
        time.sleep(0.3)
    assert calls["acme"] == 1
    assert company.beaten == set(), "their leases have no heartbeat"


def test_two_processes_share_the_companies_and_one_takes_over_when_the_other_is_gone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "BEAT", timedelta(seconds=0.2))
    monkeypatch.setattr(sending, "LOOK", timedelta(seconds=0.1))
    mine, theirs = Counter[str](), Counter[str]()
    names = [f"company {number}" for number in range(20)]
    pause = timedelta(seconds=0.05)
    with calling(store, [Company(name, mine, pause=pause) for name in names], "one:1:a"):
        with calling(store, [Company(name, theirs, pause=pause) for name in names], "two:1:b"):

            def shared_out() -> bool:
                """Within a second each is called, and by one of them only."""
                mine.clear(), theirs.clear()
                time.sleep(1)
                return len({*mine, *theirs}) == 20 == len(mine) + len(theirs)

            until(shared_out)
            assert mine and theirs
        until(lambda: len(mine) == 20)


def test_a_server_that_leaves_the_calls_to_workers_calls_nobody(store: Store) -> None:
    calls: Counter[str] = Counter()
    with calling(store, [Company("acme", calls)], calls=False):
        time.sleep(0.5)
        with store.reading() as tx:
            assert [one.calls for one in tx.workers.alive(store.clock()())] == [False]
    assert not calls
    with store.reading() as tx:
        assert tx.workers.alive(store.clock()()) == [], "and it says good-bye"


def test_a_worker_counts_as_living_for_some_beats_only(store: Store) -> None:
    now = store.clock()()
    crew = Crew(store, "far:1:a")
    crew.beat(now)
    other = Crew(store, "near:1:b")
    other.beat(now + ALIVE / 2)
    names = {(f"c{number}", "crm") for number in range(50)}
    assert 0 < len(other.ours(names)) < 50
    other.beat(now + ALIVE * 1.5)
    assert other.ours(names) == names


def test_when_a_worker_goes_only_its_own_share_moves() -> None:
    names = [(f"c{number}", "crm") for number in range(200)]
    before = {name: caller(name, ["a", "b", "c"]) for name in names}
    after = {name: caller(name, ["a", "c"]) for name in names}
    assert {name for name in names if before[name] != after[name]} == {name for name in names if before[name] == "b"}
    assert all(40 < list(before.values()).count(one) < 95 for one in "abc")


def test_a_lease_is_renewed_while_its_request_is_carried_and_runs_out_with_its_worker(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "BEAT", timedelta(seconds=0.1))
    calls: Counter[str] = Counter()
    company = Company("acme", calls, held_up=threading.Event())
    clock = store.clock()
    ours = sending.held_by("crm") + "1"
    with store.transaction() as tx:
        tx.work.mark("acme", "customers", [("1", None), ("2", None)], 0, clock())
        lease = timedelta(seconds=1)
        assert tx.work.lease("acme", ["customers"], 1, ours, clock(), lease)
        assert tx.work.lease("acme", ["customers"], 1, "dead:1:x/crm/1", clock(), lease)
    with calling(store, [company]):
        until(lambda: calls["acme"] == 1)
        time.sleep(1.5)
        with store.transaction() as tx:
            assert [row.source_key for row in tx.work.lease("acme", ["customers"], 9, "next", clock(), lease)] == ["2"]
