"""Reconciliations: what was asked for, how far it is, and what came of it.

`progress` and `result` are plain data whose meaning belongs to `engine.sync`; findings are kept in the order in which
they were made. What a run read is in `sightings`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from engine.store.columns import Json, Moment, key, metadata, needed
from engine.store.statements import many, upsert

RunState = Literal["reading", "comparing", "done"]

table = sa.Table(
    "reconciliations",
    metadata,
    key("connection"),
    key("id"),
    needed("month"),
    needed("state"),
    sa.Column("begun_at", Moment, nullable=False),
    sa.Column("done_at", Moment),
    sa.Column("progress", Json, nullable=False),
    sa.Column("result", Json, nullable=False),
)
findings = sa.Table(
    "findings",
    metadata,
    key("run"),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    needed("mapping"),
    needed("kind"),
    sa.Column("said", Json, nullable=False),
    sa.Index("findings_by_kind", "run", "mapping", "kind", "number"),
)

_PUT = upsert(table)


@dataclass(frozen=True, slots=True)
class Run:
    """One reconciliation of one month ("2026-10")."""

    id: str
    month: str
    state: RunState
    begun_at: datetime
    done_at: datetime | None
    progress: dict[str, Any]
    result: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoredFinding:
    """One finding: of which mapping, of which kind, and the rest as plain data."""

    number: int
    mapping: str
    kind: str
    said: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reconciliations:
    """The reconciliations of one transaction."""

    db: sa.Connection

    def put(self, connection: str, run: Run) -> None:
        """Store or replace a run."""
        values = {name: getattr(run, name) for name in Run.__slots__}
        self.db.execute(_PUT, {"connection": connection, **values})

    def get(self, connection: str, id: str) -> Run | None:
        """The run of that id."""
        return next(iter(self._runs(table.c.connection == connection, table.c.id == id)), None)

    def held(self, connection: str, id: str) -> Run | None:
        """The run of that id, which nobody else changes until this transaction ends."""
        query = self._query(table.c.connection == connection, table.c.id == id).with_for_update()
        return next((_run(row) for row in self.db.execute(query)), None)

    def recent(self, connection: str, month: str | None = None, limit: int = 24) -> list[Run]:
        """The last runs (of that month), newest first."""
        of_month = sa.true() if month is None else table.c.month == month
        return self._runs(table.c.connection == connection, of_month)[:limit]

    def reading(self, connection: str) -> list[Run]:
        """Those that wait for a system, oldest first."""
        return self._runs(table.c.connection == connection, table.c.state == "reading")[::-1]

    def remove(self, connection: str, id: str) -> None:
        """Forget a run with its findings."""
        self.db.execute(sa.delete(findings).where(findings.c.run == id))
        self.db.execute(sa.delete(table).where(table.c.connection == connection, table.c.id == id))

    def add_findings(self, run: str, first: int, rows: Sequence[tuple[str, str, Mapping[str, Any]]]) -> None:
        """Append findings (mapping, kind, the rest), numbered from `first`."""
        values = [
            {"run": run, "number": number, "mapping": mapping, "kind": kind, "said": dict(said)}
            for number, (mapping, kind, said) in enumerate(rows, first)
        ]
        many(self.db, sa.insert(findings), values)

    def findings(
        self,
        run: str,
        after: int = -1,
        limit: int = 500,
        kinds: Iterable[str] | None = None,
        mapping: str | None = None,
    ) -> list[StoredFinding]:
        """The next findings of a run (of these kinds, of this mapping), in order."""
        query = sa.select(findings).where(findings.c.run == run, findings.c.number > after)
        if mapping is not None:
            query = query.where(findings.c.mapping == mapping)
        if kinds is not None:
            query = query.where(findings.c.kind.in_(list(kinds)))
        rows = self.db.execute(query.order_by(findings.c.number).limit(limit))
        return [StoredFinding(row.number, row.mapping, row.kind, row.said) for row in rows]

    def _query(self, *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
        return sa.select(table).where(*where).order_by(table.c.begun_at.desc(), table.c.id)

    def _runs(self, *where: sa.ColumnElement[bool]) -> list[Run]:
        return [_run(row) for row in self.db.execute(self._query(*where))]


def _run(row: Any) -> Run:
    return Run(*(getattr(row, name) for name in Run.__slots__))
