"""Checks a file's shape against its JSON Schema, and says what is wrong in words, at the place."""

from __future__ import annotations

import json
from collections.abc import Callable, Container
from dataclasses import replace
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from engine.mapping.transforms.registry import TRANSFORMS
from engine.mapping.values import shown
from engine.specs.diagnostics import Diagnostic, finding, nearest
from engine.specs.loader import Node

_TYPES = {"string": "text", "object": "a block", "array": "a list", "boolean": "true or false", "null": "null",
          "integer": "a whole number", "number": "a number"}  # fmt: skip

_HEAD = ("mapping", "from", "to", "extends", "each")
"""What all other names of a mapping hang on."""
_SHAPES = {
    "a block": "Write lines of name: value, or {name: value}.",
    "a list": "Write [A, B], or lines that begin with - .",
    "true or false": "Write true or false, without quotes.",
    "a whole number": "Write digits, without quotes.",
    "a number": "Write digits, without quotes.",
}


def validate(root: Node, schema: str) -> list[Diagnostic]:
    """What is wrong with the shape of a file; `schema` is mapping, preset, ... Empty if nothing is."""
    found: list[Diagnostic] = []
    for error in _validator(schema).iter_errors(root.plain()):
        found += findings(root, error)
    return found


def without_faults(root: Node, schema: str) -> Node | None:
    """What is left of a mapping when each entry at fault is taken out whole, so that the rest can be checked too.

    None where that leaves nothing to check: names are missing at its head, or it is no mapping.
    """
    faults: set[tuple[str | int, ...]] = set()
    for error in _validator(schema).iter_errors(root.plain()):
        path = tuple(error.absolute_path)
        if error.validator != "additionalProperties" or _rule(path):
            faults.add(_rule(path) or path[: 2 if path[:1] == ("match",) else 1])
        elif isinstance(error.schema, dict):
            known = error.schema.get("properties", {})
            faults.update((*path, name) for name in root.at(*path).block if name not in known)
    heads = [str(path[0]) for path in faults if len(path) == 1]
    if schema != "mapping" or () in faults or any(one in _HEAD or nearest(one, _HEAD) for one in heads):
        return None
    return _pruned(root, faults, ())


