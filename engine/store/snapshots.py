"""Snapshots: each record of either system as it was last read, with the identity lines of ours that it carries.

A snapshot outlives its record: `gone` says how the record went. What a record means is nobody's business here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.store.columns import Json, Moment, Words, indexable, key, metadata, needed, text
from engine.store.statements import insert_once, many, one_of, portions, upsert

table = sa.Table(
    "snapshots",
    metadata,
    key("connection"),
    key("system"),
    key("entity"),
    key("key"),
    sa.Column("record", Json, nullable=False),
    needed("hash"),
    sa.Column("read_at", Moment, nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
    text("gone"),
    sa.Column("identity", Json, nullable=False),
    sa.Column("seen_at", Moment),
    sa.Column("stamp", Moment),
    text("words"),
    sa.Index("snapshots_by_words", "connection", "words", "system", "entity", "key"),
)
identities = sa.Table(
    "identities",
    metadata,
    key("connection"),
    key("system"),
    key("entity"),
    key("line"),
    key("key"),
    sa.ForeignKeyConstraint(
        ["connection", "system", "entity", "key"],
        ["snapshots.connection", "snapshots.system", "snapshots.entity", "snapshots.key"],
        name="identities_of_snapshots",
        ondelete="CASCADE",
    ),
    sa.Index("identities_by_key", "connection", "system", "entity", "key"),
)

_PUT = upsert(table, keep=("seen_at",))
_PUT_LINE = insert_once(identities)
_THIS = sa.and_(
    *(table.c[name] == sa.bindparam(f"the_{name}", type_=Words) for name in ("connection", "system", "entity", "key"))
)
_GET = sa.select(table).where(
    *(table.c[name] == sa.bindparam(f"the_{name}", type_=Words) for name in ("connection", "system", "entity")),
    one_of(table.c.key, "keys"),
)
_CLEAR_LINES = sa.delete(identities).where(
    *(identities.c[name] == sa.bindparam(f"the_{name}", type_=Words) for name in ("connection", "system", "entity")),
    one_of(identities.c.key, "keys"),
)
_CARRY = (
    sa.select(identities.c.line, identities.c.key)
    .select_from(identities.join(table))
    .where(
        *(
            identities.c[name] == sa.bindparam(f"the_{name}", type_=Words)
            for name in ("connection", "system", "entity")
        ),
        one_of(identities.c.line, "lines"),
        table.c.gone.is_(None),
    )
    .order_by(identities.c.line, identities.c.key)
)
_MARK_GONE = (
    sa.update(table)
    .where(_THIS)
    .values(gone=sa.bindparam("how", type_=Words), read_at=sa.bindparam("now", type_=Moment))
)
_NAME = sa.update(table).where(_THIS).values(words=sa.bindparam("by", type_=Words))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One record as last read. `read_at` is when its system was asked (aware UTC), `gone` None or how it went."""

    key: str
    record: dict[str, Any]
    hash: str
    read_at: datetime
    gone: str | None = None
    identity: tuple[str, ...] = ()
    changed_at: datetime | None = field(default=None, compare=False)
    """When this version was first read; None in a row to be put: with this reading."""
    stamp: datetime | None = field(default=None, compare=False)
    """When it was last changed, by its system's clock, where that says so."""
    words: str | None = field(default=None, compare=False)
    """What a person finds it by, as `named` looks for it; None: not known yet."""


_LAST = chr(0x10FFFF)


def _of(columns: sa.FromClause, connection: str, system: str, entity: str) -> sa.ColumnElement[bool]:
    return sa.and_(columns.c.connection == connection, columns.c.system == system, columns.c.entity == entity)


