"""Which transactions we were given as unpaid, and when that was last compared with QuickBooks' own list.

A credit memo, a discount or a journal entry settles an invoice without the invoice being marked as changed. So once a
day the reading of such an entity ends with a comparison (see reading): what we hold as unpaid and QuickBooks does not
list as such is read again. Kept in State, since a connector sees nothing of what the engine holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.quickbooks_desktop.entities import Source
from connectors.quickbooks_desktop.reading import Reading
from engine.protocol import Page, Query, State

EVERY = timedelta(hours=24)


def due(state: State, reading: Reading, now: datetime) -> tuple[str, ...] | None:
    """The keys to compare at the end of this reading; None where it isn't time."""
    if reading.source.paid is None or reading.query.kind != "changed" or reading.remaining:
        return None
    kept = state.get(_key(reading.source))
    if not kept or not kept["at"] or now - datetime.fromisoformat(kept["at"]) < EVERY:
        return None
    return tuple(kept["keys"])


def note(state: State, query: Query, source: Source, page: Page) -> None:
    """Keep which of these are unpaid; to be called once the engine has the page, so that none is forgotten unread."""
    paid = source.paid
    if paid is None or query.aside:
        return
    unpaid = {one.key for one in page.found if one.record.get(paid) is False}
    settled = {one.key for one in page.found} | {one.key for one in page.gone} | set(page.missing)
    if not unpaid and not settled:
        return

    def merge(kept: Mapping[str, Any] | None) -> dict[str, Any]:
        before = kept or {"at": None, "keys": []}
        return {**before, "keys": sorted((set(before["keys"]) - settled) | unpaid)}

    state.change(_key(source), merge)


def compared(state: State, reading: Reading, now: datetime) -> None:
    """A reading is over: the next comparison comes a day after the last, or after the very first reading."""
    if reading.source.paid is None or reading.query.kind != "changed":
        return

    def stamp(kept: Mapping[str, Any] | None) -> dict[str, Any]:
        before = kept or {"at": None, "keys": []}
        fresh = reading.settling or not before["at"]
        return {**before, "at": now.isoformat()} if fresh else dict(before)

    state.change(_key(reading.source), stamp)


def _key(source: Source) -> str:
    return f"unpaid {source.entity.name}"
