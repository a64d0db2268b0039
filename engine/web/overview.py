"""Turns the plain data of `Connection.status()` into what the overview says. Pure: values in, sentences out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from engine.web.words import ago, clock_time, counted

COLUMNS = ("created", "linked", "updated", "unchanged", "waiting", "parked")
TODAY = ("created", "linked", "updated", "parked")
SHOWN = 12
"""Reasons that are listed of each kind; the rest are counted together."""
Mood = Literal["well", "busy", "person", "new"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why records wait, are parked or were left out, and how many of them."""

    kind: str
    text: str
    count: int


@dataclass(frozen=True, slots=True)
class MappingRow:
    """One mapping of a connection: a number for each of COLUMNS, and the reasons behind the last ones."""

    name: str
    counts: Mapping[str, int]
    reasons: tuple[Reason, ...]
    today: Mapping[str, int] = field(default_factory=dict)
    """What flowed today: a number for each of TODAY."""


@dataclass(frozen=True, slots=True)
class Visit:
    """The last time that a system and we spoke."""

    system: str
    at: str
    ago: str
    message: str


@dataclass(frozen=True, slots=True)
class Overview:
    """One connection as the page shows it."""

    name: str
    mood: Mood
    sentence: str
    rows: tuple[MappingRow, ...]
    visits: tuple[Visit, ...]
    links: int
    tokens: int
    broken: str = ""
    notes: tuple[str, ...] = ()
    """What the systems' endpoints have to say besides."""
    systems: tuple[str, ...] = ()
    """Of each system a sentence: when it came or was asked last, when it will be next, and what waits for that."""
    limit: int = 0
    """Tokens that may be spent in a day."""

    @property
    def parked(self) -> int:
        """How many records wait for a person."""
        return sum(row.counts["parked"] for row in self.rows)

    @property
    def flowed(self) -> str:
        """What flowed today, in a sentence."""
        sums = {one: sum(row.today.get(one, 0) for row in self.rows) for one in TODAY}
        said = ", ".join(f"{count:,} {one}" for one, count in sums.items() if count)
        return f"Today: {said}." if said else "Nothing has flowed today yet."


def overview(name: str, status: Mapping[str, Any], now: datetime, titles: Mapping[str, str]) -> Overview:
    """A connection's page part. `titles` has the systems' names for people; `now` is aware UTC."""
    rows = tuple(_row(mapping, facts) for mapping, facts in status.get("mappings", {}).items())
    visits = tuple(
        _visit(titles.get(system, system), facts, now) for system, facts in _visits(status) if _when(facts) is not None
    )
    callers = [titles.get(system, system) for system, one in status.get("systems", {}).items() if one.get("calls_us")]
    mood, sentence = _sentence(status, rows, visits, " or ".join(callers))
    tokens, notes = int(status.get("tokens_spent", 0)), tuple(dict.fromkeys(_notes(status)))
    limit = sum(int(one.get("tokens_limit", 0)) for one in status.get("systems", {}).values())
    systems = tuple(_systems(status, now, titles))
    return Overview(name, mood, sentence, rows, visits, _links(status), tokens, "", notes, systems, limit)


def _systems(status: Mapping[str, Any], now: datetime, titles: Mapping[str, str]) -> Iterator[str]:
    """ "QuickBooks last visited 3 minutes ago; next about 14:05; 12 changes wait for tomorrow's budget."""
    zone = ZoneInfo(status.get("zone", "UTC"))
    last = status.get("last_visits", {})
    for system, facts in status.get("systems", {}).items():
        title, at = titles.get(system, system), _when(last.get(system) or {})
        calls, parts = bool(facts.get("calls_us")), []
        if at is None:
            parts.append(f"{title} has not visited yet" if calls else f"{title} was not asked yet")
        else:
            parts.append(f"{title} last visited {ago(now, at)}" if calls else f"{title} was last asked {ago(now, at)}")
        if (following := _next_visit(facts, at)) is not None:
            word = "next about" if following >= now else "was expected about"
            parts.append(f"{word} {clock_time(following, now, zone)}")
        if facts.get("due") and not calls:  # what waits for a visit stands in the first sentence
            due = counted(int(facts["due"]), "change waits", "changes wait")
            parts.append(f"{due} for {_turn(_moment(facts.get('waits_until')), now, zone)}")
        yield "; ".join(parts) + "."


