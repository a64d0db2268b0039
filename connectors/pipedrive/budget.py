"""The day's tokens: counted before they are spent, per company and across processes. Requests a second are `pace`'s.

Over any rolling 24 hours no more than our share is spent, whatever the hour of the account's own reset (which no
document names [facts: Pipedrive 3]). Other programs spend from the same pool, so the headers that tell what is left,
where they come, correct us.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from engine.protocol import State

from .settings import Settings
from .status import not_sent

DAY = timedelta(hours=24)
HEARSAY = timedelta(minutes=15)
"""How long a header's word about what is left is believed: the account's reset may come at any hour."""
_COUNTER = "tokens"
_TOTAL = "tokens_total"


class Budget:
    """The tokens that one company's connections may spend."""

    def __init__(self, settings: Settings, state: State, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._state = state
        self._clock = clock
        self._lock = threading.Lock()
        self._total: int | None = None
        self._left: tuple[int, datetime] | None = None

    @property
    def total(self) -> int:
        """Tokens a day of the whole company: what a header said last, else what the settings come to."""
        if self._total is None:
            self._total = int(self._state.get(_TOTAL) or self._settings.daily_tokens)
        return self._total

    @property
    def limit(self) -> int:
        """Our share of them."""
        return int(self.total * self._settings.share)

    @property
    def spent(self) -> int:
        """What we spent in the last 24 hours."""
        return self._state.spent(_COUNTER, DAY)

    def free(self) -> int:
        """What may be spent now."""
        ours = self.limit - self.spent
        left = self._heard()
        return max(0, ours if left is None else min(ours, left))

    def spend(self, tokens: int) -> None:
        """Counts the price of calls that are about to be made. Raises Stopped (UNSENT) if it is too much today."""
        left = self._heard()
        if left is not None and left < tokens:
            raise not_sent("Pipedrive's tokens for today are used up.", HEARSAY)
        if not self._state.spend(_COUNTER, tokens, self.limit, DAY):
            raise not_sent("Our share of today's Pipedrive tokens is used up.", self.wait(tokens))
        with self._lock:
            if self._left is not None:
                self._left = (self._left[0] - tokens, self._left[1])

    def wait(self, tokens: int) -> timedelta:
        """How long until so many are free: at most until the oldest spending leaves the window (to the minute)."""
        left = self._heard()
        if left is not None and left < tokens:
            return HEARSAY
        low, high = 0, int(DAY.total_seconds() // 60)
        while low < high:
            middle = (low + high) // 2
            still_counted = self._state.spent(_COUNTER, DAY - timedelta(minutes=middle))
            if still_counted + tokens <= self.limit:
                high = middle
            else:
                low = middle + 1
        return timedelta(minutes=low)

    def heard(self, total: int | None, left: int | None) -> None:
        """Takes the undocumented headers x-daily-ratelimit-token-limit and -remaining at their word [facts: 1]."""
        if total is not None and total > 0 and total != self.total:
            self._total = total
            self._state.put(_TOTAL, total, 2 * DAY)
        if left is not None:
            with self._lock:
                self._left = (left, self._clock())

    def _heard(self) -> int | None:
        with self._lock:
            if self._left is not None and self._clock() - self._left[1] < HEARSAY:
                return self._left[0]
            self._left = None
            return None
