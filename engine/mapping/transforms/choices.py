"""Transforms that replace one value by another: tables, defaults, and a step for each element."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.mapping.executor import NoChoice
from engine.mapping.transforms.spec import PREFIX, SWITCH, Apply, BadArgument, Example, Transform
from engine.mapping.types import TEXT, Type, of_literal, union
from engine.mapping.values import canonical, shown

_LITERAL = {"type": ["string", "number", "boolean"]}


def choose(table: dict[str, Any]) -> Apply:
    """Every possible value must be named; another one is refused, unless the rule has a default."""

    def run(value: Any) -> Any:
        try:
            if value.__class__ is bool:
                return table["true" if value else "false"]
            return table[value if value.__class__ is str else canonical(value)]
        except KeyError:
            raise NoChoice(f"choose does not say what {shown(value)} becomes") from None

    return run


def chosen(given: Type, argument: Any) -> Type:
    """An option among the texts of the table."""
    results = [of_literal(value) for value in argument.values()] if isinstance(argument, dict) else [TEXT]
    made = union(results)
    return Type("enum", options=made.options) if made.kind == "text" and made.options else made


def _lookup(table: dict[str, str]) -> Apply:
    return lambda value: table.get(value if value.__class__ is str else canonical(value))


def _default(given: Type, argument: Any) -> Type:
    return union([given, of_literal(argument)])


def element_step(others: Mapping[str, Transform]) -> Transform:
    """`map`, which needs the other transforms: those that take a single value."""
    single = {name: one for name, one in others.items() if not one.many}

    def parts(argument: Any) -> tuple[Transform, Any]:
        name, inner = (argument, True) if isinstance(argument, str) else next(iter(argument.items()))
        return single[name], inner

    def make(argument: Any) -> Apply:
        transform, inner = parts(argument)
        step = transform.build(inner)
        return lambda items: [step(item) for item in items if item is not None]

    def gives(given: Type, argument: Any) -> Type:
        transform, inner = parts(argument)
        if given.kind not in ("any", "null") and not {"any", given.family} & set(transform.takes):
            raise BadArgument(f"{transform.name} takes {' or '.join(transform.takes)}, not {given.item.words()}")
        return replace(transform.gives(given.item, inner), many=True)

    return Transform(
        "map", "Applies one transform to every element of a list.", ("any",), gives,
        {"type": ["string", "object"], "if": {"type": "string"},
         "then": {"enum": sorted(name for name, one in single.items() if one.argument == SWITCH)},
         "else": {"minProperties": 1, "maxProperties": 1, "additionalProperties": False,
                  "properties": {name: {"$ref": f"#/$defs/{PREFIX}{name}"} for name in sorted(single)}}}, make,
        (Example("upper", ["a", "b"], ["A", "B"]), Example({"truncate": 1}, ["ab", "cd"], ["a", "c"])),
        many=True, filter=False,
    )  # fmt: skip


TRANSFORMS = (
    Transform("choose", "Replaces each possible value by a literal; a value that is not named is refused.",
              ("text", "number", "boolean"), chosen,
              {"type": "object", "minProperties": 1, "additionalProperties": _LITERAL}, choose,
              (Example({"true": "Paid", "false": "Open"}, True, "Paid"),), filter=False),
    Transform("lookup", "Replaces a value by what a table (mostly a setting) says, null if it says nothing.",
              ("text", "number", "boolean"), lambda given, argument: TEXT,
              {"type": "object", "additionalProperties": {"type": "string"}}, _lookup,
              (Example({"JS": "jane@example.com"}, "JS", "jane@example.com"), Example({}, "JS", None)),
              setting=True, filter=False),
    Transform("default", "Takes the place of null.", ("any",), _default, _LITERAL,
              lambda literal: lambda value: literal if value is None else value,
              (Example("none", None, "none"), Example("none", "a", "a")), many=None, nulls=True, setting=True),
)  # fmt: skip
