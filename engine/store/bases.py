"""Bases: what we last wrote to a target along a link and what it answered, the middle of the three-way rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from engine.store.columns import Json, key, metadata
from engine.store.links import Place
from engine.store.statements import many, one_of, portions, upsert

table = sa.Table(
    "bases",
    metadata,
    key("connection"),
    key("source_system"),
    key("source_entity"),
    key("target_system"),
    key("target_entity"),
    key("target_key"),
    sa.Column("sent", Json, nullable=False),
    sa.Column("seen", Json, nullable=False),
    sa.Column("children", Json, nullable=False),
)

_PUT = upsert(table)
_PLACE = ("the_connection", "the_source_system", "the_source_entity", "the_target_system", "the_target_entity")
_GET = sa.select(table.c.target_key, table.c.sent, table.c.seen, table.c.children).where(
    *(table.c[name.removeprefix("the_")] == sa.bindparam(name) for name in _PLACE), one_of(table.c.target_key, "keys")
)


@dataclass(frozen=True, slots=True)
class Base:
    """By field: what was `sent` and what was `seen` in the answer; `children` by the name of their list."""

    sent: dict[str, Any] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)
    children: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bases:
    """The bases of one transaction."""

    db: sa.Connection

    def get(self, connection: str, source: Place, target: Place, target_keys: Iterable[str]) -> dict[str, Base]:
        """The base of each target key that has one."""
        found: dict[str, Base] = {}
        for portion in portions(target_keys):
            place = (connection, *source, *target)
            asked = {**dict(zip(_PLACE, place, strict=True)), "keys": portion}
            found.update((target_key, Base(*parts)) for target_key, *parts in self.db.execute(_GET, asked))
        return found

    def put(self, connection: str, source: Place, target: Place, bases: Mapping[str, Base]) -> None:
        """Store or replace bases, by target key."""
        values = [
            {
                "connection": connection,
                "source_system": source[0],
                "source_entity": source[1],
                "target_system": target[0],
                "target_entity": target[1],
                "target_key": target_key,
                "sent": base.sent,
                "seen": base.seen,
                "children": base.children,
            }
            for target_key, base in sorted(bases.items())
        ]
        many(self.db, _PUT, values)
