"""The presets beside the default set are whole: valid, tested, described, with a sample that maps without a problem."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.cli.main import main
from engine.mapping.compiler import validate_set
from engine.mapping.coverage import coverage
from engine.mapping.testcases import Suite, files_of_tests
from engine.registry import Registry
from engine.specs.packing import read_folder, read_packed
from engine.specs.presets import load_set

FOLDER = Path(__file__).parents[2] / "mappings" / "presets"
NAMES = sorted(one.name for one in FOLDER.iterdir() if one.is_dir())


def test_there_are_presets_for_wholesale_and_for_contacts() -> None:
    assert NAMES == ["contacts", "wholesale"]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_valid_without_a_warning_and_needs_no_setting(name: str) -> None:
    assert validate_set(load_set(f"preset:{name}"), Registry.load().catalogues, {}) == []


@pytest.mark.parametrize("name", NAMES)
def test_its_tests_pass_and_look_at_everything_that_it_says(name: str) -> None:
    suite = Suite(load_set(f"preset:{name}"), Registry.load().catalogues)
    outcomes = [one for file in files_of_tests(FOLDER / name) for one in suite.run(file, f"{name}/{file.name}")]
    assert outcomes and [f"{one.where}: {one.differences}" for one in outcomes if one.differences] == []
    assert coverage(suite.set, outcomes).missed == ()


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*/samples/*.yaml")), ids=lambda path: path.parent.parent.name)
def test_its_sample_is_previewed_as_its_first_line_says(path: Path) -> None:
    words = re.fullmatch(r"# engine (preview \w+ --set preset:\w+ --record) (\S+)", path.read_text().splitlines()[0])
    assert words is not None and words[2] == path.name
    result = CliRunner().invoke(main, [*words[1].split(), str(path)])
    assert result.exit_code == 0 and "waits" not in result.output, result.output


@pytest.mark.parametrize("name", NAMES)
def test_it_says_all_that_a_packed_preset_needs(name: str) -> None:
    package = read_folder(FOLDER / name)
    assert read_packed(package.packed(), name) == package
    assert "README.md" in package.files and any(path.startswith("samples/") for path in package.files)
