"""A draft with its trace, as the words and data that commands and pages show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from engine.mapping.compiled import CompiledMapping
from engine.mapping.draft import MISSING, Draft, Element
from engine.mapping.testcases import plain
from engine.mapping.values import shown

Mood = Literal["aside", "problem", "fact"]
_KINDS = {
    "str": "text",
    "Decimal": "number",
    "int": "number",
    "bool": "boolean",
    "NoneType": "null",
    "dict": "block",
}


def remarks(mapping: CompiledMapping, element: Element, draft: Draft) -> Iterator[tuple[Mood, str]]:
    """What is to be said before the fields: why it is left out, waits or parks, and what it is matched by."""
    left_out = mapping.left_out(element, linked=False)
    shared = mapping.same_as(element.record) if mapping.same else None
    if left_out:
        yield "aside", f"left out by {left_out}"
    if shared:
        yield "aside", f"shares the {mapping.target[1]} of {shared} and writes nothing"
    if draft.skip:
        yield "aside", f"skipped: {draft.skip}"
    for wait in draft.waits:
        yield "aside", f"waits for {wait.field}: {wait.reason}"
    for problem in draft.problems:
        yield "problem", f"parks: {problem.field}: {problem.message} ({problem.where})"
    for key in mapping.match:
        values = ", ".join(key.source_values(element.record)) or "nothing"
        yield "fact", f"matches by {key.label}: {values}"


def draft_data(mapping: CompiledMapping, element: Element, draft: Draft) -> dict[str, Any]:
    """One draft as JSON-able data (Decimals stay Decimals)."""
    return {
        "key": element.key,
        "left_out": mapping.left_out(element, linked=False),
        "same_as": mapping.same_as(element.record) if mapping.same else None,
        "match": [{"key": one.label, "values": one.source_values(element.record)} for one in mapping.match],
        "fields": [
            {"field": line.field, "where": line.where, "input": _value(line.input), "output": _value(line.output),
             "type": kind(line.output), "steps": [{"step": name, "value": _value(value)} for name, value in line.steps]}
            for line in draft.trace
        ],
        "children": {name: [{"key": one.key, "values": {p: plain(v) for p, v in one.values.items()}} for one in many]
                     for name, many in draft.children.items()},
        "skip": draft.skip,
        "waits": [{"field": one.field, "reason": one.reason} for one in draft.waits],
        "parks": [{"field": one.field, "where": one.where, "message": one.message} for one in draft.problems],
    }  # fmt: skip


def _value(value: Any) -> Any:
    return "(left alone)" if value is MISSING else plain(value)


def kind(value: Any) -> str:
    """The type of a value, in the words of the language."""
    if value is MISSING:
        return "left alone"
    value = plain(value)
    return "list" if isinstance(value, list | tuple) else _KINDS.get(type(value).__name__, type(value).__name__)


def said(value: Any) -> str:
    """A value on the way, for people."""
    return "(not read)" if value is MISSING else shown(plain(value))
