"""The windows of a first reading: together they cover everything once, whatever the day and however much there is."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest

from connectors.quickbooks_desktop import windows
from connectors.quickbooks_desktop.windows import Window


def all_windows(today: date, since: str | None, given: int) -> list[Window]:
    found = [windows.newest(today, since)]
    while (before := windows.rest(found[-1], since)) is not None:
        found.append(windows.next_before(before, today, since, given))
    return found


@pytest.mark.parametrize("given", [0, 1, windows.FEW])
@pytest.mark.parametrize("since", [None, "2026-02-28", "2025-12-31", "2019-07-15", "2027-01-01"])
@pytest.mark.parametrize("today", [date(2026, 3, 1), date(2026, 2, 28), date(2026, 1, 31), date(2026, 12, 31)])
def test_windows_follow_on_one_another_down_to_the_first_day(today: date, since: str | None, given: int) -> None:
    found = all_windows(today, since, given)
    assert found[0].end is None, "what is dated in the future is in the first"
    assert found[-1].begin == since
    for newer, older in itertools.pairwise(found):
        assert newer.begin is not None and older.end is not None
        assert date.fromisoformat(older.end) == date.fromisoformat(newer.begin) - timedelta(days=1)
        assert older.begin is None or older.begin <= older.end
    assert len(found) <= 45


def test_windows_are_a_month_at_first_and_a_year_at_last() -> None:
    begins = [window.begin for window in all_windows(date(2026, 3, 2), "2021-01-01", windows.FEW)]
    assert begins == [
        "2026-03-01", "2026-02-01", "2026-01-01", "2025-11-01", "2025-07-01", "2024-11-01", "2023-11-01", "2022-11-01",
        "2021-11-01", "2021-01-01",
    ]  # fmt: skip


def test_where_there_is_little_it_takes_few_requests() -> None:
    assert len(all_windows(date(2026, 3, 2), None, 0)) == 3, "this month, a year, and all before"
    assert len(all_windows(date(2026, 3, 2), "2024-01-01", 1)) == 4, "this month, and year by year"


def test_a_cursor_says_where_both_go_on_and_a_whole_one_is_the_moment_alone() -> None:
    cursor = windows.pack("2026-03-02T09:00:00", "2025-11-01")
    assert cursor == "2026-03-02T09:00:00 before 2025-11-01"
    assert windows.unpack(cursor) == ("2026-03-02T09:00:00", "2025-11-01")
    assert windows.unpack("2026-03-02T09:00:00") == ("2026-03-02T09:00:00", None)
    assert windows.unpack(None) == (None, None)


def test_a_reading_lets_others_go_before_after_many_records_or_some_time() -> None:
    began = datetime(2026, 3, 2, 14, tzinfo=UTC)
    assert not windows.is_enough(windows.ENOUGH - 1, began, began + timedelta(minutes=2))
    assert windows.is_enough(windows.ENOUGH, began, began)
    assert windows.is_enough(0, began, began + windows.LONG)
