"""What is forgotten after a while: old entries of the journal, old requests and visits, records that are long gone.

What the engine needs to go on (links, bases, living records, the queue) is never forgotten. Forgetting goes in small
portions, so that nobody waits for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from engine.store.intents import UNSETTLED, table as intents
from engine.store.journal import table as journal
from engine.store.links import table as links
from engine.store.snapshots import table as snapshots
from engine.store.visits import table as visits
from engine.store.wanted import table as wanted

PORTION = 1_000


@dataclass(frozen=True, slots=True)
class _Kind:
    """Rows of a table that may be forgotten once `at` is long past."""

    table: sa.Table
    at: sa.Column[datetime]
    where: tuple[sa.ColumnElement[bool], ...] = ()


def _linked(side: str) -> sa.ColumnElement[bool]:
    """Whether a link leads from or to a record; what it says of it must stay true."""
    same = [links.c[f"{side}_{name}"] == snapshots.c[name] for name in ("system", "entity")]
    key = links.c.record_key if side == "source" else links.c.target_key
    return sa.exists().where(links.c.connection == snapshots.c.connection, *same, key == snapshots.c.key)


_KINDS: Final[Mapping[str, tuple[_Kind, ...]]] = {
    "journal": (_Kind(journal, journal.c.at),),
    "requests": (
        _Kind(intents, intents.c.finished_at, (sa.not_(UNSETTLED),)),
        _Kind(wanted, wanted.c.added_at, (wanted.c.open.is_(False),)),
    ),
    "visits": (_Kind(visits, visits.c.last_at),),
    "gone": (
        _Kind(snapshots, snapshots.c.read_at,
              (snapshots.c.gone.is_not(None), sa.not_(_linked("source")), sa.not_(_linked("target")))),
    ),
}  # fmt: skip
KINDS = tuple(_KINDS)
"""What may be forgotten, each after a time of its own."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Forgetting, in one transaction."""

    db: sa.Connection

    def forget(self, connection: str, kind: str, before: datetime, most: int = PORTION) -> int:
        """Forget what is older than that, at most so many rows of a table, the oldest first; how many rows went."""
        gone = 0
        for one in _KINDS[kind]:
            keys = list(one.table.primary_key)
            old = sa.select(*keys).where(one.table.c.connection == connection, one.at < before, *one.where)
            chosen = self.db.execute(old.order_by(one.at).limit(most)).all()
            if chosen:
                rows = sa.tuple_(*keys).in_([tuple(row) for row in chosen])
                gone += self.db.execute(sa.delete(one.table).where(rows)).rowcount
        return gone
