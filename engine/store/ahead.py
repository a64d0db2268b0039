"""What a clock that was ahead and was put back has left behind: moments that would be waited for, or believed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from engine.store import cursors, wanted, work

SMALL = timedelta(minutes=5)
"""Steps back of no more than this are waited out: readings overlap by more."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """The leftovers of one transaction."""

    db: sa.Connection

    def mend(self, now: datetime) -> list[str]:
        """Of connections that were read at a time that has not come yet, which are returned: what was deferred is due,
        and what was read then is read anew from the beginning, since what changed meanwhile would never be."""
        read = cursors.table.c
        ahead = read.started_at > now + SMALL
        names = list(self.db.execute(sa.select(read.connection).where(ahead).distinct()).scalars())
        if names:
            self.db.execute(sa.delete(cursors.table).where(ahead))
            due, asked = work.table.c, wanted.table.c
            rows = sa.update(work.table).where(due.connection.in_(names))
            self.db.execute(rows.where(due.state == "due", due.due_at > now).values(due_at=now))
            self.db.execute(rows.where(due.need_since > now).values(need_since=now))
            keys = sa.update(wanted.table).where(asked.connection.in_(names))
            self.db.execute(keys.where(asked.not_before > now).values(not_before=now))
        return sorted(names)
