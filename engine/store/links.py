"""Links: "this source record is that target record", keyed by systems and entities, never by a mapping's name.

Many sources may share a target. A link is never deleted: `gone` says how its source went. What was last written
along a link is kept by `bases`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from engine.store.columns import Moment, indexable, key, metadata, needed, text
from engine.store.statements import many, one_of, portions, upsert

Place = tuple[str, str]
"""A system and one of its entities: ("pipedrive", "deal")."""

Role = Literal["own", "same_as"]

table = sa.Table(
    "links",
    metadata,
    key("connection"),
    key("source_system"),
    key("source_entity"),
    key("source_key"),
    key("target_system"),
    key("target_entity"),
    needed("target_key"),
    text("group"),
    needed("role"),
    sa.Column("created_at", Moment, nullable=False),
    text("gone"),
    needed("record_key"),
    sa.Index("links_by_target", "connection", "target_system", "target_entity", "target_key"),
    sa.Index("links_by_record", "connection", "source_system", "source_entity", "record_key"),
    sa.Index("links_by_group", "connection", "source_system", "source_entity", "group"),
    sa.Index("links_by_pair", "connection", "source_entity", "target_entity", "gone"),
)

_PUT = upsert(table)
_IN_ORDER = (table.c.created_at, table.c.source_key, table.c.source_system, table.c.source_entity)


_TO = ("connection", "target_system", "target_entity")
_FROM = ("source_system", "source_entity")


def _selection(by: str, names: Iterable[str]) -> sa.Select[Any]:
    place = (table.c[name] == sa.bindparam(f"the_{name}") for name in names)
    return sa.select(table).where(*place, one_of(table.c[by], "keys")).order_by(*_IN_ORDER)


_ROWS = {
    (by, told): _selection(by, (*_TO, *_FROM) if told else _TO)
    for by in ("source_key", "record_key", "target_key", "group")
    for told in (True, False)
}
"""By the column that is asked for, and whether the source is told: made once, as they are asked with each record."""


@dataclass(frozen=True, slots=True)
class Link:
    """One link. `record_key` is the key of the source record; `source_key` differs from it for elements of `each`.

    `role` is "own", or "same_as" for a source that only shares another one's link and writes nothing.
    """

    source_system: str
    source_entity: str
    source_key: str
    target_system: str
    target_entity: str
    target_key: str
    group: str | None
    role: Role
    created_at: datetime
    gone: str | None
    record_key: str


def _link(row: Any) -> Link:
    return Link(*row[1:])


def _between(connection: str, source: Place | None, target: Place) -> sa.ColumnElement[bool]:
    of_target = sa.and_(
        table.c.connection == connection, table.c.target_system == target[0], table.c.target_entity == target[1]
    )
    if source is None:
        return of_target
    return sa.and_(of_target, table.c.source_system == source[0], table.c.source_entity == source[1])


@dataclass(frozen=True, slots=True)
class Links:
    """The links of one transaction."""

    db: sa.Connection

    def by_source(self, connection: str, source: Place, target: Place, keys: Iterable[str]) -> dict[str, Link]:
        """The link of each source key that has one, gone ones too."""
        rows = self._rows("source_key", connection, source, target, keys)
        return {link.source_key: link for link in rows}

    def by_record(
        self, connection: str, source: Place, target: Place, record_keys: Iterable[str]
    ) -> dict[str, list[Link]]:
        """The links of each source record, its elements' too, oldest first."""
        return _grouped(self._rows("record_key", connection, source, target, record_keys), "record_key")

    def by_target(
        self, connection: str, target: Place, keys: Iterable[str], source: Place | None = None
    ) -> dict[str, list[Link]]:
        """The links of each target key (from one source entity, or from all), by creation, then source key."""
        return _grouped(self._rows("target_key", connection, source, target, keys), "target_key")

    def by_group(self, connection: str, source: Place, target: Place, groups: Iterable[str]) -> dict[str, list[Link]]:
        """The links of each `one_per` group, oldest first."""
        asked = {indexable(group): group for group in groups}
        rows = self._rows("group", connection, source, target, asked)
        return {asked[group]: links for group, links in _grouped(rows, "group").items()}

    def put(self, connection: str, links: Sequence[Link]) -> None:
        """Store or replace links."""
        values = [
            {
                "connection": connection,
                "source_system": link.source_system,
                "source_entity": link.source_entity,
                "source_key": link.source_key,
                "target_system": link.target_system,
                "target_entity": link.target_entity,
                "target_key": link.target_key,
                "group": None if link.group is None else indexable(link.group),
                "role": link.role,
                "created_at": link.created_at,
                "gone": link.gone,
                "record_key": link.record_key,
            }
            for link in sorted(links, key=lambda link: (link.source_entity, link.source_key))
        ]
        many(self.db, _PUT, values)

    def mark_gone(
        self, connection: str, source: Place, target: Place, source_keys: Iterable[str], how: str | None
    ) -> None:
        """Say how the sources went ("deleted", "voided", ...); None: they are back."""
        for portion in portions(sorted(source_keys)):
            where = sa.and_(_between(connection, source, target), table.c.source_key.in_(portion))
            self.db.execute(sa.update(table).where(where).values(gone=how))

    def move(self, connection: str, target: Place, old_key: str, new_key: str) -> None:
        """Point every link of a target at another one (a merge). Bases stay: the new target has its own, or none."""
        where = sa.and_(_between(connection, None, target), table.c.target_key == old_key)
        self.db.execute(sa.update(table).where(where).values(target_key=new_key))

    def count(self, connection: str) -> dict[tuple[str, str], int]:
        """How many links with a living source there are, by (source entity, target entity)."""
        pair = (table.c.source_entity, table.c.target_entity)
        query = (
            sa.select(*pair, sa.func.count())
            .where(table.c.connection == connection, table.c.gone.is_(None))
            .group_by(*pair)
        )
        return {(source, target): number for source, target, number in self.db.execute(query)}

    def _rows(self, by: str, connection: str, source: Place | None, target: Place, keys: Iterable[str]) -> list[Link]:
        place = {"the_connection": connection, "the_target_system": target[0], "the_target_entity": target[1]}
        if source is not None:
            place |= {"the_source_system": source[0], "the_source_entity": source[1]}
        found: list[Link] = []
        for portion in portions(keys):
            found += map(_link, self.db.execute(_ROWS[by, source is not None], {**place, "keys": portion}))
        return found


def _grouped(links: Iterable[Link], name: str) -> dict[str, list[Link]]:
    grouped: dict[str, list[Link]] = {}
    for link in links:
        grouped.setdefault(getattr(link, name), []).append(link)
    return grouped
