"""The windows in which a first reading goes back through time, so that it goes on where it broke off. Pure.

Transactions are asked for by their date, list objects by their last change: in both, old history comes last. A window
is one month at first and grows with its age to a year, so that little is lost with a visit that breaks off in it; where
there is little, it is a year at once. What changes in a window that was read is found by its change, since changes are
asked for from the beginning of the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

MOST_MONTHS: Final = 12
OLDEST: Final = date(1990, 1, 1)
"""QuickBooks is younger: what lies before is asked for at once."""

FEW: Final = 100
"""Fewer records in a window than this make the next one a year."""

BEFORE: Final = " before "

ENOUGH: Final = 2_000
"""Records after which a reading lets others go before, once it is through with a window."""

LONG: Final = timedelta(minutes=3)
"""The same in time."""


@dataclass(frozen=True, slots=True)
class Window:
    """From the day `begin` to the day `end`, both of them included (ISO dates); None: without a bound."""

    begin: str | None = None
    end: str | None = None


def newest(today: date, since: str | None) -> Window:
    """The first window: this month, and what is dated in the future."""
    return _from(today.replace(day=1), None, since)


def next_before(day: str, today: date, since: str | None, given: int = FEW) -> Window:
    """The window that ends before that day; `given`: records in the one after it. After an empty year all comes."""
    after = date.fromisoformat(day)
    age = (today.year - after.year) * 12 + today.month - after.month
    months = MOST_MONTHS if given < FEW else min(MOST_MONTHS, max(1, age))
    end = (after - timedelta(days=1)).isoformat()
    if not given and age >= MOST_MONTHS:
        return Window(since, end)
    place = after.year * 12 + after.month - 1 - months
    return _from(date(place // 12, place % 12 + 1, 1), end, since)


def _from(begin: date, end: str | None, since: str | None) -> Window:
    if since is not None and begin.isoformat() <= since:
        return Window(since, end)
    return Window(begin.isoformat() if begin > OLDEST else None, end)


def rest(window: Window, since: str | None) -> str | None:
    """The day before which there is more to read; None if this is the last window."""
    return None if window.begin is None or (since is not None and window.begin <= since) else window.begin


def pack(changed: str, before: str) -> str:
    """The cursor of a first reading that is not complete: what changed since then, and all before that day."""
    return f"{changed}{BEFORE}{before}"


def unpack(cursor: str | None) -> tuple[str | None, str | None]:
    """(from when changes are asked for, the day before which nothing was read); the second is None once all was."""
    changed, _, before = (cursor or "").partition(BEFORE)
    return changed or None, before or None


def is_enough(records: int, began: datetime, now: datetime) -> bool:
    """Whether a reading has taken so much that others go before the next window."""
    return records >= ENOUGH or now - began >= LONG
