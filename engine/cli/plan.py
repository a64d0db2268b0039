"""`engine plan`: what would be done about everything that is due, field by field, and what it would take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from engine.cli.here import Here, connection_of, here
from engine.cli.output import as_json, console, print_json
from engine.sync.connection import Connection
from engine.sync.plan import Change, Plan, Step
from engine.sync.planner import plan as make_plan

WORDS = {
    "created": ("creates", "create"),
    "updated": ("updates", "update"),
    "linked": ("links", "link"),
    "parked": ("parks", "park"),
    "same as": ("joins", "join"),
    "gone": ("ends", "end"),
}
"""Outcome -> (as the summary says it, as a heading does)."""

LONGEST = 60


@click.command()
@click.option("--connection", metavar="NAME", help="Default: the first in engine.yaml.")
@click.option(
    "--save", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Keep it, for `engine apply FILE`."
)
@click.option("--mapping", "only", metavar="NAME", help="Show only this mapping's part.")
@click.option(
    "--limit", type=click.IntRange(0), default=10, show_default=True, help="Most records that are shown of each kind."
)
@as_json
@here
def plan(here: Here, connection: str | None, save: Path | None, only: str | None, limit: int, as_json: bool) -> None:
    """Show what would be written, without writing anything.

    Everything that is due now is worked off on a copy of the store, as far as it goes: what would be created, updated,
    linked and parked, each field as it is and as it would be, what depends on records that are still to be made, and
    what all of it takes. It plans on what has been read: before a first plan let `engine serve` read both systems with
    the connection on hold (`engine hold`).

    \b
    Examples:
      engine plan
      engine plan --save first.plan.json
      engine plan --mapping customers --limit 100
    """
    with here.engine() as engine:
        at = connection_of(engine, connection or next(iter(engine.connections)))
        made = _with_progress(at)
        titles = {name: here.registry.connector(name).title for name in at.endpoints}
        entities = {name: one.target[1].replace("_", " ") for name, one in at.compiled.mappings.items()}
    if save is not None:
        made.save(save)
    if as_json:
        print_json(made.data() | {"summary": made.summary()})
        return
    out = console()
    shown = [one for one in made.changes if only in (None, one.mapping)]
    for (mapping, outcome), some in _grouped(shown).items():
        out.print(f"{mapping}: {WORDS.get(outcome, ('', outcome))[1]} {len(some):,}", style="bold", markup=False)
        if limit:
            out.print(_table(some[:limit]), soft_wrap=False)
        if len(some) > limit:
            out.print(f"  and {len(some) - limit:,} more", markup=False)
    for line in closing(made, entities, titles):
        out.print(line, markup=False)
    if save is not None:
        out.print(f"Saved. To do exactly this: engine apply {save}", markup=False)


def _with_progress(at: Connection) -> Plan:
    """Makes the plan, and says how far it is where somebody watches."""
    columns = SpinnerColumn(), TextColumn("{task.description}")
    with Progress(*columns, transient=True, console=Console(stderr=True)) as progress:
        task = progress.add_task("copying what is known")
        return make_plan(at, lambda requests: progress.update(task, description=f"{requests:,} requests planned"))


def _grouped(changes: Iterable[Change]) -> dict[tuple[str, str], list[Change]]:
    found: dict[tuple[str, str], list[Change]] = {}
    for one in changes:
        found.setdefault((one.mapping, one.outcome), []).append(one)
    return found


def _table(changes: Iterable[Change]) -> Table:
    """A line for each field, under its record."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for width in (2, None, None, None):
        table.add_column(overflow="fold", min_width=width)
    for change in changes:
        target = f" -> {change.target_label}" if change.target_label and change.target_label != change.label else ""
        table.add_row("", Text(f"{change.label}{target}", style="cyan"), Text(""), Text(change.reason, style="dim"))
        for step in change.steps:
            for name, old, new in _lines(step):
                arrow = new if old is None else f"{old} -> {new}"
                table.add_row("", Text(f"  {name}"), Text(arrow), Text(""))
    return table


def _lines(step: Step) -> Iterable[tuple[str, str | None, str]]:
    for one in step.fields:
        yield one.field, None if one.old is None else _shown(one.old), _shown(one.new)
    child = step.request.get("child")
    for verb, word in (("add", "new"), ("change", "changed"), ("remove", "removed")):
        for one in step.request.get(verb, ()):
            values = ", ".join(f"{name} {_shown(value)}" for name, value in one["values"].items() if value is not None)
            yield str(child), None, f"{word}: {values}" if values else word


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def closing(plan: Plan, entities: dict[str, str], titles: dict[str, str]) -> Iterable[str]:
    """What it comes to, in sentences."""
    counts = plan.counts()
    for mapping, some in plan.left.items():
        for why, number in some.items():
            yield f"{mapping}: {number:,} {why}"
    if not plan.changes:
        yield "Nothing is to be done."
    totals: dict[str, list[str]] = {}
    for mapping, outcomes in counts.items():
        for outcome, number in outcomes.items():
            noun = entities.get(mapping, mapping)
            totals.setdefault(outcome, []).append(f"{number:,} {noun}{'' if number == 1 else 's'}")
    for outcome, parts in totals.items():
        yield f"{WORDS.get(outcome, (outcome, ''))[0].capitalize()} {', '.join(parts)}."
    if plan.writes:
        yield f"{_priced(plan, titles)}."
    yield from plan.notes


def _priced(plan: Plan, titles: dict[str, str]) -> str:
    """What it takes: tokens, visits, time."""
    parts = []
    for system, cost in plan.costs.items():
        if cost.tokens:
            of = f" of today's {cost.tokens_today:,}" if cost.tokens_today is not None else ""
            parts.append(f"about {cost.tokens:,}{of} {titles[system]} tokens")
        if cost.visits:
            parts.append(f"{cost.visits} {titles[system]} visit{'' if cost.visits == 1 else 's'}")
    parts.append(_time(sum(one.seconds for one in plan.costs.values())))
    requests = Counter(step.system for one in plan.changes for step in one.steps)
    what = " and ".join(f"{number:,} to {titles[system]}" for system, number in requests.items())
    over = any(one.tokens_today is not None and one.tokens > one.tokens_today for one in plan.costs.values())
    later = "; what today's tokens are not enough for goes on tomorrow" if over else ""
    return f"Requests: {what}. It takes {', '.join(parts)}{later}"


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(1, round(seconds))} seconds"
    return f"about {round(seconds / 60)} minutes"
