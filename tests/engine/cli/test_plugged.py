"""Commands of other packages are found by entry point, and a broken one says so when it is run."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import click
import pytest
from click.testing import CliRunner

from engine.cli.plugged import PluggedGroup


@click.command()
def greet() -> None:
    """Greets."""
    click.echo("hello")


@pytest.fixture
def group(monkeypatch: pytest.MonkeyPatch) -> click.Group:
    points = [EntryPoint("greet", f"{__name__}:greet", "g"), EntryPoint("broken", "no_such_package:x", "g")]

    def found(group: str, name: str | None = None) -> list[EntryPoint]:
        return [one for one in points if name in (None, one.name)]

    monkeypatch.setattr("engine.cli.plugged.entry_points", found)
    return PluggedGroup("group", group="g")


def run(group: click.Group, *arguments: str) -> Any:
    return CliRunner().invoke(group, arguments)


def test_a_plugged_command_runs_like_any_other(group: click.Group) -> None:
    assert run(group, "greet").output == "hello\n"


def test_help_lists_plugged_commands_although_one_is_broken(group: click.Group) -> None:
    output = run(group, "--help").output
    assert "Greets." in output
    assert "broken" in output


def test_a_broken_one_says_what_is_wrong_with_it(group: click.Group) -> None:
    result = run(group, "broken")
    assert result.exit_code == 70
    assert "No module named 'no_such_package'" in result.output
