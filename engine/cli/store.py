"""`engine store`: looks after the database that remembers everything."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from engine.cli.here import Here, here
from engine.cli.output import as_json, print_json
from engine.store.store import Store


@click.group()
def store() -> None:
    """Look after the store.

    \b
    Example:
      engine store backup engine-backup.db
    """


@store.command()
@here
def upgrade(here: Here) -> None:
    """Bring the store to this version's tables.

    Nothing is lost; an up-to-date one stays as it is.

    \b
    Example:
      engine store upgrade
    """
    with _opened(here) as opened:
        opened.upgrade()
    click.echo("The store is up to date.")


@store.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@here
def backup(here: Here, file: Path) -> None:
    """Copy the store to FILE.

    The copy is of one moment, and the server may go on meanwhile. SQLite only.

    \b
    Example:
      engine store backup engine-backup.db
    """
    with _opened(here) as opened:
        opened.backup(file)
    click.echo(f"Copied to {file}.")


@store.command()
@as_json
@here
def check(here: Here, as_json: bool) -> None:
    """Look for damage in the store.

    Exit status 1 if there is any.

    \b
    Examples:
      engine store check
      engine store check --json
    """
    with _opened(here) as opened:
        damage = list(opened.check())
    if as_json:
        print_json({"ok": not damage, "damage": damage})
    else:
        click.echo("\n".join(damage) or "The store is sound.")
    if damage:
        sys.exit(1)


@contextmanager
def _opened(here: Here) -> Iterator[Store]:
    settings = here.settings()
    here.log(settings)
    opened = Store.open(settings.store)
    try:
        yield opened
    finally:
        opened.close()
