"""Sightings: records as a reconciliation read them, apart from the snapshots, so that what is audited is not touched.

A key that is still to be asked for is a sighting without `read_at`. Lines are the identity lines that sighted records
carry; those of records that were compared are claimed, so that what is left over belongs to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine.store.columns import Json, Moment, indexable, key, metadata, text
from engine.store.snapshots import Snapshot
from engine.store.statements import insert_once, many, portions, upsert

table = sa.Table(
    "sightings",
    metadata,
    key("run"),
    key("system"),
    key("entity"),
    key("key"),
    sa.Column("record", Json),
    sa.Column("identity", Json),
    sa.Column("read_at", Moment),
    text("gone"),
)
lines = sa.Table(
    "sighted_lines",
    metadata,
    key("run"),
    key("system"),
    key("entity"),
    key("line"),
    key("key"),
    sa.Column("claimed", sa.Boolean(create_constraint=False), nullable=False),
    sa.Index("sighted_lines_by_key", "run", "system", "entity", "key"),
)

_PUT = upsert(table)
_PUT_LINE = insert_once(lines)
_ASK = insert_once(table)

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """One identity line, and the record that carries it."""

    line: str
    key: str


@dataclass(frozen=True, slots=True)
class Sightings:
    """The sightings of one transaction."""

    db: sa.Connection

    def put(self, run: str, ref: Place, rows: Sequence[Snapshot]) -> None:
        """Store or replace sightings with their lines; of two with one key the last counts."""
        last = sorted({row.key: row for row in rows}.values(), key=lambda row: row.key)
        where = {"run": run, "system": ref[0], "entity": ref[1]}
        values = [
            {**where, "key": row.key, "record": row.record, "identity": row.identity, "read_at": row.read_at,
             "gone": row.gone}
            for row in last
        ]  # fmt: skip
        many(self.db, _PUT, values)
        for portion in portions(row.key for row in last):
            self.db.execute(sa.delete(lines).where(_of(lines, run, ref), lines.c.key.in_(portion)))
        made = [
            {**where, "line": indexable(line), "key": row.key, "claimed": False}
            for row in last
            for line in row.identity
        ]
        many(self.db, _PUT_LINE, made)

    def ask(self, run: str, ref: Place, keys: Iterable[str]) -> None:
        """Note keys that must be asked for, unless they are sighted before their turn comes."""
        where = {"run": run, "system": ref[0], "entity": ref[1]}
        many(self.db, _ASK, [{**where, "key": one} for one in sorted(set(keys))])

    def asked(self, run: str, ref: Place, limit: int) -> list[str]:
        """The next keys that were asked for and are not sighted yet."""
        query = sa.select(table.c.key).where(_of(table, run, ref), table.c.read_at.is_(None))
        return list(self.db.execute(query.order_by(table.c.key).limit(limit)).scalars())

    def get(self, run: str, ref: Place, keys: Iterable[str]) -> dict[str, Snapshot]:
        """Those sighted, gone ones too, by key."""
        found: dict[str, Snapshot] = {}
        for portion in portions(keys):
            query = sa.select(table).where(_of(table, run, ref), table.c.key.in_(portion), table.c.read_at.is_not(None))
            found.update((row.key, _snapshot(row)) for row in self.db.execute(query))
        return found

    def page(self, run: str, ref: Place, after: str, limit: int) -> list[Snapshot]:
        """The next living ones in the order of their keys; `after` is "" at the start."""
        living = (table.c.read_at.is_not(None), table.c.gone.is_(None), table.c.key > after)
        query = sa.select(table).where(_of(table, run, ref), *living).order_by(table.c.key).limit(limit)
        return [_snapshot(row) for row in self.db.execute(query)]

    def count(self, run: str, ref: Place) -> int:
        """How many records were sighted."""
        where = (_of(table, run, ref), table.c.read_at.is_not(None), table.c.gone.is_(None))
        return self.db.execute(sa.select(sa.func.count()).where(*where)).scalar_one()

    def drop_older(self, run: str, ref: Place, moment: datetime) -> None:
        """Forget what an attempt before that moment sighted: the reading began anew."""
        old = sa.select(table.c.key).where(_of(table, run, ref), table.c.read_at < moment)
        self.db.execute(sa.delete(lines).where(_of(lines, run, ref), lines.c.key.in_(old)))
        self.db.execute(sa.delete(table).where(_of(table, run, ref), table.c.read_at < moment))

    # ---------------------------------------------------------------------------------------------------- lines
    def carrying(self, run: str, ref: Place, wanted: Iterable[str]) -> dict[str, list[str]]:
        """By line: the keys of the records that carry it, in order."""
        asked = {indexable(one): one for one in wanted}
        found: dict[str, list[str]] = {}
        for portion in portions(asked):
            query = sa.select(lines.c.line, lines.c.key).where(_of(lines, run, ref), lines.c.line.in_(portion))
            for line, one in self.db.execute(query.order_by(lines.c.line, lines.c.key)):
                found.setdefault(asked[line], []).append(one)
        return found

    def claim(self, run: str, ref: Place, keys: Iterable[str]) -> None:
        """The records of these keys were compared: their lines are no longer left over."""
        for portion in portions(keys):
            where = (_of(lines, run, ref), lines.c.key.in_(portion))
            self.db.execute(sa.update(lines).where(*where).values(claimed=True))

    def left_over(self, run: str, ref: Place, prefix: str, after: Line, limit: int) -> list[Line]:
        """The next lines with that beginning that nothing has claimed, in order."""
        later = sa.or_(lines.c.line > after.line, sa.and_(lines.c.line == after.line, lines.c.key > after.key))
        within = (lines.c.line >= prefix, lines.c.line < prefix + "\U0010ffff")
        query = sa.select(lines.c.line, lines.c.key).where(
            _of(lines, run, ref), lines.c.claimed.is_(False), later, *within
        )
        return [Line(*row) for row in self.db.execute(query.order_by(lines.c.line, lines.c.key).limit(limit))]

    def forget(self, run: str) -> None:
        """Drop everything that this run sighted."""
        for one in (lines, table):
            self.db.execute(sa.delete(one).where(one.c.run == run))


def _of(columns: sa.Table, run: str, ref: Place) -> sa.ColumnElement[bool]:
    return sa.and_(columns.c.run == run, columns.c.system == ref[0], columns.c.entity == ref[1])


def _snapshot(row: sa.Row[tuple[object, ...]]) -> Snapshot:
    return Snapshot(row.key, row.record or {}, "", row.read_at, row.gone, tuple(row.identity or ()))
