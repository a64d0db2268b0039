"""Editors and `engine validate` agree on what a mapping file may look like."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import mappings
from engine.protocol import Field, Names
from engine.registry import Registry
from engine.specs.editor_schema import editor_schema, shape_schema
from engine.specs.examples import EXAMPLES
from engine.specs.loader import load_file, load_text
from engine.specs.presets import load_set
from engine.specs.reader import read_mapping
from engine.specs.validator import load_schema, validate

BUILT_IN = [one for one in Path(mappings.__path__[0]).glob("*.yaml") if one.name != "preset.yaml"]
CATALOGUES = Registry.load().catalogues
SHAPE = Draft202012Validator(shape_schema())
STRUCTURE = {"E110", "E111", "E112", "E113", "E114", "E115", "E116", "E117", "E119", "E237"}
FILES = 1_000


def good() -> list[dict[str, Any]]:
    return [load_file(path).plain() for path in BUILT_IN]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) in a value."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield value, key
        yield from places(inner)


def mutated(dice: random.Random) -> dict[str, Any]:
    """A good mapping with one to three changes that somebody might make."""
    wholes = good()
    made = dice.choice(wholes)
    pieces = [held[key] for whole in wholes for held, key in places(whole)]
    for _ in range(dice.randint(1, 3)):
        held, key = dice.choice(list(places(made)))
        match dice.randint(0, 5):
            case 0:
                del held[key]
            case 1:
                held[key] = dice.choice([None, True, 5, "", "x", [], ["x"], {}, {"x": 1}])
            case 2 if isinstance(held, dict):
                other, name = dice.choice([one for one in places(dice.choice(wholes)) if isinstance(one[1], str)])
                held[name] = json.loads(json.dumps(other[name], default=str))
            case 3 if isinstance(held, dict):
                held[f"{key}s"] = held.pop(key)
            case 4 if isinstance(held, dict):
                held[dice.choice(["via", "value", "setting", "template", "lower", "transform", "write", "key"])] = "x"
            case _:
                held[key] = json.loads(json.dumps(dice.choice(pieces), default=str))
    return made


@pytest.mark.parametrize("seed", range(10))
def test_schema_and_validator_agree_on_a_thousand_files(seed: int) -> None:
    dice = random.Random(seed)
    bad = 0
    for _ in range(FILES // 10):
        text = json.dumps({**mutated(dice)}, default=str)
        node = load_text(text, "mapping.yaml")
        found = validate(node, "mapping")
        codes = {one.code for one in found or read_mapping(node)[1]} & STRUCTURE
        errors = [error.message for error in SHAPE.iter_errors(node.plain())]
        assert bool(codes) == bool(errors), (text, codes, errors)
        bad += bool(codes)
    assert FILES // 40 < bad < FILES // 10  # neither all good nor all bad


@pytest.mark.parametrize("code", sorted(STRUCTURE - {"E119"}))
def test_the_examples_of_structural_codes_are_wrong_and_right_for_editors_too(code: str) -> None:
    """E119 takes what is extended to know."""
    example = EXAMPLES[code]
    assert list(SHAPE.iter_errors(load_text(example.wrong, "wrong").plain()))
    assert not list(SHAPE.iter_errors(load_text(example.right, "right").plain()))


@pytest.fixture(scope="module")
def whole() -> Draft202012Validator:
    names = Names(
        {"organization": (Field("Region", "enum", options=("East", "West")),)}, {"deal": {"stage": ("Sales / New",)}}
    )
    schema = editor_schema(CATALOGUES, load_set("preset:default"), {"pipedrive": names})
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_the_built_in_set_and_every_right_example_are_valid_with_all_names() -> None:
    plain = Draft202012Validator(editor_schema(CATALOGUES))
    rights = [load_text(one.right, one.file).plain() for one in EXAMPLES.values()]
    for made in (*good(), *(one for one in rights if "mapping" in one)):
        assert not [error.message for error in plain.iter_errors(made)], made


DEAL = "mapping: deals\nfrom: quickbooks_desktop.Estimate\nto: pipedrive.deal\nfields:\n  title: RefNumber\n  {0}\n"
CUSTOMERS = "mapping: customers\nextends: preset:default/customers\n{0}\n"


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        (DEAL.format("value: TotalAmount"), None),
        (DEAL.format("valeu: TotalAmount"), "valeu"),
        (DEAL.format("stage: {value: Sales / New}"), None),
        (DEAL.format("stage: {value: Sales / Old}"), "Sales / Old"),
        (DEAL.format("org_id: {from: CustomerRef.ListID, via: customers}"), None),
        (DEAL.format("org_id: {from: CustomerRef.ListID, via: customer}"), "customer"),
        (DEAL.format("stage: {setting: stge}"), "stge"),
        (CUSTOMERS.format("custom: {Region: {value: East}}"), None),
        (CUSTOMERS.format("custom: {Region: {value: North}}"), "North"),
        (CUSTOMERS.format("fields: {adress: BillAddress}"), "adress"),
        ("mapping: x\nfrom: quickbooks_desktop.Customers\nto: pipedrive.deal\n", "quickbooks_desktop.Customers"),
    ],
)
def test_an_editor_knows_the_accounts_own_names(whole: Draft202012Validator, text: str, refused: str | None) -> None:
    found = [error.message for error in whole.iter_errors(load_text(text, "x").plain())]
    assert bool(found) == (refused is not None), found
    assert all(f"'{refused}'" in one for one in found)


def test_what_can_be_selected_is_offered() -> None:
    schema = editor_schema(CATALOGUES, names={"pipedrive": Names({"deal": (Field("Region"),)})})
    offered = schema["$defs"]["from quickbooks_desktop.Customer"]["properties"]["fields"]["additionalProperties"]
    assert {"Email", "ParentRef.ListID"} <= set(offered["examples"])
    deal = schema["$defs"]["from pipedrive.deal"]["properties"]["match"]["items"]["properties"]["source"]
    assert 'custom."Region"' in deal["examples"]


def test_the_shape_for_editors_leaves_what_validate_reads_as_it_is() -> None:
    assert "without-null" in shape_schema()["$defs"]
    assert "without-null" not in load_schema("mapping")["$defs"]
