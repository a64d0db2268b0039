"""Our data about Pipedrive against Pipedrive's own: prices of calls, names of fields, types of custom fields."""

import csv
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

import pytest

from connectors.pipedrive import identity, wire
from connectors.pipedrive.entities import catalogue, left_out, only_read, sent_as, takes_null
from connectors.pipedrive.fields import pipedrive_type
from connectors.pipedrive.operations import Operation, operations
from engine.protocol import CustomField, Field
from tests.connectors.pipedrive.openapi import REFERENCE, plain_document

NEEDED = pytest.mark.skipif(not REFERENCE.is_dir(), reason="needs ../shared/reference/pipedrive")


@pytest.mark.reference
@NEEDED
def test_every_call_costs_what_pipedrive_says() -> None:
    with (REFERENCE / "token-costs.csv").open(newline="") as file:
        said = {(one["api_version"], one["method"], one["path"]): int(one["tokens"]) for one in csv.DictReader(file)}
    for name, one in operations().items():
        assert said[one.version, one.method, one.path] == one.tokens, name


ENTITIES = sorted(name for name in catalogue() if not name.endswith("_option"))
WRITTEN = [(name, verb) for name in ENTITIES for verb in ("create", "update") if f"{name}.{verb}" in operations()]
OWN_WAYS = {
    ("person", "name"): "The schema requires nothing; the service refuses a person without a name [facts: 5].",
    ("lead", "title"): "Nullable in an update; a lead without a title would be a mistake.",
}
TYPES = {
    "id": {"integer", "string"},
    "number": {"number", "integer"},
    "text": {"string"},
    "enum": {"string"},
    "boolean": {"boolean"},
    "date": {"string"},
    "datetime": {"string"},
    "address": {"object"},
    "object": {"object"},
}
UNTYPED = {("product", "visible_to"), ("filter", "visible_to")}
"""Fields whose schema names no type."""


@pytest.mark.reference
@NEEDED
@pytest.mark.parametrize("name", ENTITIES)
def test_an_entity_has_the_fields_of_pipedrives_document_and_no_others(name: str) -> None:
    entity, reasons = catalogue()[name], left_out(name)
    for verb in ("list", "get"):
        if f"{name}.{verb}" in operations():
            said = answered(operations()[f"{name}.{verb}"])
            compare(entity.fields, said.keys() - {"custom_fields"} if entity.custom else said.keys(), reasons)
            differing = [
                one.name for one in own(entity.fields) if (name, one.name) not in UNTYPED and not fits(one, said)
            ]
            assert differing == []
    for child in entity.children:
        said = answered(operations()["deal.lines"])
        compare(child.fields, said.keys(), left_out(name, child.name))
        assert [one.name for one in child.fields if not fits(one, said)] == []


@pytest.mark.reference
@NEEDED
@pytest.mark.parametrize(("name", "verb"), WRITTEN)
def test_what_can_be_written_is_what_pipedrives_document_takes(name: str, verb: str) -> None:
    entity, operation = catalogue()[name], operations()[f"{name}.{verb}"]
    taken, needed = request_keys(operation)
    written = {sent_as(name).get(one.name, one.name) for one in own(entity.fields) if one.writable}
    unwritten = left_out(name).keys() | only_read(name).keys()
    assert written - taken.keys() == set(), "what Pipedrive does not take"
    assert taken.keys() - written - {"custom_fields"} - unwritten == set(), "what nobody says a word about"
    assert (unwritten & written) == set(), "what is said to be left out and is not"
    if verb == "create":
        required = {one.name for one in own(entity.fields) if one.required} - {
            key for at, key in OWN_WAYS if at == name
        }
        assert required == needed - {key for at, key in OWN_WAYS if at == name}
    for field in own(entity.fields):
        enum = taken.get(field.name, {}).get("enum")
        if field.writable and enum and field.type != "id":
            assert [str(one) for one in enum] == list(field.options), field.name
    if verb == "update":  # a create leaves out what is empty
        assert [one for one in takes_null(name) if not taken[one].get("nullable")] == []


@pytest.mark.reference
@NEEDED
def test_a_line_takes_what_the_document_takes() -> None:
    fields = catalogue()["deal"].children[0].fields
    taken, needed = request_keys(operations()["deal.line_create"])
    written = {one.name for one in fields if one.writable}
    assert taken.keys() - left_out("deal", "products").keys() == written
    assert {one.name for one in fields if one.required} == needed


def test_only_fields_that_do_not_stand_in_the_catalogue_have_a_reason_for_it() -> None:
    for name in ENTITIES:
        entity = catalogue()[name]
        known = {one.name for one in entity.fields}
        assert known & left_out(name).keys() == set()
        assert not any(entity.field(one).writable for one in only_read(name) if entity.field(one))  # type: ignore[union-attr]


