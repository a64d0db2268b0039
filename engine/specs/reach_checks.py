"""Finds what can never apply: W302. Nothing of it breaks a sync, but whoever wrote it expects something of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.mapping.selector import BadExpression, selector
from engine.mapping.types import Type, place
from engine.specs.diagnostics import Diagnostic, finding, nearest
from engine.specs.model import Constant, Expression, FieldRule
from engine.specs.source import Mark
from engine.specs.surroundings import Surroundings, expression_type


def check_reach(around: Surroundings) -> list[Diagnostic]:
    """W302, at the part that never applies."""
    mapping = around.mapping
    found = [*_gone(around), *_match(around)]
    scopes = [(rule, around.bare) for rule in mapping.rules]
    scopes += [(rule, around.inside(one)) for one in mapping.children for rule in one.rules]
    for rule, scope in scopes:
        found += _rule(around, rule, scope)
    expressions = [rule.select for rule, _ in scopes] + [key.source for key in mapping.match] + [mapping.only]
    for expression in expressions:
        if expression is not None:
            found += _alternatives(expression)
    return found


def _never(mark: Mark, message: str, hint: str = "") -> Diagnostic:
    return finding(mark, "W302", message, hint, severity="warning")


def _gone(around: Surroundings) -> Iterator[Diagnostic]:
    mapping, name = around.mapping, around.mapping.source.text
    kinds = {one.kind: one for one in mapping.gone}
    if "voided" in kinds and around.source.voids is None:
        hint = "Take it out; when_deleted says what happens when the record is deleted."
        yield _never(kinds["voided"].mark, f"A {name} is never voided.", hint)
    if kinds.keys() == {"deleted", "voided", "gone"} and mapping.each is None:
        message = "when_deleted and when_voided leave nothing for when_gone."
        yield _never(kinds["gone"].mark, message, "Take it out, or one of the other two.")


def _match(around: Surroundings) -> Iterator[Diagnostic]:
    seen: dict[Any, int] = {}
    for key in around.mapping.match:
        normalizer = key.normalizer.text if key.normalizer is not None else ""
        table = key.lookup.name if key.lookup is not None else ""
        same = (key.source.text, tuple(one.text for one in key.targets), normalizer, table)
        if same in seen:
            yield _never(key.mark, f"The match key of line {seen[same]} has looked at this already.", "Take it out.")
        seen.setdefault(same, key.mark.line)


def _rule(around: Surroundings, rule: FieldRule, scope: Type) -> Iterator[Diagnostic]:
    mapping = around.mapping
    if rule.write == "once" and (mapping.for_linked or mapping.never_creates):
        hint = "Take write: once out."
        yield _never(rule.key_mark, "write: once writes when a record is made, and this mapping makes none.", hint)
    if isinstance(rule.given, Constant) and isinstance(rule.default, Constant):
        yield _never(rule.default.mark, "The value is always there, so the default never is.", "Take the default out.")
    step = rule.steps[0] if rule.steps else None
    if step is not None and step.name == "choose" and rule.select is not None and isinstance(step.argument, dict):
        given = expression_type(rule.select, scope, [])
        possible = ("true", "false") if given.kind == "boolean" else given.options
        if not possible or any(one not in step.argument for one in possible):
            return  # nothing is known, or E238 says that the keys are others
        for name in step.argument:
            if name not in possible:
                hint = nearest(name, possible) or f"It has {', '.join(possible[:8])}."
                yield _never(step.argument_mark, f"The field never has the value '{name}'.", hint)


def _alternatives(expression: Expression) -> Iterator[Diagnostic]:
    """`A || B` where A is a literal that always counts."""
    try:
        tree = selector(expression.text).tree
    except BadExpression:
        return
    for node in _nodes(tree):
        if node["type"] == "or_expression" and node["children"][0]["type"] == "literal":
            left, right = node["children"]
            if left["value"] not in (None, False, "", [], {}):
                at = expression.mark.inside(place(right))
                yield _never(at, "What stands before || is always there, so this never counts.", "Write it first.")


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node["children"]:
        if isinstance(child, dict):
            yield from _nodes(child)
