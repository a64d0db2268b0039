"""Checks of a whole set: its settings, and mappings that wait for one another."""

from __future__ import annotations

from collections.abc import Mapping
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
            found.append(finding(one.mark, "E243", f"The default of '{one.name}' {wrong}."))
    return found


def check_settings(set: MappingSet, settings: Mapping[str, Any]) -> list[Diagnostic]:
    """E206, E241, E242: given settings are declared and of their types; used ones are given."""
    found = []
    nowhere = Mark(Source.of("settings", ""), 0, 0)
    for name, value in settings.items():
        declared = set.settings.get(name)
        if declared is None:
            found.append(finding(nowhere, "E206", f"No preset declares '{name}'.", nearest(name, set.settings)))
        elif value is not None and (wrong := misfit(declared, value)):
            found.append(finding(nowhere, "E241", f"The setting '{name}' {wrong}.", declared.help))
    for name, mark in used_settings(set):
        declared = set.settings.get(name)
        if declared is not None and declared.default is UNSET and name not in settings:
            message = f"The setting '{name}' is used here, and has no value."
            found.append(finding(mark, "E242", message, f"Give it in engine.yaml: {declared.help}"))
    return found


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


def check_unused(set: MappingSet) -> list[Diagnostic]:
    """W301: a setting that the set's own preset.yaml declares is used."""
    used = {name for name, _ in used_settings(set)}
    texts = [one.text for one in set.templates.values()]
    texts += [rule.template.text for one in set.mappings for rule in one.rules if rule.template is not None]
    return [
        finding(one.mark, "W301", f"No mapping uses the setting '{one.name}'.", severity="warning")
        for one in set.settings.values()
        if one.name not in used
        and one.mark.source.file.startswith(f"{set.name}/")
        and not any(f"settings.{one.name}" in text for text in texts)
    ]
