"""The words in which pages and commands say the same: numbers, times and values for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any

from engine.mapping.draft import MISSING


def counted(count: int, one: str, many: str) -> str:
    """The number with its words: `1 record waits`, `1,200 records wait`."""
    return f"{count:,} {one if count == 1 else many}"


def ago(now: datetime, then: datetime) -> str:
    """The time between two moments, in the words of a person: "3 minutes ago"."""
    seconds = max(0, int((now - then).total_seconds()))
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"1 {unit} ago" if count == 1 else f"{count} {unit}s ago"
    return "just now"


def clock_time(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """A moment on the clock of a zone, with its day where that is another one: `14:05`, `tomorrow 02:15`, `3 March`."""
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    days = (local.date() - today).days
    if days == 0:
        return f"{local:%H:%M}"
    if days in (1, -1):
        return f"{'tomorrow' if days == 1 else 'yesterday'} {local:%H:%M}"
    return f"{local.day} {local:%B %H:%M}"


def shown(value: Any) -> str:
    """A value as people read it; nothing where there is none."""
    if value is None or value is MISSING or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {shown(one)}" for key, one in value.items() if one is not None) or "nothing"
    if isinstance(value, list | tuple):
        return ", ".join(shown(one) for one in value) or "nothing"
    return str(value)
