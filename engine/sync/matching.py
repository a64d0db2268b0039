"""Match, the acting half: look the keys up in the index and let `matcher` decide on what was found."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from engine.mapping.compiled import CompiledMapping
from engine.protocol import Write
from engine.store.store import Transaction
from engine.sync.batch import Batch
from engine.sync.connection import Connection
from engine.sync.freshness import Freshness
from engine.sync.matcher import PENDING, Match, Tried, match
from engine.sync.receiver import FIRST_READING, waiting_for
from engine.sync.unit import Settled, Unit, parked, skipped, waiting

PENDING_PAUSE = timedelta(seconds=5)


def require_first_readings(batch: Batch, mapping: CompiledMapping) -> None:
    """Matching begins once both sides have been read completely: before that, 'nothing matches' means nothing."""
    entities = {target.entity for key in mapping.match for target in key.targets} | {mapping.target[1]}
    refs = [(mapping.target[0], entity) for entity in sorted(entities)]
    if mapping.match:
        refs.append(mapping.source)
    for ref in refs:
        if not batch.was_read(ref):
            reason = f"the first reading of {ref[0]}.{ref[1]} is not complete"
            raise waiting(reason, [(waiting_for(ref), FIRST_READING)], step="match")


def by_identity(batch: Batch, mapping: CompiledMapping, unit: Unit) -> str | None:
    """The target that carries our identity line for one of the members: a lost store, or an answer that was lost."""
    if not batch.connection.entity(mapping.target).identity:
        return None
    lines = [batch.connection.identity_line(mapping.source, one.source_key) for one in unit.living]
    found = batch.tx.snapshots.by_identity(batch.connection.name, *mapping.target, lines)
    keys = sorted({key for keys in found.values() for key in keys})
    if len(keys) > 1:
        raise parked(f"{len(keys)} records carry its identity", "M104", "match", candidates=keys)
    return keys[0] if keys else None


def by_keys(batch: Batch, fresh: Freshness, mapping: CompiledMapping, unit: Unit) -> Match:
    """Try the match keys in their order, on a fresh look at what they are looked up in."""
    entities = sorted({target.entity for key in mapping.match for target in key.targets})
    fresh.require([(mapping.target[0], entity) for entity in entities], unit.rows)
    name, record = batch.connection.name, unit.primary.element.record
    values = {position: key.source_values(record) for position, key in enumerate(mapping.match)}
    found = batch.tx.matches.all_hits(name, mapping.name, values)
    tried = [
        Tried(key.label, values[position], found[(position, "source")], found[(position, "target")])
        for position, key in enumerate(mapping.match)
    ]
    targets = {key for one in tried for keys in one.hits.values() for key in keys if not key.startswith(PENDING)}
    links = batch.tx.links.by_target(name, mapping.target, sorted(targets), source=mapping.source)
    linked = {key: found[0].source_key for key, found in links.items() if found}
    result = match([replace(one, holders={}) for one in tried], {}) if mapping.only_points else match(tried, linked)
    if result.verdict == "park":
        raise parked(
            result.reason,
            result.code,
            "match",
            candidates=_shown(batch, mapping, result.candidates, linked),
            tried={one.label: list(one.values) for one in tried},
            warnings=list(result.warnings),
        )
    if result.verdict == "wait":
        raise Settled("due", "waiting", result.reason, step="match", due_at=batch.now + PENDING_PAUSE)
    if result.verdict == "create" and not mapping.creates:
        raise skipped(f"no {mapping.target[1]} matches, and the mapping creates none", step="match")
    return result


def _shown(
    batch: Batch, mapping: CompiledMapping, keys: tuple[str, ...], linked: dict[str, str]
) -> list[dict[str, str]]:
    """Candidates as people know them."""
    label = batch.connection.entity(mapping.target).label
    held = batch.tx.snapshots.get(batch.connection.name, *mapping.target, keys)
    return [
        {
            "key": key,
            "label": str(held[key].record.get(label, "") if key in held else ""),
            "linked": linked.get(key, ""),
        }
        for key in keys
    ]


def announce(tx: Transaction, connection: Connection, unit: Unit, write: Write) -> None:
    """A create that is under way is a candidate too: no other record may create the same meanwhile."""
    if write.action != "create" or write.entity != unit.mapping.target[1]:
        return
    member = unit.primary
    rows = [
        (position, value, PENDING + member.source_key)
        for position, key in enumerate(unit.mapping.match)
        for value in key.source_values(member.element.record)
    ]
    tx.matches.add(connection.name, unit.mapping.name, intent_holder(write.id), "target", rows)


def intent_holder(intent: str) -> str:
    """Whose entries in the match index speak for a create under way."""
    return f"intent/{intent}"