def _rule(path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The path of the rule that a place belongs to; empty for a place in none."""
    blocks = [at for at, part in enumerate(path[:-1]) if part in ("fields", "custom")]
    return path[: blocks[-1] + 2] if blocks else ()


def _pruned(node: Node, faults: Container[tuple[str | int, ...]], path: tuple[str | int, ...]) -> Node:
    if isinstance(node.value, dict):
        left = {
            name: _pruned(one, faults, (*path, name)) for name, one in node.value.items() if (*path, name) not in faults
        }
        kept = {name: one for name, one in left.items() if one.block or not node.value[name].block}  # none made empty
        return Node(kept, node.mark, node.key)
    if isinstance(node.value, list):
        items = [_pruned(one, faults, (*path, at)) for at, one in enumerate(node.value) if (*path, at) not in faults]
        return Node(items, node.mark, node.key)
    return node


@cache
def load_schema(name: str) -> dict[str, Any]:
    """The JSON Schema `schemas/NAME.schema.json`."""
    text = files("schemas").joinpath(f"{name}.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(load_schema(name))


def findings(root: Node, error: ValidationError) -> list[Diagnostic]:
    """What one error of a schema means, in words and at its place."""
    node = root.at(*error.absolute_path)
    if "propertyNames" in error.absolute_schema_path:
        return _name(node, error)
    described = _WORDS.get(str(error.validator), _other)(node, error)
    about = _about(error)
    described = [one if one.hint or one.code == "E110" else replace(one, hint=about) for one in described]
    if _is_argument(error):
        where = next(str(part) for part in reversed(error.absolute_path) if part in TRANSFORMS)
        argument = TRANSFORMS[where].examples[0].argument
        example = "" if isinstance(argument, (dict, list)) else f"For example {where}: {shown(argument)}."
        return [
            replace(one, code="E237", message=f"{where}: {one.message}", hint=one.hint or example) for one in described
        ]
    return described


def _about(error: ValidationError) -> str:
    """What the schema says of the place: a key's own words, or an example."""
    schema: Any = error.schema
    if not isinstance(schema, dict) or error.validator in ("required", "additionalProperties"):
        return ""
    if schema.get("type") in ("object", "array") or "description" not in schema:
        example = next((one for one in schema.get("examples", ()) if isinstance(one, str)), "")
        return f"For example: {example}." if example else ""
    return str(schema["description"])


def _is_argument(error: ValidationError) -> bool:
    """Whether the fault lies behind a transform's name. (A rule's own `default` is more than the transform.)"""
    path = list(error.absolute_schema_path)
    names = TRANSFORMS.keys() - {"default"}
    return any(one == "properties" and name in names for one, name in pairwise(path))


def _unknown(node: Node, error: ValidationError) -> list[Diagnostic]:
    known: list[str] = list(error.schema.get("properties", {}))  # type: ignore[union-attr]
    found = []
    for name, child in node.block.items():
        if name not in known:
            hint = nearest(name, known) or (f"Known here: {', '.join(known)}." if len(known) <= 12 else "")
            found.append(finding(child.key, "E110", f"'{name}' is not known here.", hint))
    return found


def _listed(error: ValidationError) -> list[Any]:
    """What the schema's keyword says, as a list."""
    value: Any = error.validator_value
    return value if isinstance(value, list) else [value]


def _required(node: Node, error: ValidationError) -> list[Diagnostic]:
    missing = [name for name in _listed(error) if name not in node.block]
    # jsonschema reports one error for each missing key; the message names it.
    name = next((one for one in missing if f"'{one}'" in error.message), missing[0])
    known = error.schema.get("properties", {}).get(name, {}) if isinstance(error.schema, dict) else {}
    example = next((one for one in known.get("examples", ()) if isinstance(one, str)), None)
    hint = f"For example {name}: {example}." if example else f"Add {name}: ..., or correct its name."
    return [finding(node.key if node.key != node.mark else node.mark, "E111", f"The key '{name}' is missing.", hint)]


def _type(node: Node, error: ValidationError) -> list[Diagnostic]:
    words = " or ".join(_TYPES[one] for one in _listed(error) if one != "null")
    given = _given(node)
    scalar = isinstance(node.value, (bool, int)) or node.value.__class__.__name__ == "Decimal"
    hint = "Put it in quotes if it is text." if "text" in words and scalar else ""
    if scalar and isinstance(error.schema, dict) and error.schema.get("title") == "Rule":
        hint = f"Did you mean {{value: {shown(node.value)}}}?"
    hint = hint or _SHAPES.get(words, "")
    return [finding(node.mark, "E112", f"This takes {words}, not {given}.", hint)]


def _given(node: Node) -> str:
    if isinstance(node.value, dict):
        return "a block"
    return "a list" if isinstance(node.value, list) else shown(node.value)


def _choice(node: Node, error: ValidationError) -> list[Diagnostic]:
    allowed = _listed(error)
    allowed = [one for one in allowed if one is not None]
    words = ", ".join("true" if one is True else str(one) for one in allowed)
    hint = nearest(str(node.value), [str(one) for one in allowed]) or "Write one of these."
    if isinstance(node.value, str) and node.value in TRANSFORMS:
        hint = f"{node.value} needs to know more: write {{{node.value}: ...}}."
    elif len(allowed) == 1:
        hint = f"Write {words}, or take the key out."
    return [finding(node.mark, "E113", f"This takes {words}; not {_given(node)}.", hint)]


def _bounds(node: Node, error: ValidationError) -> list[Diagnostic]:
    word = "at least" if error.validator == "minimum" else "at most"
    return [finding(node.mark, "E113", f"This is {word} {error.validator_value}.")]


def _form(node: Node, error: ValidationError) -> list[Diagnostic]:
    schema = error.schema if isinstance(error.schema, dict) else {}
    examples = [one for one in schema.get("examples") or [] if isinstance(one, str)]
    hint = f"For example: {', '.join(map(str, examples[:2]))}." if examples else ""
    return [finding(node.mark, "E114", f"{_given(node)} cannot stand here.", hint)]


def _count(node: Node, error: ValidationError) -> list[Diagnostic]:
    few = str(error.validator).startswith("min")
    if error.validator == "uniqueItems":
        return [finding(node.mark, "E115", "An entry stands twice.", "Take one of the two out.")]
    hint = "Write at least one, or take the key out." if few else "Write each as an entry of its own."
    return [finding(node.mark, "E115", f"There are too {'few' if few else 'many'} entries here.", hint)]


def _name(node: Node, error: ValidationError) -> list[Diagnostic]:
    name = str(error.instance)
    mark = next((child.key for key, child in node.block.items() if key == name), node.mark)
    rule = error.schema.get("description", "") if isinstance(error.schema, dict) else ""
    hint = rule or "Use small letters, digits and _, a letter first."
    return [finding(mark, "E114", f"'{name}' cannot be a name here.", hint)]


def _other(node: Node, error: ValidationError) -> list[Diagnostic]:
    if error.schema is False:
        return [finding(node.key, "E117", "This key has no place here.")]
    return [finding(node.mark, "E114", f"{_given(node)} is not of the form that this takes.")]


_WORDS: dict[str, Callable[[Node, ValidationError], list[Diagnostic]]] = {
    "additionalProperties": _unknown,
    "required": _required,
    "type": _type,
    "enum": _choice,
    "const": _choice,
    "minimum": _bounds,
    "maximum": _bounds,
    "pattern": _form,
    "minLength": _form,
    "minItems": _count,
    "maxItems": _count,
    "minProperties": _count,
    "maxProperties": _count,
    "uniqueItems": _count,
}
