"""`engine connect`: lets a person grant this server access to a system in a browser, or takes the access back."""

from __future__ import annotations

from dataclasses import asdict

import click

from engine.cli.completion import connections
from engine.cli.here import Here, connection_of, here
from engine.cli.output import as_json, print_json
from engine.errors import UserError
from engine.protocol import Connects


@click.command()
@click.argument("connection", shell_complete=connections)
@click.option("--remove", is_flag=True, help="Give the access back instead, and forget it.")
@as_json
@here
def connect(here: Here, connection: str, remove: bool, as_json: bool) -> None:
    """Connect an account by OAuth2.

    Prints a link that works once, within a quarter of an hour. Open it in a browser that reaches the server, which must
    be running; whoever opens it signs in to the system and grants the access. Nobody can connect an account without
    such a link.

    \b
    Examples:
      engine connect acme
      engine connect acme --remove
    """
    with here.engine() as engine:
        found = connection_of(engine, connection)
        system, endpoint = next(
            ((name, one) for name, one in found.endpoints.items() if isinstance(one, Connects)), (None, None)
        )
        if endpoint is None:
            raise UserError(f"No system of '{connection}' is connected in a browser.")
        if remove:
            there = endpoint.disconnect()
            if as_json:
                print_json({"connection": connection, "system": system, "removed": there})
            else:
                click.echo("The access was given back." if there else "There was none.")
            return
        invitation = endpoint.invite()
    if as_json:
        print_json({"connection": connection, "system": system, **asdict(invitation)})
        return
    click.echo(f"Callback URL of the app: {invitation.callback}")
    click.echo(f"Open once, until {invitation.until:%H:%M} UTC: {invitation.link}")
