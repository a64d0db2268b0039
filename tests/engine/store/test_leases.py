from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import timedelta

import pytest

from engine.store import Finished, Store, Transaction, WorkRow
from tests.engine.store.conftest import NOW

TTL = timedelta(minutes=5)
BOTH = ("customers", "invoices")


def lease(tx: Transaction, limit: int = 10, owner: str = "me", minutes: int = 1) -> list[str]:
    rows = tx.work.lease("acme", BOTH, limit, owner, NOW + timedelta(minutes=minutes), TTL)
    return [row.source_key for row in rows]


def test_groups_come_whole_and_the_limit_counts_groups(store: Store) -> None:
    with store.transaction() as tx:
        tx.work.mark("acme", "customers", [("a1", "a"), ("b1", "b"), ("c1", None)], 9, NOW)
        tx.work.mark("acme", "customers", [("a2", "a")], 9, NOW + timedelta(seconds=5))
        tx.work.mark("acme", "invoices", [("a3", "a")], 9, NOW + timedelta(seconds=3))
        assert lease(tx, 2) == ["a1", "a3", "a2", "b1"]
        assert lease(tx, 2) == ["c1"]


def test_a_group_of_which_a_row_is_leased_is_left_alone_until_that_is_finished(store: Store) -> None:
    with store.transaction() as tx:
        tx.work.mark("acme", "customers", [("a1", "a")], 9, NOW)
        assert lease(tx) == ["a1"]
        tx.work.mark("acme", "invoices", [("a2", "a"), ("b1", "b")], 0, NOW)
        assert lease(tx, owner="other") == ["b1"]
        tx.work.finish("acme", [Finished("customers", "a1", "done")])
        assert lease(tx, owner="other") == ["a2"]


def test_rows_without_a_group_never_wait_for_each_other(store: Store) -> None:
    with store.transaction() as tx:
        tx.work.mark("acme", "customers", [("1", None)], 9, NOW)
        tx.work.mark("acme", "invoices", [("1", None)], 9, NOW)
        assert [lease(tx, 1), lease(tx, 1)] == [["1"], ["1"]]


def test_other_connections_and_mappings_are_not_touched(store: Store) -> None:
    with store.transaction() as tx:
        tx.work.mark("acme", "deal_outcomes", [("1", "a")], 0, NOW)
        tx.work.mark("other", "customers", [("1", "a")], 0, NOW)
        assert lease(tx) == []
        assert len(tx.work.lease("acme", ["deal_outcomes"], 1, "me", NOW, TTL)) == 1


def test_a_group_that_changes_during_a_lease_counts_once_the_lease_ends(store: Store) -> None:
    with store.transaction() as tx:
        tx.work.mark("acme", "customers", [("1", "old")], 0, NOW)
        assert lease(tx) == ["1"]
        tx.work.mark("acme", "customers", [("1", "new")], 0, NOW)
        tx.work.mark("acme", "customers", [("2", "old"), ("3", "new")], 0, NOW)
        assert lease(tx) == ["3"]
        tx.work.finish("acme", [Finished("customers", "1", "done", touched=0), Finished("customers", "3", "done")])
        assert lease(tx) == ["1", "2"]
        assert tx.work.get("acme", "customers", ["1"])["1"].group == "new"


def test_an_expired_lease_is_due_again_and_a_renewed_one_is_not(store: Store) -> None:
    with store.transaction() as tx:
        tx.work.mark("acme", "customers", [("1", None), ("2", None)], 0, NOW)
        assert lease(tx, 1, "dead") == ["1"]
        assert lease(tx, 1, "alive") == ["2"]
        assert tx.work.renew("acme", "alive", NOW + timedelta(minutes=5), TTL) == 1
        assert tx.work.due("acme", BOTH, NOW + timedelta(minutes=6)) == 1
        assert lease(tx, 5, "third", minutes=6) == ["1"]


def test_a_worker_whose_lease_was_lost_cannot_end_the_lease_of_its_successor(store: Store) -> None:
    with store.transaction() as tx:
        tx.work.mark("acme", "customers", [("1", None)], 0, NOW)
        lease(tx, owner="dead")
        lease(tx, owner="third", minutes=10)
        tx.work.finish("acme", [Finished("customers", "1", "done")], owner="dead")
        assert tx.work.get("acme", "customers", ["1"])["1"].lease_owner == "third"
        tx.work.finish("acme", [Finished("customers", "1", "done")], owner="third")
        assert tx.work.get("acme", "customers", ["1"])["1"].state == "done"


def test_work_deferred_to_later_hides_nothing_behind_it(store: Store) -> None:
    with store.transaction() as tx:
        tx.work.mark("acme", "customers", [(f"later {number}", None) for number in range(300)], 0, NOW + TTL)
        tx.work.mark("acme", "customers", [(f"big {number}", "big") for number in range(300)], 3, NOW)
        tx.work.mark("acme", "invoices", [("last", None)], 9, NOW)
        assert len(lease(tx, 1)) == 300
        assert lease(tx, 1) == ["last"]


