"""Receive: a page of records becomes snapshots, due marks and index entries, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import blake2b

from engine import tracing
from engine.mapping.compiled import CompiledMapping
from engine.protocol import Entity, Found, Page, Query, Record, Relation
from engine.store.codec import encode
from engine.store.cursors import Cursor
from engine.store.snapshots import Snapshot
from engine.store.store import Transaction
from engine.sync import forgotten, moved
from engine.sync.connection import Connection, Ref
from engine.sync.lookups import Lookups
from engine.sync.reads import began
from engine.sync.story import entry, tell
from engine.sync.words import words

LIVE, BACKFILL = 0, 1_000
"""Priorities of the queue: a change that just happened goes before old history. To each its mapping's rank is added."""

NEVER_HELD = "never held"
"""`gone` of a record that was asked for by its key and is not there, and that we never held."""


def receive(tx: Transaction, connection: Connection, system: str, query: Query, page: Page, now: datetime) -> int:
    """Store one page of an answer; the cursor moves with a page that carries one. Returns how many had changed."""
    ref = (system, query.entity)
    first = tx.cursors.get(connection.name, system, query.entity).completed_at is None
    priority = BACKFILL if first and not page.recent else LIVE
    changed = hold(tx, connection, ref, page.found, page.read_at or now, now, priority)
    lost = [(one.key, one.how) for one in page.gone] + [(key, "deleted") for key in page.missing]
    if query.kind == "all":
        unseen = forgotten.compare(tx, connection.name, ref, page, began(query), now)
        lost += [(key, "deleted") for key in unseen]
    if lost:
        _lose(tx, connection, ref, lost, now, held_only=bool(page.gone))
    for one in page.gone:
        if one.into is not None:
            moved.follow(tx, connection, ref, one.key, one.into, LIVE, now)
    answered = [one.key for one in page.found] + list(page.missing)
    if query.kind == "keys":
        answered += [one.key for one in page.gone]
    if answered:
        tx.wanted.answered(connection.name, system, query.entity, answered, page.read_at or now)
        tx.waits.wake(connection.name, [(waiting_for(ref), key) for key in answered], now)
    if page.done and query.kind == "gone":
        forgotten.remember(tx, connection.name, system, connection.entity(ref), now)
    if first and query.kind == "changed" and page.cursor and not page.done:
        tx.cursors.put(connection.name, system, query.entity, query.kind, Cursor(page.cursor, began(query)))
    if page.done and query.kind in ("changed", "gone"):
        tx.cursors.put(connection.name, system, query.entity, query.kind, Cursor(page.cursor, began(query), now))
        if first and query.kind == "changed":
            tx.waits.wake(connection.name, [(waiting_for(ref), FIRST_READING)], now)
    return len(changed)


FIRST_READING = "*"
"""Stands for the completion of an entity's first reading in the list of what a record waits for."""


def waiting_for(ref: Ref) -> str:
    """How a wait for a record of an entity (not for a link) is written down."""
    return f"@{ref[0]}.{ref[1]}"


def entity_of(wait: str) -> Ref:
    """The entity of which `waiting_for` made this."""
    system, _, entity = wait.removeprefix("@").partition(".")
    return system, entity


def hold(
    tx: Transaction,
    connection: Connection,
    ref: Ref,
    found: Sequence[Found],
    read_at: datetime,
    now: datetime,
    priority: int = LIVE,
) -> list[str]:
    """Keep records as snapshots, index them, mark what maps them as due where they changed. Returns changed keys."""
    connector, entity = connection.connectors[ref[0]], connection.entity(ref)
    earlier = tx.snapshots.get(connection.name, *ref, [one.key for one in found])
    rows: list[Snapshot] = []
    changed: list[tuple[Snapshot, Snapshot | None]] = []
    for one in found:
        before = earlier.get(one.key)
        record = connector.derive(ref[1], one.record, before.record if before and before.record else None)
        hashed = digest(record)
        since = before.changed_at if before and before.hash == hashed else read_at
        found_by = words(entity, one.key, record)
        row = Snapshot(one.key, record, hashed, read_at, None, tuple(one.identity), since, one.stamp, found_by)
        rows.append(row)
        if before is None or before.hash != row.hash or before.gone or before.identity != row.identity:
            changed.append((row, before))
    tx.snapshots.put(connection.name, *ref, rows)
    stamps = {one.key: one.stamp for one in found if one.stamp is not None}
    if stamps:
        tx.wanted.settled(connection.name, *ref, stamps)
    if not changed:
        return []
    _index(tx, connection, ref, [row for row, _ in changed])
    _mark(tx, connection, ref, [row for row, _ in changed], priority, now)
    _want(tx, connection, ref, entity, changed, priority, now)
    return [row.key for row, _ in changed]


def digest(record: Record) -> str:
    """A record's hash: equal records, equal hash, whatever the order of their fields."""
    return blake2b(encode(record).encode(), digest_size=16).hexdigest()


