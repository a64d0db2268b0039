"""Puts the web application together: which address leads to which handler. Serving it is left to server.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from engine.web.doors import Doors, HasEndpoints
from engine.web.pages import Clock, HasStatus, Pages
from engine.web.security import SecurityHeaders


class Served(HasEndpoints, HasStatus, Protocol):
    """A connection as the web sees it; engine/sync/engine.py has the real one."""


class HasConnections(Protocol):
    """An engine as the web sees it."""

    @property
    def connections(self) -> Mapping[str, Served]: ...


METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def create_app(
    engine: HasConnections, titles: Mapping[str, str] | None = None, clock: Clock | None = None
) -> Starlette:
    """The ASGI application. `titles`: connector name -> the system's name for people.

    A connection's name starts with a letter, so none can hide the addresses that start otherwise.
    """
    pages = Pages(engine.connections, titles, clock)
    doors = Doors(engine.connections)
    app = Starlette(
        routes=[
            Route("/", pages.home),
            Route("/status.json", pages.data),
            Route("/healthz", pages.health),
            Route("/_/{name}", pages.file),
            Route("/{connection}/{connector}", doors.answer, methods=METHODS),
            Route("/{connection}/{connector}/{rest:path}", doors.answer, methods=METHODS),
        ],
        middleware=[Middleware(SecurityHeaders)],
    )
    app.router.redirect_slashes = False  # the Web Connector does not follow redirects [facts: QuickBooks 1.1]
    return app
