"""`engine webhooks`: what the systems that can call us are asked to tell, listed, put in order, removed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import click

from engine.cli.completion import connections
from engine.cli.here import Here, connection_of, here
from engine.cli.output import as_json, print_json, print_table
from engine.errors import UserError
from engine.protocol import Hook, Hooks


@click.group()
def webhooks() -> None:
    """See to it that changes are told at once.

    The server does this by itself when it starts, once a day, and when it finds a change that nobody told.

    \b
    Example:
      engine webhooks sync
    """


@webhooks.command("list")
@click.argument("connection", required=False, shell_complete=connections)
@as_json
@here
def list_(here: Here, connection: str | None, as_json: bool) -> None:
    """Show every webhook of the account.

    Those of CONNECTION (default: of all), with who made them and how their last delivery went.

    \b
    Example:
      engine webhooks list acme
    """
    _each(here, connection, as_json, lambda one: one.list_hooks())


@webhooks.command()
@click.argument("connection", required=False, shell_complete=connections)
@as_json
@here
def sync(here: Here, connection: str | None, as_json: bool) -> None:
    """Put our webhooks in order.

    Makes those that the mappings of CONNECTION (default: of all) need, renews what is broken or was switched off,
    and removes what is needed no more. Others' webhooks are never touched.

    \b
    Example:
      engine webhooks sync
    """
    _each(here, connection, as_json, lambda one: one.sync_hooks())


@webhooks.command()
@click.argument("connection", required=False, shell_complete=connections)
@as_json
@here
def remove(here: Here, connection: str | None, as_json: bool) -> None:
    """Remove our webhooks.

    Those of CONNECTION (default: of all), for instance before the server goes away for good. A server that runs
    makes them again.

    \b
    Example:
      engine webhooks remove acme
    """
    _each(here, connection, as_json, lambda one: one.remove_hooks())


def _each(here: Here, name: str | None, as_json: bool, ask: Callable[[Hooks], Sequence[Hook]]) -> None:
    rows: list[dict[str, Any]] = []
    failed: list[UserError] = []
    with here.engine() as engine:
        connections = [connection_of(engine, name)] if name else list(engine.connections.values())
        hooked = [
            (one.name, system, endpoint)
            for one in connections
            for system, endpoint in one.endpoints.items()
            if isinstance(endpoint, Hooks)
        ]
        if not hooked:
            raise UserError("No system here can be asked to call us.")
        for connection, system, endpoint in hooked:
            try:
                rows += [{"connection": connection, "system": system, **asdict(hook)} for hook in ask(endpoint)]
            except UserError as error:  # one connection that is not set up says nothing about the others
                failed.append(error)
                click.echo(f"{connection}: {error}", err=True)
    if as_json:
        print_json({"ok": not failed and all(row["ok"] for row in rows), "webhooks": rows})
    elif rows:
        columns = ("connection", "key", "what", "ours", "url", "message")
        print_table(columns, [[_word(row[column]) for column in columns] for row in rows])
    elif not failed:
        click.echo("There are no webhooks.")
    if failed:
        sys.exit(failed[0].exit_status)


def _word(value: Any) -> Any:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
