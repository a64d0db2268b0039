from __future__ import annotations

from datetime import timedelta

from engine.store import Finished, Store, Transaction, WorkRow
from tests.engine.store.conftest import NOW

TTL = timedelta(minutes=5)
LATER = NOW + timedelta(minutes=1)


def lease(
    tx: Transaction, limit: int = 10, mappings: tuple[str, ...] = ("customers",), owner: str = "me"
) -> list[WorkRow]:
    return tx.work.lease("acme", mappings, limit, owner, LATER, TTL)


def row(tx: Transaction, key: str = "1", mapping: str = "customers") -> WorkRow:
    return tx.work.get("acme", mapping, [key])[key]


def finished(leased: WorkRow, state: str = "done") -> Finished:
    return Finished(leased.mapping, leased.source_key, state, "created", None, None, "hash", "v1", {}, leased.touched)  # type: ignore[arg-type]


def test_a_marked_record_is_due_once_however_often_it_is_marked(store: Store) -> None:
    with store.transaction() as tx:
        tx.work.mark("acme", "customers", [("1", None), ("1", None), ("2", "group")], 9, NOW)
        tx.work.mark("acme", "customers", [("1", None)], 9, LATER)
        assert tx.work.counts("acme") == {"customers": {"due": 2}}
        assert row(tx).due_at == NOW
        assert (row(tx).group, row(tx, "2").group) == (None, "group")
        assert tx.work.due("acme", ["customers"], NOW) == 2
        assert tx.work.due("acme", ["invoices"], NOW) == 0


def test_a_live_change_moves_a_backfill_row_forward_and_backfill_never_moves_a_live_one_back(store: Store) -> None:
    with store.transaction() as tx:
        tx.work.mark("acme", "customers", [("1", None), ("2", None)], 9, NOW)
        tx.work.mark("acme", "customers", [("2", None)], 0, NOW + timedelta(seconds=1))
        tx.work.mark("acme", "customers", [("2", None)], 9, NOW + timedelta(seconds=2))
        assert [one.source_key for one in lease(tx)] == ["2", "1"]


def test_finishing_keeps_what_was_decided_and_clears_the_lease(store: Store) -> None:
    with store.transaction() as tx:
        tx.work.mark("acme", "customers", [("1", "g")], 0, NOW)
        (leased,) = lease(tx)
        assert (leased.state, leased.lease_owner, leased.lease_until) == ("leased", "me", LATER + TTL)
        assert row(tx) == leased
        parked = Finished(
            "customers", "1", "parked", None, "Two fit.", "E301", "h", "v2", {"candidates": ["7", "8"]}, 0
        )
        tx.work.finish("acme", [parked])
        held = row(tx)
    assert (held.state, held.reason, held.code, held.decided, held.version) == ("parked", "Two fit.", "E301", "h", "v2")
    assert held.detail == {"candidates": ["7", "8"]}
    assert (held.lease_owner, held.lease_until, held.group) == (None, None, "g")


def test_a_row_that_changed_while_it_was_leased_is_due_again_when_it_is_finished(store: Store) -> None:
    with store.transaction() as tx:
        tx.work.mark("acme", "customers", [("1", None), ("2", None)], 0, NOW)
        leased = lease(tx)
        tx.work.mark("acme", "customers", [("1", None)], 0, LATER)
        assert row(tx).state == "leased"
        tx.work.finish("acme", [finished(one) for one in leased])
        assert (row(tx).state, row(tx).outcome, row(tx, "2").state) == ("due", "created", "done")
        assert [one.source_key for one in lease(tx)] == ["1"]
        tx.work.finish("acme", [finished(row(tx))])
        assert row(tx).state == "done"


def test_a_mark_begins_anew_after_an_end_but_forgets_nothing_under_way(store: Store) -> None:
    with store.transaction() as tx:
        tx.work.mark("acme", "customers", [("parked", None), ("waiting", None)], 0, NOW)
        rows = lease(tx)
        tx.work.defer("acme", [("customers", one.source_key) for one in rows], NOW, "busy", NOW, count_attempt=True)
        rows = lease(tx)
        tx.work.finish("acme", [finished(one, one.source_key) for one in rows])
        assert {(one.state, one.attempts, one.need_since) for one in tx.work.listing("acme")} == {
            ("parked", 1, NOW),
            ("waiting", 1, NOW),
        }
        tx.work.mark("acme", "customers", [("parked", None), ("waiting", None)], 9, NOW)
        parked, waiting = row(tx, "parked"), row(tx, "waiting")
    assert (parked.state, parked.attempts, parked.need_since, parked.decided) == ("due", 0, None, "hash")
    assert (waiting.state, waiting.attempts, waiting.need_since, waiting.decided) == ("due", 1, NOW, "hash")


def test_deferred_work_comes_back_at_its_time(store: Store) -> None:
    with store.transaction() as tx:
        tx.work.mark("acme", "customers", [("1", None)], 0, NOW)
        lease(tx)
        tx.work.defer("acme", [("customers", "1")], LATER + TTL, "No tokens left.", count_attempt=True)
        tx.work.defer("acme", [("customers", "1")], LATER + TTL, "No tokens left.")
        assert (row(tx).state, row(tx).reason, row(tx).attempts) == ("due", "No tokens left.", 1)
        assert lease(tx) == []
        assert tx.work.due("acme", ["customers"], LATER) == 0
        tx.work.mark("acme", "customers", [("1", None)], 0, LATER)
        assert len(lease(tx)) == 1


def test_numbers_reasons_and_listings_for_people(store: Store) -> None:
    with store.transaction() as tx:
        tx.work.mark("acme", "customers", [(str(number), None) for number in range(5)], 0, NOW)
        tx.work.mark("acme", "invoices", [("9", None)], 0, NOW)
        for leased in lease(tx):
            reason = None if leased.source_key == "0" else f"reason {int(leased.source_key) % 2}"
            state = "done" if reason is None else "parked"
            tx.work.finish("acme", [Finished("customers", leased.source_key, state, state, reason)])
        assert tx.work.counts("acme") == {"customers": {"done": 1, "parked": 4}, "invoices": {"due": 1}}
        ends = [(one.state, one.outcome, one.count) for one in tx.work.ends("acme") if one.mapping == "customers"]
        assert ends == [("done", "done", 1), ("parked", "parked", 4)]
        reasons = tx.work.reasons("acme", ["parked", "skipped"])
        assert list(reasons[("customers", "parked")].items()) == [("reason 0", 2), ("reason 1", 2)]
        listed = tx.work.listing("acme", "parked", limit=3)
        assert [one.source_key for one in listed] == ["1", "2", "3"]
        rest = tx.work.listing("acme", "parked", limit=3, after=(listed[-1].mapping, listed[-1].source_key))
        assert [one.source_key for one in rest] == ["4"]
        assert [one.source_key for one in tx.work.listing("acme", mapping="invoices")] == ["9"]
