"""Approvals: the rows of the queue that a person's plan carries out, with the requests that were approved for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from engine.store.columns import Json, key, metadata, needed, text
from engine.store.statements import many, portions, upsert
from engine.store.work import table as work

ApprovalState = Literal["open", "done", "moved"]

table = sa.Table(
    "approvals",
    metadata,
    key("connection"),
    key("mapping"),
    key("source_key"),
    needed("plan"),
    sa.Column("requests", Json, nullable=False),
    needed("state"),
    text("why"),
    sa.Index("approvals_by_state", "connection", "state", "mapping"),
)

APPROVED = (
    sa.exists()
    .where(
        *(table.c[name] == work.c[name] for name in ("connection", "mapping", "source_key")), table.c.state == "open"
    )
    .correlate(work)
)
"""Of a row of the queue: that a plan which it is part of was approved, and is not through with it."""

ENDED = ("done", "skipped", "parked")
WAITS = {"then": "waits"}
"""Stands after the requests of a row that is planned to wait once they are carried out, for something else to come."""

_PUT = upsert(table)
_THIS = sa.and_(
    *(table.c[name] == sa.bindparam(f"the_{name}") for name in ("connection", "mapping", "source_key")),
    table.c.state == "open",
)
_LEFT = sa.update(table).where(_THIS).values(requests=sa.bindparam("left", type_=Json))
_END = (
    sa.update(table)
    .where(_THIS)
    .values(state=sa.bindparam("to"), why=sa.func.coalesce(sa.bindparam("words"), table.c.why))
)


@dataclass(frozen=True, slots=True)
class Approval:
    """One approved row. `requests` are those not carried out yet; `why` says what moved."""

    mapping: str
    source_key: str
    plan: str
    requests: list[dict[str, Any]]
    state: ApprovalState = "open"
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Approvals:
    """The approvals of one transaction."""

    db: sa.Connection

    def put(self, connection: str, approvals: Sequence[Approval]) -> None:
        """Approve rows, each in the place of what was approved for it before."""
        values = [
            {
                "connection": connection, "mapping": one.mapping, "source_key": one.source_key, "plan": one.plan,
                "requests": one.requests, "state": one.state, "why": one.why,
            }
            for one in approvals
        ]  # fmt: skip
        many(self.db, _PUT, values)

    def clear(self, connection: str) -> None:
        """Forget every approval of a connection."""
        self.db.execute(sa.delete(table).where(table.c.connection == connection))

    def open(self, connection: str, mapping: str, keys: Iterable[str]) -> dict[str, Approval]:
        """Those of these rows that are approved, by source key."""
        found: dict[str, Approval] = {}
        for portion in portions(keys):
            where = _of(connection, mapping), table.c.source_key.in_(portion), table.c.state == "open"
            found.update((row.source_key, _approval(row)) for row in self.db.execute(sa.select(table).where(*where)))
        return found

    def left(self, connection: str, mapping: str, keys: Iterable[str], requests: list[dict[str, Any]]) -> None:
        """What is still approved of these rows."""
        many(self.db, _LEFT, [{**_the(connection, mapping, key), "left": requests} for key in sorted(keys)])

    def move(self, connection: str, mapping: str, keys: Iterable[str], why: str) -> None:
        """Nothing more is approved of these rows: they are not what they were when they were planned."""
        many(self.db, _END, [{**_the(connection, mapping, key), "to": "moved", "words": why} for key in sorted(keys)])

    def settle(self, connection: str, mapping: str, keys: Iterable[str]) -> None:
        """Those of these rows that have come to an end (or to a wait, where that was planned) need no approval. One
        that came to it without all that was approved has moved."""
        ends = []
        approved = self.open(connection, mapping, keys)
        for row in self._ended(connection, mapping, approved):
            left = [one for one in approved[row.source_key].requests if one != WAITS]
            if row.state == "waiting" and (left or WAITS not in approved[row.source_key].requests):
                continue
            words = f"it came to: {row.outcome}{f', {row.reason}' if row.reason else ''}" if left else None
            ends.append(
                {**_the(connection, mapping, row.source_key), "to": "moved" if left else "done", "words": words}
            )
        many(self.db, _END, ends)

    def _ended(self, connection: str, mapping: str, keys: Iterable[str]) -> Iterator[Any]:
        for portion in portions(keys):
            query = sa.select(work.c.source_key, work.c.state, work.c.outcome, work.c.reason).where(
                work.c.connection == connection, work.c.mapping == mapping, work.c.source_key.in_(portion),
                work.c.state.in_((*ENDED, "waiting")),
            )  # fmt: skip
            yield from self.db.execute(query)

    def waiting(self, connection: str) -> dict[str, Counter[str]]:
        """By mapping: of those that are open, how many rows are in each state; `none` where there is no row yet."""
        same = sa.and_(*(table.c[name] == work.c[name] for name in ("connection", "mapping", "source_key")))
        query = (
            sa.select(table.c.mapping, sa.func.coalesce(work.c.state, "none"), sa.func.count())
            .select_from(table.outerjoin(work, same))
            .where(table.c.connection == connection, table.c.state == "open")
            .group_by(table.c.mapping, work.c.state)
        )
        found: dict[str, Counter[str]] = {}
        for mapping, state, number in self.db.execute(query):
            found.setdefault(mapping, Counter())[state] += number
        return found

    def plan(self, connection: str) -> str | None:
        """The plan that the approvals of a connection are of; None: there are none."""
        query = sa.select(table.c.plan).where(table.c.connection == connection).limit(1)
        return self.db.execute(query).scalar_one_or_none()

    def counts(self, connection: str) -> dict[str, int]:
        """How many there are in each state."""
        query = (
            sa.select(table.c.state, sa.func.count()).where(table.c.connection == connection).group_by(table.c.state)
        )
        return {row[0]: row[1] for row in self.db.execute(query)}

    def listing(self, connection: str, state: ApprovalState) -> list[Approval]:
        """Those in that state, by mapping and source key."""
        query = sa.select(table).where(table.c.connection == connection, table.c.state == state)
        return [_approval(row) for row in self.db.execute(query.order_by(table.c.mapping, table.c.source_key))]


def _approval(row: Any) -> Approval:
    return Approval(row.mapping, row.source_key, row.plan, row.requests, row.state, row.why)


def _of(connection: str, mapping: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.connection == connection, table.c.mapping == mapping)


def _the(connection: str, mapping: str, source_key: str) -> dict[str, str]:
    return {"the_connection": connection, "the_mapping": mapping, "the_source_key": source_key}
