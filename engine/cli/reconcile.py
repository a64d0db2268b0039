"""`engine reconcile`: does a month agree on both sides, and if not, where?"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from engine.cli.here import Here, connection_of, here
from engine.cli.output import as_json, console, print_json, print_table
from engine.errors import UserError
from engine.store.reconciliations import Run
from engine.sync import closing, month_end, sighting
from engine.sync.connection import Connection
from engine.sync.month_end import Report, Section, Statement
from engine.sync.reconcile import WRONG, Kind, Month

DIFFERS = 4
"""The exit status where somebody must look at something."""

LOOK = 1.0
"""Seconds between two looks at how far the server is."""

SHOWN: tuple[Kind, ...] = (*WRONG, "edited", "parked", "waiting")
"""What is listed on a terminal; the CSV file has everything that is not equal."""


@click.command()
@click.option("--month", required=True, metavar="YYYY-MM", help="The month by the dates of the records, as 2026-10.")
@click.option("--connection", metavar="NAME", help="Default: the first in engine.yaml.")
@click.option("--held", is_flag=True, help="Compare what the store holds, as of the last readings; asks nobody.")
@click.option("--last", is_flag=True, help="Show the last finished report of this month again.")
@click.option("--yes", is_flag=True, help="Spend the tokens without asking.")
@click.option("--wait", type=float, default=60, metavar="MINUTES", show_default=True, help="How long to wait for it.")
@click.option(
    "--csv", "file", is_flag=False, flag_value="-", metavar="[FILE]", help="Write CSV to FILE, or print it."
)  # fmt: skip
@as_json
@here
def reconcile(
    here: Here,
    month: str,
    connection: str | None,
    held: bool,
    last: bool,
    yes: bool,
    wait: float,
    file: str | None,
    as_json: bool,
) -> None:
    """Compare a month on both sides, record by record.

    QuickBooks is asked for the month's records with the Web Connector's next visit, Pipedrive right after that, by the
    running server; the command waits. What was begun goes on when it is stopped: the same command picks it up. It
    writes nothing in either system. Exit status 4 where somebody must look at something.

    \b
    Examples:
      engine reconcile --month 2026-10
      engine reconcile --month 2026-10 --csv october.csv
      engine reconcile --month 2026-10 --held --json
    """
    with here.engine() as engine:
        at = connection_of(engine, connection or next(iter(engine.connections)))
        run = _last(at, Month.of(month)) if last else _made(at, Month.of(month), held, yes, wait)
        report = month_end.report(at, run)
        if file is not None:
            with _opened(file) as out:
                csv.writer(out).writerows(month_end.rows(report, at.store))
        if as_json:
            print_json(_data(at, report))
        elif file != "-":
            _print(at, report)
            if file is not None:
                click.echo(f"Written to {file}.")
    if report.wrong:
        raise SystemExit(DIFFERS)


def _last(at: Connection, month: Month) -> Run:
    with at.store.reading() as tx:
        done = [one for one in tx.reconciliations.recent(at.name, str(month)) if one.state == "done"]
    if not done:
        raise UserError(f"There is no finished report of {month} yet.", "Leave out --last to make one.")
    return done[0]


# --------------------------------------------------------------------------------------------------------- making it
def _made(at: Connection, month: Month, held: bool, yes: bool, wait: float) -> Run:
    """A run that is done: the one that was begun, or a new one."""
    run = None if held else _begun(at, month)
    if run is None:
        if not held:
            _agree(at, yes)
        run = sighting.begin(at, month, held=held, now=at.clock())
    deadline = time.monotonic() + timedelta(minutes=wait).total_seconds()
    with _progress() as progress:
        bar = progress.add_task("", total=None)
        while run.state != "done":
            progress.update(bar, description=month_end.stage(at, run))
            if run.state == "reading":
                run = _read(at, run, deadline)
            else:
                run = closing.advance(at, run.id, at.clock()) or run
    return run


def _begun(at: Connection, month: Month) -> Run | None:
    with at.store.reading() as tx:
        found = tx.reconciliations.recent(at.name, str(month))
    return next((one for one in found if one.state != "done" and not one.progress["held"]), None)


def _read(at: Connection, run: Run, deadline: float) -> Run:
    """The run a moment later, while the server has it read."""
    if time.monotonic() > deadline:
        raise UserError(
            f"{month_end.stage(at, run)} It goes on without this command.",
            "Run the same command again for the report; is `engine serve` running?",
        )
    time.sleep(min(LOOK, max(0.0, deadline - time.monotonic())))
    with at.store.reading() as tx:
        found = tx.reconciliations.get(at.name, run.id)
    if found is None:
        raise UserError("Another report of this month was begun meanwhile.", "Run the same command again.")
    return found


def _agree(at: Connection, yes: bool) -> None:
    """Say what it costs; go on where it fits into what is left of the day, or a person agrees."""
    for system, tokens in sighting.price(at).items():
        facts = at.endpoints[system].facts()
        left = int(facts.get("tokens_limit", 0)) - int(facts.get("tokens_spent", 0))
        title = at.connectors[system].title
        click.echo(f"Reading {title} costs about {tokens:,} tokens of the {left:,} that are left today.", err=True)
        if yes or tokens <= left:
            continue
        if not sys.stdin.isatty() or not click.confirm("Begin, and go on tomorrow?", err=True):
            raise UserError("It does not fit into today's tokens.", "Run it tomorrow, or with --yes.")


@contextmanager
def _progress() -> Iterator[Progress]:
    shown = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal) as progress:
        yield progress


@contextmanager
def _opened(file: str) -> Iterator[TextIO]:
    """The file to write; a spreadsheet needs the mark at its beginning to read names right."""
    if file == "-":
        yield sys.stdout
        return
    try:
        with Path(file).open("w", encoding="utf-8-sig", newline="") as out:
            yield out
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}.") from error


# -------------------------------------------------------------------------------------------------------- showing it
def _print(at: Connection, report: Report) -> None:
    out = console()
    for line in month_end.heading(report, at.zone):
        out.print(line, markup=False)
    for section in report.sections:
        out.print(f"\n{section.title}", style="bold", markup=False)
        for statement in section.statements:
            _print_statement(section, statement)
    by_name = {one.mapping: one for one in report.sections}
    found = month_end.findings(at.store, report.id, SHOWN)
    for number, one in enumerate(found):
        if not number:
            out.print("\nTo look at, and on its way", style="bold", markup=False)
        section = by_name[one.mapping]
        for line in month_end.finding_lines(section, one):
            out.print(line, markup=False)
    out.print(f"\n{month_end.verdict(report)}", style="bold", markup=False)


def _print_statement(section: Section, statement: Statement) -> None:
    columns = ["", "Records"] + ([statement.currency] if statement.worth else [])
    rows = [
        [words, _signed(count) if signed else count] + ([_money(amount, signed)] if statement.worth else [])
        for words, count, amount, signed in month_end.lines(section, statement)
    ]
    print_table(columns, rows, columns[1:])


def _signed(count: int) -> str:
    return f"{count:+,}" if count else "0"


def _money(amount: Any, signed: bool) -> str:
    return f"{amount:+,.2f}" if signed and amount else f"{amount:,.2f}"


def _data(at: Connection, report: Report) -> dict[str, Any]:
    found = [asdict(one) for one in month_end.findings(at.store, report.id)]
    sections = [{**asdict(one), "wrong": one.wrong} for one in report.sections]
    return {
        **asdict(report),
        "month": str(report.month),
        "sections": sections,
        "wrong": report.wrong,
        "findings": found,
    }
