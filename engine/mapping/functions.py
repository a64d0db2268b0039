"""JMESPath's built-in functions and comparisons over Decimal-safe values [JMESPath specification, Built-in Functions].

A wrong argument raises `Unfit`, as the specification has it: a selection never guesses.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from engine.mapping.values import Unfit, encoded

Kind = Literal["any", "number", "string", "boolean", "array", "object", "expref", "numbers", "strings"]
"""`numbers` and `strings` are arrays of these."""


@dataclass(frozen=True, slots=True)
class Expref:
    """`&expression`, as functions get it."""

    apply: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Function:
    """A function: what each argument may be, whether the last may be repeated, and what it gives."""

    name: str
    takes: tuple[tuple[Kind, ...], ...]
    gives: str
    """A type of `mapping.types`, `same` for the first argument's, `item` for its elements'."""
    body: Callable[..., Any]
    variadic: bool = False

    def apply(self, *arguments: Any) -> Any:
        """The result. Raises Unfit for an argument of another type."""
        for position, argument in enumerate(arguments):
            takes = self.takes[min(position, len(self.takes) - 1)]
            if not any(_CHECKS[kind](argument) for kind in takes):
                raise Unfit(f"{self.name}() was given {type_name(argument)}; it takes {' or '.join(takes)}")
        return self.body(*arguments)


def number(value: Any) -> bool:
    """Whether it is a number; true and false are none."""
    return isinstance(value, (int, Decimal, float)) and not isinstance(value, bool)


def false(value: Any) -> bool:
    """JMESPath's idea of false: null, false, and empty text, list or object; nought is true."""
    return value is None or value is False or value == "" or value == [] or value == {}


def equal(one: Any, other: Any) -> bool:
    """Equality in which true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def ordered_pair(one: Any, other: Any) -> bool:
    """Whether < and > mean something: two numbers or two texts (ISO dates among them)."""
    return (number(one) and number(other)) or (isinstance(one, str) and isinstance(other, str))


def type_name(value: Any) -> str:
    """JMESPath's word for a value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if number(value):
        return "number"
    return "array" if isinstance(value, list) else "object"


def check_arity(name: str, given: int) -> str | None:
    """What is wrong with the number of arguments, if anything."""
    function = FUNCTIONS[name]
    least = len(function.takes)
    if given == least or (function.variadic and given > least):
        return None
    return f"{name}() takes {least}{' or more' if function.variadic else ''} arguments, not {given}"


_CHECKS: dict[Kind, Callable[[Any], bool]] = {
    "any": lambda value: not isinstance(value, Expref),
    "number": number,
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "expref": lambda value: isinstance(value, Expref),
    "numbers": lambda value: isinstance(value, list) and all(map(number, value)),
    "strings": lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
}


def _keyed(name: str, items: list[Any], by: Expref) -> list[tuple[Any, Any]]:
    """Items with their sort keys, which must be all numbers or all texts."""
    pairs = [(by.apply(item), item) for item in items]
    keys = [key for key, _ in pairs]
    if not (_CHECKS["numbers"](keys) or _CHECKS["strings"](keys)):
        raise Unfit(f"{name}() needs keys that are all numbers or all texts")
    return pairs


def _sort_by(items: list[Any], by: Expref) -> list[Any]:
    return [item for _, item in sorted(_keyed("sort_by", items, by), key=lambda pair: pair[0])]


def _extreme_by(name: str, pick: Callable[..., Any]) -> Callable[[list[Any], Expref], Any]:
    def run(items: list[Any], by: Expref) -> Any:
        return pick(_keyed(name, items, by), key=lambda pair: pair[0])[1] if items else None

    return run


def _to_number(value: Any) -> Any:
    if number(value):
        return value
    if not isinstance(value, str):
        return None
    try:
        made = Decimal(value)
    except InvalidOperation:
        return None
    return made if made.is_finite() else None


def _to_string(value: Any) -> str:
    return value if isinstance(value, str) else encoded(value)


def _merge(*objects: dict[str, Any]) -> dict[str, Any]:
    return {key: value for one in objects for key, value in one.items()}


def _contains(subject: Any, wanted: Any) -> bool:
    if isinstance(subject, str):
        return isinstance(wanted, str) and wanted in subject
    return any(equal(item, wanted) for item in subject)


def _total(items: list[Any]) -> Any:
    return sum(items)


_ANY: tuple[Kind, ...] = ("any",)
_NUMBER: tuple[Kind, ...] = ("number",)
_STRING: tuple[Kind, ...] = ("string",)
_ARRAY: tuple[Kind, ...] = ("array",)
_OBJECT: tuple[Kind, ...] = ("object",)
_EXPREF: tuple[Kind, ...] = ("expref",)
_NUMBERS: tuple[Kind, ...] = ("numbers",)
_COMPARABLE: tuple[Kind, ...] = ("numbers", "strings")

FUNCTIONS: dict[str, Function] = {
    function.name: function
    for function in (
        Function("abs", (_NUMBER,), "number", abs),
        Function("avg", (_NUMBERS,), "number", lambda items: _total(items) / len(items) if items else None),
        Function("ceil", (_NUMBER,), "number", math.ceil),
        Function("contains", (("array", "string"), _ANY), "boolean", _contains),
        Function("ends_with", (_STRING, _STRING), "boolean", str.endswith),
        Function("floor", (_NUMBER,), "number", math.floor),
        Function("join", (_STRING, ("strings",)), "text", lambda glue, items: glue.join(items)),
        Function("keys", (_OBJECT,), "texts", list),
        Function("length", (("string", "array", "object"),), "number", len),
        Function("map", (_EXPREF, _ARRAY), "any", lambda by, items: [by.apply(item) for item in items]),
        Function("max", (_COMPARABLE,), "item", lambda items: max(items) if items else None),
        Function("max_by", (_ARRAY, _EXPREF), "item", _extreme_by("max_by", max)),
        Function("merge", (_OBJECT,), "any", _merge, variadic=True),
        Function("min", (_COMPARABLE,), "item", lambda items: min(items) if items else None),
        Function("min_by", (_ARRAY, _EXPREF), "item", _extreme_by("min_by", min)),
        Function("not_null", (_ANY,), "first", lambda *given: next((one for one in given if one is not None), None),
                 variadic=True),
        Function("reverse", (("array", "string"),), "same", lambda value: value[::-1]),
        Function("sort", (_COMPARABLE,), "same", sorted),
        Function("sort_by", (_ARRAY, _EXPREF), "same", _sort_by),
        Function("starts_with", (_STRING, _STRING), "boolean", str.startswith),
        Function("sum", (_NUMBERS,), "number", _total),
        Function("to_array", (_ANY,), "any", lambda value: value if isinstance(value, list) else [value]),
        Function("to_number", (_ANY,), "number", _to_number),
        Function("to_string", (_ANY,), "text", _to_string),
        Function("type", (_ANY,), "text", type_name),
        Function("values", (_OBJECT,), "any", lambda value: list(value.values())),
    )
}  # fmt: skip
"""Every function by name."""
