"""`engine resync`: makes due what an older version of a mapping decided."""

from __future__ import annotations

import click

from engine.cli.here import Here, here
from engine.cli.output import as_json, print_json
from engine.errors import UserError
from engine.sync.resync import resync as make_due


@click.command()
@click.argument("mapping")
@click.option("--connection", "only", metavar="NAME", help="Only this connection; else every one that has the mapping.")
@click.option("--all", "everything", is_flag=True, help="Also what the present version decided.")
@as_json
@here
def resync(here: Here, mapping: str, only: str | None, everything: bool, as_json: bool) -> None:
    """Map records again after a MAPPING was edited.

    New changes always use the mapping as it is now. What an older version of it decided stays as it is until this
    command makes it due. Nothing is written that has not changed; `engine status` counts what is left.

    \b
    Examples:
      engine resync customers
      engine resync invoices --connection acme --all
    """
    with here.engine() as engine:
        having = {
            name: one for name, one in engine.connections.items()
            if only in (None, name) and mapping in one.compiled.mappings
        }  # fmt: skip
        if not having:
            known = sorted({name for one in engine.connections.values() for name in one.compiled.mappings})
            raise UserError(f"No connection has a mapping '{mapping}'.", f"There are: {', '.join(known)}.")
        made_due = {name: make_due(one, mapping, everything) for name, one in having.items()}
    if as_json:
        print_json({"mapping": mapping, "due": made_due})
        return
    for name, number in made_due.items():
        click.echo(f"{name}: {number:,} records of {mapping} are due again.")
