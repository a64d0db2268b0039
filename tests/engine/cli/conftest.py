"""An installation as `engine init` makes it, and the command line run in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.cli.main import main
from engine.passwords import hash_password


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


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Set up and filled in, with secrets in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QBWC_PASSWORD_HASH", hash_password("correct horse"))
    monkeypatch.setenv("PIPEDRIVE_API_TOKEN", "t0ken-of-the-test")
    made = Installation(tmp_path)
    assert made.run("init").exit_code == 0
    return made
