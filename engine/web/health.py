"""`/healthz` says that this process lives, `/readyz` whether it can do its work; both say nothing else to strangers.

Liveness asks nothing of the store: a restart would not bring a database back. Readiness does, seldom enough that
nobody keeps us busy by asking.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any, Protocol

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from engine.sync import readiness
from engine.sync.engine import Engine
from engine.web.addresses import on_loopback

LASTS = 2.0
"""Seconds for which an answer is given again."""

log = logging.getLogger("engine.web")


class HasStatus(Protocol):
    """What of a connection is needed here."""

    def status(self) -> dict[str, Any]: ...


class Health:
    """The two handlers."""

    def __init__(self, engine: Engine, set_up: bool = True) -> None:
        """`set_up`: false while a person must put something right before anything can flow."""
        self._engine, self._set_up = engine, set_up
        self._asking = anyio.Lock()
        self._found: Sequence[str] = ()
        self._until = 0.0

    async def live(self, _request: Request) -> Response:
        """200, as long as anything can be answered at all."""
        return JSONResponse({"status": "ok"})

    async def ready(self, request: Request) -> Response:
        """200 while work can be done, else 503; why not is told on this machine only."""
        async with self._asking:
            if time.monotonic() >= self._until:
                self._found = await anyio.to_thread.run_sync(readiness.objections, self._engine.store)
                self._until = time.monotonic() + LASTS
        found = ["The server is stopping.", *self._found] if self._engine.stopping.is_set() else self._found
        if not self._set_up:
            found = ["The server is not set up yet: /setup says what is missing.", *found]
        client = request.client.host if request.client else ""
        told = {"because": list(found)} if found and on_loopback(client, request.headers) else {}
        return JSONResponse({"status": "unready" if found else "ready", **told}, 503 if found else 200)


def status_of(name: str, connection: HasStatus) -> dict[str, Any]:
    """A connection's status, or {"error": sentence}: one connection's trouble must not hide the others."""
    try:
        return connection.status()
    except Exception:
        log.exception("status.failed", extra={"connection": name})
        return {"error": "Its state cannot be read now. The server's log says why."}
