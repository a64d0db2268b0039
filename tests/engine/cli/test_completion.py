"""A shell completes commands and the names in engine.yaml."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.cli.main import main

ENGINE_YAML = """
connections:
  acme: {zone: America/New_York}
  acorn: {zone: America/New_York}
  mill: {zone: America/New_York}
"""


def completed(folder: Path, *words: str) -> list[str]:
    """What the shell's script is told for these words, the last of which is being typed."""
    asked = {
        "_ENGINE_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(("engine", *words)),
        "COMP_CWORD": str(len(words)),
    }
    command = [sys.executable, "-m", "engine.cli.main"]
    made = subprocess.run(command, env=os.environ | asked, cwd=folder, capture_output=True, text=True, check=False)
    assert made.returncode == 0 and not made.stderr, made.stderr
    return [line.partition(",")[2] for line in made.stdout.splitlines() if line]


def test_commands_are_completed(tmp_path: Path) -> None:
    assert completed(tmp_path, "rec") == ["reconcile"]


def test_connections_are_completed_from_the_settings_whatever_secrets_are_missing(tmp_path: Path) -> None:
    (tmp_path / "engine.yaml").write_text(ENGINE_YAML)
    assert completed(tmp_path, "hold", "ac") == ["acme", "acorn"]


def test_without_settings_nothing_is_completed_and_nothing_fails(tmp_path: Path) -> None:
    assert completed(tmp_path, "hold", "a") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shells_script_asks_the_program(shell: str) -> None:
    result = CliRunner().invoke(main, ["completion", shell])
    assert result.exit_code == 0
    assert f"_ENGINE_COMPLETE={shell}_complete" in result.output


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_bash_takes_the_script() -> None:
    script = CliRunner().invoke(main, ["completion", "bash"]).output
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0
