"""The day's tokens: counted before they are spent, per company and across processes. Requests a second are `pace`'s.

Until the hour of the account's reset is learnt (`reset`) no more than our share is spent in any rolling 24 hours, from
then on from reset to reset. Other programs spend from the same pool, so the headers that tell what is left, where they
come, correct us. Old history may never touch the reserve, and is spread over the day in hourly portions: it needs a
look at the account for each portion, which many small ones would pay many times.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.protocol import State

from . import reset
from .settings import Settings
from .status import not_sent

DAY = timedelta(hours=24)
HOUR = timedelta(hours=1)
HEARSAY = timedelta(minutes=15)
"""How long a header's word about what is left is believed, while the account's reset may come at any hour."""
RISE = 1_000
"""More tokens left by so many are a reset, fewer may be answers that overtook each other."""
ROLLING_PORTIONS = 25
"""Hourly portions of a rolling day: one more than it has hours, since what was spent a day ago leaves a little late."""
BETWEEN = timedelta(minutes=7)
"""Portions begin so long after the quarters of an hour while the hour of the reset is not known: it is then told by
the first answer of one of them, and lies between the quarters before and after it."""
_COUNTER, _HISTORY = "tokens", "history_tokens"
_TOTAL, _RESET, _DRY = "tokens_total", "reset", "dry"


@dataclass(slots=True)
class Bill:
    """What was spent in a block of work."""

    tokens: int = 0


class Budget:
    """The tokens that one company's connections may spend."""

    def __init__(self, settings: Settings, state: State, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._state = state
        self._clock = clock
        self._lock = threading.Lock()
        self._bills = threading.local()
        self._total: int | None = None
        self._left: tuple[int, datetime] | None = None
        self._reset: Any | None = None
        self._dry: Any | None = None
        self.refresh()

    def refresh(self) -> None:
        """Looks what other processes learnt."""
        self._reset, self._dry = self._state.get(_RESET), self._state.get(_DRY)

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
    def reserve(self) -> int:
        """What old history leaves of our share for what happens today."""
        return int(self.limit * self._settings.reserve)

    @property
    def spent(self) -> int:
        """What we spent since the last reset; in the last 24 hours while its hour is not known."""
        return self._state.spent(_COUNTER, DAY, self._since())

    def by_hour(self, since: datetime) -> list[tuple[datetime, int]]:
        """What we spent in each hour of the last day, from that moment on."""
        now, hours = self._clock(), [since + HOUR * number for number in range(25)]
        until = [self._state.spent(_COUNTER, DAY, one) for one in (*hours, hours[-1] + HOUR)]
        return [(one, until[place] - until[place + 1]) for place, one in enumerate(hours) if one <= now]

    def began(self) -> datetime | None:
        """The last reset; None while its hour is not known. Taken to be over when no clock can be that late."""
        return reset.last(self._reset, self._clock() - reset.SLACK)

    def _since(self) -> datetime | None:
        """From when on spending counts: no clock can be so early that the reset was before."""
        began = self.began()
        return None if began is None else began - reset.SLACK

    def ends(self) -> datetime | None:
        """The next reset; None while its hour is not known."""
        began = self.began()
        return None if began is None else began + DAY

    def free(self) -> int:
        """What may be spent now on what just happened."""
        ours = self.limit - self.spent
        left = self._heard()
        return max(0, ours if left is None else min(ours, left))

    # --------------------------------------------------------------------------------------------- old history
    def today(self) -> int:
        """What may be spent on old history today, all portions together."""
        spent, left = self._state.spent(_HISTORY, DAY, self._since()), self._heard()
        bounds = [self.limit - self.reserve - spent, self.free()]
        return max(0, min(bounds if left is None else [*bounds, left - self.reserve]))

    def portion(self) -> int:
        """What may be spent on old history in this hour (or quarter)."""
        now, began, allowed = self._clock(), self.began(), self.limit - self.reserve
        hour = self._hour(now)
        spent = self._state.spent(_HISTORY, DAY, self._since())
        recent = self._state.spent(_HISTORY, DAY, hour)
        if began is None:
            fair = int(allowed // ROLLING_PORTIONS * (self._length() / HOUR))
        else:
            fair = (allowed - (spent - recent)) // max(1, (began + DAY - hour) // HOUR)
        return max(0, min(fair - recent, self.today()))

    def next_portion(self) -> datetime:
        """When old history may be carried again."""
        return self._hour(self._clock()) + self._length()

    def history_days(self, tokens: int) -> float:
        """In how many days so many tokens of old history will have been spent."""
        now, began, allowed = self._clock(), self.began(), max(1, self.limit - self.reserve)
        if began is None:
            return tokens / (allowed // ROLLING_PORTIONS * 24 or 1)
        today = max(0, allowed - self._state.spent(_HISTORY, DAY, self._since()))
        rest = (began + DAY - now) / DAY
        return tokens / today * rest if tokens < today else rest + (tokens - today) / allowed

    @contextmanager
    def old_history(self) -> Iterator[Bill]:
        """What this thread spends in the block is spent on old history."""
        self._bills.open = bill = Bill()
        try:
            yield bill
        finally:
            self._bills.open = None

    def _hour(self, now: datetime) -> datetime:
        began = self.began() or datetime(2000, 1, 1, tzinfo=UTC) + BETWEEN
        return began + (now - began) // self._length() * self._length()

    def _length(self) -> timedelta:
        """An hour; a quarter of it while the reset was seen, but not closely enough."""
        return HOUR if self._reset is None or len(self._reset["quarters"]) == 1 else reset.QUARTER

    # ------------------------------------------------------------------------------------------------ spending
    def spend(self, tokens: int) -> None:
        """Counts the price of calls that are about to be made. Raises Stopped (UNSENT) if it is too much today."""
        bill: Bill | None = getattr(self._bills, "open", None)
        kept = 0 if bill is None else self.reserve
        left, since = self._heard(), self._since()
        if left is not None and left - kept < tokens:
            raise not_sent("Pipedrive's tokens for today are used up.", self._until_more())
        if bill is not None and not self._state.spend(_HISTORY, tokens, self.limit - self.reserve, DAY, since):
            raise not_sent("Today's tokens for old records are used up.", self.next_portion() - self._clock())
        if not self._state.spend(_COUNTER, tokens, self.limit, DAY, since):
            raise not_sent("Our share of today's Pipedrive tokens is used up.", self.wait(tokens))
        if bill is not None:
            bill.tokens += tokens
        with self._lock:
            if self._left is not None:
                self._left = (self._left[0] - tokens, self._left[1])

    def wait(self, tokens: int) -> timedelta:
        """How long until so many are free: until the reset, or the oldest spending is a day old (to the minute)."""
        left = self._heard()
        if left is not None and left < tokens:
            return self._until_more()
        ends = self.ends()
        if ends is not None:
            return timedelta(0) if self.free() >= tokens else ends - self._clock()
        low, high = 0, int(DAY.total_seconds() // 60)
        while low < high:
            middle = (low + high) // 2
            still_counted = self._state.spent(_COUNTER, DAY - timedelta(minutes=middle))
            if still_counted + tokens <= self.limit:
                high = middle
            else:
                low = middle + 1
        return timedelta(minutes=low)

    def _until_more(self) -> timedelta:
        ends = self.ends()
        return HEARSAY if ends is None else ends - self._clock()

    # -------------------------------------------------------------------------------------- what answers tell
    def heard(self, total: int | None, left: int | None) -> None:
        """Takes the undocumented headers x-daily-ratelimit-token-limit and -remaining at their word [facts: 1]."""
        same = total is None or total == self.total
        if total is not None and total > 0 and total != self.total:
            self._total = total
            self._state.put(_TOTAL, total, 2 * DAY)
        if left is None:
            return
        now = self._clock()
        with self._lock:
            earlier, self._left = self._left, (left, now)
        if earlier is not None and same:
            self._watch(earlier[0], earlier[1], left, now)

    def ran_dry(self, tokens: int) -> None:
        """A call of that price was refused for want of the day's tokens."""
        self._dry = {"at": self._clock().isoformat(), "tokens": tokens}
        self._state.put(_DRY, self._dry, DAY)

    def flowed(self, tokens: int) -> None:
        """A call of that price was taken: if one was refused before, the tokens were given anew meanwhile."""
        dry = self._dry
        if dry is not None and tokens >= dry["tokens"]:
            self._dry = None
            self._state.put(_DRY, None)
            self._learn(datetime.fromisoformat(dry["at"]), self._clock(), sure=False)

    def _watch(self, was: int, then: datetime, left: int, now: datetime) -> None:
        """What is left goes up at a reset only; where it should have gone up and did not, the hour is another."""
        if left - was >= RISE:
            self._learn(then, now, sure=True)
            return
        began = self.began()
        if began is not None and then < began - reset.SLACK and now - began < HOUR and self.total - was >= 3 * RISE:
            self._reset = None
            self._state.put(_RESET, None)

    def _learn(self, after: datetime, until: datetime, sure: bool) -> None:
        self._reset = self._state.change(_RESET, lambda held: reset.learn(held, after, until, sure))

    def _heard(self) -> int | None:
        with self._lock:
            if self._left is None:
                return None
            began, at = self.began(), self._left[1]
            age = self._clock() - at
            believed = age < HEARSAY if began is None else age < HOUR and at >= began
            return self._left[0] if believed else None
