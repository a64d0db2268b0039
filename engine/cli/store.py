"""`engine store`: looks after the database that remembers everything."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from engine.cli.here import Here, here
from engine.cli.output import as_json, print_json
from engine.errors import UserError
from engine.secret import Missing, resolve
from engine.store.store import Store
from engine.sync.crew import is_dead


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
@click.option(
    "--to", "address", required=True, metavar="URL", help="The empty database that everything is copied into."
)
@as_json
@here
def copy(here: Here, address: str, as_json: bool) -> None:
    """Copy everything into another database.

    From SQLite to PostgreSQL, or back. The URL may hold ${NAME}, as `store:` in engine.yaml; the database must be there
    and empty. Stop the server and workers first: what they did meanwhile would be missing there. Every row is counted
    on both sides; where anything fails, nothing is kept there. Then write the URL in engine.yaml.

    \b
    Examples:
      engine store copy --to 'postgresql+psycopg://engine:${DATABASE_PASSWORD}@db.example.com/engine'
      engine store copy --to sqlite:///moved.db --json
    """
    try:
        url, _ = resolve(address, os.environ, here.config.parent, in_url=True)
    except Missing as missing:
        raise UserError(f"{missing}.", "Set it, then try again.") from None
    rows: dict[str, int] = {}
    with _opened(here) as opened:
        _refuse_while_used(opened)
        other = Store.open(url)
        try:
            if other.same(opened):
                raise UserError("That is the store itself.", "Name another database.")
            for table, done in opened.copy(other):
                rows[table] = done
                if not as_json and sys.stderr.isatty():
                    click.echo(f"\r{table}: {done:,} rows".ljust(60), nl=False, err=True)
            _refuse_while_used(opened)
        finally:
            other.close()
    if as_json:
        print_json({"rows": rows})
        return
    if sys.stderr.isatty():
        click.echo(err=True)
    click.echo(f"Copied {sum(rows.values()):,} rows of {len(rows)} tables and counted them on both sides.")
    click.echo("Write the new address as `store:` in engine.yaml, then start the server.")


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


def _refuse_while_used(store: Store) -> None:
    """A server that works on would write what the copy lacks. One of this machine that was killed does not count."""
    with store.reading() as tx:
        alive = [one.name for one in tx.workers.alive(store.clock()()) if not is_dead(one.name)]
    if alive:
        hint = "Stop it, then try again; one that was killed on another machine counts for a few seconds more."
        raise UserError(f"The store is in use by {', '.join(alive)}.", hint)


@contextmanager
def _opened(here: Here) -> Iterator[Store]:
    settings = here.settings()
    here.log(settings)
    opened = Store.open(settings.store)
    try:
        yield opened
    finally:
        opened.close()
