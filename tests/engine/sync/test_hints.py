"""What a system tells of by itself is read again by its key, and only where that is needed."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.protocol import Hint, Page, Query, Work
from engine.store.store import Store
from engine.sync.engine import Engine
from engine.sync.sender import LONGEST_PAUSE, Sender
from tests.engine.sync.conftest import BACK, COMPANIES, SALES, World, build
from tests.engine.sync.memory import Clock, System


@pytest.fixture
def told(tmp_path: Path, url: str) -> Any:
    """A world with a way back, so that sales are read; both systems say when a record changed."""
    clock = Clock()
    books, crm = System(clock, stamps=True), System(clock, stamps=True)
    store = Store.open(url)
    connection = build(tmp_path / "mappings", store, clock, books, crm, [COMPANIES, SALES, BACK])
    yield World(books, crm, connection, clock, store)
    connection.close()
    store.close()


def work_of(world: World) -> Work:
    work: Work = world.connection.endpoints["crm"].site.work  # type: ignore[attr-defined]
    return work


def hint(world: World, key: str, event: str, ours: bool = False, entity: str = "sale") -> int:
    stamp = world.connection.endpoints["crm"].stamp(entity, key)  # type: ignore[attr-defined]
    return work_of(world).hint([Hint(entity, key, event, stamp, ours)])


def asked(world: World) -> list[tuple[str, ...]]:
    """The keys that the next look at the queue asks for. Polls are not due."""
    taken = work_of(world).take(10, world.clock() - timedelta(days=1))
    return [one.keys for one in taken if isinstance(one, Query) and one.kind == "keys"]


def a_sale(world: World) -> str:
    """A bill became a sale, both sides are settled, and a minute has passed."""
    world.books.put("client", "c1", name="Acme")
    world.books.put("bill", "b1", number="1", client="c1", total=5, day="2026-02-01", lines=[])
    world.settle()
    world.clock.on(minutes=1)
    (key,) = world.crm.of("sale")
    return key


def test_a_persons_change_is_read_by_its_key_and_works_on(told: World) -> None:
    key = a_sale(told)
    told.crm.put("sale", key, status="won")
    assert hint(told, key, "e1") == 1
    assert asked(told) == [(key,)]
    told.settle()
    assert "won" in told.books.of("bill")["b1"]["memo"]
    assert hint(told, key, "e1") == 0, "the same event again"


def test_a_late_word_about_what_is_known_already_asks_for_nothing(told: World) -> None:
    key = a_sale(told)
    early = told.connection.endpoints["crm"].stamp("sale", key)  # type: ignore[attr-defined]
    told.crm.put("sale", key, status="won")
    told.settle()
    assert work_of(told).hint([Hint("sale", key, "late", early - timedelta(seconds=9))]) == 0
    assert asked(told) == []


def test_our_own_write_coming_back_asks_for_nothing(told: World) -> None:
    key = a_sale(told)
    assert hint(told, key, "echo", ours=True) == 0
    assert asked(told) == []


def test_an_echo_that_is_faster_than_the_answer_of_its_write_is_settled_by_that_answer(told: World) -> None:
    key = a_sale(told)
    told.books.put("bill", "b1", number="2")
    told.connection.endpoints["books"].drain()
    endpoint: Any = told.connection.endpoints["crm"]
    work, carry, echoes = work_of(told), endpoint._carry, []
    for _ in range(5):
        for request in work.take(10, told.clock() - timedelta(days=1)):
            result = carry(request)
            if not isinstance(request, Query):
                echoes.append(hint(told, key, f"echo of {request.id}", ours=True))
                assert asked(told) == [], "it waits for the answer"
            work.give(request, result)
    assert echoes == [1]
    told.clock.on(minutes=1)
    assert asked(told) == []


def test_a_person_who_edits_in_the_second_of_our_write_is_not_taken_for_our_echo(told: World) -> None:
    key = a_sale(told)
    told.crm.records["sale"][key]["status"] = "won"  # the stamp stays: it tells whole seconds
    assert hint(told, key, "person") == 1
    assert asked(told) == [(key,)]


def test_what_is_told_while_the_record_is_being_read_is_read_again(told: World) -> None:
    key = a_sale(told)
    told.crm.put("sale", key, status="won")
    hint(told, key, "e1")
    work = work_of(told)
    (query,) = work.take(10, told.clock() - timedelta(days=1))
    page = told.connection.endpoints["crm"]._carry(query)  # type: ignore[attr-defined]
    assert isinstance(page, Page)
    page = Page(page.found, done=True, read_at=told.clock())
    told.crm.put("sale", key, status="lost")
    told.crm.changed[("sale", key)] = told.clock.now.replace(microsecond=0)  # in the same second
    hint(told, key, "e2")
    work.give(query, page)
    assert asked(told) == [(key,)]


def test_only_what_mappings_read_is_asked_for(told: World) -> None:
    a_sale(told)
    assert work_of(told).hint([Hint("memo", "m1", "e1"), Hint("planet", "p1", "e2")]) == 0
    assert work_of(told).hint([Hint("company", "never-seen", "e3")]) == 0, "a mirror that nobody holds"
    assert asked(told) == []


def test_a_mirror_that_went_is_known_to_be_gone(told: World) -> None:
    a_sale(told)
    (company,) = told.crm.of("company")
    told.crm.delete("company", company)
    assert work_of(told).hint([Hint("company", company, "e1")]) == 1
    told.connection.endpoints["crm"].drain()
    with told.store.reading() as tx:
        held = tx.snapshots.get("acme", "crm", "company", [company])[company]
    assert held.gone == "deleted"


def test_a_word_wakes_the_sender_at_once(told: World) -> None:
    key = a_sale(told)
    endpoint = told.connection.endpoints["crm"]
    drained, drain = threading.Semaphore(0), endpoint.drain

    def counting() -> timedelta | None:
        drain()
        drained.release()
        return timedelta(hours=1)

    endpoint.drain = counting  # type: ignore[method-assign]
    sender = Sender(Engine(told.store, {"acme": told.connection}, told.clock))
    sender.start()
    try:
        assert drained.acquire(timeout=10), "the first look"
        began = time.monotonic()
        told.crm.put("sale", key, status="won")
        hint(told, key, "e1")
        assert drained.acquire(timeout=10)
        assert time.monotonic() - began < LONGEST_PAUSE.total_seconds() / 2
    finally:
        sender.stop()
