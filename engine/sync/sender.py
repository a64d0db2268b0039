"""Calls the systems that are called by us: one thread for each connection's endpoint, so that none delays another."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from engine.protocol import Endpoint
from engine.sync.engine import Connection, Engine

LONGEST_PAUSE = timedelta(seconds=2)
"""A queue that was empty is looked at again after this long, whatever the endpoint proposes."""

AFTER_ERROR = timedelta(seconds=10)

log = logging.getLogger("engine.sync.sender")


class Sender:
    """Threads that drain endpoints until they are stopped."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin draining every endpoint that wants it."""
        for connection in self._engine.connections.values():
            for system, endpoint in connection.endpoints.items():
                thread = threading.Thread(
                    target=self._drain,
                    args=(connection, system, endpoint),
                    name=f"sender-{connection.name}/{system}",
                    daemon=True,
                )
                self._threads.append(thread)
                thread.start()

    def stop(self, timeout: timedelta = timedelta(seconds=10)) -> None:
        """Let what is under way finish; a request that is not back by then is looked up at the next start."""
        self._stopping.set()
        for connection in self._engine.connections.values():
            for bell in connection.bells.values():
                bell.set()
        for thread in self._threads:
            thread.join(timeout.total_seconds())
        self._threads.clear()

    def _drain(self, connection: Connection, system: str, endpoint: Endpoint) -> None:
        bell = connection.bells[system]
        while not self._stopping.is_set():
            bell.clear()  # before the look at the queue, so that no ring is lost
            try:
                pause = endpoint.drain()
            except Exception:
                # One endpoint's defect must stop neither the others nor its own next try.
                log.exception("write failed unexpectedly", extra={"endpoint": f"{connection.name}/{system}"})
                pause = AFTER_ERROR
            if pause is None:
                return
            if not self._stopping.is_set():
                bell.wait(min(pause, LONGEST_PAUSE).total_seconds())
