"""Why a record is as it is, or why it is not there: its rows, links, matches and journal, as plain data.

Reads the store and asks nobody; the words are the journal's own. How they are shown is left to commands and pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from engine.mapping.compiled import CompiledMapping
from engine.mapping.draft import MISSING
from engine.protocol import Record
from engine.store.journal import Entry
from engine.store.snapshots import Snapshot
from engine.store.store import Transaction
from engine.sync.connection import Connection, Ref
from engine.sync.matcher import PENDING
from engine.sync.parked import CAUSES
from engine.sync.settling import LOOK
from engine.sync.timeline import Event, line, timeline
from engine.sync.values import at
from engine.sync.words import folded

ENTRIES = 50
"""Newest decisions that are told of each row."""
HITS = 20


@dataclass(frozen=True, slots=True)
class Hit:
    """A held record that a person may mean."""

    system: str
    entity: str
    key: str
    label: str
    gone: str | None = None

    @property
    def ref(self) -> Ref:
        return (self.system, self.entity)


@dataclass(frozen=True, slots=True)
class Try:
    """A match key as it stands now: what it normalised to, and what it hits."""

    label: str
    values: tuple[str, ...]
    shared: tuple[str, ...]
    """Values that several source records hold: they say nothing."""
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class FieldNow:
    """One field of a target: what we sent last, what was answered, and what is held now."""

    field: str
    sent: Any
    seen: Any
    now: Any
    rule: str
    read: Any = MISSING
    """What the rule read of the source, when the field was decided last."""
    won: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What one mapping did with a source record."""

    mapping: str
    source: Hit
    state: str
    """due, leased, waiting, parked, done, skipped; or "never": the mapping has not looked at it."""
    reason: str
    code: str
    waits: tuple[tuple[str, str], ...] = ()
    targets: tuple[Hit, ...] = ()
    tries: tuple[Try, ...] = ()
    fields: tuple[FieldNow, ...] = ()
    entries: tuple[Entry, ...] = ()
    events: tuple[Event, ...] = ()
    """The entries as people read them, with what was sent and what came back."""
    detail: dict[str, Any] = field(default_factory=dict)


def find(tx: Transaction, connection: Connection, text: str) -> list[Hit]:
    """The held records of either system that are called so (by key, name or number); where none is, those whose name
    or key holds the text. At most HITS."""
    hits = search(tx, connection, text, HITS)
    wanted = folded(text)
    exact = [hit for hit in hits if wanted in (folded(hit.key), folded(hit.label))]
    return exact or hits


def search(tx: Transaction, connection: Connection, text: str, limit: int) -> list[Hit]:
    """The held records of either system whose key, name or number is the text, begins with it, or holds it: the
    nearest first, gone ones too. Case and accents make no difference."""
    wanted = folded(text)
    if not wanted:
        return []
    refs = [(system, one.entity) for system, some in connection.readings.items() for one in some]
    by_key = [found for ref in refs if (found := hit(tx, connection, ref, text.strip())) is not None]
    named: dict[Ref, list[str]] = {}
    places = tx.snapshots.named(connection.name, wanted, limit)
    for system, entity, key in places:
        named.setdefault((system, entity), []).append(key)
    held = {ref: tx.snapshots.get(connection.name, *ref, keys) for ref, keys in named.items() if ref in refs}
    by_name = [
        _seen(connection, (system, entity), held[(system, entity)][key])
        for system, entity, key in places
        if (system, entity) in held
    ]
    return list(dict.fromkeys([*by_key, *by_name]))[:limit]


@dataclass(frozen=True, slots=True)
class Reading:
    """How far an entity was read: what is not there may not have been reached."""

    system: str
    entity: str
    since: str | None
    completed_at: datetime | None

    @property
    def sentence(self) -> str:
        """In words."""
        if self.completed_at is None:
            return "its first reading is not complete"
        since = f", what is dated {self.since} or later" if self.since else ""
        return f"read completely by {self.completed_at:%Y-%m-%d %H:%M} UTC{since}"


def readings(tx: Transaction, connection: Connection) -> list[Reading]:
    """What is read of both systems, and until when."""
    return [
        Reading(system, one.entity, one.since, tx.cursors.get(connection.name, system, one.entity).completed_at)
        for system, some in connection.readings.items()
        for one in some
    ]


def why(told: Told) -> str:
    """What became of a record and why, in a sentence or two."""
    if told.state == "parked":
        return f"It waits for a person: {told.reason}. {CAUSES.get(told.code, '')}".rstrip()
    if told.state == "waiting":
        return f"It waits by itself: {told.reason}."
    if told.state == "skipped":
        return f"It is left out: {told.reason}."
    if told.state == "ignored":
        return f"It is left alone: {told.reason}. It was parked because {told.detail.get('was') or 'of ' + told.code}."
    if told.state in ("due", "leased"):
        return f"Its turn is near{f'; last time: {told.reason}' if told.reason else ''}."
    if told.state == "never":
        return "This mapping has not looked at it yet."
    made = ", ".join(f"{one.entity} {one.key}" for one in told.targets)
    last = f" Last decision: {told.reason}." if told.reason else ""
    return f"It is {made}.{last}" if made else f"Nothing stands for it.{last}"


