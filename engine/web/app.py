"""Puts the web application together: which address leads to which handler. Serving it is left to server.py."""

from __future__ import annotations

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.types import ASGIApp

from engine.errors import EngineError
from engine.settings import Settings
from engine.sync.engine import Engine
from engine.web.doors import Doors
from engine.web.failures import add_failures
from engine.web.frame import Frame
from engine.web.health import Health
from engine.web.measured import Measured
from engine.web.pages import (
    charts,
    mappings,
    overview,
    parked,
    playground,
    reconciliation,
    records,
    set_up,
    sign_in,
)
from engine.web.security import SecurityHeaders

PAGES = (
    charts,
    mappings,
    overview,
    parked,
    playground,
    reconciliation,
    records,
    set_up,
    sign_in,
)
"""The dashboard: each module has `routes(frame)`."""
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def create_app(
    engine: Engine,
    settings: Settings,
    problem: EngineError | None = None,
    restart: Callable[[], None] = lambda: None,
) -> ASGIApp:
    """The ASGI application. `problem` is why the engine has no connections, `restart` starts the server again."""
    frame = Frame(engine, settings, problem, restart)
    pages = [route for module in PAGES for route in module.routes(frame)]
    frame.paths = frozenset(route.path for route in pages)
    doors = Doors(engine.connections)
    app = Starlette(
        routes=[
            *_watched(engine, settings, set_up=problem is None),
            Route("/_/{name}", frame.files.answer),
            *pages,
            Route("/{connection}/{connector}", doors.answer, methods=METHODS),
            Route("/{connection}/{connector}/{rest:path}", doors.answer, methods=METHODS),
        ],
        middleware=[Middleware(frame.sessions.cookies)],
    )
    app.router.redirect_slashes = False  # the Web Connector does not follow redirects [facts: QuickBooks 1.1]
    add_failures(app, frame)
    return SecurityHeaders(app)  # outermost, so that the answer to a defect has them too


def create_watched(engine: Engine, settings: Settings) -> ASGIApp:
    """What a worker shows: whether it is well, and its metrics."""
    return SecurityHeaders(Starlette(routes=_watched(engine, settings, set_up=True)))


def _watched(engine: Engine, settings: Settings, *, set_up: bool) -> list[Route]:
    health = Health(engine, set_up=set_up)
    return [
        Route("/healthz", health.live),
        Route("/readyz", health.ready),
        Route("/metrics", Measured(engine, settings.metrics.token).show),
    ]