def _turn(until: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    if until is None:
        return "their turn"
    whose = "the" if until.astimezone(zone).date() == now.astimezone(zone).date() else "tomorrow's"
    return f"{whose} budget, about {clock_time(until, now, zone)}"


def _next_visit(facts: Mapping[str, Any], last: datetime | None) -> datetime | None:
    """When a system that visits us will do so again, if it keeps to what it was told."""
    every, quiet = facts.get("visits_every"), _moment(facts.get("quiet_until"))
    if every is None or last is None:
        return None
    following = last + timedelta(seconds=every)
    return following if quiet is None else max(following, quiet)


def _moment(value: Any) -> datetime | None:
    return value if isinstance(value, datetime) else None


def _notes(status: Mapping[str, Any]) -> Iterator[str]:
    for facts in status.get("systems", {}).values():
        if facts.get("forecast"):
            yield str(facts["forecast"])
        yield from facts.get("notes", ())


def _visits(status: Mapping[str, Any]) -> Sequence[tuple[str, Mapping[str, Any]]]:
    last = status.get("last_visits", {})
    return [(system, facts) for system, facts in last.items() if facts]


def _links(status: Mapping[str, Any]) -> int:
    links = status.get("links", 0)
    return sum(links.values()) if isinstance(links, Mapping) else int(links)


def _row(name: str, facts: Mapping[str, Any]) -> MappingRow:
    outcomes, states = facts.get("outcomes", {}), facts.get("states", {})
    counts = {column: int(outcomes.get(column, 0)) for column in COLUMNS[:4]}
    reasons: list[Reason] = []
    for kind in ("waiting", "parked", "skipped", "ignored"):
        listed = facts.get(kind, {})
        counts[kind] = int(states.get(kind, sum(listed.values())))
        reasons += _reasons(kind, listed)
    if outdated := int(facts.get("outdated", 0)):
        reasons.append(Reason("older", f"mapped by an older version; `engine resync {name}` maps them again", outdated))
    today = {one: int(facts.get("today", {}).get(one, 0)) for one in TODAY}
    return MappingRow(name, counts, tuple(reasons), today)


def _reasons(kind: str, listed: Mapping[str, int]) -> list[Reason]:
    most_first = sorted(listed.items(), key=lambda one: (-one[1], one[0]))
    shown = [Reason(kind, text or "no reason given", count) for text, count in most_first[:SHOWN]]
    if rest := most_first[SHOWN:]:
        shown.append(Reason(kind, f"for {len(rest):,} other reasons", sum(count for _, count in rest)))
    return shown


def _sentence(
    status: Mapping[str, Any], rows: Sequence[MappingRow], visits: Sequence[Visit], caller: str
) -> tuple[Mood, str]:
    """The one line that a person reads first: what there is to do, and for whom. `caller` is who visits us."""
    for_visit = int(status.get("for_visit", 0))
    busy = int(status.get("busy", 0)) - for_visit
    parked = sum(row.counts["parked"] for row in rows)
    waiting = sum(row.counts["waiting"] for row in rows)
    stopped = status.get("stopped")
    if stopped:
        return "person", str(stopped)
    if not visits and not any(sum(row.counts.values()) for row in rows):
        return "new", "Nothing has been read yet. `engine ping` says whether the systems can be reached."
    visit = f"{counted(for_visit, 'change waits', 'changes wait')} for the next visit from {caller}."
    tail = f" {visit}" if for_visit else ""
    if parked:
        on_their_way = f" {busy:,} more are on their way." if busy else ""
        return "person", f"{counted(parked, 'record needs', 'records need')} a person.{on_their_way}{tail}"
    if busy:
        return "busy", f"{counted(busy, 'record is on its', 'records are on their')} way.{tail}"
    if for_visit:
        return "busy", visit
    if waiting:
        return "busy", f"In step, but {counted(waiting, 'record waits', 'records wait')}."
    return "well", "In step. Nothing is due."


def _when(facts: Mapping[str, Any]) -> datetime | None:
    at = facts.get("ended_at") or facts.get("started_at")
    if isinstance(at, str):
        at = datetime.fromisoformat(at)
    return at if isinstance(at, datetime) and at.tzinfo is not None else None


def _visit(system: str, facts: Mapping[str, Any], now: datetime) -> Visit:
    at = _when(facts)
    assert at is not None
    return Visit(system, at.isoformat(timespec="seconds"), ago(now, at), str(facts.get("message") or ""))
