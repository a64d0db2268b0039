"""Writes a JMESPath as a Python expression over local variables, where its kinds of nodes allow it.

The closures of `selector` are the meaning; what is written here gives the same values without a call for each node.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from engine.mapping.functions import equal
from engine.mapping.selector import Node, Selector

NAMES: Final[dict[str, Any]] = {"equal": equal, "NUMBERS": frozenset((Decimal, int, float))}
"""What the expressions use besides the roots' variables and `t`, a variable of their own."""

Roots = Mapping[tuple[str, ...], str]
"""Root path -> the local variable that holds its value: ("Email",), or ("record", "TxnDate") inside an element."""


def needed(selector: Selector, element: bool) -> list[tuple[str, ...]]:
    """The root paths of a selection. The first part of one inside an element may be absent, the others never."""
    own = [(name,) for name in selector.roots if not (element and name == "record" and selector.record_roots)]
    return own + ([("record", name) for name in selector.record_roots] if element else [])


def python(node: Node, roots: Roots) -> str | None:
    """The expression; None where a node is of another kind than those that are written."""
    kind, children = node["type"], node["children"]
    if kind == "field":
        return roots.get((node["value"],))
    if kind == "subexpression":
        return _path(children, roots)
    if kind == "literal":
        return repr(node["value"]) if node["value"] is None or isinstance(node["value"], (str, bool)) else None
    if kind not in _TEXTS:
        return None
    parts = [python(child, roots) for child in children]
    if any(part is None for part in parts):
        return None
    if kind == "multi_select_list":
        return f"[{', '.join(map(str, parts))}]"
    if kind == "comparator":
        form = _COMPARISONS.get(node["value"])
        return form.format(*parts) if form else None
    return _TEXTS[kind].format(*parts)


# `t or t.__class__ in NUMBERS` is JMESPath's idea of true: nought is, empty texts and lists are not.
_TEXTS: Final = {
    "or_expression": "(t if (t := {0}) or t.__class__ in NUMBERS else {1})",
    "and_expression": "({1} if (t := {0}) or t.__class__ in NUMBERS else t)",
    "not_expression": "(not (t := {0}) and t.__class__ not in NUMBERS)",
    "comparator": "",
    "multi_select_list": "",
}
_COMPARISONS: Final = {"eq": "equal({0}, {1})", "ne": "(not equal({0}, {1}))"}


def _path(children: list[Node], roots: Roots) -> str | None:
    """Names one inside the other: `(t.get('FullName') if (t := r0).__class__ is dict else None)`."""
    if any(child["type"] != "field" for child in children):
        inner = _flat(children)
        return None if inner is None else _path(inner, roots)
    names = [child["value"] for child in children]
    made = roots.get((names[0], names[1]))
    rest = names[2:]
    if made is None:
        made, rest = roots.get((names[0],)), names[1:]
    for name in rest:
        made = f"(t.get({name!r}) if (t := {made}).__class__ is dict else None)"
    return made


def _flat(children: list[Node]) -> list[Node] | None:
    """Nested subexpressions of names as one list of names."""
    first, *rest = children
    if first["type"] != "subexpression" or any(child["type"] != "field" for child in rest):
        return None
    return [*first["children"], *rest]
