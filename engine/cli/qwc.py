"""`engine qwc`: writes the file by which the Web Connector learns of a connection."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from engine.cli.completion import connections
from engine.cli.here import Here, connection_of, here, offered


@click.command()
@click.argument("connection", shell_complete=connections)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
@here
def qwc(here: Here, connection: str, output: Path | None) -> None:
    """Write the file for the Web Connector.

    Add the .qwc file of CONNECTION to the Web Connector on the QuickBooks computer. It names the
    server's address and the user, and holds no password. Its ids stay the same each time.

    \b
    Examples:
      engine qwc acme -o acme.qwc
      engine qwc acme > acme.qwc
    """
    with here.engine() as engine:
        found = connection_of(engine, connection)
        system, write_qwc = offered(here.registry, "write_qwc", found.endpoints)
        data = write_qwc(found.sites[system]).encode("utf-8")
    if output is None:
        sys.stdout.buffer.write(data)
    else:
        output.write_bytes(data)
        click.echo(f"Written to {output}.", err=True)
