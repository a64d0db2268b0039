"""The charts of the overview, as pictures and as tables: `/charts/CONNECTION`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.sync import history
from engine.sync.connection import Connection
from engine.web import charts
from engine.web.frame import Frame

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""A picture brings its own style, and may do nothing else."""


def routes(frame: Frame) -> list[Route]:
    """A page of tables for each connection, and the pictures."""

    async def tables(request: Request) -> Response:
        connection = frame.connection(request.path_params["connection"])
        now = frame.clock()
        weeks = await frame.read(history.weeks, connection, now)
        hours, limit = await frame.read(history.tokens, connection, now)
        return await frame.page(
            request, "charts.html", section="overview", name=connection.name, weeks=weeks, titles=frame.titles,
            hours=_labelled(connection, hours), limit=limit,
        )  # fmt: skip

    async def picture(request: Request) -> Response:
        draw = PICTURES.get(request.path_params["picture"])
        if draw is None:
            raise HTTPException(404)
        drawn = await frame.read(draw, frame, frame.connection(request.path_params["connection"]))
        headers = {"content-security-policy": POLICY, "cache-control": "private, max-age=60"}
        return Response(drawn, media_type="image/svg+xml", headers=headers)

    return [
        Route("/charts/{connection}", frame.reader(tables)),
        Route("/charts/{connection}/{picture}.svg", frame.reader(picture)),
    ]


def _labelled(connection: Connection, hours: list[tuple[datetime, int]]) -> list[tuple[str, int]]:
    return [(f"{hour.astimezone(connection.zone):%H:%M}", amount) for hour, amount in hours]


def _tokens(frame: Frame, connection: Connection) -> bytes:
    hours, limit = history.tokens(connection, frame.clock())
    return charts.tokens(_labelled(connection, hours), limit)


def _records(frame: Frame, connection: Connection) -> bytes:
    weeks = history.weeks(connection, frame.clock())
    return charts.records([f"{day.day} {day:%b}" for day in weeks.days], weeks.records)


def _visits(frame: Frame, connection: Connection) -> bytes:
    weeks = history.weeks(connection, frame.clock())
    named = {frame.titles.get(system, system): counts for system, counts in weeks.visits.items()}
    return charts.visits([f"{day.day} {day:%b}" for day in weeks.days], named)


PICTURES: dict[str, Callable[[Frame, Connection], bytes]] = {
    "tokens": _tokens, "records": _records, "visits": _visits,
}  # fmt: skip
