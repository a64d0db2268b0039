"""Waits: which references a row of the queue waits for, or left out because they were optional.

When such a reference gets its link (or another one), `wake` makes the rows due. Two transactions that pass each other
could lose a wake on PostgreSQL (one looks for the link, the other makes it and looks for waits): so both sides lock
the reference, and whoever waits must look for the link once more after `replace`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.store import locks
from engine.store.columns import Words, key, metadata
from engine.store.statements import insert_once, many, one_of, portions
from engine.store.work import table as work

Reference = tuple[str, str]
"""A mapping and the source key that it should link."""

table = sa.Table(
    "waits",
    metadata,
    key("connection"),
    key("mapping"),
    key("source_key"),
    key("ref_mapping"),
    key("ref_key"),
    sa.Index("waits_by_reference", "connection", "ref_mapping", "ref_key"),
)

_PUT = insert_once(table)
_FORGET = sa.delete(table).where(
    *(table.c[name] == sa.bindparam(f"the_{name}", type_=Words) for name in ("connection", "mapping", "source_key"))
)
_ENDED = (
    sa.delete(table)
    .where(
        *(table.c[name] == sa.bindparam(f"the_{name}", type_=Words) for name in ("connection", "ref_mapping")),
        one_of(table.c.ref_key, "keys"),
    )
    .returning(table.c.mapping, table.c.source_key)
)


@dataclass(frozen=True, slots=True)
class Waits:
    """The waits of one transaction."""

    db: sa.Connection

    def replace(self, connection: str, mapping: str, source_key: str, refs: Sequence[Reference]) -> None:
        """What this row waits for now, or left; nothing else any more. Look for the links again afterwards."""
        self.replace_many(connection, {(mapping, source_key): refs})

    def replace_many(self, connection: str, refs: Mapping[tuple[str, str], Sequence[Reference]]) -> None:
        """The same for many rows, by (mapping, source key)."""
        locks.take(self.db, "reference", (_name(connection, ref) for some in refs.values() for ref in some))
        rows = [
            {"the_connection": connection, "the_mapping": mapping, "the_source_key": source_key}
            for mapping, source_key in sorted(refs)
        ]
        many(self.db, _FORGET, rows)
        values = [
            {
                "connection": connection,
                "mapping": row[0],
                "source_key": row[1],
                "ref_mapping": ref[0],
                "ref_key": ref[1],
            }
            for row, some in sorted(refs.items())
            for ref in some
        ]
        many(self.db, _PUT, values)

    def wake(self, connection: str, refs: Sequence[Reference], now: datetime) -> int:
        """Make due what waited for these references or left them; the waits end. How many rows that were not due.

        Leased rows are touched instead; parked ones stay parked, a person decides about them. Each keeps its own
        priority: old history that waited is old history still.
        """
        locks.take(self.db, "reference", (_name(connection, ref) for ref in refs))
        waiting: dict[str, list[str]] = {}
        for ref_mapping in sorted({ref[0] for ref in refs}):
            for portion in portions(sorted(ref[1] for ref in refs if ref[0] == ref_mapping)):
                place = {"the_connection": connection, "the_ref_mapping": ref_mapping, "keys": portion}
                for mapping, source_key in self.db.execute(_ENDED, place):
                    waiting.setdefault(mapping, []).append(source_key)
        return sum(self._due(connection, mapping, waiting[mapping], now) for mapping in sorted(waiting))

    def hurry(self, connection: str, refs: Sequence[Reference], priority: int) -> None:
        """Give the rows of these references, and of what they wait for in turn, at least that priority."""
        ahead, seen = list(dict.fromkeys(refs)), set(refs)
        while ahead:
            mapping, source_key = ahead.pop()
            later = sa.and_(
                work.c.connection == connection,
                work.c.mapping == mapping,
                work.c.source_key == source_key,
                work.c.state.in_(["due", "leased", "waiting"]),
                work.c.priority > priority,
            )
            if self.db.execute(sa.update(work).where(later).values(priority=priority)).rowcount:
                found = self.for_row(connection, mapping, source_key)
                ahead += [ref for ref in found if ref not in seen]
                seen.update(found)

    def for_row(self, connection: str, mapping: str, source_key: str) -> list[Reference]:
        """What this row waits for, or left."""
        query = (
            sa.select(table.c.ref_mapping, table.c.ref_key)
            .where(table.c.connection == connection, table.c.mapping == mapping, table.c.source_key == source_key)
            .order_by(table.c.ref_mapping, table.c.ref_key)
        )
        return [(ref_mapping, ref_key) for ref_mapping, ref_key in self.db.execute(query)]

    def _due(self, connection: str, mapping: str, source_keys: Sequence[str], now: datetime) -> int:
        woken = 0
        for portion in portions(sorted(source_keys)):
            where = sa.and_(work.c.connection == connection, work.c.mapping == mapping, work.c.source_key.in_(portion))
            asleep = sa.and_(where, work.c.state.in_(["waiting", "done", "skipped"]))
            due = sa.and_(where, work.c.state == "due")
            leased = sa.and_(where, work.c.state == "leased")
            self._lock(where)
            self.db.execute(sa.update(work).where(leased).values(touched=work.c.touched + 1, due_at=now))
            self.db.execute(sa.update(work).where(due, work.c.due_at > now).values(due_at=now))
            values: dict[str, Any] = {"state": "due", "due_at": now, "reason": None, "code": None}
            woken += self.db.execute(sa.update(work).where(asleep).values(values)).rowcount
        return woken

    def _lock(self, where: sa.ColumnElement[bool]) -> None:
        """Hold the rows, in the order in which everybody takes them."""
        query = sa.select(work.c.source_key).where(where).order_by(work.c.mapping, work.c.source_key).with_for_update()
        self.db.execute(query).all()


def _name(connection: str, ref: Reference) -> str:
    return f"{connection}\0{ref[0]}\0{ref[1]}"
