"""`engine hold` and `engine release`: whether a connection writes, or only reads until a plan of it was applied."""

from __future__ import annotations

import click

from engine.cli.completion import connections
from engine.cli.here import Here, connection_of, here
from engine.sync import holding


@click.command()
@click.argument("connection", shell_complete=connections)
@here
def hold(here: Here, connection: str) -> None:
    """Let a CONNECTION read, and write nothing but what a plan says.

    Every server and worker on this store goes on reading both systems. What would be written waits: `engine plan`
    shows it, `engine apply` carries a saved plan out, `engine release` ends the hold. The way to a first run without
    surprises.

    \b
    Example:
      engine hold acme
    """
    with here.engine() as engine:
        holding.hold(connection_of(engine, connection))
    click.echo(f"{connection} is on hold: it reads, and writes nothing but what `engine apply` is given.")


@click.command()
@click.argument("connection", shell_complete=connections)
@here
def release(here: Here, connection: str) -> None:
    """Let a CONNECTION that is on hold write again.

    Everything that waits is written then, as `engine plan` shows it.

    \b
    Example:
      engine release acme
    """
    with here.engine() as engine:
        held = holding.release(connection_of(engine, connection))
    click.echo(f"{connection} writes again." if held else f"{connection} was not on hold.")
