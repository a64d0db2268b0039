"""`engine parked`: what waits for a person, and what the person decides."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from engine.cli.here import Here, connection_of, here
from engine.cli.output import Command, as_json, console, print_json
from engine.errors import UserError
from engine.store.store import Transaction
from engine.store.work import WorkRow
from engine.sync import parked as acts
from engine.sync.connection import Connection

Act = Callable[[Transaction, Connection, Sequence[WorkRow], str, datetime], None]

connection_option = click.option("--connection", metavar="NAME", help="Default: the first in engine.yaml.")
mapping_option = click.option("--mapping", metavar="NAME", help="Only of this mapping.")
code_option = click.option("--code", metavar="CODE", help="Only of this cause.")


def choosing(command: Command) -> Command:
    """Which parked records a command is about."""
    everything = click.option("--all", "everything", is_flag=True, help="All of them (of the mapping, of the cause).")
    keys = click.argument("keys", nargs=-1)
    return keys(everything(connection_option(mapping_option(code_option(here(command))))))  # type: ignore[return-value]


@click.group()
def parked() -> None:
    """Decide what waits for a person.

    \b
    Examples:
      engine parked list
      engine parked link 80000001-1700000000 17
    """


@parked.command("list")
@connection_option
@mapping_option
@code_option
@click.option("--ignored", is_flag=True, help="What is ignored instead.")
@as_json
@here
def listed(
    here: Here, connection: str | None, mapping: str | None, code: str | None, ignored: bool, as_json: bool
) -> None:
    """Show what is parked, by cause.

    \b
    Examples:
      engine parked list
      engine parked list --mapping customers --code M101 --json
      engine parked list --ignored
    """
    with here.engine() as engine:
        at = connection_of(engine, connection or next(iter(engine.connections)))
        with at.store.reading() as tx:
            found = acts.causes(tx, at, mapping, code, "ignored" if ignored else "parked")
    if as_json:
        print_json({"connection": at.name, "causes": [asdict(one) for one in found]})
        return
    out = console()
    for cause in found:
        out.print(f"{cause.code} ({len(cause.rows):,}) {cause.advice}".rstrip(), style="bold", markup=False)
        for row in cause.rows:
            out.print(f"  {row.mapping} {row.source_key}: {row.reason}", markup=False)
            for one in row.detail.get("candidates", ()):
                out.print(f"    {_candidate(one)}", markup=False)
    if not found:
        out.print("Nothing is ignored." if ignored else "Nothing is parked.")


@parked.command()
@choosing
def retry(here: Here, **chosen: Any) -> None:
    """Decide parked records again.

    \b
    Examples:
      engine parked retry 80000001-1700000000
      engine parked retry --all --code M121
    """
    _act(here, acts.retry, **chosen)


@parked.command()
@choosing
def skip(here: Here, **chosen: Any) -> None:
    """Leave parked records out as they are.

    A record that changes is decided again.

    \b
    Examples:
      engine parked skip 80000001-1700000000
      engine parked skip --all --mapping payments
    """
    _act(here, acts.skip, **chosen)


@parked.command()
@choosing
def ignore(here: Here, **chosen: Any) -> None:
    """Leave parked records alone from now on.

    They are not decided again, whatever happens to them, until `engine parked unignore`.

    \b
    Examples:
      engine parked ignore 80000001-1700000000
      engine parked ignore --all --code M103
    """
    _act(here, acts.ignore, **chosen)


@parked.command()
@choosing
def unignore(here: Here, **chosen: Any) -> None:
    """Decide ignored records again.

    \b
    Examples:
      engine parked unignore 80000001-1700000000
      engine parked unignore --all
    """
    _act(here, acts.unignore, **chosen, state="ignored")


@parked.command()
@click.argument("key")
@click.argument("target")
@connection_option
@mapping_option
@here
def link(here: Here, key: str, target: str, connection: str | None, mapping: str | None) -> None:
    """Say which record a parked one is.

    KEY is the parked record's, TARGET the other system's: an organization's number, say. What is filled there stays,
    what is empty is filled, as with any first link.

    \b
    Example:
      engine parked link 80000001-1700000000 17
    """
    with here.engine() as engine:
        at = connection_of(engine, connection or next(iter(engine.connections)))
        with at.store.transaction() as tx:
            row = acts.row_of(tx, at, key, mapping)
            acts.link(tx, at, row, target, getpass.getuser(), at.clock())
    click.echo(f"{row.mapping} {key} is {target}, and is due again.")


def _act(
    here: Here,
    act: Act,
    keys: tuple[str, ...],
    everything: bool,
    connection: str | None,
    mapping: str | None,
    code: str | None,
    state: acts.State = "parked",
) -> None:
    if everything == bool(keys):
        raise UserError("Name keys, or --all.", "`engine parked list` shows them.")
    with here.engine() as engine:
        at = connection_of(engine, connection or next(iter(engine.connections)))
        with at.store.transaction() as tx:
            if everything:
                chosen = [row for cause in acts.causes(tx, at, mapping, code, state) for row in cause.rows]
            else:
                chosen = [acts.row_of(tx, at, key, mapping, state) for key in keys]
            act(tx, at, chosen, getpass.getuser(), at.clock())
    click.echo(f"{len(chosen):,} {'record' if len(chosen) == 1 else 'records'}: done.")


def _candidate(one: Any) -> str:
    if not isinstance(one, dict):
        return str(one)
    linked = f", belongs to {one['linked']}" if one.get("linked") else ""
    return f"{one['key']} {one.get('label') or ''}{linked}".rstrip()
