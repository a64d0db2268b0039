"""The queue: which record is due for which mapping, and why it waits; never what to write.

One row per (connection, mapping, source key), so that several changes to one record are one row. A row goes
due -> leased -> done, skipped, waiting or parked, and back to due when its record changes, when what it waits for
arrives, or when a person says so. An ignored row stays as it is until a person takes that back, whatever happens to its
record. `leases` hands rows out.

Groups are of the whole connection: two rows whose `group` is the same text never run side by side, whatever their
mappings. A row without a group is alone in its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Insert, insert

from engine.store.columns import Json, Moment, Words, indexable, key, metadata, needed, text
from engine.store.statements import many, portions

WorkState = Literal["due", "leased", "waiting", "parked", "done", "skipped", "ignored"]

DUE = sa.literal_column("state = 'due'", sa.Boolean)
LEASED = sa.literal_column("state = 'leased'", sa.Boolean)
"""Written out, since a partial index serves only a query that says its condition in so many words."""

table = sa.Table(
    "work",
    metadata,
    key("connection"),
    key("mapping"),
    key("source_key"),
    needed("group"),
    text("next_group"),
    needed("state"),
    sa.Column("priority", sa.Integer, nullable=False),
    text("reason"),
    text("code"),
    text("decided"),
    text("version"),
    text("outcome"),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_at", Moment, nullable=False),
    sa.Column("need_since", Moment),
    sa.Column("lease_until", Moment),
    text("lease_owner"),
    sa.Column("touched", sa.Integer, nullable=False),
    sa.Column("detail", Json, nullable=False),
    text("origin"),
    sa.Index("work_by_state", "connection", "state", "priority", "due_at", "source_key", "mapping", "group"),
    sa.Index("work_by_group", "connection", "group", "state"),
    sa.Index("work_due", "due_at", "connection", "mapping", sqlite_where=DUE, postgresql_where=DUE),
    sa.Index("work_leased", "lease_until", "connection", "mapping", sqlite_where=LEASED, postgresql_where=LEASED),
    sa.Index("work_by_end", "connection", "mapping", "state", "outcome", "version"),
)

RELEASED: dict[str, Any] = {
    "group": sa.func.coalesce(table.c.next_group, table.c.group),
    "next_group": None,
    "lease_until": None,
    "lease_owner": None,
}
"""What every end of a lease sets: a group that changed meanwhile counts from now on."""


@dataclass(frozen=True, slots=True)
class WorkRow:
    """One row of the queue. Times are aware UTC; a low `priority` goes first.

    `decided` is the hash of the record that was last decided, `version` the mapping's then, `need_since` the moment
    since which its target must have been read, `touched` counts changes during leases, `detail` is for people
    (candidates of a parked row), `origin` the visit that made it due last.
    """

    mapping: str
    source_key: str
    group: str | None
    state: WorkState
    priority: int
    reason: str | None
    code: str | None
    decided: str | None
    version: str | None
    outcome: str | None
    attempts: int
    due_at: datetime
    need_since: datetime | None
    lease_until: datetime | None
    lease_owner: str | None
    touched: int
    detail: dict[str, Any]
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of a leased row. `touched` is the row's when it was leased."""

    mapping: str
    source_key: str
    state: WorkState
    outcome: str | None = None
    reason: str | None = None
    code: str | None = None
    decided: str | None = None
    version: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    touched: int = 0


@dataclass(frozen=True, slots=True)
class End:
    """So many rows of a mapping are in a state, with the outcome that they came to last and the version then."""

    mapping: str
    state: str
    outcome: str | None
    version: str | None
    count: int


def work_row(row: Any) -> WorkRow:
    """A WorkRow of a row with all columns."""
    values = row._asdict()
    del values["connection"], values["next_group"]
    values["group"] = values["group"][2:] if values["group"].startswith("g:") else None
    return WorkRow(**values)


def _group(group: str | None, mapping: str, source_key: str) -> str:
    """The group as stored: of its own kind where there is none, so that it meets no other row."""
    return indexable(f"r:{mapping}/{source_key}" if group is None else f"g:{group}")


def _mark() -> Insert:
    """Insert a due row; else make it due, unless it is leased (then finishing will) or ignored."""
    statement = insert(table)
    old, new = table.c, statement.excluded
    leased, due, waiting = old.state == "leased", old.state == "due", old.state == "waiting"
    ignored = old.state == "ignored"
    fresh = sa.not_(sa.or_(leased, due, waiting))
    changed = {
        "group": sa.case((leased, old.group), else_=new.group),
        "next_group": sa.case((leased, new.group), else_=None),
        "state": sa.case((sa.or_(leased, ignored), old.state), else_="due"),
        "priority": sa.case(
            (sa.and_(sa.or_(leased, due), old.priority < new.priority), old.priority), else_=new.priority
        ),
        "due_at": sa.case((sa.and_(due, old.due_at < new.due_at), old.due_at), else_=new.due_at),
        "touched": sa.case((leased, old.touched + 1), else_=old.touched),
        "attempts": sa.case((fresh, 0), else_=old.attempts),
        "need_since": sa.case((fresh, None), else_=old.need_since),
        "reason": sa.case((sa.or_(leased, due, ignored), old.reason), else_=None),
        "code": sa.case((sa.or_(leased, due, ignored), old.code), else_=None),
        "origin": sa.func.coalesce(new.origin, old.origin),
    }
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=changed)


