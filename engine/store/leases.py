"""Leases: hand rows of the queue out to one worker for a while, whole groups at a time.

Two workers never hold rows of one group. On SQLite a writing transaction is alone; on PostgreSQL each candidate
group is locked by name first (others pass it by) and looked at again afterwards, because a row may have joined the
group while somebody else was leasing it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from engine.store import locks
from engine.store.approvals import APPROVED
from engine.store.columns import Moment, Words
from engine.store.statements import many, portions
from engine.store.work import LEASED, RELEASED, THE_ROW, Work, WorkRow, table, work_row

LONGEST = timedelta(minutes=10)
"""No lease is given for longer."""

_ORDER = (table.c.due_at, table.c.source_key, table.c.mapping)
_DUE = table.c.state == "due"
_LEASE = (
    sa.update(table)
    .where(THE_ROW)
    .values(
        state="leased",
        lease_owner=sa.bindparam("owner", type_=Words),
        lease_until=sa.bindparam("until", type_=Moment),
    )
)


@dataclass(frozen=True, slots=True)
class Leases(Work):
    """The queue of one transaction, with what hands its rows out."""

    def lease(
        self,
        connection: str,
        mappings: Sequence[str],
        limit: int,
        owner: str,
        now: datetime,
        ttl: timedelta,
        below: int | None = None,
        approved_only: bool = False,
    ) -> list[WorkRow]:
        """All due rows of the first `limit` groups by (priority, due_at), leased to `owner` until `now + ttl`.

        A group of which any row is leased, of whatever mapping, is passed over. Expired leases count as due. With
        `below` only groups of which a due row has a priority under that. With `approved_only` no row that is not part
        of an approved plan.
        """
        self._expire(connection, now)
        only = APPROVED if approved_only else sa.true()
        groups = self._groups(connection, mappings, limit, now, below, only)
        place = {group: number for number, group in enumerate(groups)}
        rows = self._due_of(connection, set(mappings), groups, now, only)
        rows.sort(key=lambda row: (place[row.group], row.priority, row.due_at, row.source_key, row.mapping))
        until = now + ttl
        common = {"the_connection": connection, "owner": owner, "until": until}
        many(
            self.db, _LEASE, [{**common, "the_mapping": row.mapping, "the_source_key": row.source_key} for row in rows]
        )
        return [replace(work_row(row), state="leased", lease_owner=owner, lease_until=until) for row in rows]

    def due(
        self,
        connection: str,
        mappings: Iterable[str],
        now: datetime,
        below: int | None = None,
        approved_only: bool = False,
    ) -> int:
        """How many rows of the mappings could be leased now, groups aside; with `below` those of better priority."""
        ready = sa.and_(table.c.state == "due", table.c.due_at <= now)
        expired = sa.and_(table.c.state == "leased", table.c.lease_until <= now)
        query = sa.select(sa.func.count()).where(
            table.c.connection == connection, table.c.mapping.in_(list(mappings)), sa.or_(ready, expired)
        )
        if below is not None:
            query = query.where(table.c.priority < below)
        return self.db.execute(query.where(APPROVED) if approved_only else query).scalar_one()

    def renew(self, connection: str, owner: str, now: datetime, ttl: timedelta) -> int:
        """Hold everything that `owner` has leased until `now + ttl`; how many rows that is."""
        held = sa.and_(table.c.connection == connection, table.c.state == "leased", table.c.lease_owner == owner)
        return self.db.execute(sa.update(table).where(held).values(lease_until=now + ttl)).rowcount

    def beat(self, connection: str, begins: str, now: datetime, ttl: timedelta) -> int:
        """Hold what owners whose names begin so have leased until `now + ttl`; how many rows that is."""
        held = sa.and_(
            table.c.connection == connection, LEASED, table.c.lease_owner.startswith(begins, autoescape=True)
        )
        return self.db.execute(sa.update(table).where(held).values(lease_until=now + ttl)).rowcount

    def holders(self, connection: str) -> list[str]:
        """Who holds leases now."""
        held = sa.and_(table.c.connection == connection, table.c.state == "leased")
        return sorted(self.db.execute(sa.select(table.c.lease_owner).where(held).distinct()).scalars())

    def release(self, connection: str, owner: str, now: datetime) -> int:
        """Make everything due that `owner` has leased, because it lives no more; how many rows that is."""
        held = sa.and_(table.c.connection == connection, table.c.state == "leased", table.c.lease_owner == owner)
        return self.db.execute(sa.update(table).where(held).values(**RELEASED, state="due", due_at=now)).rowcount

    def _expire(self, connection: str, now: datetime) -> None:
        """Make rows due whose worker let its lease run out, unless somebody is at them this moment. A lease that ends
        later than any lease may was given by a clock that was ahead: it is over too."""
        over = sa.or_(table.c.lease_until <= now, table.c.lease_until > now + LONGEST)
        expired = (
            sa.select(table.c.mapping, table.c.source_key)
            .where(table.c.connection == connection, table.c.state == "leased", over)
            .with_for_update(skip_locked=True)
        )
        rows = sa.and_(table.c.connection == connection, sa.tuple_(table.c.mapping, table.c.source_key).in_(expired))
        self.db.execute(sa.update(table).where(rows).values(**RELEASED, state="due"))

    def _groups(
        self,
        connection: str,
        mappings: Sequence[str],
        limit: int,
        now: datetime,
        below: int | None,
        only: sa.ColumnElement[bool],
    ) -> list[str]:
        """The first groups in order that nobody works on."""
        groups: list[str] = []
        passed: set[str] = set()
        for found in self._candidates(connection, mappings, max(2 * limit, 50), now, below, only):
            fresh = [group for group in dict.fromkeys(found) if group not in passed]
            passed.update(fresh)
            ours = locks.taken(self.db, f"group/{connection}", fresh)
            busy = self._busy(connection, ours)
            groups += [group for group in ours if group not in busy]
            if len(groups) >= limit:
                break
        return groups[:limit]

    def _busy(self, connection: str, groups: list[str]) -> set[str]:
        busy: set[str] = set()
        for portion in portions(groups):
            query = sa.select(table.c.group).where(
                table.c.connection == connection, table.c.group.in_(portion), table.c.state == "leased"
            )
            busy.update(self.db.execute(query).scalars())
        return busy

    def _due_of(
        self, connection: str, mappings: set[str], groups: list[str], now: datetime, only: sa.ColumnElement[bool]
    ) -> list[Any]:
        """The due rows of the groups, held; one that another transaction is changing this moment is left for later.

        Asked by group and state alone: with more conditions SQLite would walk over everything that is due.
        """
        due: list[Any] = []
        for portion in portions(groups):
            query = sa.select(table).where(table.c.connection == connection, table.c.group.in_(portion), _DUE, only)
            rows = self.db.execute(query.with_for_update(skip_locked=True))
            due += (row for row in rows if row.due_at <= now and row.mapping in mappings)
        return due

    def _candidates(
        self,
        connection: str,
        mappings: Sequence[str],
        portion: int,
        now: datetime,
        below: int | None,
        only: sa.ColumnElement[bool],
    ) -> Iterator[list[str]]:
        """The groups of due rows in the order of the queue, a portion of rows at a time.

        One priority after the other, so that rows deferred to later are never walked over to reach the next.
        """
        priority: int | None = None
        while (priority := self._next_priority(connection, priority)) is not None:
            if below is not None and priority >= below:
                return
            ready = (
                sa.select(table.c.group, *_ORDER)
                .where(
                    table.c.connection == connection,
                    _DUE,
                    table.c.priority == priority,
                    table.c.due_at <= now,
                    table.c.mapping.in_(list(mappings)),
                    only,
                )
                .order_by(*_ORDER)
            )
            after = None
            while True:
                query = ready if after is None else ready.where(sa.tuple_(*_ORDER) > after)
                rows = self.db.execute(query.limit(portion)).all()
                yield [row.group for row in rows]
                if len(rows) < portion:
                    break
                after = sa.tuple_(*rows[-1][1:], types=[column.type for column in _ORDER])

    def _next_priority(self, connection: str, last: int | None) -> int | None:
        query = sa.select(sa.func.min(table.c.priority)).where(table.c.connection == connection, table.c.state == "due")
        if last is not None:
            query = query.where(table.c.priority > last)
        found: int | None = self.db.execute(query).scalar_one()
        return found
