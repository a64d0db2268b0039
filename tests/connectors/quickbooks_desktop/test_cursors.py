"""Cursors are wall-clock texts of the QuickBooks computer, with an overlap that survives daylight saving."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from connectors.quickbooks_desktop.cursors import cursor, near_change

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("began", "expected"),
    [
        ("2026-01-15T12:00:00", "2026-01-15T06:45:00"),
        ("2026-07-15T12:00:00", "2026-07-15T07:45:00"),
        ("2026-03-08T12:00:00", "2026-03-08T06:45:00"),  # the day it becomes summer: 75 minutes
        ("2026-03-09T06:00:00", "2026-03-09T00:45:00"),
        ("2026-03-10T12:00:00", "2026-03-10T07:45:00"),
        ("2026-11-01T05:50:00", "2026-11-01T00:35:00"),  # ten minutes before the hour that comes twice
        ("2026-11-01T06:50:00", "2026-11-01T01:35:00"),  # in the middle of its second coming
    ],
)
def test_a_cursor_is_naive_wall_clock_a_quarter_hour_or_more_before(began: str, expected: str) -> None:
    assert cursor(datetime.fromisoformat(began).replace(tzinfo=UTC), NEW_YORK) == expected


def test_seconds_are_kept_and_fractions_are_not() -> None:
    assert cursor(datetime(2026, 1, 15, 12, 0, 7, 999_999, tzinfo=UTC), NEW_YORK) == "2026-01-15T06:45:07"


def test_a_zone_without_daylight_saving_never_changes() -> None:
    assert not near_change(datetime(2026, 3, 8, 12, tzinfo=UTC), ZoneInfo("America/Phoenix"))


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
    st.integers(-14 * 60, 40 * 24 * 3600),
    st.sampled_from(["America/New_York", "America/Los_Angeles", "Europe/London", "Australia/Lord_Howe", "UTC"]),
)
def test_nothing_that_changes_from_shortly_before_a_reading_on_falls_behind_its_cursor(
    began: datetime, later: int, zone: str
) -> None:
    start = began.replace(tzinfo=UTC)
    changed = start + timedelta(seconds=later)
    wall = changed.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat(timespec="seconds")
    assert wall >= cursor(start, ZoneInfo(zone))
