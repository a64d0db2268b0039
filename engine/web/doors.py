"""Hands requests at /{connection}/{connector}/... to that endpoint and its answer back as it is.

No compression, no redirect: the Web Connector understands neither. What is answered is the endpoint's business.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Protocol

import anyio
import anyio.to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from engine.errors import OperationalError
from engine.protocol import Bounded, Endpoint, HttpRequest
from engine.web.bodies import LIMIT, TooLarge, TooSlow, is_short, read_body

THREADS = 32
"""Requests that endpoints answer at a time; further ones wait."""
SHARE = THREADS // 4
"""As many of them one connection has at most, so that one whose calls hang keeps no other waiting."""

log = logging.getLogger("engine.web")


class HasEndpoints(Protocol):
    """What of a connection is needed here."""

    @property
    def endpoints(self) -> Mapping[str, Endpoint]: ...


class Doors:
    """The addresses of all endpoints, as one Starlette handler."""

    def __init__(self, connections: Mapping[str, HasEndpoints]) -> None:
        self._connections = connections
        self._threads = anyio.CapacityLimiter(THREADS)
        self._shares = {name: anyio.CapacityLimiter(SHARE) for name in connections}

    async def answer(self, request: Request) -> Response:
        """Carry one request to its endpoint; 404 where there is none, 413 and 408 for bodies out of bounds."""
        name, system = request.path_params["connection"], request.path_params["connector"]
        connection = self._connections.get(name)
        endpoint = connection.endpoints.get(system) if connection is not None else None
        if endpoint is None:
            return PlainTextResponse("Nothing is served here.\n", 404)
        try:
            limit = LIMIT
            if isinstance(endpoint, Bounded) and not is_short(request):
                limit = await anyio.to_thread.run_sync(endpoint.longest_body, limiter=self._threads)
            body = await read_body(request, limit)
            async with self._shares[name]:
                answer = await anyio.to_thread.run_sync(endpoint.answer, _request(request, body), limiter=self._threads)
        except TooLarge as error:
            return PlainTextResponse(f"{error}\n", 413, {"connection": "close"})
        except TooSlow as error:
            return PlainTextResponse(f"{error}\n", 408, {"connection": "close"})
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        except OperationalError as error:
            log.warning("call.unavailable", extra={"connection": name, "system": system, "why": str(error)})
            return PlainTextResponse("The server cannot answer now. Try again later.\n", 503, {"retry-after": "60"})
        except Exception:  # one endpoint's defect is nobody else's, and its words are for the log only
            log.exception("call.failed", extra={"connection": name, "system": system})
            return PlainTextResponse("The server failed to answer. Its log says why.\n", 500)
        return Response(answer.body, answer.status, dict(answer.headers))


def _request(request: Request, body: bytes) -> HttpRequest:
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    rest = request.path_params.get("rest")
    return HttpRequest(
        method=request.method,
        path="" if rest is None else f"/{rest}",
        headers=headers,
        body=body,
        query=request.url.query,
        client=request.client.host if request.client else "",
    )
