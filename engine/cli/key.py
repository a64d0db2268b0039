"""`engine key`: makes a key that encrypts stored tokens."""

from __future__ import annotations

import click

from engine.cli.output import as_json, print_json
from engine.vault import new_key


@click.command()
@as_json
def key(as_json: bool) -> None:
    """Make a key that encrypts stored tokens.

    It belongs into encryption_keys of engine.yaml, by way of an environment variable or a file. To change keys put
    the new one in front, restart the server, and take the old one out a day later.

    \b
    Examples:
      engine key
      engine key > secrets/key
    """
    made = new_key()
    if as_json:
        print_json({"key": made})
    else:
        click.echo(made)
