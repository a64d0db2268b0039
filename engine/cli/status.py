"""`engine status`: what the overview shows, on a terminal or for a program; with --watch it goes on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime

import click
from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from engine.cli.here import Here, here
from engine.cli.output import as_json, console, print_json, table
from engine.sync.engine import Engine
from engine.web.overview import COLUMNS, Overview, overview


@click.command()
@click.option("--watch", is_flag=True, help="Go on showing it until Ctrl-C.")
@click.option("--every", type=click.FloatRange(min=0.2), default=2.0, show_default=True, help="Seconds between looks.")
@as_json
@here
def status(here: Here, watch: bool, every: float, as_json: bool) -> None:
    """Say what flowed, what waits and what is parked.

    For each connection and mapping, with reasons. Reads the store, so it works whether or not the server runs.

    \b
    Examples:
      engine status
      engine status --watch
      engine status --json
    """
    titles: Mapping[str, str] = {name: here.registry.connector(name).title for name in here.registry.names}
    with here.engine() as engine:
        if as_json:
            print_json({"connections": {name: one.status() for name, one in engine.connections.items()}})
        elif watch:
            _watch(engine, titles, every)
        else:
            console().print(_shown(engine, titles))


def _watch(engine: Engine, titles: Mapping[str, str], every: float) -> None:
    out = console()
    with Live(_shown(engine, titles), console=out, auto_refresh=False, screen=out.is_terminal) as live:
        try:
            while True:
                time.sleep(every)
                live.update(_shown(engine, titles), refresh=True)
        except KeyboardInterrupt:
            pass


def _shown(engine: Engine, titles: Mapping[str, str]) -> Group:
    now = datetime.now(UTC)
    return Group(
        *(
            part
            for name, one in engine.connections.items()
            for part in _parts(overview(name, one.status(), now, titles))
        )
    )


def _parts(one: Overview) -> list[RenderableType]:
    parts: list[RenderableType] = [Text(one.name, style="bold"), Text(one.sentence)]
    parts += [Text(sentence) for sentence in one.systems]
    if one.rows:
        parts.append(Text(one.flowed))
        rows = [(row.name, *(row.counts[column] for column in COLUMNS)) for row in one.rows]
        parts.append(table(("mapping", *COLUMNS), rows, COLUMNS))
    for row in one.rows:
        parts += [Text(f"  {row.name}, {why.kind}: {why.count:,} {why.text}") for why in row.reasons]
    parts += [Text(f"{visit.system}: {visit.message}") for visit in one.visits if visit.message]
    parts += [Text(note) for note in one.notes]
    of = f" of {one.limit:,}" if one.limit else ""
    parts.append(Text(f"{one.links:,} links, {one.tokens:,}{of} tokens today\n"))
    return parts
