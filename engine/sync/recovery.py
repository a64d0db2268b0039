"""What became of a request whose answer never came: it is looked up before anything is sent again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from engine.mapping.compiled import CompiledMapping
from engine.protocol import Write, Written
from engine.store.intents import Intent
from engine.store.work import WorkRow
from engine.sync.batch import Batch
from engine.sync.freshness import Freshness
from engine.sync.results import Results
from engine.sync.settling import settle
from engine.sync.unit import Settled

PAUSE = timedelta(seconds=5)


class Recovery:
    """Settles the open intents of rows that came back to the queue."""

    def __init__(self, batch: Batch, fresh: Freshness, owner: str) -> None:
        self.batch, self.fresh, self.owner = batch, fresh, owner

    def of(self, mapping: CompiledMapping, rows: Sequence[WorkRow]) -> tuple[list[Write], list[WorkRow]]:
        """Requests that find out what happened, and the rows that can be worked on as usual."""
        batch, by_key = self.batch, {row.source_key: row for row in rows}
        of_rows: dict[tuple[str, ...], list[Intent]] = defaultdict(list)
        unsettled = batch.tx.intents.open(batch.connection.name, mapping.target[0], mapping.name)
        if mapping.is_one_per:
            self._hold_groups(mapping, by_key, unsettled)
        for intent in unsettled:
            if keys := tuple(key for key in intent.source_keys if key in by_key):
                of_rows[keys].append(intent)
        writes: list[Write] = []
        for keys, intents in of_rows.items():
            mine = [by_key[key] for key in keys if key in by_key]
            try:
                asked, found = self._look_up_all(mapping, intents, mine)
            except Settled as settled:
                settle(batch, mapping, mine, [settled])
                _drop(by_key, mine)
                continue
            writes += asked
            if found and not asked:
                # Whatever else there is to do for these rows is seen with the next look at them.
                refs = [(row.mapping, row.source_key) for row in mine]
                batch.tx.work.defer(batch.connection.name, refs, batch.now)
            if asked or found:
                _drop(by_key, mine)
            since = max(intent.created_at for intent in intents)
            for row in mine:
                if row.source_key in by_key:
                    by_key[row.source_key] = replace(row, need_since=max(filter(None, (row.need_since, since))))
        return writes, list(by_key.values())

    def _hold_groups(self, mapping: CompiledMapping, by_key: dict[str, WorkRow], unsettled: Sequence[Intent]) -> None:
        """Rows of a group whose target another row's request may have changed wait until that is known."""
        out = {key for intent in unsettled for key in intent.source_keys}
        groups = {row.group for row in self.batch.tx.work.get(self.batch.connection.name, mapping.name, out).values()}
        later = [row for row in by_key.values() if row.group in groups - {None} and row.source_key not in out]
        reason = "a request of another one of its group is looked up first"
        if later:
            settle(self.batch, mapping, later, [Settled("due", "waiting", reason, due_at=self.batch.now + PAUSE)])
        _drop(by_key, later)

    def _look_up_all(
        self, mapping: CompiledMapping, intents: Sequence[Intent], rows: Sequence[WorkRow]
    ) -> tuple[list[Write], bool]:
        """Of all that these rows have out: the requests that find out, and whether any was carried out."""
        outcomes = [self._look_up(mapping, intent, rows) for intent in intents]
        return [write for write, _ in outcomes if write is not None], any(found for _, found in outcomes)

    def _look_up(self, mapping: CompiledMapping, intent: Intent, rows: Sequence[WorkRow]) -> tuple[Write | None, bool]:
        """The request that finds out, if one is needed; else whether it turned out to be carried out."""
        batch = self.batch
        # A look that was asked for before the answer got lost may have been taken before the write was sent.
        asked = [row.need_since for row in rows if row.need_since and row.need_since > intent.created_at]
        since = max(asked, default=batch.now)
        if since > batch.now:
            raise Settled("due", "waiting", "a request may still be under way", due_at=since)
        ours = [[row.mapping, row.source_key, row.touched] for row in rows]
        # Not the last: what was decided then may be out of date by now, so the row is decided again.
        context = {**intent.context, "rows": ours, "owner": self.owner, "last": False}
        intent = replace(intent, context=context)
        answer = Results(batch.tx, batch.connection, mapping.target[0], intent, batch.now)
        if answer.write.action == "children":
            return self._again(answer), False
        if answer.write.action == "create":
            self.fresh.require_list_since(answer.write.entity, since)
            found = self._found(answer.system, answer.write)
            if found is not None:
                answer.written(found)
                return None, True
        answer.close("failed", {"reason": "not carried out, as a look showed"})
        return None, False

    def _found(self, system: str, write: Write) -> Written | None:
        """The record that carries the identity we sent."""
        name, tx = self.batch.connection.name, self.batch.tx
        found = tx.snapshots.by_identity(name, system, write.entity, write.identity[:1])
        keys = [key for some in found.values() for key in some]
        if not keys:
            return None
        held = tx.snapshots.get(name, system, write.entity, keys[:1])[keys[0]]
        return Written(keys[0], held.record, held.identity)

    def _again(self, answer: Results) -> Write:
        """Children carry no identity: the connector reads what is there, pairs it, and sends only the rest."""
        again = replace(answer.write, id=uuid4().hex, recover=True)
        answer.close("failed", {"reason": "asked again, with a look first"}, repeated=True)
        renewed = replace(
            answer.intent, id=again.id, request=again.pack(), state="open", created_at=self.batch.now, result=None
        )
        self.batch.tx.intents.add(self.batch.connection.name, answer.system, [renewed])
        return again


def _drop(by_key: dict[str, WorkRow], rows: Sequence[WorkRow]) -> None:
    for row in rows:
        by_key.pop(row.source_key, None)
