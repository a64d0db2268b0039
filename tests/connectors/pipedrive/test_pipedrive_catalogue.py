"""Our data about Pipedrive against Pipedrive's own: prices of calls, names of fields, types of custom fields."""

import csv
from decimal import Decimal

import pytest

from connectors.pipedrive import identity, wire
from connectors.pipedrive.entities import catalogue
from connectors.pipedrive.fields import pipedrive_type
from connectors.pipedrive.operations import operations
from engine.protocol import CustomField, Field
from tests.connectors.pipedrive.openapi import REFERENCE, plain_document, response_keys

NEEDED = pytest.mark.skipif(not REFERENCE.is_dir(), reason="needs ../shared/reference/pipedrive")
CHILD_NAMES = {"emails", "phones", "prices"}


@pytest.mark.reference
@NEEDED
def test_every_call_costs_what_pipedrive_says() -> None:
    with (REFERENCE / "token-costs.csv").open(newline="") as file:
        said = {(one["api_version"], one["method"], one["path"]): int(one["tokens"]) for one in csv.DictReader(file)}
    for name, one in operations().items():
        assert said[one.version, one.method, one.path] == one.tokens, name


@pytest.mark.reference
@NEEDED
@pytest.mark.parametrize("name", sorted(one for one in catalogue() if not one.endswith("_option")))
def test_every_field_of_the_catalogue_stands_in_pipedrives_document(name: str) -> None:
    entity = catalogue()[name]
    for verb in ("list", "get"):
        one = operations().get(f"{name}.{verb}")
        if one is not None:
            keys = response_keys(one.version, one.method, one.path)
            assert own_names(entity.fields) <= keys
            assert entity.key in keys
    for verb in ("create", "update"):
        one = operations().get(f"{name}.{verb}")
        if one is not None:
            writable = {field.name for field in entity.fields if field.writable and field.derived is None}
            assert writable <= request_keys(one.version, one.method, one.path)
    for children in entity.children:
        assert own_names(children.fields) <= response_keys("v2", "GET", "/deals/{id}/products")
        sent = {field.name for field in children.fields if field.writable}
        assert sent <= request_keys("v2", "POST", "/deals/{id}/products")


def own_names(fields: tuple[Field, ...]) -> set[str]:
    return {field.name for field in fields if field.derived is None and field.related is None}


def request_keys(version: str, method: str, path: str) -> set[str]:
    operation = plain_document(version)["paths"][path][method.lower()]
    keys: set[str] = set()

    def collect(schema: dict) -> None:  # type: ignore[type-arg]
        keys.update(schema.get("properties", {}))
        for part in (*schema.get("allOf", ()), *schema.get("oneOf", ()), *schema.get("anyOf", ())):
            collect(resolved(part))

    def resolved(schema: dict) -> dict:  # type: ignore[type-arg]
        for step in schema["$ref"].split("/")[1:] if "$ref" in schema else ():
            schema = plain_document(version) if step == "components" else schema
            schema = schema[step]
        return schema

    collect(resolved(operation["requestBody"]["content"]["application/json"]["schema"]))
    return keys


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
