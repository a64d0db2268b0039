"""The playground: edit a mapping, see at once what it makes of a record, run its tests, and save it only on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.errors import UserError
from engine.mapping.outline import kind, remarks, said
from engine.mapping.testcases import Outcome
from engine.specs.diagnostics import Diagnostic, InvalidMappingSet
from engine.sync.playground import Edit, Playground, Tried
from engine.web.frame import Frame

OFFERED = 12
"""Held records that are offered to pick from."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the visitor has in the page: the edited text, a held record's key, and a record written out."""

    edit: Edit
    record: str = ""
    written: str = ""

    @classmethod
    def of(cls, mapping: str, form: FormData) -> Asked:
        """As the form has it; browsers send line ends as CRLF."""
        text, record, written = (
            str(form.get(name, "")).replace("\r\n", "\n") for name in ("text", "record", "written")
        )
        return cls(Edit(mapping, text), record.strip(), written.strip())


@dataclass(frozen=True, slots=True)
class Answered:
    """What the page shows below the form."""

    diagnostics: Sequence[Diagnostic] = ()
    tried: Tried | None = None
    tests: Sequence[Outcome] | None = None


def routes(frame: Frame) -> list[Route]:
    """The page of each mapping, its answers, and the button that saves."""

    async def show(request: Request) -> Response:
        playground, mapping = _playground(frame, request)
        origin = await frame.read(playground.origin, mapping)
        offered = await frame.read(_offered, playground, mapping)
        record = request.query_params.get("record") or next((key for key, _ in offered), "")
        return await page(request, playground, Asked(Edit(mapping, origin.text), record))

    async def attempt(request: Request, form: FormData) -> Response:
        playground, mapping = _playground(frame, request)
        asked = Asked.of(mapping, form)
        answer = _tested if form.get("act") == "test" else _tried
        return await page(request, playground, asked, await frame.read(answer, playground, asked))

    async def save(request: Request, form: FormData) -> Response:
        playground, mapping = _playground(frame, request)
        asked = Asked.of(mapping, form)
        back = request.url.path.removesuffix("/save")
        try:
            file = await frame.read(playground.save, asked.edit)
        except InvalidMappingSet as error:
            return await page(request, playground, asked, Answered(error.diagnostics))
        except UserError as error:
            return frame.back(request, back, str(error), well=False)
        return frame.back(request, back, f"{file.name} is saved. The server works by it once it is started again.")

    async def page(
        request: Request, playground: Playground, asked: Asked, answered: Answered | None = None
    ) -> Response:
        mapping, tried = asked.edit.mapping, answered.tried if answered else None
        return await frame.page(
            request,
            "playground.html",
            section="mappings",
            connection=playground.connection.name,
            mapping=mapping,
            asked=asked,
            answered=answered or Answered(),
            origin=await frame.read(playground.origin, mapping),
            offered=await frame.read(_offered, playground, mapping),
            drafts=_drafts(tried) if tried else (),
            saves_to=playground.saves_to,
        )

    place = "/mappings/{connection}/{mapping}/playground"
    return [
        Route(place, frame.reader(show)),
        Route(place, frame.question(attempt), methods=["POST"]),
        Route(f"{place}/save", frame.operator(save), methods=["POST"]),
    ]


def _tried(playground: Playground, asked: Asked) -> Answered:
    tried = playground.attempt(asked.edit, asked.written or asked.record)
    return Answered(tried.diagnostics, tried=tried)


def _tested(playground: Playground, asked: Asked) -> Answered:
    try:
        return Answered(tests=playground.tests(asked.edit))
    except InvalidMappingSet as error:
        return Answered(error.diagnostics)


def _playground(frame: Frame, request: Request) -> tuple[Playground, str]:
    name, mapping = request.path_params["connection"], request.path_params["mapping"]
    connection = frame.connection(name)
    if mapping not in connection.compiled.mappings:
        raise HTTPException(404, f"The connection {name} has no mapping '{mapping}'.")
    settings = frame.settings.connections[name]
    catalogues = {system: one.catalogue() for system, one in connection.connectors.items()}
    return Playground(connection, settings.mappings, catalogues, settings.settings), mapping


def _offered(playground: Playground, mapping: str) -> list[tuple[str, str]]:
    """Some held records of the mapping's source, as (key, what people call it)."""
    connection = playground.connection
    source = connection.compiled.mappings[mapping].source
    label = connection.entity(source).label
    with connection.store.reading() as tx:
        page = tx.snapshots.page(connection.name, *source, "", OFFERED)
    return [(one.key, str(one.record.get(label) or one.key)) for one in page if one.gone is None]


def _drafts(tried: Tried) -> list[dict[str, Any]]:
    """What a draft shows, in the words of `engine preview`."""
    mapping = tried.mapping
    if mapping is None:
        return []
    return [
        {
            "title": f"{mapping.source[1]} {element.key} becomes {mapping.target[1]}",
            "remarks": list(remarks(mapping, element, draft)),
            "lines": [
                {
                    "field": line.field,
                    "where": line.where,
                    "input": said(line.input),
                    "steps": [(name, said(value)) for name, value in line.steps],
                    "output": said(line.output),
                    "kind": kind(line.output),
                }
                for line in draft.trace
            ],
            "children": {
                name: [(child.key, {path: said(value) for path, value in child.values.items()}) for child in many]
                for name, many in draft.children.items()
            },
        }
        for element, draft in tried.drafts
    ]
