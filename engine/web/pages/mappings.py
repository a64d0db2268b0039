"""The mappings in words: `/mappings` lists every connection's with live counts, each has a page of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.specs.blocks import markup
from engine.specs.model import MappingSet
from engine.specs.pages import mapping_blocks
from engine.specs.presets import load_set
from engine.web.frame import Frame
from engine.web.overview import COLUMNS, MappingRow, overview


@dataclass(frozen=True, slots=True)
class Pair:
    """One mapping as the list shows it."""

    name: str
    source: str
    target: str
    summary: str
    row: MappingRow | None


def routes(frame: Frame) -> list[Route]:
    """The list, and a page for each mapping."""

    async def listed(request: Request) -> Response:
        pairs = {name: await frame.read(_pairs, frame, name) for name in frame.connections}
        return await frame.page(request, "mappings.html", section="mappings", pairs=pairs, columns=COLUMNS)

    async def show(request: Request) -> Response:
        name, mapping = request.path_params["connection"], request.path_params["mapping"]
        pair = next((one for one in await frame.read(_pairs, frame, name) if one.name == mapping), None)
        if pair is None:
            raise HTTPException(404, f"The connection {name} has no mapping '{mapping}'.")
        words = Markup(await frame.read(_words, frame, name, mapping))  # noqa: S704 - `markup` escapes every text
        values = {"connection": name, "pair": pair, "words": words, "columns": COLUMNS}
        return await frame.page(request, "mapping.html", section="mappings", **values)

    return [
        Route("/mappings", frame.reader(listed)),
        Route("/mappings/{connection}/{mapping}", frame.reader(show)),
    ]


def set_of(frame: Frame, connection: str) -> MappingSet:
    """The set of a connection as its files stand now."""
    return load_set(frame.settings.connections[connection].mappings)


def _pairs(frame: Frame, name: str) -> list[Pair]:
    connection = frame.connection(name)
    rows = {row.name: row for row in overview(name, connection.status(), frame.clock(), frame.titles).rows}
    summaries: Mapping[str, str] = {one.name: one.summary for one in set_of(frame, name).mappings}

    def words(ref: tuple[str, str]) -> str:
        return f"{frame.titles[ref[0]]} {ref[1].replace('_', ' ')}"

    return [
        Pair(one.name, words(one.source), words(one.target), summaries.get(one.name, ""), rows.get(one.name))
        for one in connection.compiled.mappings.values()
    ]


def _words(frame: Frame, name: str, mapping: str) -> str:
    made = set_of(frame, name)
    found = made.mapping(mapping)
    if found is None:
        return "<p>Its file is gone; the server goes on with what it read when it started.</p>"
    catalogues = {system: one.catalogue() for system, one in frame.connection(name).connectors.items()}
    return markup(mapping_blocks(found, made, catalogues, frame.titles))
