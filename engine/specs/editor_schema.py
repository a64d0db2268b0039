"""The JSON Schema from which editors complete mappings: what validate checks of a file's shape, and all known names.

Beside schemas/mapping.schema.json, which validate itself reads, it says in JSON Schema what the reader says in code
(E116, E117, E119), and which entities, fields, mappings and settings there are.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, Final

from engine.mapping.transforms.registry import TRANSFORMS
from engine.mapping.types import Type, of_entity
from engine.protocol import Catalogue, Entity, Field, Names
from engine.specs.model import MappingSet
from engine.specs.presets import load_set, presets
from engine.specs.reader import SOURCES
from engine.specs.validator import load_schema

Schema = dict[str, Any]
_DEEP: Final = 2
"""Levels of a source's fields that are offered: Email, ParentRef.ListID."""


def shape_schema() -> Schema:
    """The mapping schema with the rules of structure that validate leaves to the reader."""
    schema = copy.deepcopy(load_schema("mapping"))
    names = sorted(TRANSFORMS.keys() - {"default"})
    schema["$defs"]["rule-block"] |= {
        "allOf": [
            {"oneOf": [{"required": [name]} for name in SOURCES]},
            {"oneOf": [{"required": [name]} for name in (*names, "transform")]
             + [{"not": {"anyOf": [{"required": [name]} for name in (*names, "transform")]}}]},
        ],
        "dependentRequired": {"via": ["from"], "otherwise": ["via"]},
    }  # fmt: skip
    schema["$defs"]["without-null"] = {
        "not": {"const": None},
        "additionalProperties": {"$ref": "#/$defs/without-null"},
    }
    whole = {"additionalProperties": {"required": ["each", "key", "fields"]}}
    schema["then"] |= {
        "additionalProperties": {"$ref": "#/$defs/without-null"},
        "properties": {"children": whole},
    }
    return schema


def editor_schema(
    catalogues: Mapping[str, Catalogue], set: MappingSet | None = None, names: Mapping[str, Names] | None = None
) -> Schema:
    """The shape, with every entity and field of the catalogues; with a connection's set and its systems' own names,
    also its mappings, settings, custom fields and options."""
    schema = shape_schema()
    names = names or {}
    places = [(system, entity) for system, catalogue in catalogues.items() for entity in catalogue.values()]
    for system, entity in places:
        own = names.get(system, Names())
        schema["$defs"][f"from {system}.{entity.name}"] = _source(system, entity, own)
        schema["$defs"][f"to {system}.{entity.name}"] = _target(system, entity, own)
    sources = [f"{system}.{entity.name}" for system, entity in places]
    targets = [f"{system}.{entity.name}" for system, entity in places]
    properties = schema["properties"]
    properties["from"] = {**properties["from"], "enum": sources}
    properties["to"] = {**properties["to"], "enum": targets}
    schema["allOf"] = [
        {"if": {"properties": {way: {"const": one}}, "required": [way]}, "then": {"$ref": f"#/$defs/{way} {one}"}}
        for way, each in (("from", sources), ("to", targets))
        for one in each
    ]
    schema["allOf"] += list(_extending())
    properties["extends"] = {**properties["extends"], "examples": [one for one, _ in _extendable()]}
    if set is not None:
        block = schema["$defs"]["rule-block"]["properties"]
        block["via"] = {**block["via"], "enum": [one.name for one in set.mappings]}
        block["setting"] = {**block["setting"], "enum": list(set.settings)}
    return schema


def _extendable() -> list[tuple[str, tuple[str, str]]]:
    """What extends may name, with the source and target that comes along."""
    return [
        (f"{preset}/{one.name}", (one.source.text, one.target.text))
        for preset in presets()
        for one in load_set(preset).mappings
    ]


def _extending() -> Iterator[Schema]:
    for name, (source, target) in _extendable():
        parts = [{"$ref": f"#/$defs/from {source}"}, {"$ref": f"#/$defs/to {target}"}]
        yield {"if": {"properties": {"extends": {"const": name}}, "required": ["extends"]}, "then": {"allOf": parts}}


# ---------------------------------------------------------------------------------------------------- what is read
def _source(system: str, entity: Entity, names: Names) -> Schema:
    record = of_entity(entity, f"{system}.{entity.name}")
    custom = [f'custom."{one.name}"' for one in names.custom.get(entity.name, ())]
    paths = {"examples": [*_paths(record), *custom]}
    rules = {"additionalProperties": {**paths, "if": {"type": "object"}, "then": {"properties": {"from": paths}}}}
    return {
        "properties": {
            "fields": rules,
            "custom": rules,
            "match": {"items": {"properties": {"source": paths}}},
            "one_per": {"items": paths},
            "each": {"examples": [name for name, one in (record.fields or {}).items() if one.many]},
        }
    }


def _paths(of: Type, before: str = "", deep: int = _DEEP) -> Iterator[str]:
    for name, one in (of.fields or {}).items():
        yield f"{before}{name}"
        if deep > 1 and one.fields and not one.many:
            yield from _paths(one, f"{before}{name}.", deep - 1)


# ------------------------------------------------------------------------------------------------- what is written
def _target(system: str, entity: Entity, names: Names) -> Schema:
    own = names.values.get(entity.name, {})
    fields = {one.name: _field(one, own.get(one.name, one.options)) for one in entity.fields if one.writable}
    rules = {"properties": fields, "propertyNames": {"enum": list(fields)}}
    custom: Schema = {"properties": {one.name: _field(one, one.options) for one in names.custom.get(entity.name, ())}}
    if not entity.custom:
        custom = {"maxProperties": 0, "description": f"{system}.{entity.name} has no custom fields."}
    gone = {"properties": {"fields": rules, "custom": custom}}
    lists = {one.name: {"properties": {"fields": _children(one.fields)}} for one in entity.children}
    targets = [*fields, *(f"custom.{one.name}" for one in names.custom.get(entity.name, ()))]
    return {
        "properties": {
            "fields": rules,
            "custom": custom,
            "match": {"items": {"properties": {"target": {"examples": targets}}}},
            "children": {"properties": lists, "propertyNames": {"enum": list(lists)}},
            **{f"when_{kind}": gone for kind in ("deleted", "voided", "gone")},
        }
    }


def _children(fields: tuple[Field, ...]) -> Schema:
    made = {one.name: _field(one, one.options) for one in fields if one.writable}
    return {"properties": made, "propertyNames": {"enum": list(made)}}


def _field(one: Field, options: tuple[str, ...]) -> Schema:
    words = [one.help or one.derived or "", f"{'A list of ' if one.many else ''}{one.type}."]
    words += ["Needed to create a record."] if one.required else []
    words += [f"The key of a record of {one.refers}: use via."] if one.refers else []
    schema: Schema = {"description": " ".join(filter(None, words)).replace("..", ".")}
    if options:
        value = {"properties": {"value": {"enum": list(options)}}}
        schema |= {"if": {"type": "object"}, "then": value, "examples": [{"value": one} for one in options]}
    return schema
