"""Workers: the processes that share this store, each alive as long as it says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from engine.store.columns import Moment, key, metadata
from engine.store.statements import upsert

table = sa.Table(
    "workers",
    metadata,
    key("name"),
    sa.Column("since", Moment, nullable=False),
    sa.Column("until", Moment, nullable=False),
    sa.Column("calls", sa.Boolean(create_constraint=False), nullable=False),
)
_BEAT = upsert(table, keep=["since"])


@dataclass(frozen=True, slots=True)
class Worker:
    """A process. `calls`: it calls the systems that are called by us, and does not only answer."""

    name: str
    since: datetime
    until: datetime
    calls: bool


@dataclass(frozen=True, slots=True)
class Workers:
    """The workers of one transaction."""

    db: sa.Connection

    def beat(self, name: str, calls: bool, now: datetime, ttl: timedelta) -> None:
        """It lives, and counts as living for `ttl`. Those whose time is over are forgotten, as are those whose time
        lies further ahead than any beat reaches: their clock was wrong."""
        over = sa.or_(table.c.until <= now, table.c.until > now + 10 * ttl)
        self.db.execute(sa.delete(table).where(over, table.c.name != name))
        self.db.execute(_BEAT, {"name": name, "since": now, "until": now + ttl, "calls": calls})

    def alive(self, now: datetime) -> list[Worker]:
        """Those that live, by name."""
        query = sa.select(table).where(table.c.until > now).order_by(table.c.name)
        return [Worker(**row._asdict()) for row in self.db.execute(query)]

    def leave(self, name: str) -> None:
        """It works no more."""
        self.db.execute(sa.delete(table).where(table.c.name == name))
