"""Transforms to and of numbers, and to true and false. Everything is Decimal; halves are rounded away from nought."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from engine.mapping.transforms.spec import SWITCH, Apply, Example, Transform, always
from engine.mapping.types import BOOLEAN, NUMBER, Type
from engine.mapping.values import Unfit, shown

_NUMBER = re.compile(r"[+-]?\d{1,28}(\.\d{1,18})?")
_CENT = Decimal("0.01")
_EXACT = Context(prec=100)
"""More digits than any amount has, so that nothing is rounded unless it is asked for."""
_SAYS = {"true": True, "yes": True, "y": True, "1": True, "false": False, "no": False, "n": False, "0": False}


def _number(value: Any) -> Decimal:
    if isinstance(value, str) and not _NUMBER.fullmatch(value.strip()):
        raise Unfit(f"{shown(value)} is not a number (written as 1234.50)")
    return Decimal(value.strip() if isinstance(value, str) else value)


def _rounding(digits: int) -> Apply:
    step = Decimal(1).scaleb(-digits)
    return lambda value: (value if value.__class__ is Decimal else Decimal(value)).quantize(step, ROUND_HALF_UP, _EXACT)


def _sum(values: list[Any]) -> Decimal:
    total = Decimal(0)
    for value in values:
        if value is not None:
            if type(value) not in (Decimal, int):
                raise Unfit(f"sum takes a list of numbers; one element is {shown(value)}")
            total = _EXACT.add(total, value)
    return total


def _percent(rate: Any) -> Apply:
    share = _EXACT.multiply(Decimal(rate), _CENT)
    return lambda value: _EXACT.multiply(share, Decimal(value))


def _boolean(value: str | bool) -> bool:
    if isinstance(value, bool):
        return value
    if value.strip().lower() not in _SAYS:
        raise Unfit(f"{shown(value)} says neither yes nor no")
    return _SAYS[value.strip().lower()]


TRANSFORMS = (
    Transform("number", "The number that a text writes, as 1234.50; anything else is refused.", ("text", "number"),
              always(NUMBER), SWITCH, lambda argument: _number, (Example(True, " 1234.50 ", Decimal("1234.50")),)),
    Transform("money", "An amount in the record's currency, rounded to the cent.", ("number",),
              always(Type("number", money=True)), SWITCH, lambda argument: _rounding(2),
              (Example(True, Decimal("10.005"), Decimal("10.01")), Example(True, Decimal(3), Decimal("3.00")))),
    Transform("round", "Rounds to this many decimal places.", ("number",), always(NUMBER),
              {"type": "integer", "minimum": 0, "maximum": 10}, _rounding,
              (Example(1, Decimal("2.25"), Decimal("2.3")),), setting=True),
    Transform("sum", "Adds up the numbers of a list; null counts as nought.", ("number",), always(NUMBER), SWITCH,
              lambda argument: _sum, (Example(True, [Decimal("1.10"), None, Decimal(2)], Decimal("3.10")),
                                      Example(True, [], Decimal(0))), many=True),
    Transform("percent", "So many percent of a number, not rounded.", ("number",), always(NUMBER),
              {"type": "number"}, _percent, (Example(19, Decimal(200), Decimal("38.00")),), setting=True),
    Transform("boolean", "True or false of a text: true, yes, y, 1 or false, no, n, 0.", ("text", "boolean"),
              always(BOOLEAN), SWITCH, lambda argument: _boolean,
              (Example(True, "Yes", True), Example(True, "0", False))),
)  # fmt: skip
