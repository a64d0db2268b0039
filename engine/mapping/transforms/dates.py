"""Transforms of dates and times, which are ISO text throughout."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from engine.mapping.transforms.spec import Apply, Example, Transform, always
from engine.mapping.types import DATE, Type
from engine.mapping.values import Unfit, calendar, shown

_FORMAT = {"anyOf": [{"const": True}, {"type": "string", "pattern": "%"}]}


def _parsed(value: str, format: str) -> datetime:
    try:
        return datetime.strptime(value.strip(), format)
    except ValueError as problem:
        raise Unfit(f"{shown(value)} is not of the form {format}") from problem


def _day(value: str) -> str:
    return calendar(value[:10])


def _date(argument: Any) -> Apply:
    if argument is True:
        return _day
    return lambda value: _parsed(value, argument).date().isoformat()


def _datetime(argument: Any) -> Apply:
    def checked(value: str) -> str:
        try:
            return datetime.fromisoformat(value).isoformat()
        except ValueError as problem:
            raise Unfit(f"{shown(value)} is not an ISO time") from problem

    return checked if argument is True else lambda value: _parsed(value, argument).isoformat()


def _add_days(days: int) -> Apply:
    return lambda value: (date.fromisoformat(calendar(value[:10])) + timedelta(days=days)).isoformat()


TRANSFORMS = (
    Transform("date", "A day: the day of an ISO time (true), or read with a format such as '%m/%d/%Y'.", ("text",),
              always(DATE), _FORMAT, _date,
              (Example(True, "2026-01-31T12:00:00Z", "2026-01-31"), Example("%m/%d/%Y", "1/31/2026", "2026-01-31")),
              exact=True),
    Transform("datetime", "A time: an ISO text checked (true), or read with a format.", ("text",),
              always(Type("datetime")), _FORMAT, _datetime,
              (Example("%d.%m.%Y %H:%M", "31.01.2026 09:30", "2026-01-31T09:30:00"),)),
    Transform("add_days", "The day that is so many days later (earlier, if negative).", ("text",), always(DATE),
              {"type": "integer", "minimum": -36500, "maximum": 36500}, _add_days,
              (Example(30, "2026-01-31", "2026-03-02"),), setting=True, exact=True),
)  # fmt: skip
