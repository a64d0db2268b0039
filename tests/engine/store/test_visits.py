from __future__ import annotations

from datetime import timedelta

from engine.store import Store
from tests.engine.store.conftest import NOW


def test_facts_of_one_visit_add_up_and_the_latest_visit_comes_first(store: Store) -> None:
    later = NOW + timedelta(minutes=1)
    with store.transaction() as tx:
        assert tx.visits.last("acme", "quickbooks_desktop") is None
        tx.visits.put("acme", "quickbooks_desktop", "t1", {"requests": 1, "message": "reading"}, NOW)
        tx.visits.put("acme", "quickbooks_desktop", "t2", {"requests": 0}, NOW)
        tx.visits.put("acme", "quickbooks_desktop", "t1", {"requests": 4}, later)
        first = {"requests": 4, "message": "reading", "ticket": "t1", "first_at": NOW, "last_at": later}
        assert tx.visits.last("acme", "quickbooks_desktop") == first
        assert [one["ticket"] for one in tx.visits.recent("acme", "quickbooks_desktop", 5)] == ["t1", "t2"]
        assert tx.retention.forget("acme", "visits", later) == 1
        assert [one["ticket"] for one in tx.visits.recent("acme", "quickbooks_desktop", 5)] == ["t1"]


def test_visits_are_counted_by_the_hour(store: Store) -> None:
    hour = NOW.replace(minute=0, second=0, microsecond=0)
    with store.transaction() as tx:
        for number, minutes in enumerate((0, 5, 90)):
            tx.visits.put("acme", "books", str(number), {}, hour + timedelta(minutes=minutes))
        assert tx.visits.by_hour("acme", "books", hour) == [(hour, 2), (hour + timedelta(hours=1), 1)]
        assert tx.visits.by_hour("acme", "books", hour + timedelta(hours=1)) == [(hour + timedelta(hours=1), 1)]
