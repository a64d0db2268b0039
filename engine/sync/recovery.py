"""What became of a request whose answer never came: it is looked up before anything is sent again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

from engine.mapping.compiled import CompiledMapping
from engine.protocol import Write, Written
from engine.store.intents import Intent
from engine.store.work import WorkRow
from engine.sync import results
from engine.sync.batch import Batch
from engine.sync.freshness import Freshness
from engine.sync.settling import settle
from engine.sync.unit import Settled


class Recovery:
    """Settles the open intents of rows that came back to the queue."""

    def __init__(self, batch: Batch, fresh: Freshness, owner: str) -> None:
        self.batch, self.fresh, self.owner = batch, fresh, owner

    def of(self, mapping: CompiledMapping, rows: Sequence[WorkRow]) -> tuple[list[Write], list[WorkRow]]:
        """Requests that find out what happened, and the rows that can be worked on as usual."""
        batch, keys = self.batch, [row.source_key for row in rows]
        intents = batch.tx.intents.open(batch.connection.name, mapping.target[0], mapping.name, keys)
        going_on = {row.source_key: row for row in rows}
        writes: list[Write] = []
        for intent in intents:
            mine = [going_on[key] for key in intent.source_keys if key in going_on]
            try:
                write, found = self._look_up(mapping, intent, mine)
            except Settled as settled:
                if mine:
                    settle(batch, mapping, mine, [settled])
                _drop(going_on, mine)
                continue
            if write is not None:
                writes.append(write)
            if write is not None or found:
                _drop(going_on, mine)
            for row in mine:
                if row.source_key in going_on:
                    since = max(filter(None, (row.need_since, intent.created_at)))
                    going_on[row.source_key] = replace(row, need_since=since)
        return writes, list(going_on.values())

    def _look_up(self, mapping: CompiledMapping, intent: Intent, rows: Sequence[WorkRow]) -> tuple[Write | None, bool]:
        """The request that finds out, if one is needed; else whether it turned out to be carried out."""
        batch, write = self.batch, Write.unpack(intent.request)
        ours = [[row.mapping, row.source_key, row.touched] for row in rows]
        intent = replace(intent, context={**intent.context, "rows": ours, "owner": self.owner})
        name, system = batch.connection.name, mapping.target[0]
        if write.action == "children":
            return self._again(mapping, intent, write), False
        if write.action == "create":
            self.fresh.require_list_since(write.entity, intent.created_at)
            found = batch.tx.snapshots.by_identity(name, system, write.entity, write.identity[:1])
            keys = [key for keys in found.values() for key in keys]
            if keys:
                held = batch.tx.snapshots.get(name, system, write.entity, keys[:1])[keys[0]]
                written = Written(keys[0], held.record, held.identity)
                results.written(batch.tx, batch.connection, system, intent, write, written, batch.now)
                return None, True
        results.close(
            batch.tx, batch.connection, mapping, intent, "failed", "not carried out, as a look showed", batch.now
        )
        return None, False

    def _again(self, mapping: CompiledMapping, intent: Intent, write: Write) -> Write:
        """Children carry no identity: the connector reads what is there, pairs it, and sends only the rest."""
        batch = self.batch
        again = replace(write, id=uuid4().hex, recover=True)
        results.close(batch.tx, batch.connection, mapping, intent, "failed", "asked again with a look first", batch.now)
        renewed = replace(intent, id=again.id, request=again.pack(), state="open", created_at=batch.now, result=None)
        batch.tx.intents.add(batch.connection.name, mapping.target[0], [renewed])
        return again


def _drop(by_key: dict[str, WorkRow], rows: Sequence[WorkRow]) -> None:
    for row in rows:
        by_key.pop(row.source_key, None)
