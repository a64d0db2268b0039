"""What waits for a person, `/parked`: by cause, with the sentence that explains it and the acts that settle it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.errors import UserError
from engine.store.store import Transaction
from engine.store.work import WorkRow
from engine.sync import parked as acts
from engine.sync.candidates import Candidate, candidates_of
from engine.sync.connection import Connection
from engine.web.frame import Frame
from engine.web.pages.records import address
from engine.web.words import counted

SHOWN: Final = 10
"""Records of each cause that are shown at once; a cause alone shows PAGE."""
PAGE: Final = 50
SEPARATOR: Final = " "
"""Between the parts of a row in a form: a mapping's name has no blank."""

Act = Callable[[Transaction, Connection, Sequence[WorkRow], str, datetime], None]
ACTS: Final[dict[str, tuple[Act, acts.State, str]]] = {
    "retry": (acts.retry, "parked", "decided again"),
    "skip": (acts.skip, "parked", "left out as they are"),
    "ignore": (acts.ignore, "parked", "ignored from now on"),
    "unignore": (acts.unignore, "ignored", "decided again"),
}
"""Act -> what it does, on which rows, and how the page says it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One parked record."""

    row: WorkRow
    label: str
    entity: str
    target: str
    """What it would be linked to: "Pipedrive organization"."""
    address: str
    candidates: tuple[Candidate, ...]
    linkable: bool


@dataclass(frozen=True, slots=True)
class Group:
    """The parked records of one cause; `count` of them in all."""

    code: str
    advice: str
    count: int
    shown: tuple[Shown, ...]
    next: str
    """The address of those that follow; empty if all are shown."""


@dataclass(frozen=True, slots=True)
class View:
    """What the page shows of one connection."""

    connection: str
    state: acts.State
    groups: tuple[Group, ...]
    others: int
    """How many are in the other state: ignored where parked ones are shown, and the other way round."""


def routes(frame: Frame) -> list[Route]:
    """The page and its acts."""

    async def show(request: Request) -> Response:
        asked = request.query_params
        names = [asked["connection"]] if "connection" in asked else list(frame.connections)
        state: acts.State = "ignored" if asked.get("show") == "ignored" else "parked"
        after = (asked["mapping"], asked["key"]) if {"mapping", "key"} <= asked.keys() else None
        views = [
            await frame.read(_view, frame.titles, frame.connection(name), state, asked.get("cause"), after)
            for name in names
        ]
        return await frame.page(
            request, "parked.html", section="parked", views=views, state=state, cause=asked.get("cause"),
            total=sum(group.count for view in views for group in view.groups),
            others=sum(view.others for view in views), SEPARATOR=SEPARATOR,
        )  # fmt: skip

    def acting(name: str) -> Route:
        act, state, words = ACTS[name]

        async def answer(request: Request, form: FormData) -> Response:
            connection = frame.connection(str(form.get("connection", "")))
            user = frame.user(request)
            assert user is not None  # the guard saw him
            done, moved = await frame.read(_act, connection, form, act, state, user.name)
            said = f"{counted(done, 'record is', 'records are')} {words}."
            if moved:
                said += f" {counted(moved, 'was', 'were')} not {state} any more and stayed as it was."
            if not done and not moved:
                return frame.back(request, _back(form), "Choose a record first.", well=False)
            return frame.back(request, _back(form), said, well=bool(done))

        return Route(f"/parked/{name}", frame.operator(answer), methods=["POST"])

    async def link(request: Request, form: FormData) -> Response:
        connection = frame.connection(str(form.get("connection", "")))
        user = frame.user(request)
        assert user is not None
        mapping, target, key = str(form.get("link", "")).split(SEPARATOR, 2)
        try:
            said = await frame.read(_link, connection, mapping, key, target, user.name)
        except UserError as error:
            return frame.back(request, _back(form), str(error), well=False)
        return frame.back(request, _back(form), said)

    return [
        Route("/parked", frame.reader(show)),
        *(acting(name) for name in ACTS),
        Route("/parked/link", frame.operator(link), methods=["POST"]),
    ]


