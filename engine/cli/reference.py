"""Writes the generated pages of docs/ from what they describe: `python -m engine.cli.reference docs`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import click

from engine.cli.docs import PRESETS, render_preset
from engine.cli.language_reference import render_language
from engine.cli.settings_reference import render_settings
from engine.registry import Registry
from engine.settings import settings_schema

HEAD = """\
# Commands

Generated from the commands' own help by `make docs`; a test fails when it is stale.
`engine COMMAND --help` says the same."""


def render(command: click.Group, name: str = "engine") -> str:
    """The whole page: the group itself, then every command below it, depth first."""
    return "\n\n".join([HEAD, *_sections(command, name, None)]) + "\n"


def walk(command: click.Command, name: str, parent: click.Context | None = None) -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name; groups come before what they hold, hidden ones not at all."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=name.rpartition(" ")[2], parent=parent)
        for one in command.list_commands(context):
            inner = command.get_command(context, one)
            if inner is not None and not inner.hidden:
                yield from walk(inner, f"{name} {one}", context)


def _sections(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    for full, one in walk(command, name, parent):
        yield f"## {full}\n\n{_usage(one, full)}\n\n{_prose(one)}"
        if table := _options(one, full):
            yield table


def _usage(command: click.Command, name: str) -> str:
    context = click.Context(command, info_name=name)
    return f"`{' '.join([name, *command.collect_usage_pieces(context)])}`"


def _prose(command: click.Command) -> str:
    """The help, with paragraphs that click leaves alone (marked by \\b) as code."""
    parts = []
    for part in cleandoc(command.help or "").replace("\f", "").split("\n\n"):
        if part.startswith("\b"):
            first, *rest = part.removeprefix("\b").strip("\n").splitlines()
            parts.append(f"{first}\n\n```\n" + "\n".join(line.strip() for line in rest) + "\n```")
        else:
            parts.append(part)
    if command.epilog:
        parts.append(command.epilog)
    return "\n\n".join(parts)


def _options(command: click.Command, name: str) -> str:
    context = click.Context(command, info_name=name)
    rows = []
    for one in command.params:
        record = one.get_help_record(context) if isinstance(one, click.Option) and not one.hidden else None
        if record is not None:
            option, text = (" ".join(part.split()).replace("|", "\\|") for part in record)
            rows.append(f"| `{option}` | {text} |")
    return "\n".join(["| option | |", "|---|---|", *rows]) if rows else ""


def pages() -> dict[str, str]:
    """Every page that is generated from the engine and its presets, by its path below docs."""
    from engine.cli.main import main

    registry = Registry.load()
    made = {
        "commands.md": render(main),
        "settings.md": render_settings(settings_schema(registry)),
        "mapping-language.md": render_language(),
    }
    return made | {f"presets/{name}.md": render_preset(registry, name) for name in PRESETS}


if __name__ == "__main__":
    for name, text in pages().items():
        path = Path(sys.argv[1]) / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
