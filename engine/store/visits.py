"""Visits: facts about each time a system came, or was drained, for people to look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.store.columns import Json, Moment, key, metadata
from engine.store.statements import upsert

table = sa.Table(
    "visits",
    metadata,
    key("connection"),
    key("system"),
    key("ticket"),
    sa.Column("first_at", Moment, nullable=False),
    sa.Column("last_at", Moment, nullable=False),
    sa.Column("facts", Json, nullable=False),
    sa.Index("visits_by_time", "connection", "system", "last_at"),
)

_HOUR = 3_600_000_000
"""In microseconds."""
_PUT = upsert(table, keep=["first_at"])


@dataclass(frozen=True, slots=True)
class Visits:
    """The visits of one transaction."""

    db: sa.Connection

    def put(self, connection: str, system: str, ticket: str, facts: dict[str, Any], now: datetime) -> None:
        """Add facts to those of the visit; a fact given again is replaced."""
        known = self.db.execute(
            sa.select(table.c.facts).where(
                table.c.connection == connection, table.c.system == system, table.c.ticket == ticket
            )
        ).scalar_one_or_none()
        row = {"connection": connection, "system": system, "ticket": ticket, "first_at": now, "last_at": now}
        self.db.execute(_PUT, {**row, "facts": {**(known or {}), **facts}})

    def last(self, connection: str, system: str) -> dict[str, Any] | None:
        """The latest visit, as `recent` gives it, or None."""
        return next(iter(self.recent(connection, system, 1)), None)

    def last_of_all(self) -> dict[tuple[str, str], datetime]:
        """By (connection, system): when it last visited."""
        query = sa.select(table.c.connection, table.c.system, sa.func.max(table.c.last_at, type_=Moment))
        rows = self.db.execute(query.group_by(table.c.connection, table.c.system))
        return {(connection, system): at for connection, system, at in rows}

    def count(self, connection: str, system: str) -> int:
        """How many visits are kept."""
        query = sa.select(sa.func.count()).where(table.c.connection == connection, table.c.system == system)
        return int(self.db.execute(query).scalar_one())

    def by_hour(self, connection: str, system: str, since: datetime) -> list[tuple[datetime, int]]:
        """How many there were in each hour from that moment on: (when it begins, number)."""
        hour = sa.type_coerce(table.c.last_at, sa.BigInteger) // _HOUR * _HOUR
        query = (
            sa.select(sa.type_coerce(hour, Moment).label("hour"), sa.func.count())
            .where(table.c.connection == connection, table.c.system == system, table.c.last_at >= since)
            .group_by(sa.text("1"))
            .order_by(sa.text("1"))
        )
        return [(moment, count) for moment, count in self.db.execute(query)]

    def recent(self, connection: str, system: str, limit: int) -> list[dict[str, Any]]:
        """The facts of the last visits, newest first, each with `ticket`, `first_at` and `last_at` (aware UTC)."""
        query = (
            sa.select(table)
            .where(table.c.connection == connection, table.c.system == system)
            .order_by(table.c.last_at.desc(), table.c.ticket)
            .limit(limit)
        )
        return [
            {**row.facts, "ticket": row.ticket, "first_at": row.first_at, "last_at": row.last_at}
            for row in self.db.execute(query)
        ]
