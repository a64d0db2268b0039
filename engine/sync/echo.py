"""Our own writes must not come back as changes: after a write, the other direction learns what it made of it.

The mappings of the other direction are evaluated on the target as it was last seen, with only the written fields
replaced by the answer; their draft becomes that half's `sent` without a write. A person's own change of another
field still differs from it, and is written.
"""

from __future__ import annotations

from datetime import datetime

from engine.mapping.compiled import CompiledMapping
from engine.mapping.draft import MISSING, Context
from engine.protocol import Record, Write, Written
from engine.store.bases import Base
from engine.store.store import Transaction
from engine.sync.batch import Batch
from engine.sync.connection import Connection
from engine.sync.decisions import with_own_lines
from engine.sync.unit import Settled
from engine.sync.values import at, replaced


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
    if write.entity != mapping.target[1] or not result.record:
        return
    written = {path: at(result.record, path) for path in write.values}
    answered = {path: value for path, value in written.items() if value is not MISSING}
    record = replaced(before, answered) if before else result.record
    learn(Batch(tx, connection, now), mapping, key, record)


def learn(batch: Batch, mapping: CompiledMapping, key: str, record: Record) -> None:
    """The mappings back take this state of the target for known: only what differs from it later is written."""
    for back in batch.connection.by_source.get(mapping.target, ()):
        if back.target == mapping.source:
            _learn(batch, back, mapping, key, record)


def _learn(batch: Batch, back: CompiledMapping, mapping: CompiledMapping, key: str, record: Record) -> None:
    """Make the other half's draft of this record its `sent`."""
    tx, connection, now = batch.tx, batch.connection, batch.now
    links = tx.links.by_target(connection.name, mapping.target, [key], source=mapping.source).get(key, [])
    context = Context(batch.resolve, batch.named, {}, now.astimezone(connection.zone).date(), now, connection.zone)
    draft = back.draft(back.elements(record)[0], context)
    values = connection.endpoints[back.target[0]].canonical(back.target[1], draft.values)
    targets = [link.source_key for link in links if link.gone is None and link.role == "own"]
    known = tx.bases.get(connection.name, back.source, back.target, targets)
    held = tx.snapshots.get(connection.name, *back.target, targets)
    bases = {}
    for target in targets:
        base = known.get(target, Base({}, {}, {}))
        there = _there(back, held[target].record, values) if target in held else {}
        seen = {path: value for path, value in there.items() if value is not MISSING}
        bases[target] = Base({**base.sent, **values}, {**seen, **base.seen}, base.children)
    tx.bases.put(connection.name, back.source, back.target, bases)


def _there(back: CompiledMapping, record: Record, values: Record) -> Record:
    """What the drafted fields hold now; nothing where our line is doubled, which parks when it is to be written."""
    try:
        seen = with_own_lines(back, record, values)
    except Settled:
        return {}
    return {path: at(seen, path) for path in values}
