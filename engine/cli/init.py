"""`engine init`: writes the files that a new installation starts from, and overwrites none.

What stands in engine.yaml comes from the installed connectors' settings and the preset's settings, with their own words
as comments, so that it cannot fall behind them.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from engine.cli.failures import Shown
from engine.cli.here import Here, here
from engine.registry import Registry
from engine.specs.model import UNSET, MappingSet, Setting
from engine.specs.presets import load_set, presets as known_presets
from engine.specs.shelves import PREFIX

DEFAULT = "default"
IGNORED = "# The store and secrets stay on this machine.\n*.db\n*.db-shm\n*.db-wal\n.env\nsecrets/\n"
NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
PLAIN = re.compile(r"[A-Za-z][\w ./-]*")
SECRET = re.compile(r"(password|secret|token)(_hash)?$")


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path())
@click.option("--connection", help="The name of the first connection. Default: asked on a terminal, else acme.")
@click.option("--zone", help="The time zone of the QuickBooks computer. Default: asked, else America/New_York.")
@click.option("--preset", help="The preset that the mappings extend. Default: asked, else default.")
@here
def init(here: Here, folder: Path, connection: str | None, zone: str | None, preset: str | None) -> None:
    """Write the files of a new installation.

    They are engine.yaml, a folder of mappings that extends a preset, and .gitignore, in FOLDER. No file that is there
    already is touched. Asks for what it needs on a terminal only; `engine presets list` tells the presets.

    \b
    Examples:
      engine init
      engine init acme-sync --connection acme --zone America/Chicago --preset wholesale
    """
    name = connection or _ask("Name of the first connection", "acme")
    if not NAME.fullmatch(name):
        raise Shown(f"'{name}' cannot be a connection's name.", "Small letters, digits, - and _, a letter first.")
    config = folder / "engine.yaml"
    if config.exists():
        raise Shown(f"{config} is there already.", "Choose another folder, or edit the file.")
    chosen = zone or _ask("Time zone of the QuickBooks computer", "America/New_York")
    made = _preset(folder, preset)
    written = {config: "\n".join(_settings_file(name, chosen, here.registry, made.settings)) + "\n"}
    for mapping in made.mappings:
        text = _mapping_file(made.name, mapping.name, mapping.summary)
        written[folder / "mappings" / f"{mapping.name}.yaml"] = text
    written[folder / ".gitignore"] = IGNORED
    for path, text in written.items():
        _write(path, text)
    click.echo("Next: `engine serve`; its page /setup leads through the rest. Or by hand: set the variables that")
    click.echo("engine.yaml names, then `engine validate`, `engine ping`, `engine serve`.")


def _preset(home: Path, name: str | None) -> MappingSet:
    """The preset that was named or is chosen on the terminal."""
    known = [one.removeprefix(PREFIX) for one in known_presets(home)]
    if name is None and sys.stdin.isatty():
        for one in known:
            click.echo(f"  {one}: {load_set(f'{PREFIX}{one}', home).summary}", err=True)
    name = (name or _ask("Preset", DEFAULT)).removeprefix(PREFIX)
    if name not in known:
        raise Shown(f"There is no preset '{name}'.", f"There are: {', '.join(known)}.")
    return load_set(f"{PREFIX}{name}", home)


def _ask(question: str, default: str) -> str:
    if not sys.stdin.isatty():
        return default
    given: str = click.prompt(question, default=default, err=True)
    return given


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        click.echo(f"kept    {path}")
    else:
        click.echo(f"written {path}")


def _mapping_file(preset: str, name: str, summary: str) -> str:
    return (
        f"# {summary or name}\n"
        "# What is not said here is as in the preset. Give a field another value, or null to leave it out:\n"
        "#   fields:\n"
        "#     some_field: AnotherField\n"
        f"mapping: {name}\n"
        f"extends: {preset}/{name}\n"
    )


def _settings_file(name: str, zone: str, registry: Registry, settings: Mapping[str, Setting]) -> Iterator[str]:
    yield "# One server with its connections. Secrets are named, not written: ${NAME} is an environment variable,"
    yield "# file:PATH a file. `engine validate` checks the mappings, `engine ping` whether both systems let us in."
    yield "store: sqlite:///engine.db              # or postgresql+psycopg://engine:${DATABASE_PASSWORD}@localhost/engine"
    yield "server:"
    yield "  port: 8800"
    yield '  # url: "https://sync.example.com"      # under which the Web Connector reaches us from another machine'
    yield '# encryption_keys: ["${ENGINE_KEY}"]    # where a system is connected by OAuth2; `engine key` makes one'
    yield "connections:"
    yield f"  {name}:"
    yield "    mappings: mappings"
    yield f"    zone: {zone}"
    yield from _block("settings", [line for one in settings.values() for line in _setting_lines(one)])
    for system in registry.names:
        yield from _block(system, list(_block_lines(name, system, registry.connector(system).settings_schema)))


def _block(name: str, lines: list[str]) -> Iterator[str]:
    """A block of a connection; braces where all of its keys are only proposed."""
    yield f"    {name}:" if any(not line.lstrip().startswith("#") for line in lines) else f"    {name}: {{}}"
    yield from lines


def _setting_lines(setting: Setting) -> Iterator[str]:
    example = "" if setting.example is UNSET else f" For example: {_value(setting.example)}"
    yield f"      # {' '.join(setting.help.split())}{example}"
    yield f"      {setting.name}: {_value('' if setting.default is UNSET else setting.default)}"


def _block_lines(connection: str, system: str, schema: Mapping[str, Any]) -> Iterator[str]:
    needed = (*schema.get("required", ()), *schema.get("else", {}).get("required", ()))
    for key, about in schema.get("properties", {}).items():
        examples = about.get("examples", ())
        if about.get("type") == "object" and not examples:
            continue  # written out by those who need it: README and the schema say how
        if SECRET.search(key):
            value = examples[0] if examples else f"${{{system.upper()}_{key.upper()}}}"
        elif key in needed:
            value = connection if about.get("type") == "string" and "enum" not in about else about["enum"][0]
        else:
            value = about.get("default", examples[0] if examples else "")
        yield f"      # {' '.join(about.get('description', key).split())}"
        yield f"      {'' if key in needed else '# '}{key}: {_value(value)}"


def _value(value: Any) -> str:
    """A value as YAML; text is quoted where it could be read as something else."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, default=str, ensure_ascii=False)  # YAML reads JSON
    if isinstance(value, str) and (value in ("true", "false", "null") or not PLAIN.fullmatch(value)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
