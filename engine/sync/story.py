"""Record: an entry of the journal, findable from both records that it speaks of, told to log and metrics as well."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from engine.mapping.compiled import CompiledMapping
from engine.observe.events import Step
from engine.observe.metrics import RECORDS
from engine.store.journal import Entry
from engine.store.store import Transaction

log = logging.getLogger("engine.sync")

LEVELS: Final[Mapping[str, int]] = {"receive": logging.INFO, "link": logging.INFO, "write": logging.WARNING}
"""How loud a step is told; the others are for whoever looks closely, but what is parked is for everybody."""


def entry(
    now: datetime,
    mapping: CompiledMapping,
    source_key: str,
    step: Step,
    outcome: str,
    reason: str,
    detail: dict[str, Any] | None = None,
    target: str | None = None,
    origin: str | None = None,
) -> Entry:
    """What happened to a source record at one of the eight steps, and to which target; `origin` is the visit in which
    the reason for it came in."""
    records = [(mapping.source[1], source_key)]
    if target is not None:
        records.append((mapping.target[1], target))
    detail = {**(detail or {}), **({"origin": origin} if origin else {})}
    return Entry(now, mapping.name, source_key, step, outcome, reason, detail, tuple(records))


def tell(tx: Transaction, connection: str, entries: Sequence[Entry]) -> None:
    """Keep entries in the journal, count them and log them. Should the transaction fail, they are told once more when
    the same is done again."""
    tx.journal.add(connection, entries)
    for one in entries:
        RECORDS.labels(connection, one.step, one.outcome or "").inc()
        level = logging.WARNING if one.outcome == "parked" else LEVELS.get(one.step, logging.DEBUG)
        if log.isEnabledFor(level):
            log.log(level, one.step, extra={"connection": connection, **_words(one)})


def _words(one: Entry) -> dict[str, Any]:
    said = {"mapping": one.mapping, "record": one.source_key, "outcome": one.outcome, "reason": one.reason}
    target = {"target": one.records[1][1]} if len(one.records) > 1 else {}
    return {
        **said,
        **target,
        **{name: one.detail[name] for name in ("request", "origin", "code") if name in one.detail},
    }
