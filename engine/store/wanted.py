"""Wanted: keys of records that somebody needs and that no list brought, to be read by id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine.store.columns import Moment, key, metadata, text
from engine.store.statements import many, portions, upsert

table = sa.Table(
    "wanted",
    metadata,
    key("connection"),
    key("system"),
    key("entity"),
    key("key"),
    text("reason"),
    sa.Column("added_at", Moment, nullable=False),
    sa.Column("asked_at", Moment),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("open", sa.Boolean(create_constraint=False), nullable=False),
    sa.Index("wanted_open", "connection", "system", "open", "entity", "added_at", "key"),
)

_ADD = upsert(table, keep=["asked_at", "tries"])


@dataclass(frozen=True, slots=True)
class Wanted:
    """The wanted keys of one transaction. A key is open until it was answered; how often it was, is kept."""

    db: sa.Connection

    def add(self, connection: str, system: str, entity: str, keys: Iterable[str], reason: str, now: datetime) -> None:
        """Want these keys (again)."""
        common = {"connection": connection, "system": system, "entity": entity, "reason": reason, "added_at": now}
        values = [{**common, "key": one, "tries": 0, "open": True} for one in sorted(set(keys))]
        many(self.db, _ADD, values)

    def take(self, connection: str, system: str, entity: str, limit: int, now: datetime | None = None) -> list[str]:
        """The open keys that were wanted first. They stay open until they are answered; `now` notes the asking."""
        query = (
            sa.select(table.c.key)
            .where(_of(connection, system, entity), table.c.open.is_(True))
            .order_by(table.c.added_at, table.c.key)
            .limit(limit)
        )
        keys = list(self.db.execute(query).scalars())
        if now is not None:
            for portion in portions(keys):
                where = sa.and_(_of(connection, system, entity), table.c.key.in_(portion))
                self.db.execute(sa.update(table).where(where).values(asked_at=now))
        return keys

    def answered(self, connection: str, system: str, entity: str, keys: Iterable[str]) -> None:
        """The system was asked for these keys and answered, whether it knows them or not: one try more."""
        for portion in portions(sorted(keys)):
            where = sa.and_(_of(connection, system, entity), table.c.key.in_(portion), table.c.open.is_(True))
            self.db.execute(sa.update(table).where(where).values(open=False, tries=table.c.tries + 1))

    def tried(self, connection: str, system: str, entity: str, keys: Iterable[str]) -> dict[str, int]:
        """How often each key was asked for and answered, 0 for one that never was."""
        tries: dict[str, int] = {}
        for portion in portions(keys):
            query = sa.select(table.c.key, table.c.tries).where(
                _of(connection, system, entity), table.c.key.in_(portion)
            )
            tries.update(dict.fromkeys(portion, 0))
            tries.update((one, number) for one, number in self.db.execute(query))
        return tries

    def count(self, connection: str, system: str) -> int:
        """How many keys of a system are open."""
        return sum(self.entities(connection, system).values())

    def entities(self, connection: str, system: str) -> dict[str, int]:
        """How many keys are open, by entity."""
        query = (
            sa.select(table.c.entity, sa.func.count().label("number"))
            .where(table.c.connection == connection, table.c.system == system, table.c.open.is_(True))
            .group_by(table.c.entity)
        )
        return {row.entity: row.number for row in self.db.execute(query)}


def _of(connection: str, system: str, entity: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.connection == connection, table.c.system == system, table.c.entity == entity)
