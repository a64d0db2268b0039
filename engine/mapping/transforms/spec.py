"""What a transform is: its documentation, types, examples and code in one value, from which all else is generated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from engine.mapping.types import Type
from engine.mapping.values import Unfit

Apply = Callable[[Any], Any]

SWITCH: Final[dict[str, Any]] = {"const": True}
"""The argument of a transform that has none: `upper: true`."""
TEXT_ARGUMENT: Final[dict[str, Any]] = {"type": "string"}
COUNT: Final[dict[str, Any]] = {"type": "integer", "minimum": 1, "maximum": 100000}

CHECKS: Final[dict[str, Callable[[Any], bool]]] = {
    "text": lambda value: isinstance(value, str),
    "number": lambda value: type(value).__name__ in ("Decimal", "int"),
    "boolean": lambda value: isinstance(value, bool),
    "any": lambda value: True,
}


@dataclass(frozen=True, slots=True)
class Example:
    """`argument` applied to `given` makes `becomes`; tests run every one, the documentation shows it."""

    argument: Any
    given: Any
    becomes: Any


@dataclass(frozen=True, slots=True)
class Transform:
    """A named step from value to value. None passes by, unless `nulls` asks for it."""

    name: str
    summary: str
    takes: tuple[str, ...]
    """Families: text (dates are text too), number, boolean, any."""
    gives: Callable[[Type, Any], Type]
    """(input type, argument) -> output type."""
    argument: dict[str, Any]
    """JSON Schema of what stands behind its name."""
    make: Callable[[Any], Apply]
    """argument -> the step; it raises Unfit for a value that cannot be transformed."""
    examples: tuple[Example, ...]
    many: bool | None = False
    """Takes a list (True), a single value (False), either (None)."""
    nulls: bool = False
    setting: bool = False
    """The argument may be `{setting: NAME}`."""
    filter: bool = True
    """Templates have it as a filter."""

    def build(self, argument: Any) -> Apply:
        """The step for an argument that matches the schema, with its input checked."""
        made = self.make(argument)

        def apply(value: Any) -> Any:
            if value is not None:
                self._check(value)
            return made(value)

        return apply

    def _check(self, value: Any) -> None:
        if self.many is not None and isinstance(value, list) != self.many:
            wanted = "a list" if self.many else "a single value"
            raise Unfit(f"{self.name} takes {wanted}")
        if not isinstance(value, list) and not any(CHECKS[family](value) for family in self.takes):
            raise Unfit(f"{self.name} takes {' or '.join(self.takes)}, not {type(value).__name__}")


def same(given: Type, argument: Any) -> Type:
    """The output has the input's type."""
    return given


def always(result: Type) -> Callable[[Type, Any], Type]:
    """The output's type doesn't depend on anything."""
    return lambda given, argument: result
