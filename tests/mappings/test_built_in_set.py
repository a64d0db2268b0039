"""The built-in mappings fit the real catalogues, and do what their own tests say."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.pipedrive.entities import catalogue as pipedrive
from connectors.quickbooks_desktop.entities import catalogue as quickbooks
from engine.mapping.compiler import compile_set, validate_set
from engine.mapping.coverage import coverage
from engine.mapping.testcases import Suite, run_tests
from engine.specs.diagnostics import InvalidMappingSet
from engine.specs.presets import load_set
from engine.specs.validator import load_schema

SET = load_set("preset:default")
CATALOGUES = {"quickbooks_desktop": quickbooks(), "pipedrive": pipedrive()}
TESTS = sorted((Path(__file__).parents[2] / "mappings" / "tests").glob("*.yaml"))


def test_the_built_in_set_is_valid_without_a_warning_and_needs_no_setting() -> None:
    assert validate_set(SET, CATALOGUES) == []
    assert compile_set(SET, CATALOGUES, {}).mappings.keys() == {one.name for one in SET.mappings}


def test_every_built_in_mapping_has_tests() -> None:
    assert {path.stem for path in TESTS} == {one.name for one in SET.mappings}


@pytest.mark.parametrize("path", TESTS, ids=[path.stem for path in TESTS])
def test_a_built_in_mapping_does_what_its_tests_say(path: Path) -> None:
    outcomes = run_tests(path, f"tests/{path.name}", SET, CATALOGUES)
    assert outcomes and [f"{one.where} {one.name}: {one.differences}" for one in outcomes if one.differences] == []


def test_the_tests_of_the_built_in_set_look_at_every_rule() -> None:
    suite = Suite(SET, CATALOGUES)
    outcomes = [one for path in TESTS for one in suite.run(path, path.name)]
    assert [f"{part.where} {part.name}" for part in coverage(SET, outcomes).missed] == []


def test_what_mappings_refer_to_comes_first() -> None:
    names = list(compile_set(SET, CATALOGUES, {}).mappings)
    order = ["sales_reps", "customers", "invoices", "payments"]
    assert [name for name in names if name in order] == order
    assert names.index("products") < names.index("invoices")


def test_the_built_in_set_has_no_backticks_and_a_summary_for_each_mapping() -> None:
    folder = Path(__file__).parents[2] / "mappings"
    assert [path.name for path in folder.glob("*.yaml") if "`" in path.read_text("utf-8")] == []
    assert all(one.summary.endswith(".") for one in SET.mappings)


@pytest.mark.parametrize("name", ["mapping", "preset", "mapping_test"])
def test_every_key_of_the_schemas_is_explained(name: str) -> None:
    schema = load_schema(name)
    for key, entry in schema["properties"].items():
        assert entry.get("title") or entry.get("description") or "$ref" in entry, key


def case(path: Path, expect: str) -> Path:
    path.write_text(
        f"mapping: products\ntests:\n  - name: A.\n    record: {{ListID: I1, FullName: Nut}}\n    {expect}\n"
    )
    return path


@pytest.mark.parametrize(
    ("expect", "says"),
    [
        ("expect: {fields: {name: Bolt}}", "name: Nut instead of Bolt"),
        ("expect: {fields: {visible_to: 1}}", "visible_to: left alone instead of 1"),
        ("expect: {absent: [name]}", "name: Nut instead of left alone"),
        ("expect: {text: {name: bolt}}", "'Nut' without 'bolt'"),
        ("expect: {match: [[Bolt]]}", "match:"),
        ("expect: {elements: [I2]}", "elements:"),
        ("expect: {same_as: I2}", "same_as: null instead of I2"),
        ("expect: {left_out: only}", "left_out: there is none"),
        ("expect: {skip: gone}", "skip: there is none"),
        ("expect: {waits: [owner_id]}", "waits:"),
        ("expect: {park: long}", "park: there is none"),
        ("expect: {note: gone}", "note: null instead of gone"),
        ("expect: {children: {products: {a: {}}}}", "products"),
    ],
)
def test_a_test_of_a_mapping_can_fail_and_says_why(expect: str, says: str, tmp_path: Path) -> None:
    (outcome,) = run_tests(case(tmp_path / "a.yaml", expect), "a.yaml", SET, CATALOGUES)
    assert outcome.where == "a.yaml:3:5" and says in str(outcome.differences[0])


def test_a_test_that_expects_something_unknown_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidMappingSet, match=r"E110 a\.yaml:5:14 'field' is not known here"):
        run_tests(case(tmp_path / "a.yaml", "expect: {field: {name: Nut}}"), "a.yaml", SET, CATALOGUES)


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ("record: {ListID: I1, FulName: Nut}", "E203 a.yaml:4:26 'FulName' is not a field of Item."),
        ("record: {ListID: I1}\n    links: {product: {}}", "E205 a.yaml:5:13 The set has no mapping 'product'."),
    ],
)  # fmt: skip
def test_a_misspelt_name_in_a_test_is_an_error_and_not_null(record: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(f"mapping: products\ntests:\n  - name: A.\n    {record}\n    expect: {{skip: x}}\n")
    with pytest.raises(InvalidMappingSet) as caught:
        run_tests(path, "a.yaml", SET, CATALOGUES)
    assert str(caught.value.diagnostics[0]).startswith(says)


def test_an_element_that_is_not_there_fails_the_test(tmp_path: Path) -> None:
    path = case(tmp_path / "a.yaml", "element: I9\n    expect: {fields: {name: Nut}}")
    (outcome,) = run_tests(path, "a.yaml", SET, CATALOGUES)
    assert str(outcome.differences[0]) == "element: there is I1 instead of I9"


def test_a_code_that_does_not_come_fails_the_test(tmp_path: Path) -> None:
    (outcome,) = run_tests(case(tmp_path / "a.yaml", "expect: {code: E241}"), "a.yaml", SET, CATALOGUES)
    assert str(outcome.differences[0]) == "code: none instead of E241"
