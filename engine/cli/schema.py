"""`engine schema`: writes the JSON Schemas from which editors complete mappings and settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from engine.cli.here import Here, connection_of, here
from engine.protocol import Named, Names
from engine.settings import settings_schema
from engine.specs.editor_schema import editor_schema
from engine.specs.presets import read_set
from engine.specs.validator import load_schema

KINDS = ("mapping", "settings", "preset", "tests")


@click.command()
@click.argument("kind", type=click.Choice(KINDS), default="mapping")
@click.option(
    "--connection", metavar="NAME", help="Add what this connection's systems, mappings and settings are called."
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
@here
def schema(here: Here, kind: str, connection: str | None, output: Path | None) -> None:
    """Write a JSON Schema for editors.

    KIND is mapping (the default), settings (engine.yaml), preset (preset.yaml) or tests. An editor that is told of it
    completes keys, entities and fields as you type; with --connection, the account's own custom fields, stages,
    options and users too. Pipedrive is asked for them (about 70 tokens); QuickBooks' custom fields are those that the
    Web Connector's last visit read.

    \b
    Examples:
      engine schema -o schemas/mapping.schema.json
      engine schema --connection acme -o schemas/mapping.schema.json
      engine schema settings > engine.schema.json
    """
    if kind == "mapping":
        made = _mapping(here, connection)
    elif kind == "settings":
        made = settings_schema(here.registry)
    else:
        made = load_schema("preset" if kind == "preset" else "mapping_test")
    text = json.dumps(made, indent=2, ensure_ascii=False) + "\n"
    if output is None:
        click.echo(text, nl=False)
    else:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, "utf-8")
        click.echo(f"Written to {output}.", err=True)


def _mapping(here: Here, connection: str | None) -> dict[str, Any]:
    catalogues = here.registry.catalogues
    if connection is None:
        return editor_schema(catalogues)
    with here.engine() as engine:
        found = connection_of(engine, connection)
        names: dict[str, Names] = {}
        for system, endpoint in found.endpoints.items():
            if isinstance(endpoint, Named):
                names[system] = endpoint.names()
                if not names[system].custom:
                    click.echo(f"{here.registry.connector(system).title}: no custom fields are known yet.", err=True)
        where = here.settings(secrets=False).connections[connection].mappings
    return editor_schema(catalogues, read_set(where)[0], names)
