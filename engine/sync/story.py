"""Record: an entry of the journal, findable from both records that it speaks of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.mapping.compiled import CompiledMapping
from engine.store.journal import Entry


def entry(
    now: datetime,
    mapping: CompiledMapping,
    source_key: str,
    step: str,
    outcome: str,
    reason: str,
    detail: dict[str, Any] | None = None,
    target: str | None = None,
) -> Entry:
    """What happened to a source record at one of the eight steps, and to which target."""
    records = [(mapping.source[1], source_key)]
    if target is not None:
        records.append((mapping.target[1], target))
    return Entry(now, mapping.name, source_key, step, outcome, reason, detail or {}, tuple(records))