def explain(tx: Transaction, connection: Connection, of: Hit) -> list[Told]:
    """What the mappings made of a source record; of a target, what they made of the records behind it."""
    told = [_told(tx, connection, mapping, of) for mapping in connection.by_source.get(of.ref, ())]
    for mapping in connection.by_target.get(of.ref, ()):
        links = tx.links.by_target(connection.name, of.ref, [of.key], source=mapping.source).get(of.key, [])
        sources = dict.fromkeys(link.record_key for link in links if not mapping.for_linked)
        found = [hit(tx, connection, mapping.source, key) for key in list(sources)[:HITS]]
        told += [_told(tx, connection, mapping, one) for one in found if one is not None]
    return told


def _told(tx: Transaction, connection: Connection, mapping: CompiledMapping, source: Hit) -> Told:
    name = connection.name
    row = tx.work.get(name, mapping.name, [source.key]).get(source.key)
    targets = _targets(tx, connection, mapping, source)
    entries = tx.journal.story(name, mapping.name, source.key, ENTRIES)
    tries = [] if targets else _tries(tx, connection, mapping, source)
    return Told(
        mapping=mapping.name,
        source=source,
        state=row.state if row else "never",
        reason=(row.reason or row.outcome or "") if row else "this mapping has not looked at it yet",
        code=(row.code or "") if row else "",
        waits=tuple(ref for ref in tx.waits.for_row(name, mapping.name, source.key) if not ref[0].startswith(LOOK)),
        targets=tuple(targets),
        tries=tuple(tries),
        fields=tuple(_fields(tx, connection, mapping, targets, entries)),
        entries=tuple(entries),
        events=tuple(timeline(tx, connection, entries)),
        detail=row.detail if row else {},
    )


def _targets(tx: Transaction, connection: Connection, mapping: CompiledMapping, source: Hit) -> list[Hit]:
    name = connection.name
    if mapping.for_linked:
        links = tx.links.by_target(name, mapping.source, [source.key], source=mapping.target).get(source.key, [])
        keys = [link.source_key for link in links if link.gone is None]
    else:
        links = tx.links.by_record(name, mapping.source, mapping.target, [source.key]).get(source.key, [])
        keys = [link.target_key for link in links]
    return [hit(tx, connection, mapping.target, key) or Hit(*mapping.target, key, "") for key in dict.fromkeys(keys)]


def _tries(tx: Transaction, connection: Connection, mapping: CompiledMapping, source: Hit) -> list[Try]:
    """Its match keys in their order, with what they hit now."""
    record = _record(tx, connection, source)
    tries = []
    for position, key in enumerate(mapping.match):
        values = key.source_values(record)
        holders = tx.matches.hits(connection.name, mapping.name, position, "source", values)
        hits = tx.matches.hits(connection.name, mapping.name, position, "target", values)
        keys = sorted({one for some in hits.values() for one in some})
        there = [
            hit(tx, connection, mapping.target, one.removeprefix(PENDING)) or Hit(*mapping.target, one, "")
            for one in keys
        ]
        shared = tuple(value for value in values if len(holders.get(value, ())) > 1)
        tries.append(Try(key.label, tuple(values), shared, tuple(there)))
    return tries


def _fields(
    tx: Transaction,
    connection: Connection,
    mapping: CompiledMapping,
    targets: Sequence[Hit],
    entries: Sequence[Entry],
) -> list[FieldNow]:
    if len(targets) != 1:
        return []
    key = targets[0].key
    base = tx.bases.get(connection.name, mapping.source, mapping.target, [key]).get(key)
    record = _record(tx, connection, targets[0])
    last = {given["field"]: line(given) for one in entries for given in one.detail.get("fields", ())}
    found = []
    for path, rule in mapping.rules.items():
        if base is not None and path in base.sent:
            now = FieldNow(path, base.sent[path], base.seen.get(path), at(record, path), rule.where)
            known = last.get(path)
            found.append(now if known is None else replace(now, read=known.read, won=known.won, why=known.why))
    return found


def hit(tx: Transaction, connection: Connection, ref: Ref, key: str) -> Hit | None:
    """The held record of that key, gone or not."""
    held = tx.snapshots.get(connection.name, *ref, [key]).get(key)
    if held is None:
        return None
    return _seen(connection, ref, held)


def _seen(connection: Connection, ref: Ref, held: Snapshot) -> Hit:
    return Hit(*ref, held.key, str(held.record.get(connection.entity(ref).label) or ""), held.gone)


def _record(tx: Transaction, connection: Connection, hit: Hit) -> Record:
    held = tx.snapshots.get(connection.name, *hit.ref, [hit.key]).get(hit.key)
    return held.record if held else {}
