"""What happened over time, in numbers: tokens by the hour, visits and records by the day of the connection's zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from engine.protocol import Spends
from engine.sync.connection import Connection

WEEKS = 4
OUTCOMES = ("created", "linked", "updated", "parked")


@dataclass(frozen=True, slots=True)
class Weeks:
    """Each list has a number for each of `days`."""

    days: tuple[date, ...]
    records: Mapping[str, Sequence[int]]
    """By outcome."""
    visits: Mapping[str, Sequence[int]]
    """By system."""


def weeks(connection: Connection, now: datetime) -> Weeks:
    """The last weeks, today included."""
    today = now.astimezone(connection.zone).date()
    days = tuple(today - timedelta(days=number) for number in reversed(range(7 * WEEKS)))
    place = {day: number for number, day in enumerate(days)}
    since = datetime(days[0].year, days[0].month, days[0].day, tzinfo=connection.zone)
    records = {outcome: [0] * len(days) for outcome in OUTCOMES}
    visits = {system: [0] * len(days) for system in connection.connectors}
    with connection.store.reading() as tx:
        for tally in tx.tallies.since(connection.name, since):
            day = tally.hour.astimezone(connection.zone).date()
            if tally.outcome in records and day in place:
                records[tally.outcome][place[day]] += tally.count
        for system, counted in visits.items():
            for hour, count in tx.visits.by_hour(connection.name, system, since):
                day = hour.astimezone(connection.zone).date()
                if day in place:
                    counted[place[day]] += count
    return Weeks(days, records, visits)


def tokens(connection: Connection, now: datetime) -> tuple[list[tuple[datetime, int]], int]:
    """What was spent in each hour of this day of tokens (of the last 24, while nobody knows when it began), and the
    most that may be."""
    hours: dict[datetime, int] = {}
    limit = 0
    for endpoint in connection.endpoints.values():
        if isinstance(endpoint, Spends):
            facts = endpoint.facts()
            limit += int(facts.get("tokens_limit", 0))
            begin = facts.get("tokens_since") or (now - timedelta(hours=23)).replace(minute=0, second=0, microsecond=0)
            for hour, amount in endpoint.spending(begin):
                hours[hour] = hours.get(hour, 0) + amount
    return sorted(hours.items()), limit
