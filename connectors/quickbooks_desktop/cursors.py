"""How far a reading got, as wall-clock text of the QuickBooks computer. Pure.

QuickBooks stamps records with its own wall clock and an offset that cannot be trusted in summer, so cursors are naive
and are sent without an offset. Results don't come in the order of change, so a cursor is the time when the reading
began, never a record's. [facts 2.3, 2.4]
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

OVERLAP = timedelta(minutes=15)
"""Read again each time: clocks differ a little, and a change may be saved while a reading begins."""

OVERLAP_AT_CHANGE = timedelta(minutes=75)
"""Within a day of a daylight-saving change, when an hour of wall clock comes twice or not at all."""

DAY = timedelta(days=1)


def cursor(began: datetime, zone: ZoneInfo) -> str:
    """The cursor for a reading that began at this time (aware): `YYYY-MM-DDThh:mm:ss`, no offset, no fraction."""
    overlap = OVERLAP_AT_CHANGE if near_change(began, zone) else OVERLAP
    return (began - overlap).astimezone(zone).replace(tzinfo=None, microsecond=0).isoformat()


def near_change(moment: datetime, zone: ZoneInfo) -> bool:
    """Whether the zone's offset changes within a day before or after."""
    offsets = {(moment + step).astimezone(zone).utcoffset() for step in (-DAY, timedelta(), DAY)}
    return len(offsets) > 1
