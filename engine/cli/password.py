"""`engine password`: makes the hash of a password that engine.yaml keeps in its place."""

from __future__ import annotations

import sys

import click

from engine.cli.failures import Shown
from engine.cli.output import as_json, print_json
from engine.passwords import hash_password

SHORTEST = 8
"""Characters of a password: the address that it protects may be on the Internet."""


@click.command()
@as_json
def password(as_json: bool) -> None:
    """Make the hash of a password.

    It stands as password_hash in engine.yaml: the Web Connector's, or a dashboard user's. Reads the password twice
    from the terminal, or once from standard input, and prints the hash alone.

    \b
    Examples:
      engine password
      engine password < password.txt > hash.txt
    """
    given = _from_terminal() if sys.stdin.isatty() else _from_input()
    if len(given) < SHORTEST:
        raise Shown("The password is too short.", f"Take at least {SHORTEST} characters.")
    made = hash_password(given)
    if as_json:
        print_json({"password_hash": made})
    else:
        click.echo(made)


def _from_terminal() -> str:
    given: str = click.prompt("Password", hide_input=True, confirmation_prompt="The same again", err=True)
    return given


def _from_input() -> str:
    """The first line; a second one that differs is a mistake rather than a longer password."""
    lines = sys.stdin.read().splitlines()
    if not lines:
        raise Shown("Nothing came on standard input.", "Write the password as its first line.")
    if any(line != lines[0] for line in lines[1:]):
        raise Shown("The lines on standard input differ.", "Write the password once, or twice alike.")
    return lines[0]