_MARK = _mark()
THE_ROW = sa.and_(
    *(table.c[name] == sa.bindparam(f"the_{name}", type_=Words) for name in ("connection", "mapping", "source_key"))
)
_UNTOUCHED = table.c.touched == sa.bindparam("since", type_=sa.Integer)
_SETTLED = sa.bindparam("settled", type_=sa.Boolean)
_FINISH = (
    sa.update(table)
    .where(THE_ROW)
    .values(
        **RELEASED,
        state=sa.case((_UNTOUCHED, sa.bindparam("to", type_=Words)), else_="due"),
        outcome=sa.bindparam("outcome", type_=Words),
        reason=sa.bindparam("reason", type_=Words),
        code=sa.bindparam("code", type_=Words),
        decided=sa.bindparam("decided", type_=Words),
        version=sa.bindparam("version", type_=Words),
        detail=sa.bindparam("detail", type_=Json),
        attempts=sa.case((_SETTLED, 0), else_=table.c.attempts),
        need_since=sa.case((_SETTLED, None), else_=table.c.need_since),
    )
)
_FINISH_OWN = _FINISH.where(table.c.state == "leased", table.c.lease_owner == sa.bindparam("owner", type_=Words))
_DEFER = (
    sa.update(table)
    .where(THE_ROW)
    .values(
        **RELEASED,
        state="due",
        due_at=sa.bindparam("at", type_=Moment),
        reason=sa.bindparam("why", type_=Words),
        need_since=sa.func.coalesce(sa.bindparam("need", type_=Moment), table.c.need_since),
        attempts=table.c.attempts + sa.bindparam("counted", type_=sa.Integer),
    )
)