def test_a_row_that_somebody_is_changing_keeps_nobody_from_the_others(store: Store, url: str) -> None:
    if url.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")
    got: list[list[str]] = []

    def take() -> None:
        with store.transaction() as tx:
            got.append(lease(tx))

    with store.transaction() as tx:
        tx.work.mark("acme", "customers", [("1", None), ("2", None)], 0, NOW)
    with store.transaction() as tx:
        tx.work.mark("acme", "customers", [("1", None)], 0, NOW)
        other = threading.Thread(target=take)
        other.start()
        other.join(10)
        assert got == [["2"]]
    other.join()


def test_a_row_that_joins_a_group_while_that_is_being_leased_waits_with_it(store: Store) -> None:
    got: list[list[str]] = []

    def join() -> None:
        with store.transaction() as tx:
            tx.work.mark("acme", "invoices", [("a2", "a")], 0, NOW)
        with store.transaction() as tx:
            got.append(lease(tx, owner="other"))

    with store.transaction() as tx:
        tx.work.mark("acme", "customers", [("a1", "a")], 0, NOW)
    with store.transaction() as tx:
        assert lease(tx) == ["a1"]
        other = threading.Thread(target=join)
        other.start()
        other.join(0.3)
    other.join()
    assert got == [[]]


def test_many_workers_share_the_work_and_never_hold_one_group_together(store: Store) -> None:
    with store.transaction() as tx:
        tx.work.mark("acme", "customers", [(f"{number:03}", f"group {number % 40}") for number in range(120)], 0, NOW)
    held: Counter[str] = Counter()
    done: Counter[str] = Counter()
    broken: list[str] = []
    guard = threading.Lock()

    def carry(rows: list[WorkRow]) -> None:
        groups = {str(row.group) for row in rows}
        with guard:
            held.update(groups)
            broken.extend(group for group in groups if held[group] > 1)
        with store.transaction() as tx:
            tx.work.mark(
                "acme", "customers", [(rows[0].source_key + "+", rows[0].group)] if done.total() < 60 else [], 0, NOW
            )
        time.sleep(0.01)
        with guard:
            held.subtract(groups)
            done.update(row.source_key for row in rows)
        with store.transaction() as tx:
            tx.work.finish("acme", [Finished(row.mapping, row.source_key, "done", touched=row.touched) for row in rows])

    def work(owner: str) -> None:
        for _ in range(200):
            with store.transaction() as tx:
                rows = tx.work.lease("acme", BOTH, 3, owner, NOW, TTL)
            if rows:
                carry(rows)
            else:
                with store.reading() as tx:
                    if set(tx.work.counts("acme")["customers"]) == {"done"}:
                        return

    workers = [threading.Thread(target=work, args=(f"worker {number}",)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert broken == []
    assert len(done) > 120
    assert set(done.values()) == {1}
    with store.reading() as tx:
        assert tx.work.counts("acme") == {"customers": {"done": len(done)}}


def test_with_a_bound_only_rows_of_better_priority_are_leased_and_counted(store: Store) -> None:
    with store.transaction() as tx:
        tx.work.mark("acme", "customers", [("new", None)], 0, NOW)
        tx.work.mark("acme", "customers", [("old", None), ("older", None)], 1_000, NOW)
        assert tx.work.due("acme", BOTH, NOW, below=1_000) == 1
        assert tx.work.backlog("acme", BOTH, 1_000) == {"customers": 2}
        assert [one.source_key for one in tx.work.lease("acme", BOTH, 9, "me", NOW, TTL, below=1_000)] == ["new"]
        assert tx.work.lease("acme", BOTH, 9, "me", NOW, TTL, below=1_000) == []
        assert len(lease(tx)) == 2
        assert tx.work.backlog("acme", BOTH, 1_000) == {"customers": 2}


def test_a_lease_given_by_a_clock_that_was_ahead_is_over_when_the_clock_is_set_right(store: Store) -> None:
    ahead = timedelta(hours=3)
    with store.transaction() as tx:
        tx.work.mark("acme", "customers", [("1", None)], 0, NOW)
        assert tx.work.lease("acme", BOTH, 1, "dead", NOW + ahead, TTL)
        assert lease(tx, owner="next") == ["1"], "not in three hours"


def test_a_heartbeat_holds_what_its_process_leased_for_one_system_and_nothing_else(store: Store) -> None:
    late = NOW + TTL * 2
    with store.transaction() as tx:
        tx.work.mark("acme", "customers", [("1", None), ("2", None), ("3", None)], 0, NOW)
        for owner in ("host:1:a/crm/x", "host:1:a/books/y", "host:1:ab/crm/z"):
            assert len(lease(tx, 1, owner)) == 1
        assert tx.work.beat("acme", "host:1:a/crm/", late, TTL) == 1
        assert [one.source_key for one in tx.work.lease("acme", BOTH, 9, "next", late, TTL)] == ["2", "3"]
