"""`engine validate`: prints everything that can be found wrong with mappings and settings without any data."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from engine.cli.here import Here, here
from engine.cli.output import as_json, print_json
from engine.errors import InvalidSettings, StoreUnavailable, UserError
from engine.protocol import Names, Remembers
from engine.settings import InvalidSettingsFile
from engine.specs.diagnostics import Diagnostic, ordered
from engine.specs.linter import check_set
from engine.specs.source import Mark
from engine.store.store import Store

PRESET = "preset:"


@dataclass(frozen=True)
class Checked:
    """A mapping set to look at: where it is, with which settings (None: not known) that stand where, and which file."""

    where: str
    settings: Mapping[str, Any] | None = None
    places: Mapping[str, Mark] | None = None
    only: str | None = None
    connection: str | None = None


FORMATS = ("text", "json", "github")


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--format",
    "style",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="For people, for programs, or as annotations of a GitHub workflow.",
)
@as_json
@here
def validate(here: Here, paths: tuple[str, ...], style: str, as_json: bool) -> None:
    """Check mappings and settings without any data.

    Each finding comes with its place, a code (`engine codes CODE` explains it), and what to write instead.

    PATH is a folder of mappings, one file of such a folder, or a preset (preset:default). Without any, engine.yaml is
    checked, and the mappings of all its connections with their settings; without an engine.yaml, the folder ./mappings.
    Exit status 0: no errors, though perhaps warnings; 1: errors; 2: wrong command line.

    \b
    Examples:
      engine validate
      engine validate mappings
      engine validate mappings/customers.yaml --json
      engine validate --format github
    """
    try:
        sets = [_named(path, here) for path in paths] if paths else list(_of_connections(here))
        found = ordered(one for checked in sets if checked is not None for one in _findings(checked, here))
        places = [one.where for one in sets if one is not None]
    except InvalidSettingsFile as refused:
        found, places = list(refused.diagnostics), [str(here.config)]
    errors = sum(one.severity == "error" for one in found)
    if as_json or style == "json":
        print_json({"ok": not errors, "diagnostics": [one.json() for one in found]})
    elif style == "github":
        for one in found:
            click.echo(one.github())
    else:
        for one in found:
            click.echo(one.text())
        click.echo(_summary(errors, len(found) - errors, places or [str(here.config)]))
    if errors:
        sys.exit(1)


def _named(path: str, here: Here) -> Checked | None:
    """What a path names; None for engine.yaml itself, which is checked by reading it."""
    if path.startswith(PRESET):
        return Checked(path)
    given = Path(path)
    if given.exists() and here.config.exists() and given.samefile(here.config):
        here.settings(secrets=False)
        return None
    if not given.exists():
        raise UserError(
            f"There is no {path}.", "Name a folder of mappings, a file in one, engine.yaml, or preset:default."
        )
    return Checked(path) if given.is_dir() else Checked(str(given.parent), only=str(given))


def _of_connections(here: Here) -> Iterator[Checked]:
    if not here.config.exists():
        if not Path("mappings").is_dir():
            raise UserError(
                f"There is neither {here.config} nor a folder 'mappings' here.", "Start with `engine init`."
            )
        yield Checked("mappings")
        return
    for connection in here.settings(secrets=False).connections.values():
        yield Checked(_short(connection.mappings), connection.settings, connection.places, connection=connection.name)


def _findings(checked: Checked, here: Here) -> list[Diagnostic]:
    what = (checked.where, here.registry.catalogues, checked.settings, checked.places)
    found = check_set(*what)
    if checked.connection is not None and not any(one.severity == "error" for one in found):
        found = check_set(*what, names=_said_last(here, checked.connection))
    if checked.only is None:
        return found
    return [one for one in found if Path(one.file).resolve() == Path(checked.only).resolve()]


def _said_last(here: Here, connection: str) -> dict[str, Names]:
    """What the systems told of themselves the last time, from a store that is there; nobody is asked now."""
    settings = here.settings(secrets=False)
    systems: dict[str, Any] = {
        system: here.registry.connector(system) for system in settings.connections[connection].connectors
    }
    try:
        if not Store.exists(settings.store):
            return {}
        with closing(Store(settings.store)) as store:
            return {
                system: one.remembered(store.state(f"{connection}/{system}", lambda: datetime.now(UTC)))
                for system, one in systems.items()
                if isinstance(one, Remembers)
            }
    except (StoreUnavailable, InvalidSettings):
        return {}  # its own commands say what is wrong with it; here the files are judged


def _summary(errors: int, warnings: int, places: list[str]) -> str:
    if errors or warnings:
        return f"{_count(errors, 'error')}, {_count(warnings, 'warning')}"
    return f"{', '.join(dict.fromkeys(places))}: no errors"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _short(where: str) -> str:
    """A folder as people call it from here."""
    if where.startswith(PRESET):
        return where
    try:
        return str(Path(where).resolve().relative_to(Path.cwd()))
    except ValueError:
        return where
