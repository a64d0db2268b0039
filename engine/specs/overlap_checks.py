"""Finds what is written twice (E266, E267), and matches on custom fields that nobody fills (W304)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.specs.diagnostics import Diagnostic, finding, nearest
from engine.specs.model import FieldRule, Mapping
from engine.specs.surroundings import Surroundings

Place = tuple[str, str]
"""(system, entity)"""


def check_overlaps(known: Iterable[Surroundings]) -> list[Diagnostic]:
    """E266, E267 and W304 of a whole set."""
    by_target: dict[Place, list[Surroundings]] = {}
    for around in known:
        by_target.setdefault((around.target_system, around.target.name), []).append(around)
    found: list[Diagnostic] = []
    for same in by_target.values():
        found += _alike(same)
        found += _unfilled(same)
        for around in same:
            found += _parts(around)
        found += _twice([around.mapping for around in same])
    return found


def _alike(same: list[Surroundings]) -> Iterator[Diagnostic]:
    """Custom fields are found by name without regard to case and blanks: two spellings are one field."""
    first: dict[str, FieldRule] = {}
    for around in same:
        for rule in (*around.mapping.rules, *(rule for one in around.mapping.gone for rule in one.rules)):
            if not rule.custom:
                continue
            other = first.setdefault(" ".join(rule.name.split()).casefold(), rule)
            if other.name != rule.name:
                message = f"'{rule.name}' and '{other.name}' ({other.key_mark}) are the same custom field."
                yield finding(rule.key_mark, "E266", message, "Spell both alike, or take one out.")


def _parts(around: Surroundings) -> Iterator[Diagnostic]:
    """A derived field that is made of another one, and that other one."""
    rules = {rule.path: rule for rule in around.mapping.rules}
    for path, rule in rules.items():
        field = around.target.field(path)
        for need in field.needs if field is not None and field.derived else ():
            if need in rules:
                later = max(rule, rules[need], key=lambda one: _order(around.mapping, one))
                message = f"'{path}' and '{need}' are two ways to write the same thing."
                yield finding(later.key_mark, "E266", message, "Take one of them out.")


def _order(mapping: Mapping, rule: FieldRule) -> tuple[bool, int, int]:
    """What the user's own file says comes after what it extends."""
    mark = rule.key_mark
    return mark.source == mapping.mark.source, mark.line, mark.column


def _twice(mappings: list[Mapping]) -> Iterator[Diagnostic]:
    """Two mappings of one pair. Where both have `only`, they may share no record; that needs data to know."""
    writers: dict[tuple[str, str, str], tuple[Mapping, FieldRule]] = {}
    for mapping in mappings:
        for rule in mapping.rules:
            each = mapping.each.text if mapping.each is not None else ""
            first, other = writers.setdefault((mapping.source.text, each, rule.path), (mapping, rule))
            if first is not mapping and not (first.only and mapping.only):
                message = f"{first.name} writes '{rule.name}' of the same records ({other.key_mark})."
                hint = "Take one of the two out, or say with only: which records are whose."
                yield finding(rule.key_mark, "E267", message, hint)


def _unfilled(same: list[Surroundings]) -> Iterator[Diagnostic]:
    """People may fill such a field by hand, so it is no error; more often its name has a slip in it."""
    filled = {rule.name for around in same for rule in around.mapping.rules if rule.custom}
    for around in same:
        for key in around.mapping.match:
            for target in key.targets:
                head, _, name = target.text.partition(".")
                name = name.strip('"')
                if head == "custom" and name and name not in filled:
                    message = f"No mapping fills the custom field '{name}' of {around.mapping.target.text}."
                    hint = nearest(name, filled) or "It matches only what people typed there."
                    yield finding(target.mark.inside(7), "W304", message, hint, severity="warning")
