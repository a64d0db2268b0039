"""How rows of the queue end without a request: done, skipped, waiting, parked, or due again for a fresh look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.mapping.compiled import CompiledMapping
from engine.store.waits import Reference
from engine.store.work import Finished, WorkRow
from engine.sync.batch import Batch
from engine.sync.receiver import BACKFILL, LIVE
from engine.sync.story import entry, tell
from engine.sync.unit import Settled

_ORDER = ("due", "waiting", "parked", "done", "skipped")
"""Of several elements of one record, the first of these speaks for the row."""


def settle(batch: Batch, mapping: CompiledMapping, rows: Sequence[WorkRow], settled: Sequence[Settled]) -> None:
    """End the leases of rows whose units came to these ends."""
    chosen = min(settled, key=lambda one: _ORDER.index(one.state))
    if chosen.state == "due":
        batch.tx.work.defer(
            batch.connection.name,
            [(row.mapping, row.source_key) for row in rows],
            chosen.due_at or batch.now,
            chosen.reason,
            need_since=chosen.fresh_since,
        )
        return
    waits = list(dict.fromkeys(ref for one in settled for ref in one.waits))
    finish(batch, mapping, rows, chosen)
    for row in rows:
        batch.tx.waits.replace(batch.connection.name, row.mapping, row.source_key, waits)
    if chosen.state == "waiting" and min(row.priority for row in rows) < BACKFILL:
        # What just happened must not wait until all of the old history before it is through.
        batch.tx.waits.hurry(batch.connection.name, waits, LIVE)
    if chosen.state == "waiting" and batch.came_meanwhile(waits):
        # Another process linked or read it between our look and our waiting, so nobody would wake these.
        batch.tx.work.defer(batch.connection.name, [(row.mapping, row.source_key) for row in rows], batch.now)


LOOK = "?"
"""Begins the name of a wait for a row's next look."""


def looks(rows: Iterable[Reference]) -> list[Reference]:
    """How a wait for the next look at rows, however it ends (not only with a link), is written down."""
    return [(f"{LOOK}{mapping}", key) for mapping, key in rows]


def finish(batch: Batch, mapping: CompiledMapping, rows: Sequence[WorkRow], settled: Settled) -> None:
    """Write down how rows ended; what refers to them looks again where that is news, what waits for their turn does."""
    name, now = batch.connection.name, batch.now
    batch.fetch(mapping.source, [row.source_key for row in rows])
    finished = []
    for row in rows:
        held = batch.get(mapping.source, row.source_key)
        finished.append(
            Finished(
                row.mapping,
                row.source_key,
                "done" if settled.state == "due" else settled.state,
                outcome=settled.outcome,
                reason=settled.reason or None,
                code=settled.code or None,
                decided=held.snapshot.hash if held else None,
                version=mapping.version,
                detail=settled.detail,
                touched=row.touched,
            )
        )
    batch.tx.work.finish(name, finished)
    news = [row for row in rows if row.outcome != settled.outcome]
    if settled.state in ("waiting", "parked", "skipped"):
        ends = [(row.mapping, row.source_key) for row in news] if settled.state != "waiting" else []
        batch.tx.waits.wake(name, ends + looks((row.mapping, row.source_key) for row in rows), now)
    if settled.outcome != "unchanged" or news:
        entries = [
            entry(
                now,
                mapping,
                row.source_key,
                settled.step,
                settled.outcome,
                settled.reason,
                {**settled.detail, **({"code": settled.code} if settled.code else {})},
                origin=row.origin,
            )
            for row in rows
        ]
        tell(batch.tx, name, entries)
