"""Checks a file's shape against its JSON Schema, and says what is wrong in words, at the place."""

from __future__ import annotations

import json
from collections.abc import Callable
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


def validate(root: Node, schema: str) -> list[Diagnostic]:
    """What is wrong with the shape of a file; `schema` is mapping, preset, ... Empty if nothing is."""
    found: list[Diagnostic] = []
    for error in _validator(schema).iter_errors(root.plain()):
        found += _findings(root, error)
    return found


@cache
def load_schema(name: str) -> dict[str, Any]:
    """The JSON Schema `schemas/NAME.schema.json`."""
    text = files("schemas").joinpath(f"{name}.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(load_schema(name))


def _findings(root: Node, error: ValidationError) -> list[Diagnostic]:
    node = root.at(*error.absolute_path)
    described = _WORDS.get(str(error.validator), _other)(node, error)
    if _is_argument(error):
        where = next(str(part) for part in reversed(error.absolute_path) if part in TRANSFORMS)
        return [
            Diagnostic(one.file, one.line, one.column, "E237", one.severity, f"{where}: {one.message}", one.hint,
                       one.excerpt) for one in described
        ]  # fmt: skip
    return described


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
            hint = nearest(name, known) or (f"Known here: {', '.join(known)}." if len(known) <= 8 else "")
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
    return [finding(node.key if node.key != node.mark else node.mark, "E111", f"The key '{name}' is missing.")]


def _type(node: Node, error: ValidationError) -> list[Diagnostic]:
    words = " or ".join(_TYPES[one] for one in _listed(error) if one != "null")
    given = _given(node)
    scalar = isinstance(node.value, (bool, int)) or node.value.__class__.__name__ == "Decimal"
    hint = "Put it in quotes if it is text." if "text" in words and scalar else ""
    return [finding(node.mark, "E112", f"This takes {words}, not {given}.", hint)]


def _given(node: Node) -> str:
    if isinstance(node.value, dict):
        return "a block"
    return "a list" if isinstance(node.value, list) else shown(node.value)


def _choice(node: Node, error: ValidationError) -> list[Diagnostic]:
    allowed = _listed(error)
    words = ", ".join("true" if one is True else str(one) for one in allowed)
    hint = nearest(str(node.value), [str(one) for one in allowed])
    return [finding(node.mark, "E113", f"This takes {words}; not {_given(node)}.", hint)]


def _bounds(node: Node, error: ValidationError) -> list[Diagnostic]:
    word = "at least" if error.validator == "minimum" else "at most"
    return [finding(node.mark, "E113", f"This is {word} {error.validator_value}.")]


def _form(node: Node, error: ValidationError) -> list[Diagnostic]:
    schema = error.schema if isinstance(error.schema, dict) else {}
    examples = schema.get("examples") or []
    hint = f"For example: {', '.join(map(str, examples[:2]))}." if examples else ""
    words = schema.get("errorHint") or "has not the form that this takes."
    return [finding(node.mark, "E114", f"{_given(node)} {words}", hint)]


def _count(node: Node, error: ValidationError) -> list[Diagnostic]:
    few = str(error.validator).startswith("min")
    if error.validator == "uniqueItems":
        return [finding(node.mark, "E115", "An entry stands twice.")]
    return [finding(node.mark, "E115", f"There are too {'few' if few else 'many'} entries here.")]


def _name(node: Node, error: ValidationError) -> list[Diagnostic]:
    name = str(error.instance)
    mark = next((child.key for key, child in node.block.items() if key == name), node.mark)
    return [finding(mark, "E114", f"'{name}' cannot be a name here.")]


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
    "propertyNames": _name,
}