def own(fields: tuple[Field, ...]) -> list[Field]:
    return [one for one in fields if one.derived is None and one.related is None]


def compare(fields: tuple[Field, ...], said: Collection[str], reasons: Mapping[str, str]) -> None:
    names = {one.name for one in own(fields)}
    assert names - set(said) == set(), "what Pipedrive does not know"
    assert set(said) - names - reasons.keys() == set(), "what nobody says a word about"


def fits(field: Field, said: Mapping[str, Any]) -> bool:
    """Whether the schema's type can hold what the catalogue says."""
    schema = said[field.name]
    if field.many != (schema.get("type") == "array"):
        return False
    if field.many:
        schema = schema["items"]
    inner = flat(schema)[0]
    known = all(one.name in inner and fits(one, inner) for one in field.fields)
    return known and schema.get("type", "object" if inner else None) in TYPES[field.type]


def answered(operation: Operation) -> Mapping[str, Any]:
    """The properties of the records in an operation's answer."""
    answers = spoken(operation)["responses"]
    schema = (answers.get("200") or answers["201"])["content"]["application/json"]["schema"]
    data = flat(schema)[0]["data"]
    return flat(data.get("items", data))[0]


def request_keys(operation: Operation) -> tuple[Mapping[str, Any], set[str]]:
    """The properties of an operation's body, and which of them it requires."""
    return flat(spoken(operation)["requestBody"]["content"]["application/json"]["schema"])


def spoken(operation: Operation) -> Mapping[str, Any]:
    said: Mapping[str, Any] = plain_document(operation.version)["paths"][operation.path][operation.method.lower()]
    return said


def flat(schema: Mapping[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """All properties of a schema and its parts, and all that is required."""
    keys, needed = dict(schema.get("properties", {})), set(schema.get("required", ()))
    for part in (*schema.get("allOf", ()), *schema.get("oneOf", ()), *schema.get("anyOf", ())):
        more, also = flat(part)
        keys, needed = keys | more, needed | also
    return keys, needed


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        (CustomField("x", "text", length=255), "varchar"),
        (CustomField("x", "text", length=256), "text"),
        (CustomField("x", "text"), "text"),
        (CustomField("x", "number"), "double"),
        (CustomField("x", "number", money=True), "monetary"),
        (CustomField("x", "date"), "date"),
        (CustomField("x", "enum", options=("a",)), "enum"),
        (CustomField("x", "enum", many=True, options=("a",)), "set"),
    ],
)
def test_a_made_field_has_the_type_that_holds_the_values(wanted: CustomField, made: str) -> None:
    assert pipedrive_type(wanted) == made


@pytest.mark.parametrize(
    "rewritten",
    [
        "<p>Paid</p><p><small>QuickBooks ID: cf/A/1<br>QuickBooks ID: cf/B &amp; C/2</small></p>",
        "<div>Paid</div>\n<div>QuickBooks ID: cf/A/1<br />\nQuickBooks&nbsp;ID: cf/B &amp; C/2</div>",
        "Paid<br><br>QuickBooks ID: cf/A/1 QuickBooks ID: cf/B &amp; C/2",
        '<p class="x">Paid</p><p><small style="a">QuickBooks ID:&nbsp;cf/A/1</small></p>'
        "<p><span>QuickBooks ID: </span>cf/B &amp; C/2</p><p> </p>",
    ],
)
def test_identity_lines_of_a_note_survive_another_html(rewritten: str) -> None:
    assert identity.from_note(rewritten) == ("cf/A/1", "cf/B & C/2")


def test_words_of_a_person_are_no_identity() -> None:
    assert identity.from_note("<p>What is the QuickBooks ID: 5 of this?</p>") == ()
    assert identity.from_note("<p>QuickBooks ID: 5</p><p>he wrote</p>") == ()
    assert identity.from_note(None) == ()


def test_identity_lines_are_replaced_and_taken_away() -> None:
    note = identity.to_note("<p>Paid</p>", ["cf/A/1"])
    assert identity.from_note(identity.to_note(note, ["cf/A/1", "cf/B/2"])) == ("cf/A/1", "cf/B/2")
    assert identity.without(note) == "<p>Paid</p>"
    assert identity.to_note(note, []) == "<p>Paid</p>"


def test_numbers_cross_the_wire_digit_for_digit() -> None:
    text = b'{"a":1234567890.10,"b":0.1,"c":7,"d":12345678901234567.89}'
    assert wire.write(wire.read(text)) == text
    assert wire.read(b"1.10") == Decimal("1.10")
    with pytest.raises(wire.Unreadable):
        wire.read(b"<html>")
