"""`engine password`: makes the hash of a password that engine.yaml keeps in its place.

The form is `scrypt$n$r$p$salt$hash` in URL-safe base64, as the connectors that check passwords read it; a test holds
the two to each other. No connector is needed, so that the command works before anything is set up.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import sys

import click

from engine.cli.failures import Shown
from engine.cli.output import as_json, print_json

COST, BLOCK, PARALLEL = 2**14, 8, 1
"""scrypt's n, r and p: about 16 MB and 40 ms. [RFC 7914; OWASP password storage]"""
SHORTEST = 8
"""Characters of a password: the address that it protects may be on the Internet."""


@click.command()
@as_json
def password(as_json: bool) -> None:
    """Make the hash of a password.

    It stands as password_hash in engine.yaml. Reads the password twice from the terminal, or once from standard
    input, and prints the hash alone.

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


def hash_password(password: str) -> str:
    """`scrypt$n$r$p$salt$hash` with a new salt."""
    salt = secrets.token_bytes(16)
    digest = hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"), salt=salt, n=COST, r=BLOCK, p=PARALLEL, maxmem=2**26, dklen=32
    )
    return f"scrypt${COST}${BLOCK}${PARALLEL}${_text(salt)}${_text(digest)}"


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


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")
