"""How many records a page has: adapted, by entity, to the time that QuickBooks took for the last one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from engine.protocol import State

KEY = "page_sizes"
FIRST = 100
LEAST, MOST = 10, 1000
QUICK, SLOW = timedelta(seconds=5), timedelta(seconds=15)
"""A page should take between these, well under the Web Connector's patience. [facts 1.1]"""


def page_size(state: State, settings: Mapping[str, int], entity: str) -> int:
    """Records for the next page of this entity."""
    kept = state.get(KEY) or {}
    return int(kept.get(entity) or settings.get(entity, FIRST))


def adapted(size: int, records: int, took: timedelta) -> int:
    """The next size: doubled after a full page that was quick, halved after one that was slow. Pure."""
    if took > SLOW:
        return max(LEAST, size // 2)
    if took < QUICK and records >= size:
        return min(MOST, size * 2)
    return size


def keep(state: State, entity: str, size: int) -> None:
    """Remember a size for the pages to come."""
    state.change(KEY, lambda kept: {**(kept or {}), entity: size})
