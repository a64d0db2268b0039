"""Checks of a whole set: its settings, and mappings that wait for one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set as AbstractSet
from decimal import Decimal
from graphlib import CycleError, TopologicalSorter
from typing import Any

from engine.mapping.values import is_day
from engine.specs.diagnostics import Diagnostic, finding, nearest
from engine.specs.model import UNSET, FieldRule, MappingSet, Setting, SettingName
from engine.specs.source import Mark, Source
from engine.specs.surroundings import Surroundings


def check_declared(set: MappingSet) -> list[Diagnostic]:
    """E243: a declared setting's default is of its type."""
    found = []
    for one in set.settings.values():
        wrong = None if one.default in (UNSET, None) else misfit(one, one.default)
        if wrong:
            found.append(finding(one.mark, "E243", f"The default of '{one.name}' {wrong}.",
                                 "Give it a default of its type, or default: null for none."))  # fmt: skip
    return found


def check_settings(set: MappingSet, settings: Mapping[str, Any], places: Mapping[str, Mark]) -> list[Diagnostic]:
    """E206, E241, E242: given settings are declared and of their types; used ones are given. `places`: see lint_set."""
    found = []
    block = places.get("", Mark(Source.of("settings", ""), 0, 0))
    for name, value in settings.items():
        declared, at = set.settings.get(name), places.get(name, block)
        if declared is None:
            hint = nearest(name, set.settings) or _known(set)
            found.append(finding(at, "E206", f"The mappings have no setting '{name}'.", hint))
        elif value is not None and (wrong := misfit(declared, value)):
            found.append(finding(at, "E241", f"The setting '{name}' {wrong}.", declared.help))
    for name, mark in used_settings(set):
        declared = set.settings.get(name)
        if declared is not None and declared.default is UNSET and name not in settings:
            if "" in places:
                message = f"The setting '{name}' is missing; {mark} needs it."
                found.append(finding(block, "E242", message, f"Add it here: {declared.help}"))
            else:
                message = f"The setting '{name}' is used here, and has no value."
                found.append(finding(mark, "E242", message, f"Give it in engine.yaml: {declared.help}"))
    return found


def _known(set: MappingSet) -> str:
    return f"They have: {', '.join(set.settings)}." if set.settings else "They have none."


def misfit(declared: Setting, value: Any) -> str | None:
    """What is wrong with a setting's value, in words; None if it fits."""
    if declared.type == "number":
        fits = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    elif declared.type == "boolean":
        fits = isinstance(value, bool)
    elif declared.type == "table":
        fits = isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
    else:
        fits = isinstance(value, str) and (declared.type != "date" or is_day(value))
    words = {"text": "is text", "number": "is a number", "boolean": "is true or false",
             "date": "is a date, as \"2026-01-31\"", "table": "is a table of texts"}  # fmt: skip
    return None if fits else f"{words[declared.type]}, not {value!r}"


def used_settings(set: MappingSet) -> list[tuple[str, Mark]]:
    """Every setting that a mapping names, with its place."""
    used: list[tuple[str, Mark]] = []
    for mapping in set.mappings:
        givens: list[Any] = [mapping.since, *(given for _, given, _ in mapping.scope)]
        givens += [key.lookup for key in mapping.match]
        rules = [*mapping.rules, *(rule for one in mapping.children for rule in one.rules)]
        rules += [rule for one in mapping.gone for rule in one.rules]
        for rule in rules:
            givens += [rule.given, rule.default, *(step.argument for step in rule.steps)]
        used += [(one.name, one.mark) for one in givens if isinstance(one, SettingName)]
    return used


def check_circles(known: list[Surroundings]) -> list[Diagnostic]:
    """E261: references for which records wait must not form a circle."""
    marks: dict[tuple[str, str], Mark] = {}
    graph: dict[str, set[str]] = {one.mapping.name: set() for one in known}
    for around in known:
        for rule in around.all_rules:
            name = rule.via.text if rule.via is not None else ""
            if rule.via is not None and name in graph and name != around.mapping.name and is_required(around, rule):
                graph[around.mapping.name].add(name)
                marks[(around.mapping.name, name)] = rule.via.mark
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as problem:
        circle: list[str] = list(reversed(problem.args[1]))
        mark = marks[(circle[0], circle[1])]
        return [finding(mark, "E261", f"These wait for one another: {' -> '.join(circle)}.", "Let one be left.")]
    return []


def is_required(around: Surroundings, rule: FieldRule) -> bool:
    """Whether a record waits for this reference: as said, else where a create needs the field."""
    if rule.otherwise is not None:
        return rule.otherwise == "wait"
    if any(rule in one.rules for one in around.mapping.children):
        return True
    field = around.target.field(rule.name)
    return field is not None and field.required


def check_unused(set: MappingSet, codes: AbstractSet[str]) -> list[Diagnostic]:
    """W301, W303: settings that the set's own preset.yaml declares, and its template files, are used.

    `codes` were found already: where a name leads nowhere, the unused one is likely what was meant.
    """
    rules = [rule for one in set.mappings for rule in (*one.rules, *(rule for c in one.children for rule in c.rules))]
    rules += [rule for one in set.mappings for end in one.gone for rule in end.rules]
    texts = [rule.template.text for rule in rules if rule.template is not None]
    texts += [end.note.text for one in set.mappings for end in one.gone if end.note is not None]
    texts += [text.text for one in set.mappings for end in one.gone for _, text in end.append]
    found = [] if codes & {"E206", "E210"} else list(_unused_settings(set, texts))
    return found if "E209" in codes else [*found, *_unused_templates(set, texts)]


def _unused_settings(set: MappingSet, texts: list[str]) -> Iterator[Diagnostic]:
    used = {name for name, _ in used_settings(set)}
    texts = [*texts, *(one.text for one in set.templates.values())]
    for one in set.settings.values():
        own = one.mark.source.file.startswith(f"{set.name}/")
        if own and one.name not in used and not any(f"settings.{one.name}" in text for text in texts):
            what = "table" if one.type == "table" else "setting"
            message = f"No mapping uses the {what} '{one.name}'."
            yield finding(one.mark, "W301", message, "Take it out, or use it: {setting: NAME}.", severity="warning")


def _unused_templates(set: MappingSet, texts: list[str]) -> Iterator[Diagnostic]:
    for one in set.templates.values():
        if one.source.file.startswith(f"{set.name}/") and one.name not in texts:
            message = f"No mapping uses the template file '{one.name}'."
            near = nearest(one.name, [text for text in texts if text.endswith((".html", ".txt"))])
            mark = Mark(one.source, 0, 0)
            yield finding(
                mark, "W303", message, near or "Take it away, or use it: {template: NAME}.", severity="warning"
            )
