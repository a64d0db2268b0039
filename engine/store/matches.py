"""Matches: the index of key values over which records of both sides find each other, kept so that nobody is asked.

A row says: in this mapping's match key number `position`, on this side, the record `key` has this value. `holder` is
the record that the row was read from: a person's e-mail speaks for the organization it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import sqlalchemy as sa

from engine.store.columns import indexable, key, metadata
from engine.store.statements import insert_once, many, one_of, portions

Side = Literal["source", "target"]
_SIDES: Final[tuple[Side, ...]] = ("source", "target")

table = sa.Table(
    "matches",
    metadata,
    key("connection"),
    key("mapping"),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    key("side"),
    key("value"),
    key("key"),
    key("holder"),
    sa.Index("matches_by_holder", "connection", "mapping", "holder", "position", "side"),
    sa.Index("matches_by_key", "connection", "mapping", "key", "side"),
)

_PUT = insert_once(table)
_PLACE = sa.and_(
    *(table.c[name] == sa.bindparam(f"the_{name}") for name in ("connection", "mapping", "position", "side"))
)
_HITS = sa.select(table.c.position, table.c.side, table.c.value, table.c.key).where(
    *(table.c[name] == sa.bindparam(f"the_{name}") for name in ("connection", "mapping")),
    table.c.position.in_(sa.bindparam("positions", expanding=True, type_=sa.Integer)),
    one_of(table.c.side, "sides"),
    one_of(table.c.value, "values"),
)
_CLEAR = sa.delete(table).where(_PLACE, one_of(table.c.holder, "holders"))
_FORGET = sa.delete(table).where(
    *(table.c[name] == sa.bindparam(f"the_{name}") for name in ("connection", "mapping")),
    one_of(table.c.holder, "holders"),
)
"""Made once: these are asked for several times with each record."""


@dataclass(frozen=True, slots=True)
class Matches:
    """The match index of one transaction."""

    db: sa.Connection

    def replace(
        self,
        connection: str,
        mapping: str,
        position: int,
        side: Side,
        rows_by_holder: Mapping[str, Sequence[tuple[str, str]]],
    ) -> None:
        """The (value, key) pairs that each holder has now for one match key; its earlier ones go."""
        common = {"connection": connection, "mapping": mapping, "position": position, "side": side}
        for portion in portions(sorted(rows_by_holder)):
            self.db.execute(_CLEAR, {**_the(connection, mapping, position, side), "holders": portion})
        values = [
            {**common, "holder": holder, "value": indexable(value), "key": one}
            for holder, rows in sorted(rows_by_holder.items())
            for value, one in rows
        ]
        many(self.db, _PUT, values)

    def add(self, connection: str, mapping: str, holder: str, side: Side, rows: Iterable[tuple[int, str, str]]) -> None:
        """The (position, value, key) triples of a holder that is new: there is nothing that could go."""
        common = {"connection": connection, "mapping": mapping, "side": side, "holder": holder}
        values = [
            {**common, "position": position, "value": indexable(value), "key": one} for position, value, one in rows
        ]
        many(self.db, _PUT, values)

    def hits(
        self, connection: str, mapping: str, position: int, side: Side, values: Iterable[str]
    ) -> dict[str, set[str]]:
        """The records that have each value, by value; only values that some record has."""
        return self.all_hits(connection, mapping, {position: values})[(position, side)]

    def all_hits(
        self, connection: str, mapping: str, values: Mapping[int, Iterable[str]]
    ) -> dict[tuple[int, Side], dict[str, set[str]]]:
        """The same for many positions, and both sides of each: (position, side)."""
        asked = {position: {indexable(one): one for one in some} for position, some in values.items()}
        found: dict[tuple[int, Side], dict[str, set[str]]] = {(one, side): {} for one in values for side in _SIDES}
        place = {"the_connection": connection, "the_mapping": mapping, "positions": list(asked), "sides": _SIDES}
        for portion in portions(one for some in asked.values() for one in some):
            for position, side, value, one in self.db.execute(_HITS, {**place, "values": portion}):
                if value in asked[position]:
                    found[(position, side)].setdefault(asked[position][value], set()).add(one)
        return found

    def of(self, connection: str, mapping: str, side: Side, keys: Iterable[str]) -> dict[str, list[tuple[int, str]]]:
        """By record: (position of the match key, value) of everything that it can be found by."""
        found: dict[str, list[tuple[int, str]]] = {}
        for portion in portions(keys):
            query = (
                sa.select(table.c.key, table.c.position, table.c.value)
                .where(
                    table.c.connection == connection, table.c.mapping == mapping, table.c.side == side,
                    table.c.key.in_(portion),
                )
                .distinct()
                .order_by(table.c.key, table.c.position, table.c.value)
            )  # fmt: skip
            for one, position, value in self.db.execute(query):
                found.setdefault(one, []).append((position, value))
        return found

    def forget(self, connection: str, mapping: str, holders: Iterable[str]) -> None:
        """Take out everything that was read from these records, on either side."""
        for portion in portions(sorted(holders)):
            self.db.execute(_FORGET, {"the_connection": connection, "the_mapping": mapping, "holders": portion})


def _the(connection: str, mapping: str, position: int, side: Side) -> dict[str, str | int]:
    return {"the_connection": connection, "the_mapping": mapping, "the_position": position, "the_side": side}
