"""Tallies: how often records came to each end, by hour and ever; so that nobody has to count the journal.

They are written once, at the end of a transaction and in one order: rows that every worker adds to are held for a
moment only, and two workers never wait for each other in a circle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Insert, insert

from engine.store.columns import Moment, key, metadata
from engine.store.statements import many

if TYPE_CHECKING:
    from engine.store.journal import Entry

EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The hour that stands for all hours."""

table = sa.Table(
    "tallies",
    metadata,
    key("connection"),
    sa.Column("hour", Moment, primary_key=True, autoincrement=False),
    key("mapping"),
    key("outcome"),
    sa.Column("count", sa.BigInteger, nullable=False),
)


def _adding() -> Insert:
    statement = insert(table)
    more = {"count": table.c.count + statement.excluded["count"]}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=more)


_ADD = _adding()


@dataclass(frozen=True, slots=True)
class Tally:
    """So many records of a mapping came to an outcome within the hour that begins then."""

    hour: datetime
    mapping: str
    outcome: str
    count: int


@dataclass(frozen=True, slots=True)
class Tallies:
    """The tallies of one transaction."""

    db: sa.Connection
    _new: Counter[tuple[str, datetime, str, str]] = field(default_factory=Counter)

    def count(self, connection: str, entries: Iterable[Entry]) -> None:
        """Count those entries of the journal that say how a record's way ended."""
        for one in entries:
            if one.outcome is not None and (one.step == "link" or one.outcome == "parked"):
                hour = one.at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
                for moment in (hour, EVER):
                    self._new[(connection, moment, one.mapping, one.outcome)] += 1

    def write(self) -> None:
        """Add what was counted to what is stored; the last thing that a transaction does."""
        rows = [
            {"connection": connection, "hour": hour, "mapping": mapping, "outcome": outcome, "count": count}
            for (connection, hour, mapping, outcome), count in sorted(self._new.items())
        ]
        self._new.clear()
        many(self.db, _ADD, rows)

    def totals(self, connection: str) -> dict[str, dict[str, int]]:
        """By mapping: how often its records ever came to each outcome."""
        counted: dict[str, dict[str, int]] = {}
        for one in self._rows(connection, table.c.hour == EVER):
            counted.setdefault(one.mapping, {})[one.outcome] = one.count
        return counted

    def since(self, connection: str, moment: datetime) -> Sequence[Tally]:
        """The hours from that moment on, the first first."""
        return self._rows(connection, sa.and_(table.c.hour >= moment, table.c.hour > EVER))

    def prune(self, connection: str, before: datetime) -> int:
        """Forget hours before that, not what is counted for ever; how many rows."""
        old = sa.and_(table.c.connection == connection, table.c.hour > EVER, table.c.hour < before)
        return self.db.execute(sa.delete(table).where(old)).rowcount

    def _rows(self, connection: str, hours: sa.ColumnElement[bool]) -> list[Tally]:
        columns = (table.c.hour, table.c.mapping, table.c.outcome, table.c.count)
        query = sa.select(*columns).where(table.c.connection == connection, hours).order_by(*columns[:3])
        return [Tally(*row) for row in self.db.execute(query)]
