"""What a transform is: its documentation, types, examples and code in one value, from which all else is generated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from engine.mapping.types import Type
from engine.mapping.values import Unfit, shown

Apply = Callable[[Any], Any]


class BadArgument(ValueError):
    """A transform cannot work with this argument, whatever the value; the message is one plain sentence."""


PREFIX: Final = "transform-"
"""Before a transform's name: its argument's definition in the schema of mappings."""
SWITCH: Final[dict[str, Any]] = {"const": True}
"""The argument of a transform that has none: `upper: true`."""
TEXT_ARGUMENT: Final[dict[str, Any]] = {"type": "string"}
COUNT: Final[dict[str, Any]] = {"type": "integer", "minimum": 1, "maximum": 100000}

CLASSES: Final[dict[str, tuple[type, ...]]] = {"text": (str,), "number": (Decimal, int), "boolean": (bool,)}
"""Family -> the exact classes of its values."""
CHECKS: Final[dict[str, Callable[[Any], bool]]] = {
    "text": lambda value: isinstance(value, str),
    "number": lambda value: type(value) in (Decimal, int),
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
    """argument -> the step, which raises Unfit for a value that cannot be transformed. Raises BadArgument."""
    examples: tuple[Example, ...]
    many: bool | None = False
    """Takes a list (True), a single value (False), either (None)."""
    nulls: bool = False
    setting: bool = False
    """The argument may be `{setting: NAME}`."""
    exact: bool = False
    """What it gives is of its type for certain, and needs no look of the field's own."""
    filter: bool = True
    """Templates have it as a filter."""

    def build(self, argument: Any) -> Apply:
        """The step for an argument that matches the schema, with its input checked."""
        made = self.make(argument)

        def apply(value: Any) -> Any:
            if value is not None:
                self._check(value)
            try:
                return made(value)
            except Unfit:
                raise
            except (ArithmeticError, ValueError, TypeError) as problem:  # a day after the last one, 60 digits
                raise Unfit(f"{self.name} cannot do anything with {shown(value)}") from problem

        return apply

    @property
    def classes(self) -> tuple[type, ...]:
        """The exact classes of single values that it takes without a look at their inside; none for lists."""
        if self.many is not False or "any" in self.takes:
            return ()
        return tuple(one for family in self.takes for one in CLASSES[family])

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
