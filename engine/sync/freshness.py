"""How recently a target was looked at: a write goes out only on a fresh look, taken once for a whole batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from engine.protocol import Query
from engine.store.cursors import Cursor
from engine.store.store import Transaction
from engine.store.work import WorkRow
from engine.sync.connection import Connection, Ref
from engine.sync.reads import changed_query, query_id
from engine.sync.unit import Settled

RECENT = timedelta(seconds=30)
"""A look this recent serves any write, so that one list serves a batch."""

STALE = timedelta(minutes=2)
"""A look this old serves no write, not even one that asked for it."""


class Freshness:
    """Which entities of one system were looked at recently enough, and the queries that are needed for the others."""

    def __init__(self, tx: Transaction, connection: Connection, system: str, now: datetime) -> None:
        self.tx, self.connection, self.system, self.now = tx, connection, system, now
        self.cursors = tx.cursors.all(connection.name, system)
        self._lists: set[str] = set()
        self._keys: dict[str, set[str]] = defaultdict(set)

    def queries(self) -> list[Query]:
        """What must be asked before the rows that raised `Settled` for want of a fresh look can go on."""
        queries = []
        for reading in self.connection.readings[self.system]:
            if reading.entity in self._lists:
                cursor = self.cursors.get((reading.entity, "changed"), Cursor())
                queries.append(changed_query(reading, cursor, self.now))
            keys = sorted(self._keys.get(reading.entity, ()))
            if keys:
                query = Query(reading.entity, "keys", reading.fields, keys=tuple(keys), id=query_id(self.now))
                queries.append(query)
        return queries

    def require(self, refs: Sequence[Ref], rows: Sequence[WorkRow], keys: Sequence[str] = ()) -> None:
        """Go on only if the entities (or, where one is read by keys, these records) were looked at recently."""
        needs = [row.need_since for row in rows if row.need_since is not None and row.need_since > self.now - STALE]
        asked = [min(one, self.now) for one in needs]
        since = max(asked, default=self.now - RECENT)
        stale = [ref[1] for ref in refs if not self._is_fresh(ref, keys, since)]
        if stale:
            # What was asked for stays asked for: with a later moment each look would make the one before too old.
            since = max(asked, default=self.now)
            raise Settled("due", "looking", f"{' and '.join(stale)} must be looked at first", fresh_since=since)

    def _is_fresh(self, ref: Ref, keys: Sequence[str], since: datetime) -> bool:
        """If not, the query that makes it so is put down."""
        if self.connection.entity(ref).refresh == "keys" and keys:
            held = self.tx.snapshots.get(self.connection.name, *ref, keys)
            stale = [key for key in keys if key not in held or not self._is_between(since, held[key].read_at)]
            self._keys[ref[1]].update(stale)
            return not stale
        if self.looked_at(ref[1], since):
            return True
        self._lists.add(ref[1])
        return False

    def require_list_since(self, entity: str, moment: datetime) -> None:
        """Go on only if the list of an entity was read after a moment (that of an attempt whose outcome is unknown)."""
        if not self.looked_at(entity, moment):
            self._lists.add(entity)
            raise Settled("due", "looking", f"{entity} must be looked at first", fresh_since=self.now)

    def looked_at(self, entity: str, since: datetime) -> bool:
        """Whether a reading of the entity began after that moment and was completed."""
        cursor = self.cursors.get((entity, "changed"), Cursor())
        if cursor.started_at is None or cursor.completed_at is None:
            return False
        return cursor.started_at <= cursor.completed_at and self._is_between(since, cursor.started_at)

    def _is_between(self, since: datetime, looked: datetime) -> bool:
        """Whether a look is recent enough; one in times to come was taken by a clock that has been put back."""
        return since <= looked <= self.now + RECENT
