"""Previews one record of the store through its mapping: the draft with its trace. Writes nothing, asks nobody."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import UserError
from engine.mapping.compiled import CompiledMapping
from engine.mapping.draft import Context, Element
from engine.protocol import Record
from engine.store.store import Transaction
from engine.sync.batch import Batch
from engine.sync.connection import Connection


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as it is held, with what a draft may know of its surroundings now."""

    record: Record
    gone: str | None
    contexts: dict[str, Context]
    """By element key."""


def stored(tx: Transaction, connection: Connection, mapping: CompiledMapping, key: str) -> Stored:
    """The record of that key in the store. Raises UserError where it is not held, or not complete yet."""
    batch = Batch(tx, connection, connection.clock())
    held = batch.get(mapping.source, key)
    entity = ".".join(mapping.source)
    if held is None or not held.snapshot.record:
        raise UserError(
            f"The store holds no {entity} {key}.", "Name its key as QuickBooks or Pipedrive has it, or a file."
        )
    if held.lacks is not None:
        raise UserError(f"{entity} {key} waits for {' '.join(held.lacks)}, which was not read yet.", "Try again later.")
    elements = mapping.elements(held.record)
    contexts = {one.key: _context(batch, mapping, one) for one in elements}
    return Stored(held.record, held.snapshot.gone, contexts)


def _context(batch: Batch, mapping: CompiledMapping, element: Element) -> Context:
    linked: dict[str, list[Record]] = {name: _linked(batch, mapping, element, name) for name in mapping.linked}
    zone = batch.connection.zone
    return Context(batch.resolve, batch.named, linked, batch.now.astimezone(zone).date(), batch.now, zone)


def _linked(batch: Batch, mapping: CompiledMapping, element: Element, name: str) -> list[Record]:
    """What the template sees as linked.NAME: the records behind the target that the element refers to."""
    keys = [key for reference, key in mapping.references(element) if reference == name]
    found = batch.resolve(name, keys[0]) if keys else None
    if found is None or found.key is None:
        return []
    zone = batch.connection.zone
    return [
        {**held.record, "read_at": held.snapshot.read_at.astimezone(zone).isoformat(timespec="seconds")}
        for _, held in batch.linked_records(batch.connection.compiled.mappings[name], found.key)
    ]
