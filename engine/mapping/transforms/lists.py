"""Transforms from and to lists."""

from __future__ import annotations

from typing import Any

from engine.mapping.transforms.spec import SWITCH, TEXT_ARGUMENT, Apply, Example, Transform, always, same
from engine.mapping.types import TEXT, Type
from engine.mapping.values import Unfit, canonical, encoded


def _switch(function: Apply) -> Any:
    return lambda argument: function


def _item(given: Type, argument: Any) -> Type:
    return given.item


def _unique(items: list[Any]) -> list[Any]:
    seen: dict[str, Any] = {}
    for item in items:
        seen.setdefault(encoded(item), item)
    return list(seen.values())


def _texts(items: list[Any], name: str) -> list[str]:
    for item in items:
        if not isinstance(item, str):
            raise Unfit(f"{name} takes a list of text; one element is {canonical(item)}")
    return items


def _join(glue: str) -> Apply:
    return lambda items: glue.join(_texts(items, "join"))


def _concat(glue: str) -> Apply:
    return lambda items: glue.join(_texts([item for item in items if item not in (None, "")], "concat")) or None


def _first_given(argument: Any) -> Apply:
    return lambda items: next((item for item in items if item not in (None, "")), None)


TRANSFORMS = (
    Transform("join", "Makes one text of a list of texts, with this between them.", ("text",), always(TEXT),
              TEXT_ARGUMENT, _join, (Example(", ", ["a", "b"], "a, b"),), many=True, setting=True),
    Transform("concat", "Like join, but leaves out what is null or empty; null if nothing is left.", ("text",),
              always(TEXT), TEXT_ARGUMENT, _concat,
              (Example(" ", ["Ann", None, "Lee"], "Ann Lee"), Example(" ", [None, ""], None)), many=True, setting=True),
    Transform("first", "The first element of a list, null if it is empty.", ("any",), _item, SWITCH,
              _switch(lambda items: items[0] if items else None), (Example(True, ["a", "b"], "a"),), many=True),
    Transform("last", "The last element of a list, null if it is empty.", ("any",), _item, SWITCH,
              _switch(lambda items: items[-1] if items else None), (Example(True, ["a", "b"], "b"),), many=True),
    Transform("unique", "Each element once, in the order in which they first stand.", ("any",), same, SWITCH,
              _switch(_unique), (Example(True, ["b", "a", "b"], ["b", "a"]),), many=True),
    Transform("coalesce", "The first element that is neither null nor empty.", ("any",), _item, SWITCH, _first_given,
              (Example(True, [None, "", "b", "c"], "b"),), many=True),
)  # fmt: skip
