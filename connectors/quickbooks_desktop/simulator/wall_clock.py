"""The clock on the wall of the QuickBooks computer: stamps with their wrong summer offset, and dates read back.

Inside the simulator every moment is an aware UTC datetime; only what crosses the qbXML border passes here.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

_FORM = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:T(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})([+-]\d{1,2}:\d{1,2})?)?)?)?\Z")


class WallClock:
    """Writes and reads qbXML date-times for one time zone.

    QuickBooks writes the right wall-clock time with the zone's WINTER offset all year, so that a reader who trusts
    the offset is an hour late all summer. [facts 2.4: quickbooks-sync README, and measured on public records]
    """

    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        january, july = (datetime(2024, month, 1, tzinfo=self.zone).utcoffset() for month in (1, 7))
        assert january is not None and july is not None
        self.winter_offset: timedelta = min(january, july)
        self._suffix = _offset_text(self.winter_offset)

    def wall(self, moment: datetime) -> datetime:
        """The naive local time of a UTC moment, cut to the second (QuickBooks' resolution, facts 2.4)."""
        return moment.astimezone(self.zone).replace(tzinfo=None, microsecond=0)

    def stamp(self, moment: datetime) -> str:
        """`2024-07-04T09:10:00-08:00`: the wall clock is right, the offset is winter's."""
        return self.wall(moment).isoformat() + self._suffix

    def read(self, text: str, *, end: bool = False) -> datetime:
        """The naive wall-clock time that a filter's date-time means.

        Without an offset it is the wall clock itself; with one it is converted through the winter offset, so that
        QuickBooks' own stamps mean what they say and a correct summer offset is an hour off. [facts 2.4]
        Parts left out mean the beginning of the span, or with `end` its last second. [assumed]
        Raises ValueError for another form; `Z` and fractions are refused. [XSD DATETIMETYPE]
        """
        match = _FORM.match(text)
        if match is None:
            raise ValueError(f"not a qbXML date-time: {text!r}")
        parts = [int(part) for part in match.groups()[:6] if part is not None]
        hour, minute, second = (*parts[3:], 0, 0, 0)[:3]
        moment = datetime(parts[0], parts[1], parts[2], hour, minute, second)
        if match.group(7):
            sign = -1 if match.group(7)[0] == "-" else 1
            hours, minutes = match.group(7)[1:].split(":")
            given = sign * timedelta(hours=int(hours), minutes=int(minutes))
            return moment - given + self.winter_offset
        if end and len(parts) < 6:
            spans = {3: timedelta(days=1), 4: timedelta(hours=1), 5: timedelta(minutes=1)}
            return moment + spans[len(parts)] - timedelta(seconds=1)
        return moment


def utc(moment: datetime) -> datetime:
    """The same moment in UTC, cut to the second; naive ones are a programmer's mistake (ValueError)."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone; the simulator keeps aware UTC times")
    return moment.astimezone(UTC).replace(microsecond=0)


def _offset_text(offset: timedelta) -> str:
    return datetime(2024, 1, 1, tzinfo=timezone(offset)).isoformat()[-6:]
