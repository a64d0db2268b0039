from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from engine.store import Entry, Store
from tests.engine.store.conftest import NOW


def entry(step: str, key: str = "1", minutes: int = 0, *records: tuple[str, str]) -> Entry:
    at = NOW + timedelta(minutes=minutes)
    return Entry(at, "invoices", key, step, "created", None, {"value": Decimal("1.10")}, records)


def steps(entries: list[Entry]) -> list[str]:
    return [one.step for one in entries]


def test_a_story_is_told_from_its_beginning_and_news_from_the_end(store: Store) -> None:
    with store.transaction() as tx:
        tx.journal.add("acme", [entry("map"), entry("match"), entry("decide", minutes=1), entry("write", "2", 2)])
        tx.journal.add("acme", [])
        assert steps(tx.journal.story("acme", "invoices", "1", 10)) == ["map", "match", "decide"]
        assert steps(tx.journal.story("acme", "invoices", "1", 2)) == ["match", "decide"]
        assert steps(tx.journal.recent("acme", 2)) == ["write", "decide"]
        assert tx.journal.recent("other", 2) == []
        assert tx.journal.story("acme", "invoices", "1", 1) == [entry("decide", minutes=1)]


def test_an_entry_is_on_the_page_of_every_record_that_it_is_about_and_no_namesake(store: Store) -> None:
    deal, organization = ("deal", "12"), ("organization", "12")
    with store.transaction() as tx:
        tx.journal.add(
            "acme", [entry("map"), entry("write", "1", 0, deal, ("Invoice", "1")), entry("link", "3", 0, organization)]
        )
        assert steps(tx.journal.for_record("acme", "deal", "12", 10)) == ["write"]
        assert steps(tx.journal.for_record("acme", "Invoice", "1", 10)) == ["write"]
        assert steps(tx.journal.for_record("acme", "organization", "12", 10)) == ["link"]


def test_old_entries_go_with_their_places_on_records_pages(store: Store) -> None:
    with store.transaction() as tx:
        tx.journal.add("acme", [entry("map", "1", 0, ("deal", "12")), entry("write", "1", 5, ("deal", "12"))])
        assert tx.retention.forget("acme", "journal", NOW + timedelta(minutes=5)) == 1
        assert steps(tx.journal.for_record("acme", "deal", "12", 10)) == ["write"]
