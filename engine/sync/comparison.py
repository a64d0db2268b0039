"""Maps the records in the store by two versions of a set, and says which of them come out otherwise. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from engine.mapping.compiled import CompiledMapping, CompiledSet
from engine.mapping.draft import Context, Draft, NotRead
from engine.mapping.values import encoded
from engine.protocol import Option
from engine.sync.batch import Batch
from engine.sync.connection import Connection

PAGE = 500


@dataclass(slots=True)
class Compared:
    """Of one mapping: how many records were mapped by both versions, and those that come out otherwise."""

    mapping: str
    records: int = 0
    changed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Source key -> the fields that differ."""
    unread: int = 0
    """Records that lack a field that the new version needs: they are read again first."""


def compare_versions(connection: Connection, new: CompiledSet) -> Iterator[Compared]:
    """Each mapping that both versions have and that means something else in the new one."""
    for name, before in connection.compiled.mappings.items():
        after = new.mappings.get(name)
        if after is None or after.version == before.version or after.source != before.source:
            continue
        made = Compared(name)
        last = ""
        while True:
            with connection.store.reading() as tx:
                page = tx.snapshots.page(connection.name, *before.source, last, PAGE)
                batch = Batch(tx, connection, connection.clock())
                batch.fetch(before.source, [one.key for one in page])
                for one in page:
                    if one.gone is None and one.record:
                        _compare(batch, (before, after), one.key, made)
            if len(page) < PAGE:
                break
            last = page[-1].key
        yield made


def store_context(batch: Batch) -> Context:
    """What a draft may know, from the store; without the records that templates see as linked."""
    zone = batch.connection.zone
    return Context(batch.resolve, batch.named, {}, batch.now.astimezone(zone).date(), batch.now, zone)


def _compare(batch: Batch, versions: tuple[CompiledMapping, CompiledMapping], key: str, made: Compared) -> None:
    old, new = versions
    held = batch.get(old.source, key)
    if held is None or held.lacks is not None:
        return
    made.records += 1
    if any(name not in held.record for name in new.source_fields):
        made.unread += 1
        return
    context = store_context(batch)
    try:
        drafts = [
            {one.key: _seen(mapping, one.key, mapping.draft(one, context), mapping.left_out(one, linked=False))
             for one in mapping.elements(held.record)}
            for mapping in versions
        ]  # fmt: skip
    except NotRead:
        made.unread += 1
        return
    paths: dict[str, None] = {}
    for element in {**drafts[0], **drafts[1]}:
        before, after = drafts[0].get(element, {}), drafts[1].get(element, {})
        paths |= {path: None for path in {**before, **after} if before.get(path) != after.get(path)}
    if paths:
        made.changed[key] = tuple(paths)


def _seen(mapping: CompiledMapping, key: str, draft: Draft, left_out: str | None) -> dict[str, Any]:
    """What would be compared of a draft: its values, its children, why it is left out."""
    if mapping.is_one_per:
        draft = mapping.combine([(key, draft)])
    values = {path: one.key if isinstance(one, Option) else one for path, one in draft.values.items()}
    made = {path: encoded(value) for path, value in values.items()}
    for name, children in draft.children.items():
        made[name] = encoded([[one.key, {p: v.key if isinstance(v, Option) else v for p, v in one.values.items()}]
                              for one in children])  # fmt: skip
    outcome = (left_out or "").partition(":")[0] or ("skipped" if draft.skip else "")
    return {**made, "(left out)": outcome, "(parked)": [str(one.field) for one in draft.problems]}


__all__ = ["Compared", "compare_versions", "store_context"]