def _snapshot(row: Any) -> Snapshot:
    more = {"changed_at": row.changed_at, "stamp": row.stamp, "words": row.words}
    return Snapshot(row.key, row.record, row.hash, row.read_at, row.gone, tuple(row.identity), **more)


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The snapshots of one transaction."""

    db: sa.Connection

    def get(self, connection: str, system: str, entity: str, keys: Iterable[str]) -> dict[str, Snapshot]:
        """Those held, gone ones too, by key."""
        held: dict[str, Snapshot] = {}
        for portion in portions(keys):
            asked = {"the_connection": connection, "the_system": system, "the_entity": entity, "keys": portion}
            held.update((row.key, _snapshot(row)) for row in self.db.execute(_GET, asked))
        return held

    def put(self, connection: str, system: str, entity: str, rows: Sequence[Snapshot]) -> None:
        """Store or replace snapshots and their identity lines; of two with one key the last counts."""
        where = {"connection": connection, "system": system, "entity": entity}
        last = sorted({row.key: row for row in rows}.values(), key=lambda row: row.key)
        values = [
            {
                **where,
                "key": row.key,
                "record": row.record,
                "hash": row.hash,
                "read_at": row.read_at,
                "changed_at": row.changed_at or row.read_at,
                "gone": row.gone,
                "identity": row.identity,
                "stamp": row.stamp,
                "words": None if row.words is None else indexable(row.words),
            }
            for row in last
        ]
        many(self.db, _PUT, values)
        place = {"the_connection": connection, "the_system": system, "the_entity": entity}
        for portion in portions(row.key for row in last):
            self.db.execute(_CLEAR_LINES, {**place, "keys": portion})
        lines = [{**where, "line": indexable(line), "key": row.key} for row in last for line in row.identity]
        many(self.db, _PUT_LINE, lines)

    def gone(
        self, connection: str, system: str, entity: str, keys: Sequence[tuple[str, str]], now: datetime
    ) -> list[str]:
        """Mark each (key, how) as gone and seen so `now`; the keys that were held and not gone before."""
        how = dict(keys)
        living: list[str] = []
        for portion in portions(sorted(how)):
            query = (
                sa.select(table.c.key)
                .where(_of(table, connection, system, entity), table.c.key.in_(portion), table.c.gone.is_(None))
                .order_by(table.c.key)
                .with_for_update()
            )
            living += self.db.execute(query).scalars()
        where = {"the_connection": connection, "the_system": system, "the_entity": entity, "now": now}
        many(self.db, _MARK_GONE, [{**where, "the_key": one, "how": how[one]} for one in living])
        return living

    def see(self, connection: str, system: str, entity: str, keys: Iterable[str], moment: datetime) -> None:
        """Note that a list of all keys, begun at that moment, names these; those not held are nothing to it."""
        for portion in portions(keys):
            where = (_of(table, connection, system, entity), table.c.key.in_(portion))
            self.db.execute(sa.update(table).where(*where).values(seen_at=moment))

    def unseen(self, connection: str, system: str, entity: str, since: datetime) -> list[str]:
        """The living that were neither named by a list of all keys nor read since that moment, in order."""
        query = (
            sa.select(table.c.key)
            .where(
                _of(table, connection, system, entity),
                table.c.gone.is_(None),
                table.c.read_at < since,
                sa.or_(table.c.seen_at.is_(None), table.c.seen_at < since),
            )
            .order_by(table.c.key)
        )
        return list(self.db.execute(query).scalars())

    def keys(self, connection: str, system: str, entity: str) -> Iterator[str]:
        """The keys of the living, in order, read in portions while the transaction lasts."""
        after = ""
        while True:
            query = (
                sa.select(table.c.key)
                .where(_of(table, connection, system, entity), table.c.gone.is_(None), table.c.key > after)
                .order_by(table.c.key)
                .limit(5000)
            )
            portion = self.db.execute(query).scalars().all()
            if not portion:
                return
            yield from portion
            after = portion[-1]

    def count(self, connection: str, system: str, entity: str) -> int:
        """How many of the living are held."""
        query = sa.select(sa.func.count()).where(_of(table, connection, system, entity), table.c.gone.is_(None))
        return self.db.execute(query).scalar_one()

    def page(self, connection: str, system: str, entity: str, after: str, limit: int) -> list[Snapshot]:
        """The next snapshots in the order of their keys, gone ones too; `after` is "" at the start."""
        query = (
            sa.select(table)
            .where(_of(table, connection, system, entity), table.c.key > after)
            .order_by(table.c.key)
            .limit(limit)
        )
        return [_snapshot(row) for row in self.db.execute(query)]

    def mentioning(self, connection: str, system: str, entity: str, word: str) -> list[Snapshot]:
        """The living whose record holds this text as a whole value, wherever: a walk over all of them, for rare use."""
        query = (
            sa.select(table)
            .where(
                _of(table, connection, system, entity),
                table.c.gone.is_(None),
                sa.cast(table.c.record, sa.Text).contains(f'"{word}"', autoescape=True),
            )
            .order_by(table.c.key)
        )
        return [_snapshot(row) for row in self.db.execute(query)]

    def named(self, connection: str, words: str, limit: int) -> list[tuple[str, str, str]]:
        """(system, entity, key) of records, gone ones too, whose words are these, begin with them, or hold them: the
        nearest first. The first two kinds are looked up; for the third the index is walked over, and no record."""
        exact = sa.and_(table.c.words >= f"{words}\n", table.c.words < f"{words}\n{_LAST}")
        begins = sa.and_(table.c.words >= words, table.c.words < words + _LAST)
        holds = table.c.words.contains(words, autoescape=True)
        found: dict[tuple[str, str, str], None] = {}
        for near in (exact, begins, holds):
            query = (
                sa.select(table.c.system, table.c.entity, table.c.key)
                .where(table.c.connection == connection, near)
                .order_by(table.c.words, table.c.system, table.c.entity, table.c.key)
                .limit(limit)
            )
            found.update(((system, entity, key), None) for system, entity, key in self.db.execute(query))
            if len(found) >= limit:
                break
        return list(found)[:limit]

    def wordless(self, connection: str, limit: int) -> list[tuple[str, str, Snapshot]]:
        """Some of those whose words are not known yet, with their system and entity."""
        query = sa.select(table).where(table.c.connection == connection, table.c.words.is_(None)).limit(limit)
        return [(row.system, row.entity, _snapshot(row)) for row in self.db.execute(query)]

    def name(self, connection: str, rows: Sequence[tuple[str, str, str, str]]) -> None:
        """Say by which words each (system, entity, key) is found."""
        fields = ("the_system", "the_entity", "the_key", "by")
        many(
            self.db,
            _NAME,
            [
                {"the_connection": connection, **dict(zip(fields, (*row[:3], indexable(row[3])), strict=True))}
                for row in rows
            ],
        )

    def by_identity(self, connection: str, system: str, entity: str, lines: Iterable[str]) -> dict[str, list[str]]:
        """For each identity line that a living record carries: the keys of those records, in order."""
        asked = {indexable(line): line for line in lines}
        found: dict[str, list[str]] = {}
        place = {"the_connection": connection, "the_system": system, "the_entity": entity}
        for portion in portions(asked):
            for line, holder in self.db.execute(_CARRY, {**place, "lines": portion}):
                found.setdefault(asked[line], []).append(holder)
        return found
