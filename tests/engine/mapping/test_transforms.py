"""Every transform does what its documentation shows, and refuses what it cannot do."""

from __future__ import annotations

import contextlib
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from jsonschema import Draft202012Validator

from engine.mapping.normalize import NORMALIZERS
from engine.mapping.transforms.patterns import longest
from engine.mapping.transforms.registry import ALL, TRANSFORMS, schemas
from engine.mapping.transforms.spec import PREFIX, BadArgument, Example, Transform
from engine.mapping.types import TEXT, of_literal
from engine.mapping.values import Unfit
from engine.specs.schema import with_generated
from engine.specs.validator import load_schema

EXAMPLES = [(one, example) for one in TRANSFORMS.values() for example in one.examples]


@pytest.mark.parametrize(("transform", "example"), EXAMPLES, ids=[f"{one.name} {e.argument}" for one, e in EXAMPLES])
def test_an_example_of_the_documentation_is_true(transform: Transform, example: Example) -> None:
    made = transform.build(example.argument)(example.given)
    assert made == example.becomes and type(made) is type(example.becomes)
    schema = {"$ref": f"#/$defs/{PREFIX}{transform.name}", "$defs": schemas()}
    assert list(Draft202012Validator(schema).iter_errors(example.argument)) == []


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=list(TRANSFORMS))
def test_every_transform_is_documented_and_typed(transform: Transform) -> None:
    assert transform.summary.endswith(".") and transform.examples
    example = transform.examples[-1]
    given = of_literal(example.given) if example.given is not None else TEXT
    becomes = transform.gives(given, example.argument)
    if example.becomes is not None and becomes.kind != "any":
        assert of_literal(example.becomes).family == becomes.family
        assert isinstance(example.becomes, list) == becomes.many


def test_the_schema_says_of_transforms_and_normalisers_what_they_say_themselves() -> None:
    schema = load_schema("mapping")
    assert with_generated(schema) == schema, "run `python -m engine.specs.schema`"


@pytest.mark.parametrize(
    ("name", "argument", "value"),
    [
        ("upper", True, Decimal(1)),
        ("upper", True, ["a"]),
        ("join", ", ", "a"),
        ("join", ", ", ["a", None]),
        ("choose", {"a": "b"}, "c"),
        ("number", True, "1,234.50"),
        ("number", True, "1e5"),
        ("number", True, "NaN"),
        ("number", True, ""),
        ("round", 2, "1.005"),
        ("boolean", True, "perhaps"),
        ("date", True, "31.01.2026"),
        ("date", True, "2026-02-30"),
        ("date", "%m/%d/%Y", "2026-01-31"),
        ("add_days", 1, "soon"),
        ("datetime", True, "noon"),
        ("email", True, "a@b.example, c@d.example"),
        ("email", True, "nobody"),
        ("phone", True, "none"),
        ("url", True, "javascript:alert(1)"),
        ("url", True, "https://ann:secret@example.com"),
        ("url", True, "n/a"),
        ("sum", True, [Decimal(1), "2"]),
        ("sum", True, Decimal(1)),
        ("percent", 19, "200"),
        ("pad", 5, Decimal(1)),
        ("regex", "a.*b.*c.*d", "x" * 5000),
        ("add_days", 1, "9999-12-31"),
        ("money", True, Decimal("1e200")),
    ],
)
def test_what_cannot_be_transformed_is_refused(name: str, argument: Any, value: Any) -> None:
    with pytest.raises(Unfit):
        TRANSFORMS[name].build(argument)(value)


@pytest.mark.parametrize(
    "pattern",
    ["(", "(a+)+b", "(a|a)*b", r"(a)\1", "(?=a)b", "(a{1,30}){1,30}", "(?:x?y)*", r"(\w+\s?)*$", "[z-a]"],
)
def test_a_pattern_that_cannot_be_read_or_could_take_for_ever_is_refused(pattern: str) -> None:
    with pytest.raises(BadArgument):
        TRANSFORMS["regex"].make(pattern)


@pytest.mark.parametrize(
    "pattern", [".*.*x", r"^\w+\s*\w+\s*$", "a{0,9}a{0,9}a{0,9}a{0,9}a*z", r"(\d+)-(\d+)-(\d+)", "a*a*a*a*z"]
)
def test_the_longest_text_that_a_pattern_looks_at_takes_a_moment(pattern: str) -> None:
    step, text = TRANSFORMS["regex"].build(pattern), "a" * longest(pattern)
    began = time.process_time()
    step(text)
    assert time.process_time() - began < 4


