"""Rows of the queue that were decided by an older version of their mapping: making them due again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from engine.store.work import table

SETTLED: Final = ("done", "skipped", "parked")
"""States that a decision ended in."""


@dataclass(frozen=True, slots=True)
class Versions:
    """The mappings' versions in the queue, in one transaction."""

    db: sa.Connection

    def resync(self, connection: str, mapping: str, version: str | None, priority: int, now: datetime) -> int:
        """Make due what another version decided (None: everything that has settled). How many rows."""
        where = _outdated(connection, mapping, version)
        values: dict[str, Any] = {
            "state": "due", "priority": priority, "due_at": now, "reason": None, "code": None, "attempts": 0,
        }  # fmt: skip
        return self.db.execute(sa.update(table).where(where).values(values)).rowcount


def _outdated(connection: str, mapping: str, version: str | None) -> sa.ColumnElement[bool]:
    settled = sa.and_(
        table.c.connection == connection, table.c.mapping == mapping, table.c.state.in_(SETTLED),
        table.c.version.is_not(None),
    )  # fmt: skip
    return settled if version is None else sa.and_(settled, table.c.version != version)
