"""Durations as people write them in engine.yaml: `10 minutes`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from engine.errors import InvalidSettings

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


def duration(given: Any, key: str) -> timedelta:
    """`10 minutes`, seconds as a number, or a timedelta made earlier. Raises InvalidSettings naming the key."""
    if isinstance(given, timedelta):
        return given
    words = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:(second|minute|hour|day)s?)?\s*", str(given))
    if words is None:
        raise InvalidSettings(f"pipedrive: {key}: '{given}' is no duration.", "Write it like 10 minutes.")
    return timedelta(seconds=float(words[1]) * _SECONDS[words[2] or "second"])
