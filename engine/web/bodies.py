"""Reads a request's body within bounds of size and time, so that no caller can fill the memory or hold us for ever."""

from __future__ import annotations

import anyio
from starlette.requests import Request

MIB = 1024 * 1024
LIMIT = 1 * MIB
"""Bytes of a body, unless an endpoint takes more (engine.protocol.Bounded)."""
SECONDS = 120.0
"""For the whole body. The Web Connector sends a page over the user's uplink."""
DISCARDED = 256 * MIB
"""Bytes of an over-long body that are read and thrown away: a client that is still sending would not see our answer."""


class TooLarge(Exception):
    """The body is longer than `limit` bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body is longer than {limit // MIB} MB.")


class TooSlow(Exception):
    """The body did not arrive within SECONDS."""

    def __init__(self) -> None:
        super().__init__("The body did not arrive in time.")


def is_short(request: Request) -> bool:
    """Whether the body is said to be within LIMIT; the server cuts off what is longer than was said."""
    announced = _announced(request)
    return announced is not None and announced <= LIMIT


def _announced(request: Request) -> int | None:
    """How many bytes the body is said to have."""
    said = request.headers.get("content-length", "")
    return int(said) if said.isdecimal() else None


async def read_body(request: Request, limit: int, seconds: float = SECONDS) -> bytes:
    """The body; raises TooLarge as soon as that is known, TooSlow, or starlette's ClientDisconnect."""
    announced = _announced(request)
    too_large = announced is not None and announced > limit
    if too_large and request.headers.get("expect", "").lower() == "100-continue":
        raise TooLarge(limit)  # it waits for our word before it sends anything
    chunks: list[bytes] = []
    size = 0
    try:
        with anyio.fail_after(seconds):
            async for chunk in request.stream():
                size += len(chunk)
                too_large = too_large or size > limit
                if too_large:
                    chunks.clear()
                    if size > DISCARDED:
                        break
                else:
                    chunks.append(chunk)
    except TimeoutError:
        raise TooSlow from None
    if too_large:
        raise TooLarge(limit)
    return b"".join(chunks)
