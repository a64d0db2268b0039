"""Says whether the server is well: to everybody, and nothing else."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any, Protocol

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

LASTS = 2.0
"""Seconds for which an answer is given again: everybody may ask, and it costs some queries."""

log = logging.getLogger("engine.web")


class HasStatus(Protocol):
    """What of a connection is needed here."""

    def status(self) -> dict[str, Any]: ...


class Health:
    """`/healthz`."""

    def __init__(self, connections: Mapping[str, HasStatus]) -> None:
        self._connections = connections
        self._asking = anyio.Lock()
        self._well, self._until = False, 0.0

    async def answer(self, _request: Request) -> Response:
        """200 while every connection can read its state, else 503."""
        async with self._asking:
            if time.monotonic() >= self._until:
                self._well = await anyio.to_thread.run_sync(self._look)
                self._until = time.monotonic() + LASTS
        well = self._well
        return JSONResponse({"status": "ok" if well else "failing"}, 200 if well else 503)

    def _look(self) -> bool:
        return not any("error" in status_of(name, one) for name, one in self._connections.items())


def status_of(name: str, connection: HasStatus) -> dict[str, Any]:
    """A connection's status, or {"error": sentence}: one connection's trouble must not hide the others."""
    try:
        return connection.status()
    except Exception:
        log.exception("the status of %s cannot be read", name)
        return {"error": "Its state cannot be read now. The server's log says why."}
