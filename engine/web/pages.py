"""The status page with its data: `/`, `/status.json`, `/healthz` and the files that the page needs.

Shown on this very machine only, as there is no login yet; `/healthz` alone answers everybody. What the page says is
decided in overview.py.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Any, Protocol

import anyio
import anyio.to_thread
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from engine import __version__
from engine.web.addresses import on_loopback
from engine.web.overview import COLUMNS, Overview, overview

REFUSED = (
    "This page is shown on the server's own machine only. Open it there, or through an SSH tunnel "
    "(docs/security.md says how).\n"
)

log = logging.getLogger("engine.web")
HEALTH_LASTS = 2.0
"""Seconds for which an answer about our health is given again: everybody may ask, and it costs some queries."""
Clock = Callable[[], datetime]


class HasStatus(Protocol):
    """What of a connection is needed here."""

    def status(self) -> dict[str, Any]: ...


class Pages:
    """The handlers; one instance serves one engine."""

    def __init__(
        self, connections: Mapping[str, HasStatus], titles: Mapping[str, str] | None = None, clock: Clock | None = None
    ) -> None:
        self._connections = connections
        self._titles = titles or {}
        self._clock = clock or (lambda: datetime.now(UTC))
        environment = Environment(
            loader=PackageLoader("engine.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters["number"] = lambda value: f"{value:,}"
        self._asking = anyio.Lock()
        self._healthy, self._health_until = False, 0.0
        self._page = environment.get_template("status.html")
        static = files("engine.web") / "static"
        self._files = {
            "engine.css": (static.joinpath("engine.css").read_bytes(), "text/css; charset=utf-8"),
            "icon.svg": (static.joinpath("icon.svg").read_bytes(), "image/svg+xml"),
        }

    async def home(self, request: Request) -> Response:
        """The page."""
        if (refused := self._refused(request)) is not None:
            return refused
        shown = await anyio.to_thread.run_sync(self._overviews)
        html = self._page.render(connections=shown, columns=COLUMNS, version=__version__, now=self._clock())
        return HTMLResponse(html, headers={"cache-control": "no-store"})

    async def data(self, request: Request) -> Response:
        """The same as JSON: {"connections": {name: Connection.status()}}; a broken one is {"error": sentence}."""
        if (refused := self._refused(request)) is not None:
            return refused
        text = json.dumps(await anyio.to_thread.run_sync(self._statuses), default=_plain, ensure_ascii=False)
        return Response(text, media_type="application/json", headers={"cache-control": "no-store"})

    async def health(self, _request: Request) -> Response:
        """200 while every connection can read its state, else 503. Says nothing else, as everybody may ask."""
        async with self._asking:
            if time.monotonic() >= self._health_until:
                statuses = (await anyio.to_thread.run_sync(self._statuses))["connections"].values()
                self._healthy = not any("error" in one for one in statuses)
                self._health_until = time.monotonic() + HEALTH_LASTS
        well = self._healthy
        return JSONResponse({"status": "ok" if well else "failing"}, 200 if well else 503)

    async def file(self, request: Request) -> Response:
        """A file that the page needs."""
        found = self._files.get(request.path_params["name"])
        if found is None:
            return PlainTextResponse("There is no such file.\n", 404)
        content, media_type = found
        return Response(content, media_type=media_type, headers={"cache-control": "max-age=3600"})

    def _refused(self, request: Request) -> Response | None:
        client = request.client.host if request.client else ""
        return None if on_loopback(client, request.headers) else PlainTextResponse(REFUSED, 403)

    def _statuses(self) -> dict[str, Any]:
        return {"connections": {name: self._status(name) for name in self._connections}}

    def _status(self, name: str) -> dict[str, Any]:
        try:
            return self._connections[name].status()
        except Exception:  # one connection's trouble must not hide the others
            log.exception("the status of %s cannot be read", name)
            return {"error": "Its state cannot be read now. The server's log says why."}

    def _overviews(self) -> list[Overview]:
        now = self._clock()
        shown = []
        for name in self._connections:
            status = self._status(name)
            if "error" in status:
                shown.append(Overview(name, "person", status["error"], (), (), 0, 0))
            else:
                shown.append(overview(name, status, now, self._titles))
        return shown


def _plain(value: Any) -> str:
    """What JSON has no form for: moments in ISO form, Decimals as their exact text."""
    return value.isoformat() if isinstance(value, date) else str(value)
