"""The story of a record as people read it: what happened at each step, what was sent and what came back.

Made from the journal and the intents; pure once these were read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from engine.mapping.draft import MISSING
from engine.protocol import Write
from engine.store.intents import Intent
from engine.store.journal import Entry
from engine.store.store import Transaction
from engine.sync.connection import Connection

HEADINGS: Final[Mapping[str, str]] = {
    "receive": "Received",
    "map": "Mapped",
    "match": "Matched",
    "diff": "Compared",
    "decide": "Decided",
    "write": "Written",
    "link": "Linked",
    "record": "Recorded",
}
"""The eight steps of a record's way, as they stand in its story."""

Mood = Literal["well", "busy", "person", "bad", ""]
_MOODS: Final[Mapping[str, Mood]] = {
    "created": "well", "linked": "well", "updated": "well", "completed": "well", "unchanged": "well",
    "waiting": "busy", "retry": "busy", "unknown": "busy", "stale": "busy",
    "parked": "person", "ignored": "person", "refused": "bad", "gone": "bad", "configuration": "bad",
}  # fmt: skip
_WHO_WON: Final[Mapping[str, str]] = {
    "write": "ours is written",
    "adopt": "both agree",
    "keep": "theirs is kept",
    "conflict": "a person decides",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One field of a decision: what the rule read, what was there, what was decided, who won and why."""

    field: str
    read: Any
    there: Any
    ours: Any
    won: str
    why: str
    rule: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One value that was sent, and what came back of it; MISSING where that is not known."""

    what: str
    sent: Any
    came: Any


@dataclass(frozen=True, slots=True)
class Event:
    """One step of the story."""

    at: datetime
    step: str
    heading: str
    outcome: str
    reason: str
    mood: Mood
    lines: tuple[Line, ...] = ()
    more: tuple[tuple[str, str], ...] = ()
    """Besides: (what, words)."""
    request: str = ""
    """What was asked of the system, in words; empty where nothing was."""
    exchanges: tuple[Exchange, ...] = ()
    failed: str = ""
    """The words of a request that was not carried out."""


def timeline(tx: Transaction, connection: Connection, entries: Sequence[Entry]) -> list[Event]:
    """The events of these entries, with their requests."""
    ids = [one.detail["request"] for one in entries if one.step == "decide" and "request" in one.detail]
    intents = tx.intents.some(connection.name, ids)
    return list(events(entries, intents))


def events(entries: Iterable[Entry], intents: Mapping[str, Intent]) -> Iterable[Event]:
    """Each entry as an event; before a decision, when what it was made of was read. Pure."""
    read: datetime | None = None
    for one in entries:
        moments = [at for at in map(_moment, one.detail.get("read", {}).values()) if at is not None]
        if moments and (read is None or max(moments) > read):
            read = max(moments)
            yield Event(
                read, "receive", HEADINGS["receive"], "", "the source answered with the record as it was then", ""
            )
        yield _event(one, intents)


def _event(one: Entry, intents: Mapping[str, Intent]) -> Event:
    intent = intents.get(one.detail.get("request", "")) if one.step == "decide" else None
    sent = Write.unpack(intent.request) if intent is not None else None
    result: Mapping[str, Any] = (intent.result or {}) if intent is not None else {}
    lines = tuple(line(given) for given in one.detail.get("fields", ()))
    return Event(
        at=one.at,
        step=one.step,
        heading=HEADINGS.get(one.step, one.step),
        outcome=one.outcome or "",
        reason=one.reason or "",
        mood=_MOODS.get(one.outcome or "", ""),
        lines=lines,
        more=tuple(_more(one, intent)),
        request="" if sent is None else _words(sent),
        exchanges=() if sent is None else tuple(_exchanges(sent, result.get("answered", {}))),
        failed=str(result.get("message") or ""),
    )


def _words(sent: Write) -> str:
    what = f"{sent.entity} {sent.key}" if sent.key else sent.entity
    if sent.action == "create":
        return f"create {what}"
    if sent.action == "update":
        return f"change {what}"
    sizes = ((len(sent.add), "to add"), (len(sent.change), "to change"), (len(sent.remove), "to remove"))
    return f"change the {sent.child} of {what}: {', '.join(f'{count} {how}' for count, how in sizes if count)}"


def _exchanges(sent: Write, answered: Mapping[str, Any]) -> Iterable[Exchange]:
    for path, value in sent.values.items():
        yield Exchange(path, value, answered.get(path, MISSING))
    back = {one["ref"]: one for one in answered.get(sent.child or "", ())}
    for child in (*sent.add, *sent.change):
        came = {name: value for name, value in back.get(child.ref, {}).items() if name != "ref"}
        yield Exchange(f"{sent.child} {child.ref}", child.values, came or MISSING)
    for child in sent.remove:
        yield Exchange(f"{sent.child} {child.ref}", "removed", MISSING)
    for text in sent.identity:
        yield Exchange("identity", text, MISSING)


def line(given: Mapping[str, Any]) -> Line:
    """One field as the journal keeps it."""
    return Line(
        field=given["field"],
        read=given.get("input", MISSING),
        there=given.get("from"),
        ours=given.get("to"),
        won=_WHO_WON.get(given.get("verdict", ""), ""),
        why=given.get("why", ""),
        rule=given.get("rule", ""),
    )


def _more(one: Entry, intent: Intent | None) -> Iterable[tuple[str, str]]:
    detail = one.detail
    if matched := detail.get("matched"):
        yield "match", matched
    for label, values in (detail.get("tried") or {}).items():
        yield f"tried by {label}", ", ".join(values) or "nothing to match by"
    for warning in detail.get("warnings", ()):
        yield "note", warning
    for problem in detail.get("problems", ()):
        yield "problem", str(problem)
    if sizes := detail.get("children"):
        words = [f"{count} to {what}" for what, count in sizes.items() if count]
        yield "list", ", ".join(words)
    if was := detail.get("was"):
        yield "before", str(was)
    if one.step == "decide" and "request" in detail and intent is None:
        yield "request", "not kept any more"
    if intent is not None and intent.state in ("open", "unknown"):
        yield "answer", "none yet" if intent.state == "open" else "never came; it is looked up before it is repeated"


def _moment(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None
