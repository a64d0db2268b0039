"""Cursors: how far a query has read an entity, in its connector's own words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine.store.columns import Moment, key, metadata, text
from engine.store.statements import upsert

table = sa.Table(
    "cursors",
    metadata,
    key("connection"),
    key("system"),
    key("entity"),
    key("kind"),
    text("value"),
    sa.Column("started_at", Moment),
    sa.Column("completed_at", Moment),
)

_PUT = upsert(table)
_ALL = sa.select(table).where(
    table.c.connection == sa.bindparam("the_connection"), table.c.system == sa.bindparam("the_system")
)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next reading begins; when (aware UTC) the last one began, and when the last complete one was
    complete. All None: never read."""

    value: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None

    @property
    def is_partial(self) -> bool:
        """The first reading has come somewhere and is not complete."""
        return self.value is not None and self.completed_at is None


@dataclass(frozen=True, slots=True)
class Cursors:
    """The cursors of one transaction."""

    db: sa.Connection

    def get(self, connection: str, system: str, entity: str, kind: str = "changed") -> Cursor:
        """The cursor of an entity's queries of that kind (`protocol.QueryKind`), an empty one if there is none."""
        return self.all(connection, system).get((entity, kind), Cursor())

    def all(self, connection: str, system: str) -> dict[tuple[str, str], Cursor]:
        """Every cursor of a system, by (entity, kind)."""
        rows = self.db.execute(_ALL, {"the_connection": connection, "the_system": system})
        return {(row.entity, row.kind): Cursor(row.value, row.started_at, row.completed_at) for row in rows}

    def put(self, connection: str, system: str, entity: str, kind: str, cursor: Cursor) -> None:
        """Store or replace a cursor: in the transaction that stores the page that carries it, never before."""
        self.db.execute(
            _PUT,
            {
                "connection": connection,
                "system": system,
                "entity": entity,
                "kind": kind,
                "value": cursor.value,
                "started_at": cursor.started_at,
                "completed_at": cursor.completed_at,
            },
        )
