"""Time as Pipedrive writes it: whole seconds, UTC; turning clocks into values stays with the caller.

Records keep times as RFC 3339 text with a Z (`2026-11-22T20:30:00Z`), which sorts as it reads.
v2 shows them so, v1 shows `2026-11-22 20:30:00` [facts: 4 "Times"].
"""

import re
from datetime import UTC, date, datetime, timedelta

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")
V1 = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?")


def stamp(now: datetime) -> str:
    """An aware datetime as RFC 3339 text in UTC, cut to whole seconds."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def as_v1(text: str | None) -> str | None:
    """`2026-11-22T20:30:00Z` as v1 shows it."""
    return None if text is None else text.replace("T", " ").removesuffix("Z")


def from_rfc3339(text: object) -> str | None:
    """RFC 3339 input normalised to UTC, or None if it is none.

    A fraction of a second is refused, as the live service does [facts: 4, observed in two repositories].
    """
    if not isinstance(text, str) or not RFC3339.fullmatch(text):
        return None
    try:
        return stamp(datetime.fromisoformat(text))
    except ValueError:
        return None


def from_v1(text: object) -> str | None:
    """`YYYY-MM-DD HH:MM:SS` (UTC) normalised to RFC 3339, or None if it is none [OpenAPI v1 notes]."""
    if not isinstance(text, str) or not V1.fullmatch(text):
        return None
    return from_rfc3339(text.replace(" ", "T") + "Z")


def is_day(text: object) -> bool:
    """Whether this is a real calendar day as `YYYY-MM-DD`."""
    if not isinstance(text, str) or not DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_clock(text: object) -> bool:
    """Whether this is a time of day, `HH:MM` or `HH:MM:SS`."""
    return isinstance(text, str) and CLOCK.fullmatch(text) is not None


def whole_clock(text: str) -> str:
    """A time of day with its seconds."""
    return text if text.count(":") == 2 else f"{text}:00"


def with_millis(text: str) -> str:
    """`2026-11-22T20:30:00Z` as leads, tasks and projects show it [OpenAPI v1 and v2, examples]."""
    return text.removesuffix("Z") + ".000Z"


def before(now: datetime, *, days: int = 0, seconds: float = 0) -> str:
    """The stamp of a moment that long before `now`."""
    return stamp(now - timedelta(days=days, seconds=seconds))
