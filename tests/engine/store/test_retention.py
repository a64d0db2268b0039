"""What is kept long enough goes in small portions; what the engine needs stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.settings import Keep
from engine.store import Entry, Link, Snapshot, Store, retention
from engine.sync import housekeeping
from engine.sync.housekeeping import Housekeeping
from tests.engine.store.conftest import NOW
from tests.engine.sync.memory import Clock

DEALS = ("pipedrive", "deal")
INVOICES = ("quickbooks_desktop", "Invoice")
OLD = NOW - timedelta(days=2_000)


def entries(store: Store, connection: str = "acme") -> list[str]:
    with store.reading() as tx:
        return [one.source_key for one in tx.journal.recent(connection, 10_000)]


def test_old_entries_go_oldest_first_and_no_more_than_asked(store: Store) -> None:
    with store.transaction() as tx:
        for days in (5, 4, 3, 2, 1):
            entry = Entry(NOW - timedelta(days=days), "customers", str(days), "link", records=(("Customer", "1"),))
            tx.journal.add("acme", [entry])
        tx.journal.add("other", [Entry(OLD, "customers", "of another", "link")])
        assert tx.retention.forget("acme", "journal", NOW - timedelta(days=2), most=2) == 2
    assert entries(store) == ["1", "2", "3"]
    with store.transaction() as tx:
        assert tx.retention.forget("acme", "journal", NOW - timedelta(days=2), most=2) == 1
        assert tx.retention.forget("acme", "journal", NOW - timedelta(days=2), most=2) == 0
        assert len(tx.journal.for_record("acme", "Customer", "1", 9)) == 2
    assert entries(store, "other") == ["of another"]


def test_records_that_are_gone_are_forgotten_unless_a_link_names_them(store: Store) -> None:
    with store.transaction() as tx:
        for ref in (DEALS, INVOICES):
            rows = [Snapshot(key, {}, "h", OLD, gone="deleted") for key in ("linked", "alone", "fresh")]
            rows[2] = replace(rows[2], read_at=NOW)
            tx.snapshots.put("acme", *ref, [*rows, Snapshot("living", {}, "h", OLD)])
        tx.links.put("acme", [Link(*INVOICES, "linked", *DEALS, "linked", None, "own", OLD, None, "linked")])
        assert tx.retention.forget("acme", "gone", NOW - timedelta(days=1_000)) == 2
        for ref in (DEALS, INVOICES):
            assert [one.key for one in tx.snapshots.page("acme", *ref, "", 9)] == ["fresh", "linked", "living"]


def test_what_a_system_was_asked_for_and_answered_is_forgotten_and_the_rest_is_not(store: Store) -> None:
    with store.transaction() as tx:
        tx.wanted.add("acme", *DEALS, ["answered", "open"], "needed", OLD)
        tx.wanted.answered("acme", *DEALS, ["answered"])
        assert tx.retention.forget("acme", "requests", NOW) == 1
        assert tx.wanted.take("acme", *DEALS, 9) == ["open"]


def test_house_is_kept_once_a_day_by_one_process_in_portions(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(housekeeping, "PORTION", 10)
    monkeypatch.setattr(retention.Retention.forget, "__defaults__", (10,))
    clock = Clock(NOW)
    with store.transaction() as tx:
        tx.journal.add("acme", [Entry(OLD, "customers", f"old {number}", "link") for number in range(25)])
        tx.journal.add("acme", [Entry(NOW, "customers", "new", "link")])
    one, other = (Housekeeping(store, ["acme"], Keep(), clock) for _ in range(2))
    one.tick()
    other.tick()
    assert len(entries(store)) == 16, "a portion, and the other process leaves it to the first"
    for _ in range(10):
        one.tick()
        other.tick()
    assert entries(store) == ["new"]
    with store.transaction() as tx:
        tx.journal.add("acme", [Entry(OLD, "customers", "old again", "link")])
    clock.on(hours=23)
    for _ in range(10):
        one.tick()
    assert len(entries(store)) == 2
    clock.on(hours=2)
    for _ in range(10):
        other.tick()
    assert entries(store) == ["new"]


def test_a_clock_that_was_ahead_keeps_house_from_being_kept_no_longer_than_an_hour(store: Store) -> None:
    clock = Clock(NOW + timedelta(days=400))
    house = Housekeeping(store, ["acme"], Keep(), clock)
    house.tick()
    clock.now = NOW
    with store.transaction() as tx:
        tx.journal.add("acme", [Entry(OLD, "customers", "old", "link")])
    for _ in range(8):
        house.tick()
    assert entries(store) == []
