"""The files that pages need, read once: style, script and icon, at addresses that change with their content."""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}


class Files:
    """What lies in `static`."""

    def __init__(self) -> None:
        found = (one for one in (files("engine.web") / "static").iterdir() if one.is_file())
        self._contents = {one.name: one.read_bytes() for one in found if one.name.rpartition(".")[2] in TYPES}

    def address(self, name: str) -> str:
        """Where a page finds a file. A browser that kept an older version asks again."""
        return f"/_/{name}?{sha256(self._contents[name]).hexdigest()[:12]}"

    async def answer(self, request: Request) -> Response:
        """One file. They hold nothing of anybody, so everybody may have them."""
        name = request.path_params["name"]
        if name not in self._contents:
            return PlainTextResponse("There is no such file.\n", 404)
        kind = TYPES[name.rpartition(".")[2]]
        return Response(self._contents[name], media_type=kind, headers={"cache-control": "max-age=86400"})
