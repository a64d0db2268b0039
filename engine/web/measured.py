"""`/metrics` for Prometheus: on this machine, or for whoever has the token that engine.yaml names."""

from __future__ import annotations

import hashlib
import hmac

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from engine.observe.metrics import CONTENT_TYPE, render
from engine.sync.engine import Engine
from engine.sync.measures import gauges
from engine.web.addresses import on_loopback

REFUSED = "Metrics are shown on the server's own machine, or to who has the token (docs/operations.md says how).\n"


class Measured:
    """The handler. Without a token only this machine is answered."""

    def __init__(self, engine: Engine, token: str | None) -> None:
        self._engine = engine
        self._digest = hashlib.sha256(token.encode()).digest() if token else None

    async def show(self, request: Request) -> Response:
        """The text, or 401 where a token would help, or 403."""
        if not self._may_see(request):
            if self._digest is None:
                return PlainTextResponse(REFUSED, 403)
            return PlainTextResponse(REFUSED, 401, {"www-authenticate": "Bearer"})
        text = await anyio.to_thread.run_sync(self._text)
        return Response(text, headers={"content-type": CONTENT_TYPE, "cache-control": "no-store"})

    def _text(self) -> bytes:
        return render(gauges(self._engine.store, self._engine.connections))

    def _may_see(self, request: Request) -> bool:
        if on_loopback(request.client.host if request.client else "", request.headers):
            return True
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        digest = hashlib.sha256(given.strip().encode()).digest()  # of equal length, so that its time tells nothing
        return self._digest is not None and scheme.lower() == "bearer" and hmac.compare_digest(digest, self._digest)
