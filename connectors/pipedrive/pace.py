"""Requests a second and pauses: no rolling two seconds ever see more requests of one token than the plan allows.

The service stamps a request somewhere between our sending it and our hearing the answer, so a request holds its place
from the sending until two seconds after the answer: then the count is right at the other end too, whatever the network
does. Search calls have a window of their own (10 in two seconds); the connector makes none, so none is kept.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import ClassVar
from weakref import WeakValueDictionary

from engine.protocol import State

from . import status
from .status import Stopped, not_sent

WINDOW = 2.0
"""Seconds [facts: Pipedrive 3]."""
LONGEST_BURST_PAUSE = timedelta(minutes=1)
BUDGET_PAUSE = timedelta(minutes=10)
"""After a 429 for the day's tokens while the hour of the reset is not known: short enough that its end tells the
quarter of an hour (`reset`), whatever the clocks' difference."""
LONGEST_BUDGET_PAUSE = timedelta(hours=1)
SHORTEST = timedelta(minutes=1)
EDGE_PAUSE = timedelta(minutes=5)
"""After an HTML 403 of the edge; doubled while it goes on [assumed: no document says how long a block lasts]."""
LONGEST_EDGE_PAUSE = timedelta(hours=1)
_PAUSE = "pause"


class Pace:
    """The window of one token, shared by every endpoint of this process that uses it."""

    _alive: ClassVar[WeakValueDictionary[str, Pace]] = WeakValueDictionary()
    _making: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._changed = threading.Condition()
        self._under_way = 0
        self._answered: deque[float] = deque()
        self._others = (0, 0.0)
        """How many places other programs with this token held, and until when that counts."""

    @classmethod
    def of(cls, url: str, token: str, limit: int) -> Pace:
        """The one for this token, made if need be; the token itself is not kept."""
        scope = hashlib.sha256(f"{url}\n{token}".encode()).hexdigest()
        with cls._making:
            pace = cls._alive.get(scope)
            if pace is None:
                pace = cls._alive[scope] = cls(limit)
            return pace

    @contextmanager
    def place(self) -> Iterator[None]:
        """Waits for a place in the window and holds it while the request is under way."""
        with self._changed:
            while (delay := self._delay()) > 0:
                self._rest(delay)
            self._under_way += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._answered.append(self._now())
                self._changed.notify_all()

    def heard(self, limit: int | None, remaining: int | None, reset: int | None) -> None:
        """Takes x-ratelimit-limit, -remaining and -reset (whole seconds) at their word."""
        with self._changed:
            if limit is not None and limit > 0:
                self.limit = limit
            if remaining is not None:
                taken = self.limit - remaining - self._ours()
                self._others = (max(0, taken), self._now() + min(reset or WINDOW, 10))

    def _now(self) -> float:
        """Seconds of a clock that only goes forward."""
        return time.monotonic()

    def _rest(self, seconds: float) -> None:
        """Waits so long, or until a request came back."""
        self._changed.wait(seconds)

    def _ours(self) -> int:
        now = self._now()
        while self._answered and self._answered[0] <= now - WINDOW:
            self._answered.popleft()
        return self._under_way + len(self._answered)

    def _delay(self) -> float:
        """Seconds to wait before looking again; nought: go."""
        ours, now = self._ours(), self._now()
        others, until = self._others if self._others[1] > now else (0, 0.0)
        if ours + others < self.limit:
            return 0.0
        places = [self._answered[0] + WINDOW] if self._answered else []
        ends = [*places, until] if others else places
        return max(min(ends) - now, 0.001) if ends else 60.0


class Pause:
    """Stops everything that is sent for a company for a while; kept in the store, so that every process heeds it."""

    def __init__(self, state: State, clock: Callable[[], datetime]) -> None:
        self._state = state
        self._clock = clock
        self._lock = threading.Lock()
        self._trial = threading.Lock()
        self._until: datetime | None = None
        self._count = 0

    def refresh(self) -> None:
        """Looks what other processes decided."""
        stored = self._state.get(_PAUSE)
        with self._lock:
            self._until = datetime.fromisoformat(stored["until"]) if stored else None
            self._count = int(stored["count"]) if stored else 0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """After a refusal one request goes alone until one is taken, so that a pause does not end in a volley."""
        if not self._count:
            yield
            return
        with self._trial:
            self.check()
            yield

    def left(self) -> timedelta | None:
        """How much of a pause is left; None: go."""
        with self._lock:
            left = timedelta(0) if self._until is None else self._until - self._clock()
            return left if timedelta(0) < left <= LONGEST_BUDGET_PAUSE else None  # longer: by a clock that was ahead

    def check(self) -> None:
        """Raises Stopped (UNSENT) while a pause lasts."""
        left = self.left()
        if left is not None:
            raise not_sent("Pipedrive asked for a pause.", left)

    def succeeded(self) -> None:
        """An answer came: the next refusal is a first one again. One that comes during a pause was asked before it."""
        with self._lock:
            if not self._count or (self._until is not None and self._until > self._clock()):
                return
            self._count, self._until = 0, None
        self._state.put(_PAUSE, None)

    def burst(self, reset: int | None) -> Stopped:
        """Too many requests: at least the window, longer each time it happens again."""
        seconds = max(float(reset or 0), WINDOW) * 2 ** min(self._count, 5)
        return self._begin(status.TROUBLES["burst"].sentence(), min(timedelta(seconds=seconds), LONGEST_BURST_PAUSE))

    def budget(self, ends: datetime | None = None) -> Stopped:
        """The day's tokens are used up until they are given anew. Asked for again sooner, which costs nothing: that
        hour may not be known yet, and somebody may buy more."""
        length = BUDGET_PAUSE if ends is None else min(max(ends - self._clock(), SHORTEST), LONGEST_BUDGET_PAUSE)
        return self._begin(status.TROUBLES["budget"].sentence(), length)

    def edge(self) -> Stopped:
        """The edge answers in Pipedrive's place, since too much was sent after a 429 [facts: Pipedrive 1]."""
        return self._begin(
            status.TROUBLES["edge"].sentence(), min(EDGE_PAUSE * 2 ** min(self._count, 6), LONGEST_EDGE_PAUSE)
        )

    @property
    def refusals(self) -> int:
        """How many pauses in a row there were."""
        return self._count

    def _begin(self, message: str, length: timedelta) -> Stopped:
        until = self._clock() + length
        with self._lock:
            if self._until is not None and self._until > self._clock():  # the others under way hear the same refusal
                until = max(until, self._until) if length > LONGEST_BURST_PAUSE else self._until
            else:
                self._count += 1
            self._until = until
            stored = {"until": until.isoformat(), "count": self._count}
        self._state.put(_PAUSE, stored, timedelta(days=1))
        return not_sent(message, until - self._clock())
