"""Deletions that a system has forgotten: when all of its keys must be compared with those held, and what is lost then.

What was deleted during a silence longer than the system remembers would stay for ever. So all keys are asked for; what
is held, was not named and was not read since the question is gone. The question has no filter, so a record that `since`
or a mapping's `only` leaves out is named too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from engine.protocol import Entity, Page
from engine.store.cursors import Cursor
from engine.store.store import Transaction

MARGIN: Final = timedelta(days=10)
"""So much earlier than the system forgets: readings take their time, and clocks differ."""

OWED: Final = "owed"
"""Value of the cursor of `all`: deletions have been read since, but not those that were forgotten before."""


def is_owed(entity: Entity, cursors: Mapping[tuple[str, str], Cursor], now: datetime) -> bool:
    """Whether the system may have forgotten deletions that we were never told. Pure."""
    if entity.remembers_gone is None:
        return False
    gone, all_ = (cursors.get((entity.name, kind), Cursor()) for kind in ("gone", "all"))
    if all_.value == OWED:
        return True
    known = [moment for moment in (gone.completed_at, all_.completed_at) if moment is not None]
    if not known:  # with the first reading both come together; later nobody knows what was missed
        return cursors.get((entity.name, "changed"), Cursor()).completed_at is not None
    return now - max(known) > entity.remembers_gone - MARGIN


def remember(tx: Transaction, connection: str, system: str, entity: Entity, now: datetime) -> None:
    """Deletions were read: if that came too late, keep in mind that all keys are still to be compared."""
    cursors = tx.cursors.all(connection, system)
    if is_owed(entity, cursors, now):
        before = cursors.get((entity.name, "all"), Cursor())
        tx.cursors.put(connection, system, entity.name, "all", Cursor(OWED, before.started_at, before.completed_at))


def compare(
    tx: Transaction, connection: str, ref: tuple[str, str], page: Page, began: datetime, now: datetime
) -> list[str]:
    """Note the keys that a page of an `all` names; with the last page, the keys of those that are gone.

    Marks are kept in the store and belong to the question that was begun then: one that broke off proves nothing, and
    what an iterator named before it had to start again is there, or tells of its deletion by itself.
    """
    if page.there is not None:
        tx.snapshots.see(connection, *ref, page.there, began)
    if not page.done:
        return []
    said = page.there is not None
    before = tx.cursors.get(connection, *ref, "all").completed_at
    tx.cursors.put(connection, *ref, "all", Cursor(None if said else OWED, began, now if said else before))
    return tx.snapshots.unseen(connection, *ref, began) if said else []
