"""What every page of the dashboard starts from: the engine, one way to render, one to answer an act, and the guards.

A page module in `engine/web/pages` exposes `routes(frame) -> list[Route]` and stands in app.py's list. A page that is
looked at is `frame.reader(handler)`; an act is `frame.operator(handler)`, whose handler gets the form as well; a form
that asks and changes nothing (a playground) is `frame.question(handler)`. Templates extend base.html.

    def routes(frame: Frame) -> list[Route]:
        async def show(request: Request) -> Response:
            rows = await frame.read(parked_of, frame.connection(request.path_params["connection"]))
            return await frame.page(request, "parked.html", section="parked", rows=rows)

        async def retry(request: Request, form: FormData) -> Response:
            ...
            return frame.back(request, "/parked", "3 records are tried again.")

        return [Route("/parked", frame.reader(show)), Route("/parked/retry", frame.operator(retry), methods=["POST"])]
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import anyio.to_thread
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from engine import __version__
from engine.errors import EngineError
from engine.mapping.draft import MISSING
from engine.settings import Settings
from engine.store.store import Store
from engine.sync.engine import Connection, Engine
from engine.web import forms
from engine.web.access import Access, User
from engine.web.files import Files
from engine.web.navigation import SECTIONS
from engine.web.sessions import Sessions
from engine.web.words import ago, shown

Handler = Callable[[Request], Awaitable[Response]]
Act = Callable[[Request, FormData], Awaitable[Response]]
P = ParamSpec("P")
T = TypeVar("T")

MESSAGES = "messages"
"""Where the session keeps what the next page says first."""


class NotSignedIn(HTTPException):
    """People are led to the page where they sign in."""


class StartingAgain(HTTPException):
    """This server has no word any more; the next one will answer."""


class Frame:
    """One for each server."""

    def __init__(
        self, engine: Engine, settings: Settings, problem: EngineError | None, restart: Callable[[], None]
    ) -> None:
        self.engine = engine
        self.settings = settings
        self.problem = problem
        """Why there are no connections: what a person must put right first, as the page of set-up shows it."""
        self._restart, self._ending = restart, False
        self.sessions = Sessions(engine.store, settings, self.clock)
        self.access = Access(settings, self.sessions)
        self.files = Files()
        self.paths: frozenset[str] = frozenset()
        """Of all pages there are; set when the application is put together."""
        self._environment = Environment(
            loader=PackageLoader("engine.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["number"] = lambda value: f"{value:,}"
        self._environment.filters["shown"] = shown
        self._environment.tests["missing"] = lambda value: value is MISSING
        self._environment.filters["place"] = lambda where: "/".join(where.split("/")[-2:])
        self._environment.filters["ago"] = lambda then: ago(self.clock(), then)
        self._environment.globals.update(version=__version__, static=self.files.address)

    # ------------------------------------------------------------------------------------------ what pages show
    @property
    def connections(self) -> Mapping[str, Connection]:
        """By name."""
        return self.engine.connections

    @property
    def store(self) -> Store:
        """The store of all connections."""
        return self.engine.store

    @property
    def settings_path(self) -> Path:
        """Where engine.yaml is."""
        return self.settings.path

    @property
    def titles(self) -> dict[str, str]:
        """System -> its name for people."""
        return {name: one.title for found in self.connections.values() for name, one in found.connectors.items()}

    def clock(self) -> datetime:
        """Now, aware UTC."""
        return self.engine.clock()

    def restart(self) -> None:
        """Start the server again over engine.yaml as it is now; who asks for a page meanwhile waits for the new one."""
        self._ending = True
        self._restart()

    def connection(self, name: str) -> Connection:
        """The connection of that name; a page that says there is none."""
        if name not in self.connections:
            raise HTTPException(404, f"There is no connection '{name}' in engine.yaml.")
        return self.connections[name]

    async def read(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call what blocks (the store, a system) in a thread."""
        return await anyio.to_thread.run_sync(partial(function, *args, **kwargs))

    # ------------------------------------------------------------------------------------------------- answers
    async def page(
        self, request: Request, template: str, *, section: str = "", status: int = 200, **values: Any
    ) -> Response:
        """A page in the frame. The template sees `values`, `section`, `user`, `now`, `messages`, `csrf()`, `nav`."""
        user = await self._visitor(request)
        text = self._environment.get_template(template).render(
            section=section,
            user=user,
            problem=self.problem,
            signs_out=user is not None and self.access.by_password,
            now=self.clock(),
            nav=[one for one in SECTIONS if one.path in self.paths],
            csrf=partial(forms.token, request),
            messages=_taken(request),
            **values,
        )
        return HTMLResponse(text, status, {"cache-control": "no-store"})

    def back(self, request: Request, url: str, message: str = "", *, well: bool = True) -> Response:
        """After an act: to a page of ours, which says `message` first. `well` is whether it came out as wished."""
        if message:
            waiting: Sequence[Any] = request.session.get(MESSAGES, ())
            request.session[MESSAGES] = [*waiting, {"text": message, "well": well}]
        return RedirectResponse(url, 303, {"cache-control": "no-store"})

    # -------------------------------------------------------------------------------------------------- guards
    def user(self, request: Request) -> User | None:
        """Who is looking, as the guard found; None: somebody who may not."""
        found: User | None = request.state.user
        return found

    def anybody(self, handler: Handler) -> Handler:
        """Also for those who have not signed in (yet)."""

        async def guarded(request: Request) -> Response:
            self._may_come(request)
            await self._visitor(request)
            return await handler(request)

        return guarded

    def anybodys_form(self, handler: Act) -> Handler:
        """The same, by a form of ours."""

        async def guarded(request: Request) -> Response:
            self._may_come(request)
            return await handler(request, await forms.read_form(request))

        return guarded

    def reader(self, handler: Handler) -> Handler:
        """Whoever may look at the dashboard."""

        async def guarded(request: Request) -> Response:
            await self._user(request)
            return await handler(request)

        return guarded

    def question(self, handler: Act) -> Handler:
        """Whoever may look, by a form of ours; the handler changes nothing."""

        async def guarded(request: Request) -> Response:
            await self._user(request)
            return await handler(request, await forms.read_form(request))

        return guarded

    def operator(self, handler: Act) -> Handler:
        """Who may act, by a form of ours. `frame.user(request).name` is who did it."""

        async def guarded(request: Request) -> Response:
            user = await self._user(request)
            if request.method != "POST":
                raise HTTPException(405, "This address only takes forms.")
            form = await forms.read_form(request)
            if not user.may_act:
                raise HTTPException(403, f"{user.name} may look, and not act. Ask an operator.")
            return await handler(request, form)

        return guarded

    def _may_come(self, request: Request) -> None:
        if self._ending:
            raise StartingAgain(503, "The server is starting again.")
        refusal = self.access.refusal(request)
        if refusal is not None:
            raise HTTPException(403, refusal)

    async def _user(self, request: Request) -> User:
        self._may_come(request)
        user = await self._visitor(request)
        if user is None:
            raise NotSignedIn(401, "Sign in first.", {"cache-control": "no-store"})
        return user

    async def _visitor(self, request: Request) -> User | None:
        """Found once for each request."""
        if not hasattr(request.state, "user"):
            request.state.user = await self.read(self.access.user, request)
        return self.user(request)


def _taken(request: Request) -> Sequence[Mapping[str, Any]]:
    """The messages for this page, which no other page shows again."""
    found: Sequence[Mapping[str, Any]] = request.scope.get("session", {}).pop(MESSAGES, ())
    return found
