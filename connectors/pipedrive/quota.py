"""The old count of POST and PUT a day and user, told by x-daily-requests-left; the day's tokens are `budget`'s.

It counts requests of the UTC day, with an API token only; whether it is still enforced, no document says [facts:
Pipedrive 1, 3]. Near its end writes stop until midnight, so that nothing is refused halfway.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from engine.protocol import State

from . import status

KEPT = 20
"""Requests that are left unused: more than are ever under way at once (16)."""
_KEY = "writes_until"


class Quota:
    """Whether POST and PUT may be sent today; shared by every process of the company."""

    def __init__(self, state: State, clock: Callable[[], datetime]) -> None:
        self._state = state
        self._clock = clock
        self._until: str | None = state.get(_KEY)

    def heard(self, left: int | None) -> None:
        """Takes the header at its word."""
        if left is None or left > KEPT:
            return
        midnight = self._clock().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        until = (midnight + timedelta(days=1)).isoformat()
        if until != self._until:
            self._until = until
            self._state.put(_KEY, until, timedelta(days=1))

    def check(self, method: str) -> None:
        """Raises Stopped (UNSENT) for a request of a kind of which none is left today."""
        if self._until is None or method not in ("POST", "PUT"):
            return
        left = datetime.fromisoformat(self._until) - self._clock()
        if left > timedelta(0):
            raise status.not_sent(status.TROUBLES["writes"].sentence(), left)
