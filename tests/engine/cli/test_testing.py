"""`engine test` runs the tests beside mappings and says what came out otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.cli.main import main
from engine.cli.test import diff
from engine.mapping.testcases import Difference

SET = {
    "parts.yaml": "mapping: parts\nfrom: quickbooks_desktop.Item\nto: pipedrive.product\n"
    "match: [{source: FullName, target: name}]\nfields:\n  name: FullName\n  code: ManufacturerPartNumber\n",
    "tests/parts.yaml": "mapping: parts\ntests:\n  - name: A part keeps its name.\n"
    "    record: {ListID: I1, FullName: Nut}\n    expect: {fields: {name: Nut}, match: [[Nut]]}\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in SET.items():
        path = tmp_path / "mappings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "mappings"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["test", *arguments])


@pytest.mark.parametrize("path", [(), ("mappings",), ("mappings/parts.yaml",), ("mappings/tests/parts.yaml",)])
def test_tests_that_pass_are_counted_wherever_they_are_named(folder: Path, path: tuple[str, ...]) -> None:
    result = run(*path)
    assert result.exit_code == 0 and result.output.startswith("1 passed in ")


def test_a_failure_shows_what_was_expected_and_what_came(folder: Path) -> None:
    tests = folder / "tests" / "parts.yaml"
    tests.write_text(tests.read_text().replace("{name: Nut}", "{name: Bolt}"))
    result = run()
    assert result.exit_code == 1
    assert "FAIL mappings/tests/parts.yaml:3:5 A part keeps its name.\n  name\n    - Bolt\n    + Nut\n" in result.output
    assert "1 of 1 failed" in result.output


def test_coverage_names_the_rule_that_no_test_expects_anything_of(folder: Path) -> None:
    result = run("--coverage")
    assert result.exit_code == 1
    assert "untested mappings/parts.yaml:7 parts: code" in result.output
    assert "mappings: 66 % (2 of 3 parts tested)" in result.output


def test_a_program_reads_the_same(folder: Path) -> None:
    data = json.loads(run("--coverage", "--json").output)
    assert data["ok"] and data["tests"][0]["where"] == "mappings/tests/parts.yaml:3:5"
    assert data["coverage"][0]["missed"] == [{"mapping": "parts", "part": "code", "where": "mappings/parts.yaml:7"}]


def test_a_set_without_tests_says_so(folder: Path) -> None:
    (folder / "tests" / "parts.yaml").unlink()
    result = run()
    assert result.exit_code == 0 and "No tests in mappings/tests." in result.output


def test_a_test_of_an_unknown_shape_is_an_error_with_its_place(folder: Path) -> None:
    tests = folder / "tests" / "parts.yaml"
    tests.write_text(tests.read_text().replace("expect:", "expects:"))
    result = run()
    assert result.exit_code == 1 and "E110 mappings/tests/parts.yaml:5:5" in result.output


def test_the_built_in_set_passes_and_is_covered() -> None:
    result = run("preset:default", "--coverage")
    assert result.exit_code == 0 and "preset:default: 100 %" in result.output


def test_a_path_that_is_not_there_is_an_error_in_words() -> None:
    result = run("nowhere")
    assert result.exit_code == 1 and "There is no nowhere." in result.output


def test_the_diff_marks_what_differs_in_colour() -> None:
    what, expected, made = diff(Difference("custom.Paid", "Open since May", "Open since June"))
    assert (what.plain, expected.plain.strip(), made.plain.strip()) == (
        "  custom.Paid", "- Open since June", "+ Open since May"
    )  # fmt: skip
    marked = {made.plain[span.start : span.end] for span in made.spans if "reverse" in str(span.style)}
    assert marked == {"May"} and {str(expected.spans[0].style), str(made.spans[0].style)} == {"red", "green"}
