"""What is answered instead of a page: an error page in the same frame, with a sentence and the next step.

Programs, which don't ask for HTML, get the sentence as text. Nothing of the inside is told; the log has the rest.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from urllib.parse import quote

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from engine.errors import EngineError, OperationalError, UserError
from engine.web.frame import Frame, NotSignedIn, StartingAgain

log = logging.getLogger("engine.web")

HEADINGS = {
    400: "That cannot be read",
    401: "Sign in first",
    403: "Not for you here",
    404: "There is no such page",
    405: "Not this way",
    429: "Too many attempts",
    500: "Something failed here",
    503: "Not now",
}
PAUSE = 0.2
"""Seconds until a server that is starting again has let go of its connections."""
NEXT = {
    404: "Choose a section above, or go back.",
    405: "Go back, and use the buttons of the page.",
    500: "It is in the server's log, with what led to it. Nothing was lost; try again.",
    503: "Try again in a minute.",
}


def add_failures(app: Starlette, frame: Frame) -> None:
    """Let every error of a page end in an answer of this module."""

    async def unknown(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if request.method != "GET" or not _wants_a_page(request):
            return await refused(request, error)
        following = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        address = "/sign-in" if following == "/" else f"/sign-in?next={quote(following, safe='/')}"
        return RedirectResponse(address, 303, {"cache-control": "no-store"})

    async def ask_again(request: Request, _error: Exception) -> Response:
        await anyio.sleep(PAUSE)
        address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(address, 307, {"cache-control": "no-store", "connection": "close"})

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        said = error.detail if error.detail != HTTPStatus(error.status_code).phrase else ""
        return await _answer(frame, request, error.status_code, said, dict(error.headers or {}))

    async def known(request: Request, error: Exception) -> Response:
        assert isinstance(error, EngineError)
        log.warning("page.failed", extra={"path": request.url.path, "why": str(error)})
        status = 503 if isinstance(error, OperationalError) else 400 if isinstance(error, UserError) else 500
        return await _answer(frame, request, status, str(error) if status == 400 else "")

    async def defect(request: Request, _error: Exception) -> Response:
        return await _answer(frame, request, 500, "")  # the server logs it

    app.add_exception_handler(NotSignedIn, unknown)
    app.add_exception_handler(StartingAgain, ask_again)
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(EngineError, known)
    app.add_exception_handler(Exception, defect)


async def _answer(
    frame: Frame, request: Request, status: int, said: str, headers: dict[str, str] | None = None
) -> Response:
    heading = HEADINGS.get(status, "That did not work")
    following = NEXT.get(status, "")
    if not _wants_a_page(request):
        text = " ".join(filter(None, (said or heading + ".", following)))
        return PlainTextResponse(text + "\n", status, headers)
    answer = await frame.page(request, "failure.html", status=status, heading=heading, said=said, following=following)
    answer.headers.update(headers or {})
    return answer


def _wants_a_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")
