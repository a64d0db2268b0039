"""Once a day, by one process: forgets what is kept long enough, a small portion at each call."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from engine.settings import Keep
from engine.store.retention import KINDS, PORTION
from engine.store.store import Clock, Store

DAY = timedelta(days=1)
_SCOPE, _KEY = "housekeeping", "began_at"

log = logging.getLogger("engine.sync.housekeeping")


class Housekeeping:
    """`tick` now and then, from one thread."""

    def __init__(self, store: Store, connections: Iterable[str], keep: Keep, clock: Clock) -> None:
        self._store, self._connections, self._keep, self._clock = store, tuple(connections), keep, clock
        self._state = store.state(_SCOPE, clock)
        self._round: Iterator[int] | None = None
        self._asked: datetime | None = None

    def tick(self) -> None:
        """Forget one portion; begin a round where the last one, whoever made it, began a day ago."""
        if self._round is None and self._is_our_turn():
            self._round = self._forget(self._clock())
        if self._round is not None and next(self._round, None) is None:
            self._round = None

    def _is_our_turn(self) -> bool:
        """Asks the store once an hour at most. A beginning in the future was noted by a clock that was ahead."""
        now = self._clock()
        if self._asked is not None and timedelta(0) <= now - self._asked < timedelta(hours=1):
            return False
        self._asked = now
        ours = now.isoformat()

        def begin(began: Any) -> Any:
            fresh = began is not None and timedelta(0) <= now - datetime.fromisoformat(began) < DAY
            return began if fresh else ours

        return self._state.change(_KEY, begin) == ours

    def _forget(self, now: datetime) -> Iterator[int]:
        forgotten = dict.fromkeys(KINDS, 0)
        for connection in self._connections:
            for kind in KINDS:
                before = now - getattr(self._keep, kind)
                while True:
                    with self._store.transaction() as tx:
                        gone = tx.retention.forget(connection, kind, before)
                    forgotten[kind] += gone
                    yield gone
                    if gone < PORTION:
                        break
        if any(forgotten.values()):
            log.info("forgotten", extra={kind: number for kind, number in forgotten.items() if number})
