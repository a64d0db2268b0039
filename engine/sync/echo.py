"""Our own writes must not come back as changes: after a write, the other direction learns what it made of it.

The mappings of the other direction are evaluated on the target as it was last seen, with only the written fields
replaced by the answer; their draft becomes that half's `sent` without a write. A person's own change of another
field still differs from it, and is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.mapping.compiled import CompiledMapping
from engine.mapping.draft import MISSING, Context
from engine.protocol import Record, Write, Written
from engine.store.bases import Base
from engine.store.store import Transaction
from engine.sync.batch import Batch
from engine.sync.connection import Connection
from engine.sync.decisions import with_own_lines
from engine.sync.receiver import LIVE
from engine.sync.unit import Settled
from engine.sync.values import at, replaced, same


def forward(
    tx: Transaction,
    connection: Connection,
    mapping: CompiledMapping,
    key: str,
    write: Write,
    result: Written,
    before: Record,
    now: datetime,
) -> None:
    """Tell the mappings back what this write made of the target."""
    if write.entity != mapping.target[1]:
        return
    if not result.record:  # children: nothing of the target itself was written, but a source may have joined it
        learn(Batch(tx, connection, now), mapping, key, before, before or None)
        return
    written = {path: at(result.record, path) for path in write.values}
    answered = {path: value for path, value in written.items() if value is not MISSING}
    after = replaced(before, answered) if before else result.record
    learn(Batch(tx, connection, now), mapping, key, after, before)


def linked(
    batch: Batch, mapping: CompiledMapping, key: str, record: Record, sent: Mapping[str, Any], ours: bool
) -> None:
    """Tell the mappings back of a target that was there before its link.

    One that carries our identity was made by us before this store was: what people did to it since is told still, so
    they learn what it was when it was made.
    """
    if not ours:
        learn(batch, mapping, key, record)
        return
    fields = batch.connection.entity(mapping.target).fields
    made = {one.name: one.begins_as for one in fields if one.begins_as is not None}
    made |= {path: value for path, value in sent.items() if not path.startswith("?")}
    learn(batch, mapping, key, replaced(record, made))
    for back in batch.connection.by_source.get(mapping.target, ()):
        if back.target == mapping.source:
            batch.tx.work.mark(batch.connection.name, back.name, [(key, None)], LIVE, batch.now)


def learn(batch: Batch, mapping: CompiledMapping, key: str, record: Record, before: Record | None = None) -> None:
    """The mappings back take this state of the target for known: only what differs from it later is written.

    With `before`, only what our write changed is taken for known: a person's change that we had seen already, and not
    yet told the other side, is still to be told.
    """
    for back in batch.connection.by_source.get(mapping.target, ()):
        if back.target == mapping.source:
            _learn(batch, back, mapping, key, record, before)


def _learn(
    batch: Batch, back: CompiledMapping, mapping: CompiledMapping, key: str, record: Record, before: Record | None
) -> None:
    """Make the other half's draft of this record its `sent`."""
    tx, connection = batch.tx, batch.connection
    links = tx.links.by_target(connection.name, mapping.target, [key], source=mapping.source).get(key, [])
    own = [link for link in links if link.role == "own"]
    targets = [link.source_key for link in own if link.gone is None]
    values, old = _drafted(batch, back, record), _drafted(batch, back, before) if before else {}
    known = tx.bases.get(connection.name, back.source, back.target, [link.source_key for link in own])
    held = tx.snapshots.get(connection.name, *back.target, targets)
    other = next((known[link.source_key] for link in own if link.source_key in known), None)
    bases = {}
    for target in targets:
        base = known.get(target) or _joining(other)
        learnt = {
            path: value
            for path, value in values.items()
            if path not in base.sent or path not in old or not same(old[path], value)
        }
        there = _there(back, held[target].record, values) if target in held else {}
        seen = {path: value for path, value in there.items() if value is not MISSING}
        bases[target] = Base({**base.sent, **learnt}, {**seen, **base.seen}, base.children)
    tx.bases.put(connection.name, back.source, back.target, bases)


def _joining(other: Base | None) -> Base:
    """The base of a target that joins others: as far behind as they are, and what they were told, it is told too."""
    if other is None:
        return Base({}, {}, {})
    told = {path: value for path, value in other.sent.items() if same(value, other.seen.get(path))}
    return Base({**other.sent, **dict.fromkeys(told)}, {}, {})


def _drafted(batch: Batch, back: CompiledMapping, record: Record) -> Record:
    """What the mapping back makes of the target record."""
    now, zone = batch.now, batch.connection.zone
    context = Context(batch.resolve, batch.named, {}, now.astimezone(zone).date(), now, zone)
    draft = back.draft(back.elements(record)[0], context)
    return batch.connection.endpoints[back.target[0]].canonical(back.target[1], draft.values)


def _there(back: CompiledMapping, record: Record, values: Record) -> Record:
    """What the drafted fields hold now; nothing where our line is doubled, which parks when it is to be written."""
    try:
        seen = with_own_lines(back, record, values)
    except Settled:
        return {}
    return {path: at(seen, path) for path in values}