def _index(tx: Transaction, connection: Connection, ref: Ref, rows: Sequence[Snapshot]) -> None:
    """Renew the match index: what these records can be matched by, as a source and as a target."""
    for mapping in connection.by_source.get(ref, ()):
        for position, key in enumerate(mapping.match):
            values = {
                holder(ref, row.key): []
                if row.gone or mapping.same_as(row.record)
                else [(value, row.key) for value in key.source_values(row.record)]
                for row in rows
            }
            tx.matches.replace(connection.name, mapping.name, position, "source", values)
    for mapping, position in connection.matched.get(ref, ()):
        targets = [one for one in mapping.match[position].targets if one.entity == ref[1]]
        entries = {
            holder(ref, row.key): []
            if row.gone or row.record.get("is_deleted") is True
            else sorted({hit for target in targets for hit in target.index(row.record)})
            for row in rows
        }
        tx.matches.replace(connection.name, mapping.name, position, "target", entries)


def holder(ref: Ref, key: str) -> str:
    """The record that an entry of the match index was made from."""
    return f"{ref[1]}/{key}"


def _mark(
    tx: Transaction, connection: Connection, ref: Ref, rows: Sequence[Snapshot], priority: int, now: datetime
) -> None:
    lookups = Lookups(tx, connection)
    if any(one.is_one_per for one in connection.by_source.get(ref, ())):
        lookups.prefetch(ref, [row.record for row in rows])
    for mapping in connection.by_source.get(ref, ()):
        due = [(row.key, lease_group(lookups, mapping, row)) for row in rows]
        rank = priority + connection.rank(mapping.name)
        tx.work.mark(connection.name, mapping.name, due, rank, now, tracing.words().get("visit"))


def lease_group(lookups: Lookups, mapping: CompiledMapping, row: Snapshot) -> str | None:
    """Records of one group are never worked on side by side: those that share a target, else each by itself."""
    if not mapping.is_one_per:
        return None
    try:
        record = lookups.enriched(mapping.source, row.record)
    except KeyError:
        record = row.record
    return mapping.group(record) or row.key


def _want(
    tx: Transaction,
    connection: Connection,
    ref: Ref,
    entity: Entity,
    changed: Sequence[tuple[Snapshot, Snapshot | None]],
    priority: int,
    now: datetime,
) -> None:
    """Ask for the records that these touch (held ones, whose content has changed unseen) and pull (not yet held)."""
    records = [one.record for pair in changed for one in pair if one is not None]
    for relation in entity.touches:
        if relation.of and (priority >= BACKFILL or not connection.reads((ref[0], relation.entity), relation.of)):
            continue
        keys = _keys(connection, ref, relation, records)
        held = tx.snapshots.get(connection.name, ref[0], relation.entity, keys)
        tx.wanted.add(connection.name, ref[0], relation.entity, list(held), f"touched by {ref[1]}", now)
    for relation in entity.pulls:
        keys = _keys(connection, ref, relation, records)
        held = tx.snapshots.get(connection.name, ref[0], relation.entity, keys)
        missing = [key for key in keys if key not in held]
        if missing and any(one.entity == relation.entity for one in connection.readings[ref[0]]):
            tx.wanted.add(connection.name, ref[0], relation.entity, missing, f"named by {ref[1]}", now)


def _keys(connection: Connection, ref: Ref, relation: Relation, records: Iterable[Record]) -> list[str]:
    return sorted({key for record in records if record for key in connection.related(ref, relation, record)})


def _lose(
    tx: Transaction,
    connection: Connection,
    ref: Ref,
    lost: Sequence[tuple[str, str]],
    now: datetime,
    held_only: bool,
) -> None:
    """Mark records as gone, and what maps them as due; keys that were asked for and never held leave a tombstone."""
    keys = [key for key, _ in lost]
    held = tx.snapshots.get(connection.name, *ref, keys)
    if not held_only:
        unknown = [key for key in keys if key not in held]
        entity = connection.entity(ref)
        stones = [Snapshot(key, {}, digest({}), now, NEVER_HELD, (), words=words(entity, key, {})) for key in unknown]
        tx.snapshots.put(connection.name, *ref, stones)
        refs = [(mapping.name, key) for mapping in connection.by_source.get(ref, ()) for key in unknown]
        tx.waits.wake(connection.name, refs, now)
    newly = set(tx.snapshots.gone(connection.name, *ref, [(key, how) for key, how in lost if key in held], now))
    rows = [Snapshot(key, held[key].record, held[key].hash, now, "deleted", ()) for key in sorted(newly)]
    if not rows:
        return
    _index(tx, connection, ref, rows)
    _mark(tx, connection, ref, rows, LIVE, now)
    _want(tx, connection, ref, connection.entity(ref), [(row, None) for row in rows], LIVE, now)
    tell(
        tx,
        connection.name,
        [
            entry(
                now, mapping, row.key, "receive", "gone", "deleted at the source", origin=tracing.words().get("visit")
            )
            for mapping in connection.by_source.get(ref, ())
            for row in rows
        ],
    )
