"""Targets that a mapping names by their text (`default: {setting: ...}`): found by label, else made once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from engine.mapping.compiled import CompiledMapping
from engine.protocol import Write
from engine.store.intents import Intent
from engine.store.work import WorkRow
from engine.sync import linking
from engine.sync.batch import Batch
from engine.sync.connection import NAMED
from engine.sync.consent import PLANNED, Consent
from engine.sync.freshness import Freshness
from engine.sync.matching import require_first_readings
from engine.sync.receiver import LIVE
from engine.sync.settling import settle
from engine.sync.story import entry, tell
from engine.sync.unit import Settled, parked

NAME_PREFIX = "@name:"
"""Starts the key of a queue row that stands for a name instead of a source record."""

_PAGE = 500


class Named:
    """Works on the rows that stand for names."""

    def __init__(self, batch: Batch, fresh: Freshness, owner: str, consent: Consent | None = None) -> None:
        self.batch, self.fresh, self.owner, self.consent = batch, fresh, owner, consent

    def want(self, mapping: str, text: str) -> None:
        """Put a name on the queue, unless it is there."""
        batch, key = self.batch, NAME_PREFIX + text
        if not batch.tx.work.get(batch.connection.name, mapping, [key]):
            batch.tx.work.mark(batch.connection.name, mapping, [(key, None)], LIVE, batch.now)

    def work_on(self, mapping: CompiledMapping, rows: Sequence[WorkRow]) -> list[Write]:
        """Find each name by the target's label; make what is not there."""
        writes = []
        for row in rows:
            try:
                writes.append(self._one(mapping, row))
            except Settled as settled:
                settle(self.batch, mapping, [row], [settled])
        return writes

    def _one(self, mapping: CompiledMapping, row: WorkRow) -> Write:
        text = row.source_key.removeprefix(NAME_PREFIX)
        if self.batch.named(mapping.name, text).state == "linked":
            raise Settled("done", "unchanged", "linked already")
        require_first_readings(self.batch, mapping)
        self.fresh.require([mapping.target], [row])
        found = self._find(mapping, text)
        if len(found) > 1:
            raise parked(f"{len(found)} records are named {text!r}", "M101", "match", candidates=found)
        if found:
            link(self.batch, mapping, text, found[0])
            raise Settled("done", "linked", f"named {text!r}", step="link")
        return self._create(mapping, row, text)

    def _find(self, mapping: CompiledMapping, text: str) -> list[str]:
        """Living targets of that label. A walk over the mirror: a set names one or two records, once."""
        label, found, after = self.batch.connection.entity(mapping.target).label, [], ""
        while page := self.batch.tx.snapshots.page(self.batch.connection.name, *mapping.target, after, _PAGE):
            for held in page:
                named = str(held.record.get(label) or "").strip().casefold() == text.strip().casefold()
                if named and held.gone is None and held.record.get("is_deleted") is not True:
                    found.append(held.key)
            after = page[-1].key
        return found

    def _create(self, mapping: CompiledMapping, row: WorkRow, text: str) -> Write:
        batch, entity = self.batch, self.batch.connection.entity(mapping.target)
        lines = (batch.connection.identity_line((NAMED, mapping.name), text),) if entity.identity else ()
        values = {**mapping.scope, entity.label: text}
        write = Write(uuid4().hex, entity.name, "create", values=values, identity=lines, origin=row.origin or "")
        rows = [[row.mapping, row.source_key, row.touched]]
        context: dict[str, Any] = {"named": text, "rows": rows, "owner": self.owner}
        if self.consent is not None:
            context[PLANNED] = self.consent.require(mapping, [row], write)
        intent = Intent(
            write.id, mapping.name, (row.source_key,), 0, write.pack(), context, "open", batch.now, None, None
        )
        batch.tx.intents.add(batch.connection.name, mapping.target[0], [intent])
        detail = {"request": write.id}
        told = entry(
            batch.now, mapping, row.source_key, "decide", "create", f"named {text!r}", detail, origin=row.origin
        )
        tell(batch.tx, batch.connection.name, [told])
        return write


def link(batch: Batch, mapping: CompiledMapping, text: str, key: str) -> None:
    """Keep which target a name stands for, and wake what waited for it."""
    name = batch.connection.name
    row = linking.link((NAMED, mapping.name), text, mapping.target, key, batch.now)
    batch.tx.links.put(name, [row])
    batch.tx.waits.wake(name, [(mapping.name, NAME_PREFIX + text)], batch.now)
