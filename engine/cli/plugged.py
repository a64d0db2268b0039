"""A group of commands of which some come from installed packages, by entry point; loaded when they are asked for."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import click

from engine.cli.failures import Commands, Shown


class PluggedGroup(Commands):
    """Its own commands and those of the entry-point group `group`. Its own ones win over others of their name."""

    def __init__(self, *arguments: Any, group: str, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._group = group

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, sorted."""
        return sorted({*super().list_commands(ctx), *(point.name for point in entry_points(group=self._group))})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command; one that cannot be loaded says so when it is run."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        for point in entry_points(group=self._group, name=cmd_name):
            return _load(point)
        return None


def _load(point: EntryPoint) -> click.Command:
    try:
        command = point.load()
    except Exception as error:  # a foreign package may fail in any way when it is imported
        return _unloadable(point, error)
    return command if isinstance(command, click.Command) else _unloadable(point, TypeError("it is no click command"))


def _unloadable(point: EntryPoint, error: Exception) -> click.Command:
    def say() -> None:
        if "--debug" in sys.argv:
            raise error
        raise Shown(
            f"The command '{point.name}' ({point.value}) cannot be loaded: {type(error).__name__}: {error}.",
            "Reinstall or remove the package that brings it.",
            exit_code=70,
        )

    return click.Command(point.name, callback=say, help="Cannot be loaded: the package that brings it is broken.")
