"""A user's mistake is told in words, with an exit status that says who must act."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from engine.cli.failures import Commands
from engine.cli.main import main
from engine.errors import ContractBroken, InvalidSettings, StoreUnavailable


def run_raising(error: Exception, *options: str) -> Result:
    @click.group(cls=Commands)
    @click.option("--debug", is_flag=True)
    def group(debug: bool) -> None:
        pass

    @group.command()
    def fail() -> None:
        raise error

    return CliRunner().invoke(group, [*options, "fail"])


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidSettings("A is wrong.", "Write B."), 1),
        (StoreUnavailable("A is wrong.", "Write B."), 3),
        (ContractBroken("A is wrong.", "Write B."), 70),
        (ValueError("A is wrong."), 70),
    ],
)
def test_an_error_is_one_sentence_with_the_next_step_and_its_status(error: Exception, status: int) -> None:
    result = run_raising(error)
    assert result.exit_code == status
    assert "A is wrong." in result.output
    assert "Write B." in result.output or "engine --debug" in result.output
    assert "Traceback" not in result.output


def test_debug_shows_where_it_happened() -> None:
    assert "Traceback" in run_raising(ValueError("A is wrong."), "--debug").output


def test_a_wrong_command_line_ends_with_2() -> None:
    assert CliRunner().invoke(main, ["nonsense"]).exit_code == 2


def test_without_engine_yaml_the_way_to_one_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--config", str(tmp_path / "engine.yaml"), "status"])
    assert result.exit_code == 1
    assert "engine init" in result.output
