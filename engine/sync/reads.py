"""Which queries a system should be asked next: what mappings read, what writes look at, what is wanted by id."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from engine.protocol import Failed, Failure, Query
from engine.store.cursors import Cursor
from engine.store.store import Transaction
from engine.sync.connection import Connection, Reading, Ref
from engine.sync.forgotten import is_owed

KEYS_PER_QUERY = 100


def query_id(now: datetime) -> str:
    """A query's id is the moment at which it was handed out, so that its last page tells when the reading began."""
    return now.isoformat()


def began(query: Query) -> datetime:
    """When the reading that this query belongs to began."""
    return datetime.fromisoformat(query.id)


def due(tx: Transaction, connection: Connection, system: str, stale_before: datetime, now: datetime) -> list[Query]:
    """The queries that are due, in an order in which one pass is enough; keys wanted by id come when no other is."""
    cursors = tx.cursors.all(connection.name, system)
    queries: list[Query] = []
    for reading in connection.readings.get(system, ()):
        entity = connection.entity((system, reading.entity))
        changed = cursors.get((reading.entity, "changed"), Cursor())
        if _is_due(changed, reading, stale_before):
            queries.append(changed_query(reading, changed, now))
        if reading.gone and _is_due(cursors.get((reading.entity, "gone"), Cursor()), reading, stale_before):
            cursor = cursors.get((reading.entity, "gone"), Cursor())
            queries.append(Query(reading.entity, "gone", cursor=cursor.value, id=query_id(now)))
        asked = cursors.get((reading.entity, "all"), Cursor())
        if reading.gone and is_owed(entity, cursors, now) and _is_due(asked, reading, stale_before):
            queries.append(Query(reading.entity, "all", id=query_id(now)))
    return queries or _wanted(tx, connection, system, now)


def older(tx: Transaction, connection: Connection, system: str, stale_before: datetime, now: datetime) -> list[Query]:
    """First readings that let others go before and have more to read: what comes when nothing else is due."""
    cursors = tx.cursors.all(connection.name, system)
    return [
        changed_query(reading, cursor, now)
        for reading in connection.readings.get(system, ())
        if (cursor := cursors.get((reading.entity, "changed"), Cursor())).is_partial
        and not _is_due(cursor, reading, stale_before)
    ]


def looks(tx: Transaction, connection: Connection, system: str, refs: Collection[Ref], now: datetime) -> list[Query]:
    """What changed in these of a system's entities, whenever they were read last."""
    cursors = tx.cursors.all(connection.name, system)
    return [
        changed_query(one, cursors.get((one.entity, "changed"), Cursor()), now)
        for one in connection.readings.get(system, ())
        if (system, one.entity) in refs
    ]


def changed_query(reading: Reading, cursor: Cursor, now: datetime) -> Query:
    """What changed since the last complete reading; the next part of one that is not complete."""
    return Query(reading.entity, "changed", reading.fields, cursor=cursor.value, since=reading.since, id=query_id(now))


def _is_due(cursor: Cursor, reading: Reading, stale_before: datetime) -> bool:
    """A source is read whenever it is older than that; a mirror once, and then when a write needs a look."""
    if reading.mirror and cursor.completed_at is not None:
        return False
    return cursor.started_at is None or cursor.started_at < stale_before


def note_failure(tx: Transaction, connection: Connection, system: str, query: Query, failed: Failed) -> None:
    """A query that failed is not due again before the next visit; its cursor stays where it was.

    Keys stay wanted, unless the system refuses the very question: that would be asked for ever.
    """
    if query.kind == "keys":
        if failed.failure is Failure.REFUSED:
            tx.wanted.answered(connection.name, system, query.entity, query.keys)
        return
    cursor = tx.cursors.get(connection.name, system, query.entity, query.kind)
    tried = Cursor(cursor.value, began(query), cursor.completed_at)
    tx.cursors.put(connection.name, system, query.entity, query.kind, tried)


def _wanted(tx: Transaction, connection: Connection, system: str, now: datetime) -> list[Query]:
    queries = []
    for reading in connection.readings.get(system, ()):
        keys = tx.wanted.take(connection.name, system, reading.entity, KEYS_PER_QUERY, ready=now)
        if keys:
            queries.append(Query(reading.entity, "keys", reading.fields, keys=tuple(keys), id=query_id(now)))
    return queries
