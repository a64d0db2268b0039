"""Intents: every write as it is about to be sent, stored before the act, so that an answer that never came is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from engine.store.columns import Json, Moment, key, metadata, needed
from engine.store.statements import many, portions

IntentState = Literal["open", "done", "failed", "unknown", "unsent"]
_UNSETTLED = ("open", "unknown")

table = sa.Table(
    "intents",
    metadata,
    key("id"),
    needed("connection"),
    needed("system"),
    needed("mapping"),
    sa.Column("source_keys", Json, nullable=False),
    sa.Column("ordinal", sa.Integer, nullable=False),
    sa.Column("request", Json, nullable=False),
    sa.Column("context", Json, nullable=False),
    needed("state"),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("finished_at", Moment),
    sa.Column("result", Json),
    sa.Index("intents_by_state", "connection", "system", "state", "created_at"),
)

UNSETTLED = table.c.state.in_(_UNSETTLED)
_ADD = sa.insert(table)
_OUT = sa.select(table.c.source_keys).where(
    *(table.c[name] == sa.bindparam(f"the_{name}") for name in ("connection", "system", "mapping")),
    table.c.state == "open",
)
_FINISH = (
    sa.update(table)
    .where(*(table.c[name] == sa.bindparam(f"the_{name}") for name in ("connection", "id")), UNSETTLED)
    .values({name: sa.bindparam(f"new_{name}") for name in ("state", "result", "finished_at")})
)
_IN_ORDER = (table.c.created_at, table.c.ordinal, table.c.id)


@dataclass(frozen=True, slots=True)
class Intent:
    """One write. `id` is a uuid4 in hex, `source_keys` the rows of the queue it stands for, `ordinal` its place in
    their change, `context` what the answer needs to be understood."""

    id: str
    mapping: str
    source_keys: tuple[str, ...]
    ordinal: int
    request: dict[str, Any]
    context: dict[str, Any]
    state: IntentState
    created_at: datetime
    finished_at: datetime | None = None
    result: dict[str, Any] | None = None


_COLUMNS = [table.c[name] for name in Intent.__dataclass_fields__]


def _intent(row: Any) -> Intent:
    return Intent(**{**row._asdict(), "source_keys": tuple(row.source_keys)})


@dataclass(frozen=True, slots=True)
class Intents:
    """The intents of one transaction."""

    db: sa.Connection

    def add(self, connection: str, system: str, intents: Sequence[Intent]) -> None:
        """Store new intents towards a system."""
        many(
            self.db,
            _ADD,
            [
                {
                    "id": one.id,
                    "connection": connection,
                    "system": system,
                    "mapping": one.mapping,
                    "source_keys": one.source_keys,
                    "ordinal": one.ordinal,
                    "request": one.request,
                    "context": one.context,
                    "state": one.state,
                    "created_at": one.created_at,
                    "finished_at": one.finished_at,
                    "result": one.result,
                }
                for one in intents
            ],
        )

    def get(self, connection: str, id: str) -> Intent | None:
        """The intent of that id, or None."""
        query = sa.select(*_COLUMNS).where(table.c.connection == connection, table.c.id == id)
        row = self.db.execute(query).one_or_none()
        return None if row is None else _intent(row)

    def some(self, connection: str, ids: Iterable[str]) -> dict[str, Intent]:
        """Those of these ids that are kept, by id."""
        found: dict[str, Intent] = {}
        for portion in portions(ids):
            query = sa.select(*_COLUMNS).where(table.c.connection == connection, table.c.id.in_(portion))
            found.update((row.id, _intent(row)) for row in self.db.execute(query))
        return found

    def finish(
        self, connection: str, id: str, state: IntentState, result: dict[str, Any] | None, now: datetime
    ) -> bool:
        """Say what came of an intent that is open or unknown. False, and nothing changed, if it was settled before:
        the answer came twice."""
        news = {"new_state": state, "new_result": result, "new_finished_at": now}
        return bool(self.db.execute(_FINISH, {"the_connection": connection, "the_id": id, **news}).rowcount)

    def open(
        self, connection: str, system: str, mapping: str | None = None, source_keys: Iterable[str] | None = None
    ) -> list[Intent]:
        """Those whose outcome is not known (open or unknown), oldest first; of a mapping; for any of the keys."""
        query = sa.select(*_COLUMNS).where(
            table.c.connection == connection, table.c.system == system, table.c.state.in_(_UNSETTLED)
        )
        if mapping is not None:
            query = query.where(table.c.mapping == mapping)
        intents = [_intent(row) for row in self.db.execute(query.order_by(*_IN_ORDER))]
        if source_keys is None:
            return intents
        wanted = set(source_keys)
        return [one for one in intents if not wanted.isdisjoint(one.source_keys)]

    def out(self, connection: str, system: str, mapping: str) -> set[str]:
        """The source keys of a mapping's rows for which a request was handed out and has not come back."""
        place = {"the_connection": connection, "the_system": system, "the_mapping": mapping}
        return {key for row in self.db.execute(_OUT, place) for key in row.source_keys}

    def expired(self, connection: str, system: str, now: datetime, older_than: timedelta) -> list[Intent]:
        """Those still open that are older than that: whoever sent them is gone, the outcome must be looked up."""
        query = sa.select(*_COLUMNS).where(
            table.c.connection == connection,
            table.c.system == system,
            table.c.state == "open",
            table.c.created_at <= now - older_than,
        )
        return [_intent(row) for row in self.db.execute(query.order_by(*_IN_ORDER))]
