"""Values as elements: whatever is made is valid by the schema and parsed by the simulator; the rest is Unfit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from lxml import etree

from connectors.quickbooks_desktop import notation
from connectors.quickbooks_desktop.entities import Change, sources
from connectors.quickbooks_desktop.notation import Shape
from connectors.quickbooks_desktop.qbxml import Ask, message_set
from connectors.quickbooks_desktop.shaping import Unfit, elements, means, rounded
from connectors.quickbooks_desktop.simulator import grammar
from connectors.quickbooks_desktop.texts import safe

WRITTEN = ("Customer", "Invoice", "Estimate", "SalesOrder")
TEXTS = st.text(max_size=60)
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=7)


def of(shape: Shape) -> st.SearchStrategy[Any]:
    """Values that a mapping may draft for a field, also such as QuickBooks cannot take."""
    if shape.word == "ref":
        return st.none() | TEXTS | st.fixed_dictionaries({"ListID": st.just("80000001-1")})
    if shape.word == "address":
        common = {"lines": st.lists(TEXTS, max_size=6), "city": st.none() | TEXTS, "country": st.none() | TEXTS}
        return st.none() | st.fixed_dictionaries({}, optional=common) | TEXTS
    if shape.word == "boolean":
        return st.none() | st.booleans()
    if shape.word in notation.NUMBERS:
        return st.none() | NUMBERS | st.integers(-1000, 1000)
    if shape.options:
        return st.sampled_from(shape.options) | TEXTS
    if shape.word == "date":
        return st.none() | st.dates().map(str)
    return st.none() | TEXTS


@st.composite
def messages(draw: st.DrawFn) -> tuple[str, Change, dict[str, Any]]:
    name = draw(st.sampled_from(WRITTEN))
    source = sources()[name]
    kind, change = draw(st.sampled_from([(f"{name}Add", source.add), (f"{name}Mod", source.mod)]))
    assert change is not None
    writable = {field.name for field in source.entity.fields if field.writable}
    shapes = [one for one in change.shapes if one.name in writable and one.word != "object"]
    chosen = draw(st.lists(st.sampled_from(shapes), max_size=8, unique_by=lambda one: one.name))
    values = {one.name: draw(of(one)) for one in chosen}
    own = {source.entity.key: "1A-1", "EditSequence": "1", "Name": "N", "CustomerRef": {"FullName": "C"}}
    values = {**{field: own[field] for field in change.required}, **values}
    if source.line and kind.endswith("Add"):
        (inside,) = (one.children for one in change.shapes if one.name == source.line)
        given = {field.name for field in source.entity.children[0].fields}
        line = {one.name: of(one) for one in inside if one.name in given}
        values[source.line] = draw(st.lists(st.fixed_dictionaries({}, optional=line), min_size=1, max_size=3))
    return kind, change, values


@pytest.mark.reference
@settings(max_examples=150)
@given(made=messages())
def test_every_write_is_valid_by_the_schema_and_parsable(
    qbxml_schema: etree.XMLSchema, made: tuple[str, Change, dict[str, Any]]
) -> None:
    kind, change, values = made
    try:
        parts = elements(change.shapes, values)
    except Unfit as unfit:
        lines = [one for value in values.values() if isinstance(value, list) for one in value]
        assert any(unfit.field.split(".")[0] in one for one in (values, *lines))
        return
    text = message_set([Ask(kind, ((kind, parts),), {"requestID": "w"})], "13.0", new="0123456789abcdef-1")
    qbxml_schema.assertValid(etree.fromstring(text.encode()))
    grammar.parse(text)
    written = etree.fromstring(text.encode())[0][0][0]
    shapes = {shape.name: shape for shape in change.shapes}
    for name, value in values.items():
        shape = shapes[name]
        if shape.word not in notation.NESTED and shape.word != "boolean" and value is not None:
            assert means(shape, value, written.findtext(name)), name


@given(text=st.text())
def test_a_safe_text_stays_as_it_is_and_can_be_held(text: str) -> None:
    made = safe(text).text
    assert made.isascii() or made.encode("latin-1")
    assert safe(made).text == made
    assert not any(ord(one) < 32 and one not in "\t\n" for one in made)


@pytest.mark.parametrize(
    ("given_", "kept", "changed"),
    [
        ("Müller & Söhne", "Müller & Söhne", ""),
        ("Mu\u0308ller", "Müller", ""),
        ("“Łódź” – 5 €…", '"Lódz" - 5 EUR...', "“Łź”–€…"),
        ("a\r\nb\x00c", "a\nbc", "\x00"),
        ("日本", "??", "日本"),
    ],
)
def test_pain_10_text_is_spelt_with_what_quickbooks_has(given_: str, kept: str, changed: str) -> None:
    assert (safe(given_).text, safe(given_).changed) == (kept, changed)


@pytest.mark.parametrize(
    ("word", "number", "shown"),
    [("amount", "5", "5.00"), ("amount", "1.005", "1.01"), ("price", "1.500000", "1.5"), ("price", "100", "100"),
     ("quantity", "1E+2", "100")],
)  # fmt: skip
def test_numbers_are_written_without_exponents(word: str, number: str, shown: str) -> None:
    assert f"{rounded(word, Decimal(number)):f}" == shown


def test_pain_1_the_order_is_the_messages_whatever_order_values_come_in() -> None:
    change = sources()["Invoice"].mod
    assert change is not None
    made = elements(change.shapes, {"Other": "o", "Memo": "m", "EditSequence": "1", "TxnID": "1-1", "PONumber": "7"})
    assert [name for name, _ in made] == ["TxnID", "EditSequence", "PONumber", "Memo", "Other"]


@pytest.mark.parametrize("value", [True, {"a": 1}, "x" * 4096])
def test_what_is_no_text_or_too_long_is_unfit(value: object) -> None:
    change = sources()["Invoice"].mod
    assert change is not None
    with pytest.raises(Unfit, match="Memo"):
        elements(change.shapes, {"Memo": value})
