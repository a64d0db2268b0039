"""The transform by regular expression, held to patterns and texts that cannot take long.

Python's engine goes back and tries again, so a pattern such as `(a+)+b` takes longer than anybody waits. Repetition
inside repetition, back references and looking around are refused; what is left takes at most length to the power of
the open repetitions, which gives each pattern the longest text that it may look at.
"""

from __future__ import annotations

import math
import re
from re import _constants, _parser  # type: ignore[attr-defined]  # public until 3.11 as sre_parse
from typing import Any

from engine.mapping.transforms.spec import Apply, BadArgument, Example, Transform, always
from engine.mapping.types import TEXT
from engine.mapping.values import Unfit

MAX_STEPS = 20_000_000
"""About half a second."""
_OPEN = 10
"""A repetition of more than this counts as open."""
_REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT)
_REFUSED = {
    _constants.GROUPREF: "refer back to a group",
    _constants.GROUPREF_EXISTS: "refer back to a group",
    _constants.ASSERT: "look around",
    _constants.ASSERT_NOT: "look around",
}


def longest(pattern: str) -> int:
    """The longest text, in characters, that the pattern may look at. Raises BadArgument."""
    try:
        tree = _parser.parse(pattern)
    except (re.error, OverflowError, RecursionError) as problem:
        raise BadArgument(f"the pattern cannot be read: {problem}") from problem
    open_ones, factor = _cost(tree, inside=False)
    if not (
        len(tree)
        and tree[0] in ((_constants.AT, _constants.AT_BEGINNING), (_constants.AT, _constants.AT_BEGINNING_STRING))
    ):
        open_ones += 1  # it may begin anywhere
    if open_ones == 0:
        return 100_000
    return min(100_000, int((MAX_STEPS / factor * math.factorial(open_ones)) ** (1 / open_ones)))


def _cost(tree: Any, inside: bool) -> tuple[int, int]:
    """How many open repetitions follow one another, and what bounded ones multiply their cost by."""
    open_ones, factor = 0, 1
    for operation, argument in tree:
        if operation in _REFUSED:
            raise BadArgument(f"the pattern may not {_REFUSED[operation]}")
        if operation in _REPEATS:
            least, most, inner = argument
            varies = least != most
            if inside and varies:
                raise BadArgument("the pattern repeats something that repeats itself")
            _cost(inner, inside=inside or most > 1)
            if varies and most > _OPEN:
                open_ones += 1
            elif varies:
                factor *= int(most) - int(least) + 1
        elif operation is _constants.BRANCH:
            if inside:
                raise BadArgument("the pattern repeats a choice")
            costs = [_cost(branch, inside) for branch in argument[1]]
            open_ones += max(one for one, _ in costs)
            factor *= sum(each for _, each in costs)
        else:
            inner = _trees(argument)
            for one in inner:
                more, times = _cost(one, inside)
                open_ones, factor = open_ones + more, factor * times
    return open_ones, factor


def _trees(argument: Any) -> list[Any]:
    """The patterns inside a group."""
    if isinstance(argument, _parser.SubPattern):
        return [argument]
    return [one for one in argument if isinstance(one, _parser.SubPattern)] if isinstance(argument, tuple) else []


def _regex(argument: Any) -> Apply:
    text = argument if isinstance(argument, str) else argument["find"]
    most = longest(text)
    pattern = re.compile(text)
    put = None if isinstance(argument, str) else argument["put"]
    if put is not None:
        try:
            _parser.parse_template(put, pattern)
        except (re.error, IndexError) as problem:
            raise BadArgument(f"what is put in its place cannot be read: {problem}") from problem

    def run(value: str) -> str | None:
        if len(value) > most:
            raise Unfit(f"regex looks at {most:,} characters at most with this pattern; truncate the text before it")
        if put is not None:
            return pattern.sub(put, value)
        found = pattern.search(value)
        return None if found is None else found[1 if pattern.groups else 0]

    return run


TRANSFORMS = (
    Transform("regex", "What a regular expression finds first: its first group, or the whole; null if it finds nothing."
              " With find and put, replaces all that it finds.",
              ("text",), always(TEXT),
              {"type": ["string", "object"], "minLength": 1, "maxLength": 500, "required": ["find", "put"],
               "additionalProperties": False, "properties": {
                   "find": {"type": "string", "minLength": 1, "maxLength": 500}, "put": {"type": "string"}}}, _regex,
              (Example(r"PO[ #]*(\d+)", "Your PO #1042, thanks", "1042"), Example(r"\d{5}", "no number", None),
               Example({"find": r"(\w+), (\w+)", "put": r"\2 \1"}, "Lee, Ann", "Ann Lee")), filter=False),
)  # fmt: skip
