"""Which alerts stand, and what is news of them. Pure: values and `now` in, alerts and notices out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

Kind = Literal["no_visit", "budget", "parked", "authentication"]
RELIEF = 0.05
"""By how much of the budget an alert must fall below its limit before it is over, so that it does not flicker."""


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on there is an alert."""

    missed_visits: int = 6
    budget: float = 0.9
    parked: int = 1
    failed_logins: int = 10
    digest: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of one system of a connection."""

    connection: str
    system: str
    title: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What its endpoint tells."""
    last_visit: datetime | None = None
    parked: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Why records are parked, the most frequent first; of one of a connection's systems only."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that a person should know."""

    connection: str
    kind: Kind
    sentence: str
    system: str = ""

    @property
    def key(self) -> str:
        """What makes it the same alert again."""
        return "/".join(filter(None, (self.connection, self.system, self.kind)))


def standing(seen: Iterable[Seen], told: Iterable[str], limits: Limits, now: datetime) -> list[Alert]:
    """The alerts that stand now; `told` are the keys of those that stood before."""
    before = frozenset(told)
    return [alert for one in seen for alert in _of(one, before, limits, now)]


def _of(one: Seen, told: frozenset[str], limits: Limits, now: datetime) -> Iterator[Alert]:
    if (every := one.facts.get("visits_every")) and one.last_visit and not one.facts.get("visits_rest"):
        silent = now - one.last_visit
        if silent > limits.missed_visits * timedelta(seconds=float(every)):
            words = (
                f"{one.title} has not visited for {_words(silent)}; it should every {_words(timedelta(seconds=every))}."
            )
            yield Alert(one.connection, "no_visit", f"{words} Look whether its computer is on.", one.system)
    limit = int(one.facts.get("tokens_limit") or 0)
    spent = int(one.facts.get("tokens_spent") or 0)
    budget = Alert(
        one.connection,
        "budget",
        f"{spent:,} of the day's {limit:,} tokens of {one.title} are spent. What does not fit waits for tomorrow.",
        one.system,
    )
    if limit and spent >= (limits.budget - (RELIEF if budget.key in told else 0)) * limit:
        yield budget
    if one.facts.get("stopped"):
        yield Alert(
            one.connection, "authentication", f"{one.title} does not let us in: {one.facts['stopped']}", one.system
        )
    elif int(one.facts.get("failed_logins") or 0) >= limits.failed_logins:
        words = f"{one.facts['failed_logins']} logins with a wrong user or password within an hour."
        yield Alert(one.connection, "authentication", f"{one.title}: {words} The log says from where.", one.system)
    if one.parked >= limits.parked:
        listed = "".join(f"\n  {count:>6,}  {reason}" for reason, count in one.reasons.items())
        words = "1 record waits" if one.parked == 1 else f"{one.parked:,} records wait"
        yield Alert(one.connection, "parked", f"{words} for a person (`engine parked list`).{listed}")


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told of an alert."""

    event: Literal["raised", "digest", "cleared"]
    key: str
    connection: str
    kind: str
    sentence: str


Told = dict[str, dict[str, str]]
"""Alerts that were told, by key: connection, kind, sentence, when (ISO)."""


def news(alerts: Sequence[Alert], told: Told, digest: timedelta, now: datetime) -> tuple[list[News], Told]:
    """What is new, and what counts as told from then on. Each alert once until it is over; of what is parked a digest
    now and then, where it has changed."""
    found: list[News] = []
    after: Told = {}
    for alert in alerts:
        before = told.get(alert.key)
        after[alert.key] = before or _note(alert, now)
        if before is None:
            found.append(News("raised", alert.key, alert.connection, alert.kind, alert.sentence))
        elif alert.kind == "parked" and alert.sentence != before["sentence"] and _ago(before, now) >= digest:
            after[alert.key] = _note(alert, now)
            found.append(News("digest", alert.key, alert.connection, alert.kind, alert.sentence))
    for key, before in told.items():
        if key not in after:
            found.append(News("cleared", key, before["connection"], before["kind"], before["sentence"]))
    return found, after


def _ago(before: Mapping[str, str], now: datetime) -> timedelta:
    return now - datetime.fromisoformat(before["at"])


def _note(alert: Alert, now: datetime) -> dict[str, str]:
    said = {"connection": alert.connection, "kind": alert.kind, "sentence": alert.sentence}
    return {**said, "at": now.isoformat()}


def _words(length: timedelta) -> str:
    """`5 minutes`, `3 hours`: the largest unit that is not too coarse."""
    seconds = int(length.total_seconds())
    for name, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * size or seconds == size:
            count = seconds // size
            return f"{count} {name}{'' if count == 1 else 's'}"
    return f"{seconds} seconds"
