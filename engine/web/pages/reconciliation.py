"""Months compared on both sides: `/reconciliation` begins a report and lists earlier ones, each has a page and a file.

A report is read by the server's usual visits and drains; what is read is compared while somebody looks at its page, a
moment at each look, so that no thread is needed and nothing is lost when the server stops.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from engine.errors import UserError
from engine.store.reconciliations import Run, StoredFinding
from engine.sync import closing, month_end, sighting
from engine.sync.connection import Connection
from engine.sync.month_end import Report, Section
from engine.sync.reconcile import KINDS, Kind, Month, is_wrong
from engine.web.frame import Frame

AT_A_LOOK = 0.5
"""Seconds of comparing at one look."""

MOST = 100
"""Findings of one kind that a page lists; the file has all."""


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one kind in one section."""

    kind: Kind
    title: str
    meaning: str
    wrong: bool
    rows: list[StoredFinding]
    more: bool


def routes(frame: Frame) -> list[Route]:
    """The list with its form, a report's page, its file."""

    async def listed(request: Request) -> Response:
        last_month = str(Month.of(f"{frame.clock():%Y-%m}").before())
        asked = request.query_params.get("month", last_month)
        values = await frame.read(_listed, frame)
        return await frame.page(request, "reconciliations.html", section="reconciliation", month=asked, **values)

    async def begin(request: Request, form: FormData) -> Response:
        connection = frame.connection(str(form.get("connection", "")))
        try:
            month = Month.of(str(form.get("month", "")).strip())
        except UserError as error:
            return frame.back(request, "/reconciliation", str(error), well=False)
        held = form.get("how") == "held"
        run = await frame.read(sighting.begin, connection, month, held=held, now=frame.clock())
        return frame.back(request, f"/reconciliation/{connection.name}/{run.id}")

    async def show(request: Request) -> Response:
        connection = frame.connection(request.path_params["connection"])
        run = await frame.read(_looked_at, frame, connection, request.path_params["id"])
        values = await frame.read(_shown, connection, run)
        return await frame.page(request, "reconciliation.html", section="reconciliation", **values)

    async def file(request: Request) -> Response:
        connection = frame.connection(request.path_params["connection"])
        run = await frame.read(_run, connection, request.path_params["id"])
        if run.state != "done":
            raise HTTPException(404, "This report is not finished yet.")
        report = await frame.read(month_end.report, connection, run)
        name = f"{connection.name}-{run.month}.csv"
        head = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
        return StreamingResponse(_csv(connection, report), media_type="text/csv; charset=utf-8", headers=head)

    return [
        Route("/reconciliation", frame.reader(listed)),
        Route("/reconciliation", frame.operator(begin), methods=["POST"]),
        Route("/reconciliation/{connection}/{id}", frame.reader(show)),
        Route("/reconciliation/{connection}/{id}/report.csv", frame.reader(file)),
    ]


def _listed(frame: Frame) -> dict[str, Any]:
    """What the list shows of every connection: what a report costs, and the reports there are."""
    runs, prices = {}, {}
    for name, connection in frame.connections.items():
        with connection.store.reading() as tx:
            found = tx.reconciliations.recent(name)
        runs[name] = [(one, month_end.report(connection, one) if one.state == "done" else None) for one in found]
        prices[name] = {frame.titles[system]: tokens for system, tokens in sighting.price(connection).items()}
    return {"runs": runs, "prices": prices}


def _run(connection: Connection, id: str) -> Run:
    with connection.store.reading() as tx:
        run = tx.reconciliations.get(connection.name, id)
    if run is None:
        raise HTTPException(404, "There is no such report; a newer one of the month may have taken its place.")
    return run


def _looked_at(frame: Frame, connection: Connection, id: str) -> Run:
    """The run, a moment of comparing later."""
    run, until = _run(connection, id), time.monotonic() + AT_A_LOOK
    while run.state == "comparing" and time.monotonic() < until:
        run = closing.advance(connection, id, frame.clock()) or run
    return run


def _shown(connection: Connection, run: Run) -> dict[str, Any]:
    report = month_end.report(connection, run)
    done = run.state == "done"
    return {
        "connection": connection.name,
        "run": run,
        "report": report,
        "stage": "" if done else month_end.stage(connection, run),
        "heading": month_end.heading(report, connection.zone),
        "verdict": month_end.verdict(report),
        "lines": month_end.lines,
        "field_words": month_end.field_words,
        "worth": month_end.worth,
        "currency_of": month_end.currency_of,
        "groups": {one.mapping: list(_groups(connection, run, one)) for one in report.sections} if done else {},
        "most": MOST,
        "late": run.state == "reading" and connection.clock() - run.begun_at > timedelta(hours=2),
    }


def _groups(connection: Connection, run: Run, section: Section) -> Iterator[Group]:
    """By kind, what the page lists."""
    for kind, words in KINDS.items():
        with connection.store.reading() as tx:
            rows = tx.reconciliations.findings(run.id, limit=MOST + 1, kinds=[kind], mapping=section.mapping)
        if rows:
            names = {"here": section.here, "there": section.there}
            meaning, wrong = words.meaning.format(**names), is_wrong(kind, "")
            yield Group(kind, words.title.format(**names), meaning, wrong, rows[:MOST], len(rows) > MOST)


def _csv(connection: Connection, report: Report) -> Iterator[str]:
    """The file in portions; a spreadsheet needs the mark at its beginning to read names right."""
    yield "\ufeff"
    for row in month_end.rows(report, connection.store):
        text = io.StringIO()
        csv.writer(text).writerow(row)
        yield text.getvalue()
