"""An installation as `engine init` makes it, and the command line run in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from click.testing import CliRunner, Result

from engine.cli.main import main
from engine.passwords import hash_password

NOWHERE = "http://127.0.0.1:9"


class Installation:
    """A folder with engine.yaml in which commands are run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "engine.yaml"

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["--config", str(self.config), *arguments])

    def change(self, path: str, old: str, new: str) -> None:
        file = self.folder / path
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new), "utf-8")

    def pipedrive_at(self, url: str, *more: str) -> None:
        """Let the account be at this address (`NOWHERE`: nobody answers), with more lines of its settings."""
        lines = ("company: acme", f"url: {url}", *more)
        self.change("engine.yaml", "      company: acme\n", "".join(f"      {line}\n" for line in lines))


@contextmanager
def running(installed: Installation, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], IO[str], IO[str]]]:
    """A command as a process of its own, killed at the end at the latest; with what it says on both streams."""
    process = subprocess.Popen(
        [sys.executable, "-m", "engine.cli.main", *arguments], cwd=installed.folder, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None and process.stderr is not None
        yield process, process.stdout, process.stderr
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Set up and filled in, with secrets in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QBWC_PASSWORD_HASH", hash_password("correct horse"))
    monkeypatch.setenv("PIPEDRIVE_API_TOKEN", "t0ken-of-the-test")
    made = Installation(tmp_path)
    assert made.run("init").exit_code == 0
    return made
