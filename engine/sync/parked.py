"""What waits for a person, grouped by cause, and what a person may do about it.

Each act is one transaction on rows that are parked when it happens, and stands in the journal with who did it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from engine.errors import UserError
from engine.mapping.compiled import CompiledMapping
from engine.store.store import Transaction
from engine.store.work import Finished, WorkRow
from engine.sync.connection import Connection
from engine.sync.linking import link_members
from engine.sync.receiver import LIVE
from engine.sync.story import entry, tell

CAUSES: Final[dict[str, str]] = {
    "M101": "Several records match. Link it to the right one, or merge them and retry.",
    "M102": "The record that matches belongs to another one already. Link it elsewhere, or correct what they share.",
    "M103": "It matches only by a value that several records share. Link it if it is that record, else give it a value "
    "of its own and retry.",
    "M104": "Several records carry its identity. Merge them, or clear the identity field of the wrong one, and retry.",
    "M107": "It was merged into another one at the source. Merge the two that stand for them too, then skip it.",
    "M110": "What groups it with others was changed after it was linked. Change it back, or skip it and move its part "
    "by hand.",
    "M120": "A part of it that the mapping needs was not read. Check `each` of the mapping; then retry.",
    "M121": "A value cannot be converted. Correct it at the source or the rule in the mapping; then retry.",
    "M130": "Its lines don't add up to its total, so nothing was sent. Look at the invoice; then retry.",
    "M131": "Both sides changed, and the mapping leaves it to you. Make both the same, then retry.",
    "M132": "The lines that were answered don't add up to the total. Look at the deal's lines, then retry.",
    "M133": "The text would be too long with our line in it. Shorten it, then retry.",
    "M134": "Our line stands in the text more than once. Take all but one out, then retry.",
    "Wgone": "Its record was deleted. It is never made again by itself: link it to another one, or skip it.",
    "Wrefused": "The system did not take it, for the reason given. Correct that, then retry.",
    "Wretry": "It failed again and again. See the reason; then retry.",
}
"""Code -> what to do, for the codes of this engine; a system's own codes come with a reason that says it."""

PAGE = 500


@dataclass(frozen=True, slots=True)
class Cause:
    """Parked rows of one code."""

    code: str
    advice: str
    rows: tuple[WorkRow, ...]


State = Literal["parked", "ignored"]


def causes(
    tx: Transaction,
    connection: Connection,
    mapping: str | None = None,
    code: str | None = None,
    state: State = "parked",
) -> list[Cause]:
    """What is parked (or ignored), by code, the most frequent first."""
    found: dict[str, list[WorkRow]] = {}
    for row in rows(tx, connection, mapping, state):
        if code is None or row.code == code:
            found.setdefault(row.code or "", []).append(row)
    by_number = sorted(found.items(), key=lambda one: (-len(one[1]), one[0]))
    return [Cause(name, CAUSES.get(name, ""), tuple(some)) for name, some in by_number]


def rows(
    tx: Transaction, connection: Connection, mapping: str | None = None, state: State = "parked"
) -> Iterable[WorkRow]:
    """Every parked (or ignored) row, by mapping and key."""
    after: tuple[str, str] | None = None
    while True:
        page = tx.work.listing(connection.name, state, mapping, PAGE, after)
        yield from page
        if len(page) < PAGE:
            return
        after = (page[-1].mapping, page[-1].source_key)


def page(
    tx: Transaction,
    connection: Connection,
    code: str,
    mapping: str | None,
    state: State,
    limit: int,
    after: tuple[str, str] | None = None,
) -> list[WorkRow]:
    """The next rows of one cause, by mapping and key."""
    return tx.work.listing(connection.name, state, mapping, limit, after, code)


def still(
    tx: Transaction, connection: Connection, refs: Iterable[tuple[str, str]], state: State = "parked"
) -> list[WorkRow]:
    """Those of the (mapping, key) that are parked (or ignored) when this is asked."""
    found = [row for mapping, key in refs for row in tx.work.get(connection.name, mapping, [key]).values()]
    return [row for row in found if row.state == state]


def row_of(
    tx: Transaction, connection: Connection, key: str, mapping: str | None = None, state: State = "parked"
) -> WorkRow:
    """The parked (or ignored) row of a key. Raises UserError where there is none, or where only a mapping tells which
    is meant."""
    names = [mapping] if mapping is not None else list(connection.compiled.mappings)
    found = [row for name in names for row in tx.work.get(connection.name, name, [key]).values()]
    meant = [row for row in found if row.state == state]
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise UserError(f"{key} is {state} in {', '.join(row.mapping for row in meant)}.", "Name one: --mapping NAME.")
    if found:
        raise UserError(f"{key} is not {state} any more: it is {found[0].state}.", "`engine explain` tells its story.")
    raise UserError(f"Nothing of the key {key} is {state}.", "`engine parked list` shows what is.")


