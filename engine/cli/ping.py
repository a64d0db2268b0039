"""`engine ping`: asks each system of a connection whether it can be reached and lets us in."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from engine.cli.completion import connections
from engine.cli.here import Here, connection_of, here
from engine.cli.output import as_json, console, print_json
from engine.sync.checks import Checked, look


@click.command()
@click.argument("connection", required=False, shell_complete=connections)
@as_json
@here
def ping(here: Here, connection: str | None, as_json: bool) -> None:
    """Ask the systems whether they let us in.

    Looks at the store and the server's certificate, talks to the systems of CONNECTION (default: of all), and says
    what is well, and what is not with the next step. Exit status 3 if anything is not.

    \b
    Examples:
      engine ping
      engine ping acme --json
    """
    with here.engine() as engine:
        asked = [connection_of(engine, connection)] if connection else list(engine.connections.values())
        found = []
        place = None
        for one in look(engine, asked):
            found.append(one)
            if not as_json:
                place = _show(one, place)
    well = all(one.ok for one in found)
    if as_json:
        print_json({"ok": well, "checks": [asdict(one) for one in found]})
    if not well:
        sys.exit(3)


def _show(one: Checked, before: str | None) -> str:
    """Prints a finding as soon as it is there, under its place; which that is."""
    place = ", ".join(filter(None, (one.connection, one.system))) or "this server"
    out = console()
    if place != before:
        out.print(place, style="bold", markup=False)
    out.print("  ok  " if one.ok else "  no  ", style="green" if one.ok else "bold red", end="")
    out.print(f"{one.name}: {one.message}", markup=False)
    return place
