"""Wanted: keys of records that somebody needs and that no list brought, to be read by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

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
    text("event"),
    sa.Column("settled_by", Moment),
    sa.Column("not_before", Moment),
    sa.Index("wanted_open", "connection", "system", "open", "entity", "added_at", "key"),
    sa.Index("wanted_now", "connection", "system", sqlite_where=sa.text("open"), postgresql_where=sa.text("open")),
)

_ADD = upsert(table, keep=["asked_at", "tries", "event", "settled_by", "not_before"])
_HINT = upsert(table, keep=["asked_at", "tries"])

ALWAYS = datetime(9999, 12, 31, tzinfo=UTC)
"""`settled_by` of a hint that no record's stamp settles: it is read."""


@dataclass(frozen=True, slots=True)
class Told:
    """That a record changed, as its system told. `settled_by`: a record held with this stamp or a later one is as new;
    `not_before`: when it may be read; None: now."""

    key: str
    event: str = ""
    settled_by: datetime = ALWAYS
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The wanted keys of one transaction. A key is open until it was answered; how often it was, is kept."""

    db: sa.Connection

    def add(self, connection: str, system: str, entity: str, keys: Iterable[str], reason: str, now: datetime) -> None:
        """Want these keys (again)."""
        common = {"connection": connection, "system": system, "entity": entity, "reason": reason, "added_at": now}
        values = [{**common, "key": one, "tries": 0, "open": True} for one in sorted(set(keys))]
        many(self.db, _ADD, values)

    def hint(self, connection: str, system: str, entity: str, told: Sequence[Told], now: datetime) -> int:
        """Want what a system told of, each event once; how many were new. Of several the strictest counts."""
        new: dict[str, Told] = {}
        rows = self._rows(connection, system, entity, [one.key for one in told])
        for one in told:
            row = rows.get(one.key)
            if one.key in new:
                new[one.key] = _both(new[one.key], one)
            elif row is None or not row.open:
                if row is None or not one.event or row.event != one.event:
                    new[one.key] = one
            elif not one.event or row.event != one.event:
                new[one.key] = _both(one, Told(one.key, "", row.settled_by or ALWAYS, row.not_before))
        common = {"connection": connection, "system": system, "entity": entity, "added_at": now, "tries": 0}
        values = [
            {**common, "key": one.key, "reason": "told by the system", "open": True, "event": one.event or None,
             "settled_by": one.settled_by, "not_before": one.not_before}
            for one in sorted(new.values(), key=lambda one: one.key)
        ]  # fmt: skip
        many(self.db, _HINT, values)
        return len(values)

    def settled(self, connection: str, system: str, entity: str, stamps: Mapping[str, datetime]) -> None:
        """Records with these stamps are held now: what was told of them before is answered by them."""
        done = [
            key
            for key, row in self._rows(connection, system, entity, stamps).items()
            if row.open and row.settled_by is not None and row.settled_by <= stamps[key]
        ]
        self._close(connection, system, entity, done)

    def _rows(self, connection: str, system: str, entity: str, keys: Iterable[str]) -> dict[str, sa.Row[Any]]:
        rows: dict[str, sa.Row[Any]] = {}
        for portion in portions(keys):
            query = sa.select(table).where(_of(connection, system, entity), table.c.key.in_(portion))
            rows.update((row.key, row) for row in self.db.execute(query))
        return rows

    def take(
        self,
        connection: str,
        system: str,
        entity: str,
        limit: int,
        now: datetime | None = None,
        *,
        ready: datetime | None = None,
    ) -> list[str]:
        """The open keys that were wanted first. They stay open until they are answered; `now` notes the asking.
        With `ready` only those that may be read by then."""
        query = (
            sa.select(table.c.key)
            .where(_of(connection, system, entity), table.c.open.is_(True))
            .order_by(table.c.added_at, table.c.key)
            .limit(limit)
        )
        if ready is not None:
            query = query.where(sa.or_(table.c.not_before.is_(None), table.c.not_before <= ready))
        keys = list(self.db.execute(query).scalars())
        if now is not None:
            for portion in portions(keys):
                where = sa.and_(_of(connection, system, entity), table.c.key.in_(portion))
                self.db.execute(sa.update(table).where(where).values(asked_at=now))
        return keys

    def answered(
        self, connection: str, system: str, entity: str, keys: Iterable[str], read_at: datetime | None = None
    ) -> None:
        """The system was asked for these keys and answered, whether it knows them or not: one try more.

        `read_at` is when it was asked: what it told only after that is still to be read.
        """
        asked = sa.true() if read_at is None else sa.or_(table.c.settled_by.is_(None), table.c.added_at <= read_at)
        self._close(connection, system, entity, keys, asked)

    def _close(
        self,
        connection: str,
        system: str,
        entity: str,
        keys: Iterable[str],
        only: sa.ColumnElement[bool] | None = None,
    ) -> None:
        """One try more, and no more wanted. The event stays known, so that its repetition is not heard."""
        closed = {"open": False, "tries": table.c.tries + 1, "settled_by": None, "not_before": None}
        for portion in portions(sorted(keys)):
            where = [_of(connection, system, entity), table.c.key.in_(portion), table.c.open.is_(True)]
            if only is not None:
                where.append(only)
            self.db.execute(sa.update(table).where(*where).values(closed))

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


def _both(new: Told, old: Told) -> Told:
    """Two of one record: read as soon as either may be, and settled only by what settles both."""
    early = None if None in (new.not_before, old.not_before) else min(new.not_before, old.not_before)  # type: ignore[type-var]
    return Told(new.key, new.event or old.event, max(new.settled_by, old.settled_by), early)


def _of(connection: str, system: str, entity: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.connection == connection, table.c.system == system, table.c.entity == entity)