def _view(
    titles: Mapping[str, str],
    connection: Connection,
    state: acts.State,
    cause: str | None,
    after: tuple[str, str] | None,
) -> View:
    with connection.store.reading() as tx:
        codes = tx.work.codes(connection.name, state)
        others = sum(tx.work.codes(connection.name, "ignored" if state == "parked" else "parked").values())
        groups = [
            _group(titles, tx, connection, state, code, count, SHOWN if cause is None else PAGE, after)
            for code, count in codes.items()
            if cause in (None, code)
        ]
    return View(connection.name, state, tuple(groups), others)


def _group(
    titles: Mapping[str, str],
    tx: Transaction,
    connection: Connection,
    state: acts.State,
    code: str,
    count: int,
    limit: int,
    after: tuple[str, str] | None,
) -> Group:
    rows = acts.page(tx, connection, code, None, state, limit + 1, after)
    rest, rows = len(rows) > limit, rows[:limit]
    found = candidates_of(tx, connection, rows)
    labels = _labels(tx, connection, rows)
    shown = []
    for row in rows:
        mapping = connection.compiled.mappings.get(row.mapping)
        source = mapping.source if mapping else ("", "")
        shown.append(
            Shown(
                row,
                labels.get((row.mapping, row.source_key), row.source_key),
                source[1],
                f"{titles.get(mapping.target[0], mapping.target[0])} {mapping.target[1]}" if mapping else "",
                address(connection.name, *source, row.source_key),
                tuple(found[(row.mapping, row.source_key)]),
                linkable=mapping is not None and not mapping.is_each and not mapping.for_linked,
            )
        )
    asked = {"connection": connection.name, "cause": code, **({"show": "ignored"} if state == "ignored" else {})}
    last = {"mapping": rows[-1].mapping, "key": rows[-1].source_key} if rows else {}
    following = f"/parked?{urlencode(asked | last)}" if rest else ""
    return Group(code, acts.CAUSES.get(code, ""), count, tuple(shown), following)


def _labels(tx: Transaction, connection: Connection, rows: Sequence[WorkRow]) -> dict[tuple[str, str], str]:
    """The records' names."""
    labels = {}
    for name in dict.fromkeys(row.mapping for row in rows):
        mapping = connection.compiled.mappings.get(name)
        if mapping is not None:
            keys = [row.source_key for row in rows if row.mapping == name]
            label = connection.entity(mapping.source).label
            for key, held in tx.snapshots.get(connection.name, *mapping.source, keys).items():
                labels[(name, key)] = str(held.record.get(label) or key)
    return labels


def _act(connection: Connection, form: FormData, act: Act, state: acts.State, who: str) -> tuple[int, int]:
    """Do it to the rows that the form names: how many that were, and how many had moved on meanwhile."""
    with connection.store.transaction() as tx:
        cause = form.get("all")
        if cause is not None:
            rows = [row for one in acts.causes(tx, connection, code=str(cause), state=state) for row in one.rows]
            asked = len(rows)
        else:
            refs = [_ref(str(one)) for one in form.getlist("row")]
            rows, asked = acts.still(tx, connection, refs, state), len(refs)
        act(tx, connection, rows, who, connection.clock())
    return len(rows), asked - len(rows)


def _link(connection: Connection, mapping: str, key: str, target: str, who: str) -> str:
    with connection.store.transaction() as tx:
        row = acts.row_of(tx, connection, key, mapping)
        acts.link(tx, connection, row, target, who, connection.clock())
        label = _labels(tx, connection, [row]).get((mapping, key), key)
    return f"{label} is {connection.compiled.mappings[mapping].target[1]} {target}, and is decided again."


def _ref(text: str) -> tuple[str, str]:
    mapping, blank, key = text.partition(SEPARATOR)
    if not blank:
        raise HTTPException(400, "The form names no record.")
    return mapping, key


def _back(form: FormData) -> str:
    """The page that the form stood on."""
    asked: dict[str, Any] = {name: str(form[name]) for name in ("show", "cause") if form.get(name)}
    if "cause" in asked:
        asked["connection"] = str(form.get("connection", ""))
    return f"/parked?{urlencode(asked)}" if asked else "/parked"
