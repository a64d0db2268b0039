"""`engine ping`: asks each system of a connection whether it can be reached and lets us in."""

from __future__ import annotations

import sys
from typing import Any

import click

from engine.cli.here import Here, connection_of, here
from engine.cli.output import as_json, console, print_json
from engine.sync.engine import Connection


@click.command()
@click.argument("connection", required=False)
@as_json
@here
def ping(here: Here, connection: str | None, as_json: bool) -> None:
    """Ask the systems whether they let us in.

    Talks to those of CONNECTION (default: of all) and says what is well, and what is not with the next step.
    Exit status 3 if anything is not.

    \b
    Examples:
      engine ping
      engine ping acme --json
    """
    with here.engine() as engine:
        asked = [connection_of(engine, connection)] if connection else list(engine.connections.values())
        rows = [row for one in asked for row in _checks(one)]
    if as_json:
        print_json({"ok": all(row["ok"] for row in rows), "checks": rows})
    else:
        _show(rows)
    if not all(row["ok"] for row in rows):
        sys.exit(3)


def _show(rows: list[dict[str, Any]]) -> None:
    out = console()
    place = None
    for row in rows:
        if place != (place := (row["connection"], row["system"])):
            out.print(f"{row['connection']}, {row['system']}", style="bold", markup=False)
        out.print("  ok  " if row["ok"] else "  no  ", style="green" if row["ok"] else "bold red", end="")
        out.print(f"{row['name']}: {row['message']}", markup=False)


def _checks(connection: Connection) -> list[dict[str, Any]]:
    return [
        {"connection": connection.name, "system": system, "name": one.name, "ok": one.ok, "message": one.message}
        for system, endpoint in connection.endpoints.items()
        for one in endpoint.ping()
    ]
