"""When all keys must be compared, and what a comparison proves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from engine.protocol import Entity, Page
from engine.store import Snapshot, Store
from engine.store.cursors import Cursor
from engine.sync import forgotten

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ENTITY = Entity("bill", "id", "number", (), reports_gone=True, remembers_gone=90 * DAY)
REF = ("books", "bill")


def owed(gone: float | None = None, all_: float | None = None, changed: float | None = 0, value: str = "") -> bool:
    """With the days since each was complete."""
    days = {"gone": gone, "all": all_, "changed": changed}
    cursors = {
        ("bill", kind): Cursor(value if kind == "all" else "x", NOW, NOW - ago * DAY)
        for kind, ago in days.items()
        if ago is not None
    }
    return forgotten.is_owed(ENTITY, cursors, NOW)


def test_it_is_owed_after_eighty_days_without_word_of_deletions() -> None:
    assert not owed(gone=79.9) and owed(gone=80.1)
    assert not owed(gone=200, all_=1) and owed(gone=200, all_=81)
    assert owed(gone=0, all_=1, value=forgotten.OWED), "deletions were read meanwhile, but not the forgotten ones"
    assert not forgotten.is_owed(replace(ENTITY, remembers_gone=None), {}, NOW), "a system that forgets nothing"


def test_a_first_reading_owes_none_and_a_store_that_never_heard_of_deletions_does() -> None:
    assert not owed(changed=None) and owed(changed=0)


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """Three bills that were read yesterday."""
    opened = Store.open(url)
    with opened.transaction() as tx:
        tx.snapshots.put("acme", *REF, [Snapshot(key, {"id": key}, key, NOW - DAY) for key in "abc"])
    yield opened
    opened.close()


def compare(store: Store, began: datetime, *pages: Page) -> list[str]:
    """Each page in a transaction of its own, as after a restart."""
    lost: list[str] = []
    for page in pages:
        with store.transaction() as tx:
            lost += forgotten.compare(tx, "acme", REF, page, began, NOW)
    return lost


def cursor(store: Store) -> Cursor:
    with store.reading() as tx:
        return tx.cursors.get("acme", *REF, "all")


def test_what_no_page_named_is_lost_with_the_last_one(store: Store) -> None:
    assert compare(store, NOW, Page(there=("a", "unheard of")), Page(there=("c",), done=True)) == ["b"]
    assert cursor(store) == Cursor(None, NOW, NOW)
    assert compare(store, NOW + DAY, Page(there=(), done=True)) == ["a", "b", "c"], "old marks count no more"


def test_without_its_last_page_it_proves_nothing_and_the_next_one_begins_anew(store: Store) -> None:
    assert compare(store, NOW, Page(there=("a",))) == [] and cursor(store) == Cursor()
    later = NOW + timedelta(minutes=5)
    assert compare(store, later, Page(there=("b", "c")), Page(there=(), done=True)) == ["a"]


def test_what_was_read_since_the_question_began_is_there_though_it_was_not_named(store: Store) -> None:
    with store.transaction() as tx:
        tx.snapshots.put("acme", *REF, [Snapshot("new", {"id": "new"}, "h", NOW + timedelta(seconds=1))])
    assert compare(store, NOW, Page(there=("a", "b", "c"), done=True)) == []


def test_a_mark_outlives_a_new_version_of_the_record(store: Store) -> None:
    compare(store, NOW, Page(there=("a", "b", "c")))
    with store.transaction() as tx:
        tx.snapshots.put("acme", *REF, [Snapshot("a", {"id": "a", "x": 1}, "h", NOW - timedelta(hours=1))])
    assert compare(store, NOW, Page(there=(), done=True)) == []


def test_where_the_system_cannot_say_what_is_there_nothing_is_lost_and_it_stays_owed(store: Store) -> None:
    assert compare(store, NOW, Page(done=True)) == []
    assert cursor(store) == Cursor(forgotten.OWED, NOW, None)