def test_what_is_put_in_the_place_of_a_pattern_names_groups_that_there_are() -> None:
    with pytest.raises(BadArgument):
        TRANSFORMS["regex"].make({"find": "(a)", "put": r"\2"})


VALUES = st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text()


@given(VALUES | st.lists(VALUES, max_size=4))
@settings(max_examples=150)
def test_a_transform_gives_a_value_or_says_that_it_cannot(value: Any) -> None:
    for transform in ALL:
        for example in transform.examples:
            if value is not None or transform.nulls:
                with contextlib.suppress(Unfit):
                    transform.build(example.argument)(value)


@pytest.mark.parametrize(
    ("name", "given", "same"),
    [
        ("company_name", "ACME, Inc.", "Acme Inc"),
        ("company_name", "The Acme Company LLC", "acme"),
        ("company_name", "Müller & Söhne GmbH & Co. KG", "Muller and Sohne"),
        ("company_name", "Société Générale S.A.", "societe generale SA"),
        ("company_name", "O’Brien's Bar Ltd.", "OBriens Bar"),
        ("company_name", "Ørsted A/S", "orsted"),
        ("company_name", "Vino S.p.A.", "Vino SpA"),
        ("company_name", "Tapas S.L.", "tapas"),
        ("company_name", "Bloemen B.V.", "bloemen bv"),
        ("company_name", "Nokia Oyj", "nokia"),
        ("company_name", "Dairy Ltd", "Dairy plc"),
        ("company_name", "Boulangerie Ltée", "boulangerie inc."),
        ("company_name", "Muller & Co", "Müller and Company"),
        ("company_name", "Autohaus Weiß KGaA", "autohaus weiss"),
        ("company_name", "Rossi S.r.l.s.", "ROSSI SRL"),
        ("company_name", "García S.L.U.", "Garcia sl"),
        ("company_name", "Jansen & Zn. C.V.", "jansen and zn"),
        ("company_name", "Fjord I/S", "FJORD ApS"),
        ("company_name", "Volvo Aktiebolag", "AB Volvo AB"[3:]),
        ("company_name", "東京", " 東京 "),
        ("company_name", "!!!", " !!! "),
        ("email", "Ann@Example.COM", " ann@example.com "),
        ("phone", "+1 (555) 010-2030", "555.010.2030 x12"),
        ("phone", "0049 30 901820", "+49 30 901820"),
        ("person_name", "Lee, Ann", "ANN LEE"),
        ("person_name", "José Núñez", "Jose Nunez"),
        ("exact", " A-1 ", "A-1"),
    ],
)
def test_what_differs_only_in_writing_is_one_match_value(name: str, given: str, same: str) -> None:
    values = NORMALIZERS[name].values
    assert values(given) == values(same) != []


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("company_name", "Sunrise Spa", "Sunrise LLC"),
        ("company_name", "Acme North", "Acme South"),
        ("company_name", "The Company", "Inc."),
        ("company_name", "The Co.", "Co."),
        ("company_name", "!!!", "???"),
        ("company_name", "The", "A"),
        ("email", "ann+a@example.com", "ann+b@example.com"),
        ("phone", "555 010 2030", "555 010 2031"),
        ("exact", "Retail", "retail"),
    ],
)
def test_what_is_only_alike_is_not_one_match_value(name: str, one: str, other: str) -> None:
    assert NORMALIZERS[name].values(one) != NORMALIZERS[name].values(other)


NAMES = st.text() | st.lists(
    st.sampled_from(["The", "Co.", "&", "and", "Inc", "GmbH", "S.p.A.", "SpA", "Acme", "Société", "A/S", "-", "ſ", "İ"])
).map(" ".join)


@given(NAMES)
@settings(max_examples=400)
def test_what_is_normalised_stays_when_it_is_normalised_again(text: str) -> None:
    for one in NORMALIZERS.values():
        once = one.values(text)
        assert one.values(once) == once, one.name


@given(NAMES)
@settings(max_examples=400)
def test_a_company_that_has_a_name_is_never_without_a_match_value(text: str) -> None:
    assert bool(NORMALIZERS["company_name"].values(text)) == bool(text.strip())


@pytest.mark.parametrize("name", NORMALIZERS)
@pytest.mark.parametrize("value", [None, "", "   ", [], [None, ""], Decimal(5), {}])
def test_nothing_gives_no_match_value(name: str, value: Any) -> None:
    assert NORMALIZERS[name].values(value) == []
