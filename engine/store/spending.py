"""Spending: amounts counted within a rolling window, so that a limit is kept by every process together.

Amounts are added up in buckets of 1/1440 of the window (a minute of a day). A bucket counts until its end has left
the window, or reached the moment since which is counted: up to one bucket too long, never too short.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Insert, insert

from engine.store import locks
from engine.store.columns import Moment, key, metadata, microseconds

_BUCKETS = 1440

table = sa.Table(
    "spending",
    metadata,
    key("scope"),
    key("name"),
    sa.Column("bucket", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
)


def _adding() -> Insert:
    statement = insert(table)
    more = {"amount": table.c.amount + statement.excluded.amount, "expires_at": statement.excluded.expires_at}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=more)


_ADD = _adding()
_OF_NAME = sa.and_(table.c.scope == sa.bindparam("of_scope"), table.c.name == sa.bindparam("of_name"))
_SWEEP = sa.delete(table).where(_OF_NAME, table.c.expires_at <= sa.bindparam("now", type_=Moment))
_SUM = sa.select(sa.func.coalesce(sa.func.sum(table.c.amount), 0)).where(
    _OF_NAME, table.c.bucket > sa.bindparam("begin", type_=sa.BigInteger)
)


@dataclass(frozen=True, slots=True)
class Spending:
    """The amounts of one transaction. A name is to be used with one window."""

    db: sa.Connection

    def spend(
        self,
        scope: str,
        name: str,
        amount: int,
        limit: int,
        window: timedelta,
        now: datetime,
        since: datetime | None = None,
    ) -> bool:
        """Count `amount` if the sum of the window (or `since` that moment) stays within `limit`; else count nothing and
        say False."""
        locks.take(self.db, "spending", [f"{scope}\0{name}"])
        self.db.execute(_SWEEP, {"of_scope": scope, "of_name": name, "now": now})
        if self.spent(scope, name, window, now, since) + amount > limit:
            return False
        width = max(window // _BUCKETS // timedelta(microseconds=1), 1)
        end = (microseconds(now) // width + 1) * width
        late = now + timedelta(microseconds=width) + window
        row = {"scope": scope, "name": name, "bucket": end, "amount": amount, "expires_at": late}
        self.db.execute(_ADD, row)
        return True

    def spent(self, scope: str, name: str, window: timedelta, now: datetime, since: datetime | None = None) -> int:
        """The sum counted within the last `window`, or of that only what was counted `since` a moment."""
        begin = microseconds(now - window if since is None else max(since, now - window))
        return int(self.db.execute(_SUM, {"of_scope": scope, "of_name": name, "begin": begin}).scalar_one())