def retry(tx: Transaction, connection: Connection, chosen: Sequence[WorkRow], who: str, now: datetime) -> None:
    """Decide them again now."""
    for row in chosen:
        tx.work.mark(connection.name, row.mapping, [(row.source_key, row.group)], LIVE, now)
    _tell(tx, connection, chosen, "retried", f"retried by {who}", now)


def skip(tx: Transaction, connection: Connection, chosen: Sequence[WorkRow], who: str, now: datetime) -> None:
    """Leave them out as they are now; a record that changes is decided again."""
    reason = f"skipped by {who}"
    finished = [
        Finished(
            row.mapping, row.source_key, "skipped", outcome="skipped", reason=reason, decided=row.decided,
            version=row.version, touched=row.touched,
        )
        for row in chosen
    ]  # fmt: skip
    tx.work.finish(connection.name, finished)
    refs = [(row.mapping, row.source_key) for row in chosen]
    tx.waits.wake(connection.name, refs, now)
    _tell(tx, connection, chosen, "skipped", reason, now)


def ignore(tx: Transaction, connection: Connection, chosen: Sequence[WorkRow], who: str, now: datetime) -> None:
    """Leave them alone from now on, whatever happens to them, until somebody takes that back."""
    reason = f"ignored by {who}"
    finished = [
        Finished(
            row.mapping, row.source_key, "ignored", outcome="ignored", reason=reason, code=row.code,
            decided=row.decided, version=row.version, touched=row.touched,
            detail={**row.detail, "was": row.reason},
        )
        for row in chosen
    ]  # fmt: skip
    tx.work.finish(connection.name, finished)
    tx.waits.wake(connection.name, [(row.mapping, row.source_key) for row in chosen], now)
    _tell(tx, connection, chosen, "ignored", reason, now)


def unignore(tx: Transaction, connection: Connection, chosen: Sequence[WorkRow], who: str, now: datetime) -> None:
    """Take back that they are left alone: they are decided again."""
    tx.work.defer(connection.name, [(row.mapping, row.source_key) for row in chosen], now)
    _tell(tx, connection, chosen, "taken back", f"no longer ignored, by {who}", now)


def link(tx: Transaction, connection: Connection, row: WorkRow, target: str, who: str, now: datetime) -> None:
    """It is that record: linked, and decided again. Raises UserError where that cannot be."""
    mapping = connection.compiled.mappings[row.mapping]
    if mapping.is_each or mapping.for_linked:
        raise UserError(f"{row.mapping} links parts of records, which cannot be done by hand.", "Retry or skip it.")
    _check_target(tx, connection, mapping, row, target)
    link_members(tx, connection, mapping, {target: [(row.source_key, row.source_key, row.group)]}, now)
    tx.work.mark(connection.name, row.mapping, [(row.source_key, row.group)], LIVE, now)
    _tell(tx, connection, [row], "linked", f"linked to {mapping.target[1]} {target} by {who}", now, target)


def _check_target(tx: Transaction, connection: Connection, mapping: CompiledMapping, row: WorkRow, target: str) -> None:
    held = tx.snapshots.get(connection.name, *mapping.target, [target]).get(target)
    what = f"{mapping.target[1]} {target}"
    if held is None or held.gone is not None:
        raise UserError(f"There is no {what}, as far as was read.", "Check its id; a new one is known a moment later.")
    links = tx.links.by_target(connection.name, mapping.target, [target], source=mapping.source).get(target, [])
    others = [one.source_key for one in links if one.gone is None and one.source_key != row.source_key]
    if others and not mapping.is_one_per:
        raise UserError(f"{what} belongs to {mapping.source[1]} {others[0]} already.", "One record, one link.")


def _tell(
    tx: Transaction,
    connection: Connection,
    chosen: Sequence[WorkRow],
    outcome: str,
    reason: str,
    now: datetime,
    target: str | None = None,
) -> None:
    mappings = connection.compiled.mappings
    entries = [
        entry(now, mappings[row.mapping], row.source_key, "decide", outcome, reason, {"was": row.reason}, target)
        for row in chosen
    ]
    tell(tx, connection.name, entries)
