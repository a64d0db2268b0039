"""What became due lately, of all connections at once: one cheap look tells whom to call, whoever made it due.

A look covers the time since the last one, with some overlap: what is told twice is harmless.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engine.store.wanted import table as wanted
from engine.store.work import DUE, LEASED, table as work


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The news of one transaction."""

    db: sa.Connection

    def work(self, after: datetime, until: datetime) -> set[tuple[str, str]]:
        """(connection, mapping) of rows that became due within that time, or whose lease ran out."""
        lapsed = (LEASED, work.c.lease_until > after, work.c.lease_until <= until)
        ready = (DUE, work.c.due_at > after, work.c.due_at <= until)
        found: set[tuple[str, str]] = set()
        for where in (ready, lapsed):
            query = sa.select(work.c.connection, work.c.mapping).where(*where).distinct()
            found.update((row.connection, row.mapping) for row in self.db.execute(query))
        return found

    def wanted(self, after: datetime, until: datetime) -> set[tuple[str, str]]:
        """(connection, system) of records that are to be read since then."""
        at = sa.func.coalesce(wanted.c.not_before, wanted.c.added_at)
        query = sa.select(wanted.c.connection, wanted.c.system).where(wanted.c.open, at > after, at <= until)
        return {(row.connection, row.system) for row in self.db.execute(query.distinct())}
