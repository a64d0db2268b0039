"""`engine validate`: prints everything that can be found wrong with mappings without any data."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from engine.cli.here import Here, here
from engine.cli.output import as_json, print_json
from engine.errors import UserError
from engine.mapping.compiler import validate_set
from engine.specs.diagnostics import Diagnostic, ordered
from engine.specs.presets import read_set

PRESET = "preset:"


@dataclass(frozen=True)
class Checked:
    """A mapping set to look at: where it is, with which settings (None: not known), and which of its files."""

    where: str
    settings: Mapping[str, Any] | None = None
    only: str | None = None


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@as_json
@here
def validate(here: Here, paths: tuple[str, ...], as_json: bool) -> None:
    """Check mappings without any data.

    Each finding comes with its place, a code, and what to write instead.

    PATH is a folder of mappings, one file of such a folder, or a preset (preset:default). Without any, the mappings of
    all connections in engine.yaml are checked with their settings; without an engine.yaml, the folder ./mappings.
    Exit status 1 if there are errors.

    \b
    Examples:
      engine validate
      engine validate mappings
      engine validate mappings/customers.yaml --json
    """
    sets = [_named(path) for path in paths] if paths else list(_of_connections(here))
    found = ordered(one for checked in sets for one in _findings(checked, here))
    errors = sum(one.severity == "error" for one in found)
    if as_json:
        print_json({"ok": not errors, "diagnostics": [one.json() for one in found]})
    else:
        for one in found:
            click.echo(one.text())
        click.echo(_summary(errors, len(found) - errors, [one.where for one in sets]))
    if errors:
        sys.exit(1)


def _named(path: str) -> Checked:
    if path.startswith(PRESET):
        return Checked(path)
    given = Path(path)
    if not given.exists():
        raise UserError(f"There is no {path}.", "Name a folder of mappings, a file in one, or preset:default.")
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
        yield Checked(_short(connection.mappings), connection.settings)


def _findings(checked: Checked, here: Here) -> list[Diagnostic]:
    made, found = read_set(checked.where)
    if not any(one.severity == "error" for one in found):  # else half of the set is missing, and names seem unknown
        found += validate_set(made, here.registry.catalogues, checked.settings)
    if checked.only is None:
        return found
    return [one for one in found if Path(one.file).resolve() == Path(checked.only).resolve()]


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
