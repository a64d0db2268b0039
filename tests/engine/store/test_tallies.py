from __future__ import annotations

from datetime import timedelta

import pytest

from engine.store import Entry, Store
from tests.engine.store.conftest import NOW

HOUR = NOW.replace(minute=0, second=0, microsecond=0)


def entry(step: str, outcome: str | None, hours: int = 0, mapping: str = "invoices") -> Entry:
    return Entry(NOW + timedelta(hours=hours), mapping, "1", step, outcome)


def test_what_records_came_to_is_counted_by_the_hour_and_for_ever(store: Store) -> None:
    for hours in (0, 0, 5):
        with store.transaction() as tx:
            tx.journal.add("acme", [entry("decide", "create", hours), entry("link", "created", hours)])
            tx.journal.add("acme", [entry("match", "parked", hours), entry("link", None), entry("map", "waiting")])
    with store.reading() as tx:
        assert tx.tallies.totals("acme") == {"invoices": {"created": 3, "parked": 3}}
        assert tx.tallies.totals("other") == {}
        found = [(one.hour, one.outcome, one.count) for one in tx.tallies.since("acme", HOUR)]
        assert found == [
            (HOUR, "created", 2), (HOUR, "parked", 2),
            (HOUR + timedelta(hours=5), "created", 1), (HOUR + timedelta(hours=5), "parked", 1),
        ]  # fmt: skip
        assert [one.count for one in tx.tallies.since("acme", HOUR + timedelta(hours=1))] == [1, 1]


def test_a_transaction_that_fails_counts_nothing(store: Store) -> None:
    with pytest.raises(LookupError), store.transaction() as tx:
        tx.journal.add("acme", [entry("link", "created")])
        raise LookupError
    with store.reading() as tx:
        assert tx.tallies.totals("acme") == {}


def test_old_hours_are_forgotten_and_the_totals_stay(store: Store) -> None:
    with store.transaction() as tx:
        tx.journal.add("acme", [entry("link", "created"), entry("link", "created", 5)])
    with store.transaction() as tx:
        assert tx.tallies.prune("acme", HOUR + timedelta(hours=5)) == 1
        assert [one.count for one in tx.tallies.since("acme", HOUR)] == [1]
        assert tx.tallies.totals("acme") == {"invoices": {"created": 2}}
