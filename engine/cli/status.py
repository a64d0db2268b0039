"""`engine status`: what the status page shows, on a terminal or for a program."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import click

from engine.cli.here import Here, here
from engine.cli.output import as_json, console, print_json, print_table
from engine.web.overview import COLUMNS, Overview, overview


@click.command()
@as_json
@here
def status(here: Here, as_json: bool) -> None:
    """Say what flowed, what waits and what is parked.

    For each connection and mapping, with reasons. Reads the store, so it works whether or not the server runs.

    \b
    Examples:
      engine status
      engine status --json
    """
    with here.engine() as engine:
        statuses = {name: one.status() for name, one in engine.connections.items()}
    if as_json:
        print_json({"connections": statuses})
        return
    titles: Mapping[str, str] = {name: here.registry.connector(name).title for name in here.registry.names}
    for name, data in statuses.items():
        _show(overview(name, data, datetime.now(UTC), titles))


def _show(one: Overview) -> None:
    out = console()
    out.print(one.name, style="bold", markup=False)
    out.print(one.sentence, markup=False)
    if one.rows:
        print_table(("mapping", *COLUMNS), [(row.name, *(row.counts[c] for c in COLUMNS)) for row in one.rows], COLUMNS)
    for row in one.rows:
        for reason in row.reasons:
            out.print(f"  {row.name}, {reason.kind}: {reason.count:,} {reason.text}", markup=False)
    for visit in one.visits:
        out.print(f"{visit.system}: {visit.ago} {visit.message}".rstrip(), markup=False)
    for note in one.notes:
        out.print(note, markup=False)
    out.print(f"{one.links:,} links, {one.tokens:,} tokens in the last 24 hours", end="\n\n", markup=False)
