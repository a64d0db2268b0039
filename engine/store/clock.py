"""The one clock of all processes that share a store.

Processes on one machine share its clock, so that is the clock of a SQLite store. Machines differ, by minutes at times,
and a lease that one of them gave must not look run out to another: with PostgreSQL the server's clock counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def machine() -> datetime:
    """This machine's clock: aware UTC."""
    return datetime.now(UTC)


class ServerClock:
    """Another machine's clock, looked at once in a while; in between, seconds are counted that no change moves."""

    def __init__(self, ask: Callable[[], datetime], count: Callable[[], float] = time.monotonic) -> None:
        self._ask, self._count = ask, count
        self.look()

    def __call__(self) -> datetime:
        moment, at = self._seen
        return moment + timedelta(seconds=self._count() - at)

    def look(self) -> None:
        """Set it by the other one; half of the way there and back is taken for the way back."""
        before = self._count()
        moment = self._ask()
        self._seen = (moment, (before + self._count()) / 2)
