"""Which rows of the queue were decided by an older version of their mapping, and making those due again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.store.work import table

_SETTLED = ("done", "skipped", "parked")


@dataclass(frozen=True, slots=True)
class Versions:
    """The mappings' versions in the queue, in one transaction."""

    db: sa.Connection

    def outdated(self, connection: str, versions: Mapping[str, str]) -> dict[str, int]:
        """How many settled rows of each mapping (name -> its version now) were decided by another version."""
        found: dict[str, int] = {}
        for mapping, version in versions.items():
            query = sa.select(sa.func.count()).where(_outdated(connection, mapping, version))
            if number := self.db.execute(query).scalar_one():
                found[mapping] = number
        return found

    def resync(self, connection: str, mapping: str, version: str | None, priority: int, now: datetime) -> int:
        """Make due what another version decided (None: everything that has settled). How many rows."""
        where = _outdated(connection, mapping, version)
        values: dict[str, Any] = {
            "state": "due", "priority": priority, "due_at": now, "reason": None, "code": None, "attempts": 0,
        }  # fmt: skip
        return self.db.execute(sa.update(table).where(where).values(values)).rowcount


def _outdated(connection: str, mapping: str, version: str | None) -> sa.ColumnElement[bool]:
    settled = sa.and_(
        table.c.connection == connection, table.c.mapping == mapping, table.c.state.in_(_SETTLED),
        table.c.version.is_not(None),
    )  # fmt: skip
    return settled if version is None else sa.and_(settled, table.c.version != version)
