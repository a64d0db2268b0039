"""Signing in and out."""

from __future__ import annotations

import logging

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from engine import passwords
from engine.settings import DashboardUser
from engine.web import guesses
from engine.web.addresses import on_loopback
from engine.web.frame import Frame
from engine.web.sessions import SCOPE

WRONG = "That name and password don't fit."
LONGEST = 1_000
"""Characters of a name or password that are looked at at all."""

log = logging.getLogger("engine.web")


def routes(frame: Frame) -> list[Route]:
    """`/sign-in` and `/sign-out`."""

    async def show(request: Request) -> Response:
        if frame.user(request) is not None:
            return RedirectResponse(_next(request.query_params.get("next", "")), 303)
        return await _form(request, _next(request.query_params.get("next", "")))

    async def sign_in(request: Request, form: FormData) -> Response:
        name, password, following = str(form.get("name", "")), str(form.get("password", "")), str(form.get("next", ""))
        user, refused = await frame.read(_proved, frame, request, name[:LONGEST], password[:LONGEST])
        if user is None:
            return await _form(request, _next(following), name=name[:LONGEST], refused=refused)
        await frame.read(frame.sessions.begin, request, user)
        log.info("login", extra={"user": user.name})
        return RedirectResponse(_next(following), 303, {"cache-control": "no-store"})

    async def sign_out(request: Request, _form: FormData) -> Response:
        await frame.read(frame.sessions.end, request)
        return frame.back(request, "/sign-in", "You are signed out.")

    async def _form(request: Request, following: str, name: str = "", refused: str = "") -> Response:
        status = 403 if refused == WRONG else 429 if refused else 200
        return await frame.page(request, "sign_in.html", status=status, next=following, name=name, refused=refused)

    return [
        Route("/sign-in", frame.anybody(show)),
        Route("/sign-in", frame.anybodys_form(sign_in), methods=["POST"]),
        Route("/sign-out", frame.question(sign_out), methods=["POST"]),
    ]


def _proved(frame: Frame, request: Request, name: str, password: str) -> tuple[DashboardUser | None, str]:
    """The user whose password this is, or why not. An unknown name takes as long as a known one."""
    client, now = request.client.host if request.client else "", frame.clock()
    state = frame.store.state(SCOPE, frame.clock)
    refused = guesses.refusal(state, client, name, on_loopback(client, request.headers), now)
    if refused is not None:
        log.warning("login.refused", extra={"client": client, "why": refused})
        return None, refused
    user = frame.settings.dashboard.users.get(name)
    if passwords.verify(password, user.password_hash if user else "") and user is not None:
        guesses.succeeded(state, client)
        return user, ""
    guesses.failed(state, client, name, now)
    log.warning("login.refused", extra={"client": client, "why": "wrong name or password"})
    return None, WRONG


def _next(given: str) -> str:
    """A page of ours, and nothing that a browser could take for another host's."""
    ours = given.startswith("/") and not given.startswith("//") and "\\" not in given and given.isprintable()
    return given if ours and not given.startswith("/sign-") else "/"
