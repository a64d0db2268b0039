"""Holds a connection's writes: it reads, and writes nothing but what a person approved, until it is released."""

from __future__ import annotations

from datetime import datetime

from engine.store.store import Store
from engine.sync.connection import Connection


def hold(connection: Connection) -> None:
    """From now on no process writes anything of this connection that was not approved."""
    with connection.store.transaction() as tx:
        tx.holds.put(connection.name, connection.clock())


def hold_new(store: Store, connection: str, now: datetime) -> None:
    """The same for a connection that cannot be opened yet, so that its first run waits for a person's word."""
    with store.transaction() as tx:
        tx.holds.put(connection, now)


def release(connection: Connection) -> bool:
    """Let it write again; whether it was held."""
    with connection.store.transaction() as tx:
        held = tx.holds.lift(connection.name)
        tx.approvals.clear(connection.name)
    for bell in connection.bells.values():
        bell.ring()
    return held


def held_since(connection: Connection) -> datetime | None:
    """Since when it is held; None: it is not."""
    with connection.store.reading() as tx:
        return tx.holds.since(connection.name)
