"""YAML is read strictly: every value as it is written, every place known."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from engine.specs.diagnostics import InvalidMappingSet
from engine.specs.loader import MAX_CHARACTERS, load_file, load_text


@pytest.mark.parametrize(
    "text",
    ["8000000E-1700000014", "01234", "1E5", "no", "yes", "on", "12:30", "0x10", "2026-01-01", "~", "True", "NULL", "-0",
     "1.", ".5", "+1", "1_000", "0o7", "12345678901234567890", "=", "1.2.3"],
)  # fmt: skip
def test_a_plain_scalar_that_only_looks_like_something_stays_text(text: str) -> None:
    assert load_text(f"a: {text}", "f").plain() == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [("12", 12), ("-7", -7), ("0", 0), ("1.10", Decimal("1.10")), ("-0.5", Decimal("-0.5")), ("true", True),
     ("false", False), ("null", None), ("'12'", "12"), ('"true"', "true"), ("|\n  5", "5")],
)  # fmt: skip
def test_numbers_truth_and_null_are_read_where_they_are_written_exactly_so(text: str, value: object) -> None:
    read = load_text(f"a: {text}", "f").plain()["a"]
    assert read == value and type(read) is type(value)


def test_a_decimal_keeps_its_digits() -> None:
    assert str(load_text("a: 1.10", "f").plain()["a"]) == "1.10"


def test_keys_are_text_whatever_they_look_like() -> None:
    assert load_text("{on: a, 1: b, true: c, null: d, 1.0: e}", "f").plain().keys() == {
        "on",
        "1",
        "true",
        "null",
        "1.0",
    }


def test_every_value_and_key_knows_its_place() -> None:
    root = load_text("a:\n  b: 'c'\n  d: [1, two]\n", "some.yaml")
    assert str(root.at("a", "b").mark) == "some.yaml:2:6"
    assert str(root.at("a", "b").key) == "some.yaml:2:3"
    assert str(root.at("a", "d", 1).mark) == "some.yaml:3:10"
    assert str(root.at("a", "b").mark.inside(0)) == "some.yaml:2:7"


def test_a_place_inside_a_block_of_text_counts_lines() -> None:
    root = load_text("a: |\n    first\n    second\n", "f")
    assert str(root.at("a").mark.inside(len("first\nsec"))) == "f:3:8"


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a: 1\nb: 2\na: 3", "E102", 3, 1),
        ("a: 'x", "E101", 1, 4),
        ("a: b: c", "E101", 1, 5),
        ("a:\n\tb: 1", "E101", 2, 1),
        ("", "E101", 1, 1),
        ("a: 1\n---\nb: 2", "E101", 2, 1),
        ("a: !secret x", "E103", 1, 4),
        ("a: !!python/object:os.system x", "E103", 1, 4),
        ("a: &x [*x]", "E104", 1, 4),
        ("a: &x 1\nb: [" + "*x, " * 101 + "]", "E104", 2, 405),
        ("[" * 41, "E105", 1, 41),
        ("? [1]\n: 2", "E106", 1, 3),
        ("a: 1\nb:\nc: 2", "E107", 2, 1),
        ("a: {}\n<<: {b: 1}", "E108", 2, 1),
    ],
)
def test_what_yaml_would_let_pass_is_refused_at_its_place(text: str, code: str, line: int, column: int) -> None:
    with pytest.raises(InvalidMappingSet) as refused:
        load_text(text, "f")
    first = refused.value.diagnostics[0]
    assert (first.code, first.line, first.column) == (code, line, column)


def test_aliases_cannot_multiply_into_a_flood() -> None:
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 10))
    with pytest.raises(InvalidMappingSet, match="E104"):
        load_text("l0: &l0 [1]\n" + levels, "f")


def test_a_text_of_a_million_characters_is_refused() -> None:
    with pytest.raises(InvalidMappingSet, match="E105"):
        load_text("#" * (MAX_CHARACTERS + 1), "f")


def test_a_file_that_is_not_there_is_a_finding_not_an_accident(tmp_path: Path) -> None:
    with pytest.raises(InvalidMappingSet, match=r"E109 .*gone\.yaml"):
        load_file(tmp_path / "gone.yaml")


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"a: \xff")
    with pytest.raises(InvalidMappingSet, match="UTF-8"):
        load_file(tmp_path / "a.yaml", "mappings/a.yaml")
