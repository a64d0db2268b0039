"""The connectors' small memory (`protocol.State`), kept in the store so that any process may answer the next call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.store import locks
from engine.store.columns import Json, Moment, key, metadata
from engine.store.spending import Spending
from engine.store.statements import upsert

if TYPE_CHECKING:
    from engine.store.store import Store

table = sa.Table(
    "state",
    metadata,
    key("scope"),
    key("key"),
    sa.Column("value", Json, nullable=False),
    sa.Column("expires_at", Moment),
    sa.Index("state_by_expiry", "scope", "expires_at"),
)

_PUT = upsert(table)
_HERE = table.c.scope == sa.bindparam("here")
_THIS = sa.and_(_HERE, table.c.key == sa.bindparam("this"))
_GET = sa.select(table.c.value, table.c.expires_at).where(_THIS)
_REMOVE = sa.delete(table).where(_THIS)
_SWEEP = sa.delete(table).where(
    _HERE,
    table.c.key.in_(
        sa.select(table.c.key)
        .where(_HERE, table.c.expires_at <= sa.bindparam("now", type_=Moment))
        .with_for_update(skip_locked=True)
    ),
)


@dataclass(frozen=True, slots=True)
class StoreState:
    """`protocol.State` over one scope of a store; `clock` gives aware UTC. Each call is a transaction of its own."""

    store: Store
    scope: str
    clock: Callable[[], datetime]

    def get(self, key: str) -> Any | None:
        """The value, or None if there is none or it has expired."""
        with self.store.connect(only_reading=True) as db:
            return self._read(db, key)

    def put(self, key: str, value: Any, ttl: timedelta | None = None) -> None:
        """Store a value, for `ttl` or for good. None removes it."""
        self.change(key, lambda _: value, ttl)

    def change(
        self, key: str, function: Callable[[Any | None], Any | None], ttl: timedelta | None = None
    ) -> Any | None:
        """Read, apply, store in one transaction, across processes; what was stored. The function must not use the
        store: its transaction is this one's."""
        with self.store.connect() as db:
            locks.take(db, "state", [f"{self.scope}\0{key}"])
            value = function(self._read(db, key))
            self._write(db, key, value, ttl)
        return value

    def spend(self, name: str, amount: int, limit: int, window: timedelta, since: datetime | None = None) -> bool:
        """Count `amount` if the sum within the last `window`, or `since` a moment in it, stays within `limit`; else
        count nothing and say False."""
        with self.store.connect() as db:
            return Spending(db).spend(self.scope, name, amount, limit, window, self.clock(), since)

    def spent(self, name: str, window: timedelta, since: datetime | None = None) -> int:
        """The sum counted within the last `window`, or `since` a moment in it."""
        with self.store.connect(only_reading=True) as db:
            return Spending(db).spent(self.scope, name, window, self.clock(), since)

    def _read(self, db: sa.Connection, key: str) -> Any | None:
        row = db.execute(_GET, {"here": self.scope, "this": key}).one_or_none()
        if row is None or (row.expires_at is not None and row.expires_at <= self.clock()):
            return None
        return row.value

    def _write(self, db: sa.Connection, key: str, value: Any | None, ttl: timedelta | None) -> None:
        """Store or remove, and sweep out what has expired in this scope."""
        now = self.clock()
        db.execute(_SWEEP, {"here": self.scope, "now": now})
        if value is None:
            db.execute(_REMOVE, {"here": self.scope, "this": key})
            return
        expires_at = None if ttl is None else now + ttl
        db.execute(_PUT, {"scope": self.scope, "key": key, "value": value, "expires_at": expires_at})
