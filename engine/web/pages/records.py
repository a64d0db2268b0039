"""Records, `/records`: found by name, number or id; and the whole story of one, with what was sent and came back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.sync.connection import Connection
from engine.sync.explain import Hit, Reading, Told, explain, hit, readings, search, why
from engine.web.frame import Frame

SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Found:
    """One record in a list of results, or named on another one's page."""

    hit: Hit
    title: str
    """Its system, as people call it."""
    address: str


@dataclass(frozen=True, slots=True)
class Part:
    """What one mapping did with a record."""

    told: Told
    why: str
    source: Found
    targets: tuple[tuple[Found, str | None], ...]
    """With the address in the target's own system."""
    tries: tuple[tuple[str, tuple[str, ...], tuple[str, ...], tuple[Found, ...]], ...]
    """Of each match key: its label, its values, those that are shared, what they hit."""
    waits: tuple[tuple[str, str, str], ...]
    """(mapping, key, address) of what it waits for."""


def address(connection: str, system: str, entity: str, key: str) -> str:
    """The page of a record."""
    place = "/".join(quote(one, safe="") for one in (connection, system, entity))
    return f"/records/{place}?{urlencode({'key': key})}"


def routes(frame: Frame) -> list[Route]:
    """The search, and the page of one record."""

    async def find(request: Request) -> Response:
        text = request.query_params.get("q", "").strip()
        names = [request.query_params["connection"]] if request.query_params.get("connection") else frame.connections
        found = {name: await frame.read(_search, frame, frame.connection(name), text) for name in names} if text else {}
        first = {name: await frame.read(_readings, one) for name, one in frame.connections.items()}
        return await frame.page(
            request, "records.html", section="records", text=text, found=found, readings=first, titles=frame.titles,
            total=sum(map(len, found.values())), SHOWN=SHOWN, chosen=request.query_params.get("connection", ""),
        )  # fmt: skip

    async def show(request: Request) -> Response:
        connection = frame.connection(request.path_params["connection"])
        ref = (request.path_params["system"], request.path_params["entity"])
        key = request.query_params.get("key", "")
        record = await frame.read(_record, frame, connection, ref, key)
        if record is None:
            return await frame.page(
                request, "record_absent.html", section="records", status=404, ref=ref, key=key,
                readings=await frame.read(_readings, connection), titles=frame.titles, name=connection.name,
            )  # fmt: skip
        return await frame.page(
            request, "record.html", section="records", name=connection.name, zone=connection.zone, **record
        )

    return [
        Route("/records", frame.reader(find)),
        Route("/records/{connection}/{system}/{entity}", frame.reader(show)),
    ]


def _search(frame: Frame, connection: Connection, text: str) -> list[Found]:
    with connection.store.reading() as tx:
        return [_found(frame, connection, one) for one in search(tx, connection, text, SHOWN)]


def _readings(connection: Connection) -> Sequence[Reading]:
    with connection.store.reading() as tx:
        return readings(tx, connection)


def _found(frame: Frame, connection: Connection, one: Hit) -> Found:
    title = frame.titles.get(one.system, one.system)
    return Found(one, title, address(connection.name, one.system, one.entity, one.key))


def _record(frame: Frame, connection: Connection, ref: tuple[str, str], key: str) -> dict[str, Any] | None:
    """Everything that the page shows; None where no such record is held."""
    if not any(ref[1] == one.entity for one in connection.readings.get(ref[0], ())):
        return None
    with connection.store.reading() as tx:
        held = tx.snapshots.get(connection.name, *ref, [key]).get(key)
        here = hit(tx, connection, ref, key)
        if held is None or here is None:
            return None
        told = explain(tx, connection, here)
    return {
        "here": _found(frame, connection, here),
        "own": connection.address(ref, key),
        "held": held,
        "raw": json.dumps(held.record, indent=2, ensure_ascii=False, default=str),
        "parts": [_part(frame, connection, one) for one in told],
    }


def _part(frame: Frame, connection: Connection, told: Told) -> Part:
    mappings = connection.compiled.mappings
    tries = tuple(
        (one.label, one.values, one.shared, tuple(_found(frame, connection, some) for some in one.hits))
        for one in told.tries
    )
    waits = tuple(
        (mapping, key, address(connection.name, *mappings[mapping].source, key) if mapping in mappings else "")
        for mapping, key in told.waits
    )
    targets = tuple((_found(frame, connection, one), connection.address(one.ref, one.key)) for one in told.targets)
    return Part(told, why(told), _found(frame, connection, told.source), targets, tries, waits)
