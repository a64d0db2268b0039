"""Holds: connections of which nothing is written but what a person approved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine.store.columns import Moment, key, metadata
from engine.store.statements import insert_once

table = sa.Table("holds", metadata, key("connection"), sa.Column("since", Moment, nullable=False))

_PUT = insert_once(table)


@dataclass(frozen=True, slots=True)
class Holds:
    """The holds of one transaction."""

    db: sa.Connection

    def put(self, connection: str, now: datetime) -> None:
        """Hold a connection's writes. One that is held stays held since when it was."""
        self.db.execute(_PUT, {"connection": connection, "since": now})

    def lift(self, connection: str) -> bool:
        """Let a connection write again; whether it was held."""
        return bool(self.db.execute(sa.delete(table).where(table.c.connection == connection)).rowcount)

    def since(self, connection: str) -> datetime | None:
        """Since when a connection is held; None: it is not."""
        return self.db.execute(sa.select(table.c.since).where(table.c.connection == connection)).scalar_one_or_none()
