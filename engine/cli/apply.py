"""`engine apply`: carries a saved plan out, exactly as it is, or says what has moved since."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from engine.cli.here import Here, connection_of, here
from engine.cli.output import as_json, console, print_json
from engine.errors import SystemUnavailable, UserError
from engine.sync import holding
from engine.sync.applying import Applied, Applying, Moved
from engine.sync.connection import Connection
from engine.sync.plan import Plan

SHOWN = 20
"""Most records that are named one by one."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--release", "then_release", is_flag=True, help="End the connection's hold once all of it is through.")
@as_json
@here
def apply(here: Here, file: Path, then_release: bool, as_json: bool) -> None:
    """Carry out a plan that `engine plan --save FILE` made.

    What the plan writes to is looked at again first and planned anew. If anything would not be as it was planned,
    nothing is written, and what moved is named (exit status 1). Else exactly the plan is carried out: what has become
    due besides is left alone. Writes to Pipedrive go out at once, with a server or without one; writes to QuickBooks
    wait for its next visit. Interrupted, the same command goes on where it was. Exit status 3: a limit or a failure
    stops it for now; the rest goes on by itself where a server runs.

    \b
    Examples:
      engine apply first.plan.json
      engine apply first.plan.json --release
    """
    saved = Plan.load(file)
    with here.engine() as engine:
        at = connection_of(engine, saved.connection)
        applying = Applying(at, saved)
        if not applying.begun:
            _approve(applying, file)
        applied = _carry(applying)
        through = not applied.moved and not applied.waiting
        released = through and then_release and holding.release(at)
        _tell(at, applied, released, as_json)
        held = holding.held_since(at) is not None
    if not as_json and not released and held:
        click.echo(f"{at.name} stays on hold: `engine release {at.name}` lets it write everything.")
    if applied.stopped:
        raise SystemUnavailable(f"{_counted(applied)} wait. {applied.stopped}")
    if applied.moved:
        raise UserError(
            f"{len(applied.moved):,} records moved while the plan was carried out, and were left as they are.",
            "A new plan shows what would be done about them: engine plan",
        )


def _approve(applying: Applying, file: Path) -> None:
    """Look, compare, approve; UserError with what moved."""
    applying.look()
    moved = applying.moved()
    if moved:
        lines = "\n".join(f"  {line}" for line in _named(moved))
        raise UserError(
            f"Nothing was written: {len(moved):,} of the plan's changes are not any more what they were.\n{lines}\n",
            f"Make a new plan: engine plan --save {file}",
        )
    applying.approve()


def _carry(applying: Applying) -> Applied:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, transient=True, console=Console(stderr=True)) as progress:
        task = progress.add_task("applying", total=None)
        return applying.carry(lambda done, of: progress.update(task, completed=max(0, done), total=of))


def _named(moved: Iterable[Moved]) -> Iterable[str]:
    some = list(moved)
    for one in some[:SHOWN]:
        keys = f" {one.label}" if one.records else ""
        yield f"{one.mapping}{keys}: {one.why}"
    if len(some) > SHOWN:
        yield f"and {len(some) - SHOWN:,} more"


def _counted(applied: Applied) -> str:
    return f"{sum(some.total() for some in applied.waiting.values()):,} records"


def _tell(at: Connection, applied: Applied, released: bool, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "connection": at.name,
                "done": applied.done,
                "moved": [{"mapping": one.mapping, "records": one.records, "why": one.why} for one in applied.moved],
                "waiting": {name: dict(some) for name, some in applied.waiting.items()},
                "released": released,
            }
        )
        return
    out = console()
    out.print(f"{applied.done:,} records are as planned.", markup=False)
    for line in _named(applied.moved):
        out.print(line, markup=False)
    callers = {name for name, one in at.endpoints.items() if one.facts().get("calls_us")}
    for name, some in applied.waiting.items():
        system = at.compiled.mappings[name].target[0]
        title = at.connectors[system].title
        what = f"for {title}'s next visit" if system in callers else "for what they depend on"
        out.print(f"{some.total():,} of {name} wait {what}.", markup=False)
    if released:
        out.print(f"{at.name} writes again.", markup=False)
