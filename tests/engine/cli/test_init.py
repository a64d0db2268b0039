"""`engine init` leaves an installation that is valid as it stands, and touches nothing that was there."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.cli.main import main
from engine.registry import Registry
from engine.settings import Settings
from engine.specs.presets import load_set
from tests.engine.cli.conftest import Installation


def test_what_it_writes_is_read_without_error(installed: Installation) -> None:
    settings = Settings.load(installed.config, Registry.load())
    acme = settings.connections["acme"]
    assert acme.connectors["quickbooks_desktop"]["password_hash"].startswith("scrypt$")
    assert acme.connectors["pipedrive"]["api_token"] == "t0ken-of-the-test"
    assert acme.zone.key == "America/New_York"


def test_its_mappings_are_those_of_the_built_in_set(installed: Installation) -> None:
    made, built_in = load_set(str(installed.folder / "mappings")), load_set("preset:default")
    assert {one.name: one.meaning for one in made.mappings} == {one.name: one.meaning for one in built_in.mappings}
    assert dict(made.settings).keys() == dict(built_in.settings).keys()


def test_every_setting_of_the_preset_stands_there_with_its_help(installed: Installation) -> None:
    text = installed.config.read_text("utf-8")
    for name, setting in load_set("preset:default").settings.items():
        assert f"{name}: " in text
        assert " ".join(setting.help.split()) in text


def test_no_secret_is_written_and_the_store_is_ignored(installed: Installation) -> None:
    assert "t0ken" not in installed.config.read_text("utf-8")
    assert "*.db" in (installed.folder / ".gitignore").read_text()


def test_an_installation_is_not_overwritten(installed: Installation) -> None:
    result = installed.run("init")
    assert result.exit_code == 1
    assert "is there already" in result.output


def test_other_files_that_are_there_are_kept(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("mine\n")
    result = CliRunner().invoke(main, ["init", str(tmp_path), "--connection", "north", "--zone", "Europe/London"])
    assert result.exit_code == 0
    assert f"kept    {tmp_path}/.gitignore" in result.output
    assert (tmp_path / ".gitignore").read_text() == "mine\n"
    assert "  north:\n" in (tmp_path / "engine.yaml").read_text()
    assert "zone: Europe/London" in (tmp_path / "engine.yaml").read_text()


@pytest.mark.parametrize("name", ["Acme", "acme inc", "1st"])
def test_a_name_that_cannot_be_one_is_refused(tmp_path: Path, name: str) -> None:
    result = CliRunner().invoke(main, ["init", str(tmp_path), "--connection", name])
    assert result.exit_code == 1
    assert not (tmp_path / "engine.yaml").exists()


def test_a_preset_may_be_chosen(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["init", str(tmp_path), "--preset", "wholesale"])
    assert result.exit_code == 0
    made, preset = load_set(str(tmp_path / "mappings")), load_set("preset:wholesale")
    assert {one.name: one.meaning for one in made.mappings} == {one.name: one.meaning for one in preset.mappings}
    text = (tmp_path / "engine.yaml").read_text()
    assert 'For example: {"West": "jane@example.com", "East": "omar@example.com"}' in text
    assert CliRunner().invoke(main, ["--config", str(tmp_path / "engine.yaml"), "validate"]).exit_code == 0


def test_a_preset_that_is_not_there_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["init", str(tmp_path), "--preset", "retail"])
    assert result.exit_code == 1 and "There are: default, contacts, wholesale." in result.output
