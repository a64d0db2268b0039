"""Which custom fields a set writes, and of which type each must be: taken together from all rules of the set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.mapping.types import Type
from engine.mapping.values import is_day
from engine.protocol import CustomField, FieldType
from engine.specs.diagnostics import Diagnostic, finding
from engine.specs.model import FieldRule
from engine.specs.surroundings import Surroundings

_NONE = ("any", "null", "boolean", "address", "object")
"""Not known, or nothing that a custom field can hold (E240, E231 say so)."""

Place = tuple[str, str]
"""(system, entity)"""


@dataclass(frozen=True, slots=True)
class _Use:
    rule: FieldRule
    made: Type
    main: bool
    """A rule of the mapping itself; those of when_... only add literals."""


def infer_custom_fields(
    surroundings: Iterable[Surroundings],
) -> tuple[dict[str, dict[str, tuple[CustomField, ...]]], list[Diagnostic]]:
    """System -> entity -> fields, in the order of first use; and E244 where rules disagree."""
    uses: dict[Place, dict[str, list[_Use]]] = {}
    for around in surroundings:
        fields = uses.setdefault((around.target_system, around.target.name), {})
        for rule in around.mapping.rules:
            _note(fields, rule, around, main=True)
        for gone in around.mapping.gone:
            for rule in gone.rules:
                _note(fields, rule, around, main=False)
    made: dict[str, dict[str, tuple[CustomField, ...]]] = {}
    found: list[Diagnostic] = []
    for (system, entity), fields in uses.items():
        if fields:
            customs = tuple(_custom(name, of, found) for name, of in fields.items())
            made.setdefault(system, {})[entity] = customs
    return made, found


def _note(fields: dict[str, list[_Use]], rule: FieldRule, around: Surroundings, *, main: bool) -> None:
    if rule.custom:
        fields.setdefault(rule.name, []).append(_Use(rule, around.type_of(rule, around.bare, []), main))


def _custom(name: str, uses: list[_Use], found: list[Diagnostic]) -> CustomField:
    known = [use for use in uses if use.made.kind not in _NONE]
    first = next((use for use in known if use.main), known[0] if known else None)
    if first is None:
        return CustomField(name, "text", optional=all(use.rule.optional for use in uses))
    for use in known:
        if not _agree(use.made, first.made):
            message = f"'{name}' is {first.made.words()} by {first.rule.mark}, but {use.made.words()} here."
            found.append(
                finding(use.rule.mark, "E244", message, "Give both rules the same type, or name another field.")
            )
    options = _options([use.made for use in known])
    kind = _kind(first.made, options)
    lengths = [use.made.length for use in known]
    return CustomField(
        name,
        kind,
        many=first.made.many,
        length=None if kind != "text" or None in lengths else max((one for one in lengths if one), default=None),
        money=kind == "number" and all(use.made.money for use in known),
        options=options if kind == "enum" and options else (),
        optional=all(use.rule.optional for use in uses),
    )


def _agree(one: Type, other: Type) -> bool:
    """Whether one field can hold both. A literal may be a date."""
    texts = [made.options for made in (one, other) if made.kind != "date"]
    days = all(of is not None and all(map(is_day, of)) for of in texts)
    dates = "date" in (one.kind, other.kind)
    return one.family == other.family and one.many == other.many and (days or not dates)


def _options(types: list[Type]) -> tuple[str, ...] | None:
    """Every literal, in order; None where some rule gives text of any kind."""
    made: dict[str, None] = {}
    for one in types:
        if one.kind == "enum" and one.options is None and one.refers:
            continue  # options that a mapping makes: they are not known here
        if one.options is None:
            return None
        made.update(dict.fromkeys(one.options))
    return tuple(made)


def _kind(first: Type, options: tuple[str, ...] | None) -> FieldType:
    if first.kind in ("number", "date"):
        return "number" if first.kind == "number" else "date"
    # A time has no custom field of its own, and a key is text there.
    return "enum" if options is not None and first.kind in ("text", "enum") else "text"
