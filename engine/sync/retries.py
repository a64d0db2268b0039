"""When a request that failed is tried again. Pure."""

from __future__ import annotations

from datetime import timedelta

FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=15)
PARK_AFTER = 12
"""Attempts with passing faults before a person is asked: a little over an hour of pauses."""


def pause(attempts: int) -> timedelta:
    """The pause before the next attempt: doubled each time, up to a quarter of an hour."""
    doubled: timedelta = FIRST_PAUSE * (1 << min(attempts, 12))
    return min(doubled, LONGEST_PAUSE)


def gives_up(attempts: int) -> bool:
    """Whether a person should look at it instead."""
    return attempts >= PARK_AFTER
