"""Calls the systems that are called by us: a few threads share all connections' endpoints, each in its turn.

A thread that a slow company keeps busy is made up for by another one as soon as somebody waits, so no company delays
the next. An endpoint is called when it asked to be, when its bell rings, and when the store says that something of its
is due, whichever process made it so. Several processes over one store share the endpoints out (`crew`).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial

from engine.errors import OperationalError
from engine.store.clock import ServerClock
from engine.sync.connection import BEATEN
from engine.sync.crew import BEAT, OWNER, Crew, held_by
from engine.sync.engine import Engine
from engine.sync.rota import Name, Rota

LONGEST_PAUSE = timedelta(minutes=1)
"""An endpoint is called again after this long, whatever it proposes."""

AFTER_ERROR = timedelta(seconds=10)
LOOK = timedelta(seconds=1)
"""How often the store is asked what became due."""

OVERLAP = timedelta(seconds=10)
"""By how much looks overlap: a transaction may be seen so long after the moment that it noted."""

THREADS = 8
"""Endpoints that are called at the same time, as long as none is slow."""

MOST_THREADS = 64
PATIENCE = 1.0
"""Seconds that an endpoint waits for its turn before another thread is started."""

log = logging.getLogger("engine.sync.sender")


class Sender:
    """Drains endpoints until it is stopped. One that does not `call` keeps the process among the living, no more."""

    def __init__(
        self, engine: Engine, calls: bool = True, me: str = OWNER, chores: Callable[[], None] = lambda: None
    ) -> None:
        """`chores` is called with each heartbeat, for what is done now and then."""
        self._engine = engine
        self._chores = chores
        self._calls = calls
        self._crew = Crew(engine.store, me, calls)
        self._names: set[Name] = set()
        """The endpoints that want to be called by somebody."""
        self._rota = Rota(LONGEST_PAUSE.total_seconds())
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._threads: set[threading.Thread] = set()
        self._keeper: threading.Thread | None = None
        self._looked = engine.clock()
        self._beat_at = -BEAT.total_seconds()

    def start(self) -> None:
        """Begin draining every endpoint that wants it."""
        for connection in self._engine.connections.values():
            for system in connection.endpoints:
                self._names.add((connection.name, system))
                connection.bells[system].listen(partial(self._ring, (connection.name, system)))
        self._crew.beat(self._engine.clock())
        self._share_out()
        self._keeper = threading.Thread(target=self._keep, name="sender-keeper", daemon=True)
        self._keeper.start()
        for _ in range(min(THREADS, len(self._rota))):
            self._start_thread()

    def stop(self, timeout: timedelta = timedelta(seconds=10)) -> None:
        """Let what is under way finish; a request that is not back by then is looked up at the next start."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        deadline = time.monotonic() + timeout.total_seconds()
        with self._changed:
            threads = [*self._threads, *filter(None, [self._keeper])]
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        for connection in self._engine.connections.values():
            for bell in connection.bells.values():
                bell.listen(None)
        with suppress(OperationalError):  # then the others notice by themselves
            self._crew.leave()

    # ------------------------------------------------------------------------------------------------ the calling
    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._work, name="sender", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _work(self) -> None:
        """Call whose turn it is, until nobody's is for a while and there are threads enough."""
        while (name := self._next()) is not None:
            pause = self._drain(name)
            beaten = self._engine.connections[name[0]].beaten
            with self._changed:
                if pause is None:  # its system calls us
                    self._names.discard(name)
                else:
                    beaten.add(name[1])
                self._rota.give_back(name, time.monotonic(), pause)
                self._changed.notify()

    def _next(self) -> Name | None:
        """Wait for a turn; None: this thread is needed no more."""
        with self._changed:
            while not self._stopping.is_set():
                now = time.monotonic()
                name = self._rota.take(now)
                if name is not None:
                    return name
                if len(self._threads) > THREADS:
                    break
                self._changed.wait(min(self._rota.wait(now), LONGEST_PAUSE.total_seconds()))
            self._threads.discard(threading.current_thread())
        return None

    def _drain(self, name: Name) -> float | None:
        connection = self._engine.connections[name[0]]
        try:
            pause = connection.endpoints[name[1]].drain()
        except OperationalError as error:
            log.warning("drain.unavailable", extra={**_words(name), "why": str(error)})
            pause = AFTER_ERROR
        except Exception:
            # One endpoint's defect must stop neither the others nor its own next try.
            log.exception("drain.failed", extra=_words(name))
            pause = AFTER_ERROR
        return None if pause is None else max(0.0, pause.total_seconds())

    def _ring(self, name: Name) -> None:
        with self._changed:
            self._rota.ring(name, time.monotonic())
            self._changed.notify()

    # ------------------------------------------------------------------------------------------------ the keeping
    def _keep(self) -> None:
        """Once a second: what became due, who waits too long; now and then: our heartbeat."""
        while not self._stopping.wait(LOOK.total_seconds()):
            try:
                if time.monotonic() - self._beat_at >= BEAT.total_seconds():
                    self._beat()
                    self._chores()
                if self._calls:
                    self._look()
            except OperationalError as error:
                log.warning("look.unavailable", extra={"why": str(error)})
            except Exception:
                log.exception("look.failed")
            self._reinforce()

    def _beat(self) -> None:
        """Say that we live, hold what is being carried, and see whose turn it is to call what."""
        self._beat_at = time.monotonic()
        if isinstance(self._engine.clock, ServerClock):
            self._engine.clock.look()
        now = self._engine.clock()
        self._crew.beat(now)
        with self._changed:
            called = self._rota.called()
        for connection, system in called:
            with self._engine.store.transaction() as tx:
                tx.work.beat(connection, held_by(system), now, BEATEN)
        self._share_out()

    def _share_out(self) -> None:
        with self._changed:
            ours = self._crew.ours(self._names)
            for name in self._names - ours:
                self._rota.remove(name)
            for name in sorted(ours):
                self._rota.add(name, time.monotonic())
            self._changed.notify_all()

    def _look(self) -> None:
        """Ring for what became due since the last look."""
        now = self._engine.clock()
        since, self._looked = min(self._looked, now) - OVERLAP, now
        with self._engine.store.reading() as tx:
            rows, keys = tx.arrivals.work(since, now), tx.arrivals.wanted(since, now)
        for connection, mapping in rows:
            of = self._engine.connections.get(connection)
            compiled = of.compiled.mappings.get(mapping) if of is not None else None
            if compiled is not None:
                self._ring((connection, compiled.target[0]))
        for name in keys:
            self._ring(name)

    def _reinforce(self) -> None:
        """Another thread for each endpoint that waits too long: what should have called it is held up."""
        with self._changed:
            late = self._rota.late(time.monotonic(), PATIENCE)
            for _ in range(min(late, MOST_THREADS - len(self._threads))):
                self._start_thread()


def _words(name: Name) -> dict[str, str]:
    """An endpoint in the words of the log."""
    return {"connection": name[0], "system": name[1]}
