"""The first page, `/`: each connection with what flowed, what waits and what is parked; `/status.json` as data.

What the page says is decided in engine/web/overview.py.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.web.frame import Frame
from engine.web.health import status_of
from engine.web.overview import COLUMNS, Overview, overview


def routes(frame: Frame) -> list[Route]:
    """`/` and its data."""

    async def show(request: Request) -> Response:
        shown = await frame.read(_overviews, frame)
        return await frame.page(request, "overview.html", section="overview", connections=shown, columns=COLUMNS)

    async def data(_request: Request) -> Response:
        """{"connections": {name: Connection.status()}}; a broken one is {"error": sentence}."""
        found = {"connections": await frame.read(_statuses, frame)}
        text = json.dumps(found, default=_plain, ensure_ascii=False)
        return Response(text, media_type="application/json", headers={"cache-control": "no-store"})

    return [Route("/", frame.reader(show)), Route("/status.json", frame.reader(data))]


def _statuses(frame: Frame) -> dict[str, dict[str, Any]]:
    return {name: status_of(name, one) for name, one in frame.connections.items()}


def _overviews(frame: Frame) -> list[Overview]:
    now = frame.clock()
    return [
        Overview(name, "person", status["error"], (), (), 0, 0)
        if "error" in status
        else overview(name, status, now, frame.titles)
        for name, status in _statuses(frame).items()
    ]


def _plain(value: Any) -> str:
    """What JSON has no form for: moments in ISO form, Decimals as their exact text."""
    return value.isoformat() if isinstance(value, date) else str(value)
