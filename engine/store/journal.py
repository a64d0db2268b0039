"""The journal: every decision, append-only, so that anybody can ask why a record is as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.store.columns import Json, Moment, key, metadata, needed, text
from engine.store.statements import insert_once, many
from engine.store.tallies import Tallies

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite counts up in INTEGER keys only

table = sa.Table(
    "journal",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    needed("connection"),
    sa.Column("at", Moment, nullable=False),
    needed("mapping"),
    needed("source_key"),
    needed("step"),
    text("outcome"),
    text("reason"),
    sa.Column("detail", Json, nullable=False),
    sa.Index("journal_by_row", "connection", "mapping", "source_key", "id"),
    sa.Index("journal_by_time", "connection", "at"),
)
records = sa.Table(
    "journal_records",
    metadata,
    key("connection"),
    key("entity"),
    key("key"),
    sa.Column("id", _ID, primary_key=True, autoincrement=False),
    sa.ForeignKeyConstraint(["id"], ["journal.id"], name="journal_records_of_journal", ondelete="CASCADE"),
    sa.Index("journal_records_by_id", "id"),
)

_ADD = sa.insert(table).returning(table.c.id, sort_by_parameter_order=True)
_ABOUT = insert_once(records)


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision. `step` is one of the eight words of a record's way, `at` aware UTC; `records` are the records of
    either system that it is about, as (entity, key): their pages show it."""

    at: datetime
    mapping: str
    source_key: str
    step: str
    outcome: str | None = None
    reason: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    records: tuple[tuple[str, str], ...] = ()


_COLUMNS = [table.c[name] for name in Entry.__dataclass_fields__ if name != "records"]


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal of one transaction."""

    db: sa.Connection
    tallies: Tallies

    def add(self, connection: str, entries: Sequence[Entry]) -> None:
        """Append entries, in their order."""
        if not entries:
            return
        values = [
            {
                "connection": connection,
                "at": one.at,
                "mapping": one.mapping,
                "source_key": one.source_key,
                "step": one.step,
                "outcome": one.outcome,
                "reason": one.reason,
                "detail": one.detail,
            }
            for one in entries
        ]
        self.tallies.count(connection, entries)
        ids = self.db.execute(_ADD, values).scalars().all()
        about = [
            {"connection": connection, "entity": entity, "key": one, "id": id}
            for id, entry in zip(ids, entries, strict=True)
            for entity, one in entry.records
        ]
        many(self.db, _ABOUT, about)

    def story(self, connection: str, mapping: str, source_key: str, limit: int) -> list[Entry]:
        """The last entries of one row of the queue, oldest first."""
        query = sa.select(table.c.id, *_COLUMNS).where(
            table.c.connection == connection, table.c.mapping == mapping, table.c.source_key == source_key
        )
        return self._last(query, limit)

    def for_record(self, connection: str, entity: str, key: str, limit: int) -> list[Entry]:
        """The last entries about a record of either system, oldest first."""
        query = (
            sa.select(table.c.id, *_COLUMNS)
            .join(records)
            .where(records.c.connection == connection, records.c.entity == entity, records.c.key == key)
        )
        return self._last(query, limit)

    def recent(self, connection: str, limit: int) -> list[Entry]:
        """The last entries of a connection, newest first."""
        query = sa.select(table.c.id, *_COLUMNS).where(table.c.connection == connection)
        return [
            Entry(*row[1:])
            for row in self.db.execute(query.order_by(table.c.at.desc(), table.c.id.desc()).limit(limit))
        ]

    def _last(self, query: sa.Select[Any], limit: int) -> list[Entry]:
        rows = self.db.execute(query.order_by(table.c.id.desc()).limit(limit)).all()
        return [Entry(*row[1:]) for row in reversed(rows)]