@dataclass(frozen=True, slots=True)
class Work:
    """The queue's rows of one transaction."""

    db: sa.Connection

    def mark(
        self,
        connection: str,
        mapping: str,
        rows: Sequence[tuple[str, str | None]],
        priority: int,
        now: datetime,
        origin: str | None = None,
    ) -> None:
        """Make each (source key, group) due: inserted, or whatever its state was. `origin` is the visit that did it.

        A leased row stays leased and is touched, so that finishing makes it due again; an ignored one stays ignored. A
        due row keeps the better priority and the earlier time; one that was deferred is due at once. `decided`,
        `version`, `outcome` and `detail` always stay; attempts and `need_since` stay for rows that are under way (due,
        leased, waiting) and begin anew for those that had come to an end (done, skipped, parked).
        """
        common = {
            "connection": connection,
            "mapping": mapping,
            "state": "due",
            "priority": priority,
            "due_at": now,
            "origin": origin,
        }
        values = [
            {
                **common,
                "source_key": source_key,
                "group": _group(group, mapping, source_key),
                "attempts": 0,
                "touched": 0,
                "detail": {},
            }
            for source_key, group in sorted(rows, key=lambda row: row[0])
        ]
        many(self.db, _MARK, values)

    def get(self, connection: str, mapping: str, keys: Iterable[str]) -> dict[str, WorkRow]:
        """The rows of these source keys, by key."""
        found: dict[str, WorkRow] = {}
        for portion in portions(keys):
            query = sa.select(table).where(
                table.c.connection == connection, table.c.mapping == mapping, table.c.source_key.in_(portion)
            )
            found.update((row.source_key, work_row(row)) for row in self.db.execute(query))
        return found

    def of_groups(
        self, connection: str, mapping: str, groups: Iterable[str], states: Sequence[WorkState]
    ) -> list[WorkRow]:
        """The rows of a mapping that belong to these groups and are in one of these states, by source key."""
        found: list[WorkRow] = []
        for portion in portions(groups):
            query = sa.select(table).where(
                table.c.connection == connection,
                table.c.group.in_([_group(group, mapping, "") for group in portion]),
                table.c.state.in_(states),
                table.c.mapping == mapping,
            )
            found += (work_row(row) for row in self.db.execute(query.order_by(table.c.source_key)))
        return found

    def finish(self, connection: str, rows: Sequence[Finished], owner: str | None = None) -> None:
        """End leases. A row that was touched since its lease is due again at once, with the outcome noted all the same.

        With `owner`, only rows that it still holds are ended: one whose lease expired may be another worker's by now.
        Done and skipped rows lose their attempts and `need_since`.
        """
        values = [
            {
                "the_connection": connection,
                "the_mapping": row.mapping,
                "the_source_key": row.source_key,
                "to": row.state,
                "settled": row.state in ("done", "skipped"),
                "since": row.touched,
                "outcome": row.outcome,
                "reason": row.reason,
                "code": row.code,
                "decided": row.decided,
                "version": row.version,
                "detail": row.detail,
                "owner": owner,
            }
            for row in sorted(rows, key=lambda row: (row.mapping, row.source_key))
        ]
        if owner is None:
            for value in values:
                del value["owner"]
        many(self.db, _FINISH if owner is None else _FINISH_OWN, values)

    def defer(
        self,
        connection: str,
        rows: Sequence[tuple[str, str]],
        due_at: datetime,
        reason: str | None = None,
        need_since: datetime | None = None,
        count_attempt: bool = False,
    ) -> None:
        """End leases of (mapping, source key) without a decision: due again at `due_at`. None keeps `need_since`."""
        common = {
            "the_connection": connection,
            "at": due_at,
            "why": reason,
            "need": need_since,
            "counted": int(count_attempt),
        }
        values = [{**common, "the_mapping": mapping, "the_source_key": one} for mapping, one in sorted(rows)]
        many(self.db, _DEFER, values)

    def next_due(self, connection: str, after: datetime) -> datetime | None:
        """When the first row that is deferred until after that moment is due."""
        query = sa.select(sa.func.min(table.c.due_at)).where(
            table.c.connection == connection, table.c.state == "due", table.c.due_at > after
        )
        found: datetime | None = self.db.execute(query).scalar_one()
        return found

    def backlog(self, connection: str, mappings: Iterable[str], since: int) -> dict[str, int]:
        """How many rows of each mapping, of priority `since` or worse, have not come to an end yet."""
        query = (
            sa.select(table.c.mapping, sa.func.count().label("number"))
            .where(
                table.c.connection == connection,
                table.c.state.in_(["due", "leased", "waiting"]),
                table.c.priority >= since,
                table.c.mapping.in_(list(mappings)),
            )
            .group_by(table.c.mapping)
        )
        return {str(row.mapping): int(row.number) for row in self.db.execute(query)}

    def states(self) -> dict[tuple[str, str], int]:
        """How many rows each connection has in each state."""
        return self._over_all(table.c.state)

    def causes(self) -> dict[tuple[str, str], int]:
        """How many rows of each connection are parked for each code."""
        return self._over_all(sa.func.coalesce(table.c.code, ""), table.c.state == "parked")

    def _over_all(self, what: sa.ColumnElement[str], *where: sa.ColumnElement[bool]) -> dict[tuple[str, str], int]:
        named = what.label("what")
        query = sa.select(table.c.connection, named, sa.func.count()).where(*where).group_by(table.c.connection, named)
        return {(connection, value): number for connection, value, number in self.db.execute(query)}

    def counts(self, connection: str) -> dict[str, dict[str, int]]:
        """How many rows each mapping has in each state."""
        counted: dict[str, dict[str, int]] = {}
        for one in self.ends(connection):
            states = counted.setdefault(one.mapping, {})
            states[one.state] = states.get(one.state, 0) + one.count
        return counted

    def ends(self, connection: str) -> list[End]:
        """How many rows of each mapping are in each state, with each outcome, decided by each version: read from an
        index that holds all of it."""
        columns = (table.c.mapping, table.c.state, table.c.outcome, table.c.version)
        query = sa.select(*columns, sa.func.count()).where(table.c.connection == connection).group_by(*columns)
        return [End(*row) for row in self.db.execute(query)]

    def reasons(self, connection: str, states: Sequence[WorkState]) -> dict[tuple[str, str], dict[str, int]]:
        """By (mapping, state): the reasons of its rows with their numbers, the most frequent first."""
        number = sa.func.count()
        columns = (table.c.mapping, table.c.state, table.c.reason)
        query = (
            sa.select(*columns, number)
            .where(table.c.connection == connection, table.c.state.in_(states), table.c.reason.is_not(None))
            .group_by(*columns)
            .order_by(number.desc(), table.c.reason)
        )
        found: dict[tuple[str, str], dict[str, int]] = {}
        for mapping, state, reason, count in self.db.execute(query):
            found.setdefault((mapping, state), {})[reason] = count
        return found

    def codes(self, connection: str, state: WorkState, mapping: str | None = None) -> dict[str, int]:
        """How many rows in that state have each code, the most frequent first."""
        number = sa.func.count()
        query = sa.select(table.c.code, number).where(table.c.connection == connection, table.c.state == state)
        if mapping is not None:
            query = query.where(table.c.mapping == mapping)
        query = query.group_by(table.c.code).order_by(number.desc(), table.c.code)
        return {code or "": count for code, count in self.db.execute(query)}

    def listing(
        self,
        connection: str,
        state: WorkState | None = None,
        mapping: str | None = None,
        limit: int = 100,
        after: tuple[str, str] | None = None,
        code: str | None = None,
    ) -> list[WorkRow]:
        """Rows by (mapping, source key), the next `limit` after that pair; with `code` only of that one."""
        query = sa.select(table).where(table.c.connection == connection)
        if state is not None:
            query = query.where(table.c.state == state)
        if mapping is not None:
            query = query.where(table.c.mapping == mapping)
        if code is not None:
            query = query.where(table.c.code == code)
        if after is not None:
            query = query.where(sa.tuple_(table.c.mapping, table.c.source_key) > after)
        query = query.order_by(table.c.mapping, table.c.source_key).limit(limit)
        return [work_row(row) for row in self.db.execute(query)]
