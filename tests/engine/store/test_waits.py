from __future__ import annotations

import threading
from datetime import timedelta

from engine.store import Finished, Store, Transaction, WorkState
from tests.engine.store.conftest import NOW

LATER = NOW + timedelta(minutes=1)
ANNA = ("customers", "anna")


def rows(tx: Transaction, **states: WorkState) -> None:
    """Invoices in these states, each waiting for the customer anna."""
    tx.work.mark("acme", "invoices", [(key, None) for key in states], 9, NOW)
    tx.work.lease("acme", ["invoices"], 100, "me", NOW, timedelta(hours=1))
    ends = [Finished("invoices", key, state) for key, state in states.items() if state != "leased"]
    tx.work.finish("acme", ends)
    tx.waits.replace_many("acme", {("invoices", key): [ANNA] for key in states})


def test_what_waited_for_a_reference_or_left_it_is_due_when_it_arrives(store: Store) -> None:
    with store.transaction() as tx:
        rows(tx, w="waiting", d="done", s="skipped", p="parked")
        assert tx.waits.wake("acme", [("customers", "bert")], LATER) == 0
        assert tx.waits.wake("acme", [ANNA], LATER) == 3
        held = tx.work.get("acme", "invoices", "wdsp")
        assert {key: one.state for key, one in held.items()} == {"w": "due", "d": "due", "s": "due", "p": "parked"}
        assert (held["w"].due_at, held["w"].priority) == (LATER, 9)
        assert tx.waits.for_row("acme", "invoices", "w") == []
        assert tx.waits.wake("acme", [ANNA], LATER) == 0


def test_a_leased_row_that_left_the_reference_is_due_after_its_lease(store: Store) -> None:
    with store.transaction() as tx:
        rows(tx, leased="leased")
        tx.waits.wake("acme", [ANNA], LATER)
        tx.work.finish("acme", [Finished("invoices", "leased", "done", touched=0)])
        held = tx.work.get("acme", "invoices", ["leased"])["leased"]
    assert (held.state, held.due_at) == ("due", LATER)


def test_a_deferred_row_does_not_sleep_on_when_what_it_lacked_is_there(store: Store) -> None:
    with store.transaction() as tx:
        rows(tx, late="due")
        tx.work.defer("acme", [("invoices", "late")], LATER + timedelta(days=1))
        assert tx.waits.wake("acme", [ANNA], LATER) == 0
        held = tx.work.get("acme", "invoices", ["late"])["late"]
    assert (held.due_at, held.priority) == (LATER, 9)


def test_waits_are_replaced_as_a_whole(store: Store) -> None:
    with store.transaction() as tx:
        tx.waits.replace("acme", "invoices", "1", [ANNA, ("terms", "30"), ANNA])
        assert tx.waits.for_row("acme", "invoices", "1") == [ANNA, ("terms", "30")]
        tx.waits.replace("acme", "invoices", "1", [("terms", "30")])
        assert tx.waits.for_row("acme", "invoices", "1") == [("terms", "30")]
        tx.waits.replace("acme", "invoices", "1", [])
        assert tx.waits.for_row("acme", "invoices", "1") == []


def test_a_wake_waits_for_the_transaction_that_is_about_to_wait(store: Store) -> None:
    """Neither may miss the other: the waking one sees the waits once the waiting one has ended."""
    woken: list[int] = []

    def wake() -> None:
        with store.transaction() as tx:
            woken.append(tx.waits.wake("acme", [ANNA], LATER))

    with store.transaction() as tx:
        rows(tx, w="waiting")
        waker = threading.Thread(target=wake)
        waker.start()
        waker.join(0.2)
        assert waker.is_alive()
    waker.join()
    assert woken == [1]


def test_what_an_urgent_row_waits_for_is_urgent_with_all_that_it_waits_for(store: Store) -> None:
    with store.transaction() as tx:
        tx.work.mark("acme", "terms", [("30", None), ("60", None)], 1_000, NOW)
        tx.work.mark("acme", "customers", [("anna", None)], 1_001, NOW)
        tx.work.lease("acme", ["customers"], 1, "me", NOW, timedelta(hours=1))
        tx.work.finish("acme", [Finished("customers", "anna", "waiting")])
        tx.waits.replace("acme", "customers", "anna", [("terms", "30"), ANNA])
        tx.waits.hurry("acme", [ANNA, ("customers", "nobody")], 0)
        assert tx.work.get("acme", "customers", ["anna"])["anna"].priority == 0
        assert {key: one.priority for key, one in tx.work.get("acme", "terms", ["30", "60"]).items()} == {
            "30": 0, "60": 1_000,
        }  # fmt: skip
