"""A source record that was merged into another: told from one that was deleted, and its link made an alias.

QuickBooks shows a merged list object as deleted and says nothing of where it went [facts: QuickBooks 2.5]; but the
records that named it name the other one now. So the known ones are read again first: if they name one other record,
the old key becomes an alias of that one's link, and nothing is marked as deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from engine.mapping.compiled import CompiledMapping
from engine.protocol import Entity, Field, Record
from engine.store.links import Link
from engine.store.work import WorkRow
from engine.sync.batch import Batch, Held
from engine.sync.connection import Connection, Ref
from engine.sync.linking import link
from engine.sync.receiver import LIVE, waiting_for
from engine.sync.unit import Settled, parked, waiting

REGROUPED = "M110"
"""The code of rows that were parked since what groups them has changed; a merge is the innocent reason."""


def alias() -> Settled:
    """How a source ends whose link is only an alias: it writes nothing, whatever becomes of it."""
    return Settled("done", "same as", "shares the link of another record, and writes nothing", step="link")


@dataclass(frozen=True, slots=True)
class Naming:
    """A record that names another one."""

    entity: str
    key: str


def swallowed(batch: Batch, mapping: CompiledMapping, row: WorkRow, held: Held, own: Link) -> Settled | None:
    """How a deleted record's row goes on if it may have been merged into another. None: it is simply gone."""
    referring = dict(_referring(batch.connection, mapping.source))
    naming = _remembered(row) or _naming(batch, mapping.source, row.source_key, referring)
    if not naming:
        return None
    detail = {"named_by": [[one.entity, one.key] for one in naming]}
    unread = _unread(batch, mapping.source, naming, held.snapshot.read_at)
    if unread:
        for one in unread:
            ref = (mapping.source[0], one.entity)
            batch.tx.wanted.add(batch.connection.name, *ref, [one.key], "names a deleted record", batch.now)
        refs = [(waiting_for((mapping.source[0], one.entity)), one.key) for one in unread]
        reason = "it is gone; what named it is read again, in case it was merged"
        return Settled("waiting", "waiting", reason, detail=detail, waits=refs, step="map")
    named = _named_now(batch, mapping.source, naming, referring)
    if len(named) != 1 or row.source_key in named:
        return None
    return _alias(batch, mapping, row, own, next(iter(named)), naming, detail)


def _alias(
    batch: Batch,
    mapping: CompiledMapping,
    row: WorkRow,
    own: Link,
    survivor: str,
    naming: Sequence[Naming],
    detail: dict[str, list[list[str]]],
) -> Settled:
    """The old key shares the survivor's link from now on; what it grouped is grouped by the survivor."""
    resolved = batch.resolve(mapping.name, survivor)
    if resolved.state != "linked" or resolved.key is None:
        ended = waiting(resolved.reason or f"{survivor} is not linked yet", [(mapping.name, survivor)])
        ended.detail.update(detail)
        return ended
    shared = link(mapping.source, row.source_key, mapping.target, resolved.key, batch.now, role="same_as")
    batch.tx.links.put(batch.connection.name, [shared])
    _regroup(batch, mapping.source[0], naming)
    if resolved.key == own.target_key:
        return alias()
    label = mapping.target[1]
    reason = f"it was merged into {survivor} at the source: merge {label} {own.target_key} into {resolved.key} too"
    return parked(reason, "M107", "link", candidates=[{"key": own.target_key}, {"key": resolved.key}])


def _referring(connection: Connection, ref: Ref) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """The entities that are read as sources and name records of this one: the paths at which they do."""
    for (system, name), mappings in connection.by_source.items():
        if system == ref[0] and mappings:
            paths = list(_paths(connection.entity((system, name)), ref[1]))
            if paths:
                yield name, paths


def _paths(entity: Entity, named: str) -> Iterator[tuple[str, ...]]:
    def walk(fields: Sequence[Field], before: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for one in fields:
            here = (*before, one.name)
            if one.refers == named and not one.many:
                yield here
            if one.fields and not one.many:
                yield from walk(one.fields, here)

    if entity.name != named:
        yield from walk(entity.fields, ())


def _names(record: Record, paths: Sequence[tuple[str, ...]]) -> set[str]:
    found = set()
    for path in paths:
        value: object = record
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        if value:
            found.add(str(value))
    return found


def _remembered(row: WorkRow) -> list[Naming]:
    """What named it when it went: once that is read again, it does not any more."""
    return [Naming(*one) for one in row.detail.get("named_by", ())]


def _naming(batch: Batch, ref: Ref, key: str, referring: dict[str, list[tuple[str, ...]]]) -> list[Naming]:
    mentioning, name = batch.tx.snapshots.mentioning, batch.connection.name
    return [
        Naming(entity, one.key)
        for entity, paths in referring.items()
        for one in mentioning(name, ref[0], entity, key)
        if key in _names(one.record, paths)
    ]


def _unread(batch: Batch, ref: Ref, naming: Sequence[Naming], since: datetime) -> list[Naming]:
    unread = []
    for one in naming:
        held = batch.get((ref[0], one.entity), one.key)
        if held is not None and held.snapshot.gone is None and held.snapshot.read_at < since:
            unread.append(one)
    return unread


def _named_now(
    batch: Batch, ref: Ref, naming: Sequence[Naming], referring: dict[str, list[tuple[str, ...]]]
) -> set[str]:
    named: set[str] = set()
    for one in naming:
        held = batch.get((ref[0], one.entity), one.key)
        if held is not None and held.snapshot.gone is None:
            named |= _names(held.snapshot.record, referring.get(one.entity, ()))
    return named


def _regroup(batch: Batch, system: str, naming: Sequence[Naming]) -> None:
    """References in a `one_per` are compared by what they lead to, so a merge parts no group."""
    for entity in {one.entity for one in naming}:
        keys = [one.key for one in naming if one.entity == entity]
        for mapping in batch.connection.by_source.get((system, entity), ()):
            if mapping.is_one_per:
                _regroup_links(batch, mapping, keys)


def _regroup_links(batch: Batch, mapping: CompiledMapping, keys: Sequence[str]) -> None:
    name = batch.connection.name
    moved = []
    for key, old in batch.tx.links.by_source(name, mapping.source, mapping.target, keys).items():
        held = batch.get(mapping.source, key)
        if held is not None and held.lacks is None and old.group is not None:
            moved.append(replace(old, group=mapping.group(held.record) or key))
    batch.tx.links.put(name, moved)
    rows = batch.tx.work.get(name, mapping.name, keys)
    again = [(row.source_key, row.group) for row in rows.values() if row.state == "parked" and row.code == REGROUPED]
    batch.tx.work.mark(name, mapping.name, again, LIVE, batch.now)
