"""The hour at which the account's tokens are given anew: learnt by watching, since no document names it. Pure.

It is midnight in some time zone [facts: Pipedrive 1], so a quarter of an hour of the UTC day: each reset that was seen
between two moments leaves the quarters between them, until one is left. Two zones' summer times move it; a sighting
that contradicts what was learnt begins anew.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

DAY: Final = timedelta(hours=24)
QUARTER: Final = timedelta(minutes=15)
SLACK: Final = timedelta(minutes=2)
"""How far our clock and the service's may lie apart, with the time that an answer takes."""
_QUARTERS: Final = DAY // QUARTER
_KEPT = 2
"""Days on which it must have been seen, where a top-up that somebody bought would have looked the same."""


def learn(held: Any | None, after: datetime, until: datetime, sure: bool) -> Any | None:
    """What is known (JSON) after a reset was seen in (after, until]; None: nothing.

    `sure`: a header told it; else a refusal for the day's tokens ended, which counts once it was seen on two days.
    """
    after, until = after - SLACK, until + SLACK
    if until - after >= DAY:
        return held
    seen = {_number(at) for at in _boundaries(after, until)}
    if not seen:
        return held
    day = until.astimezone(UTC).date().isoformat()
    known = set(held["quarters"]) & seen if held else set[int]()
    if held is None or not known:
        return {"quarters": sorted(seen), "days": [day], "sure": sure}
    days = sorted({*held["days"], day})[-_KEPT:]
    return {"quarters": sorted(known), "days": days, "sure": held["sure"] or sure}


def last(held: Any | None, now: datetime) -> datetime | None:
    """The latest reset until now; None while the hour is not known."""
    if held is None or len(held["quarters"]) != 1 or not (held["sure"] or len(held["days"]) >= _KEPT):
        return None
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    at: datetime = midnight + held["quarters"][0] * QUARTER
    return at if at <= now else at - DAY


def _boundaries(after: datetime, until: datetime) -> list[datetime]:
    first = after.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    found = [first + step * QUARTER for step in range((until - first) // QUARTER + 1)]
    return [at for at in found if after < at <= until]


def _number(at: datetime) -> int:
    return (at.hour * 60 + at.minute) // 15 % _QUARTERS
