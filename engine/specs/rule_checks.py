"""Checks of single rules against the target's catalogue: does the field exist, take this value, this reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.mapping.selector import BadExpression, selector
from engine.mapping.types import Type, infer, of_literal, place
from engine.mapping.values import is_day
from engine.protocol import Entity, Field
from engine.specs.diagnostics import Diagnostic, finding, nearest
from engine.specs.model import Constant, Expression, FieldRule, SettingName
from engine.specs.set_checks import misfit
from engine.specs.source import Mark
from engine.specs.surroundings import Surroundings, entity_of, expression_type

_HINTS = {
    ("text", "number"): 'Write it as text: {template: "{{ NAME }}"}.',
    ("text", "boolean"): "Use choose: {true: Yes, false: No}.",
    ("text", "address"): "Take a part of it, or write a template.",
    ("number", "text"): "Add number: true.",
    ("boolean", "text"): "Add boolean: true.",
    ("date", "text"): "Add date: true, or date with the format.",
    ("datetime", "text"): "Add datetime: true, or datetime with the format.",
}


def check_rule(around: Surroundings, rule: FieldRule, scope: Type, fields: tuple[Field, ...]) -> list[Diagnostic]:
    """Everything about one rule; `fields` are those that it may fill (of the target, or of its child list)."""
    found: list[Diagnostic] = []
    made = around.type_of(rule, scope, found)
    found += check_choose(around, rule, scope)
    found += check_kinds(around, rule, scope)
    for watched in rule.again_when:
        expression_type(watched, scope, found)
    reference = check_reference(around, rule, scope) if rule.via is not None else []
    if rule.custom or not any(one.code == "E265" for one in reference):
        found += reference
    if rule.custom:
        wrong = check_custom(around, rule, made)
        return [*(one for one in found if one.code != "E265" or not wrong), *wrong]
    field = next((one for one in fields if one.name == rule.name), None)
    if field is None:
        return [*found, unknown_target(around.target, rule, fields)]
    if not field.writable:
        message = f"'{field.name}' of {around.mapping.target.text} cannot be written."
        hint = "The system sets it by itself; take the line out."
        return [*found, finding(rule.key_mark, "E234", message, hint)]
    if rule.via is not None:
        wrong = check_refers(around, rule, field)  # the mapping named is the wrong one: then its key is wrong anyway
        return [*found, *(wrong or [one for one in reference if one not in found])]
    if field.refers and rule.given is None and made.kind not in ("any", "null"):
        message = f"'{field.name}' holds the key of {field.refers}; a key of the source means nothing there."
        return [*found, finding(rule.mark, "E257", message, _links(around, None, field.refers))]
    return found + check_fit(rule, made, field)


def unknown_target(target: Entity, rule: FieldRule, fields: tuple[Field, ...]) -> Diagnostic:
    """E204, with the nearest name."""
    known = [one.name for one in fields if one.writable]
    hint = nearest(rule.name, known) or ("Custom fields stand under custom." if target.custom else "")
    return finding(rule.key_mark, "E204", f"'{rule.name}' is not a field of {target.name}.", hint)


def check_fit(rule: FieldRule, made: Type, field: Field) -> list[Diagnostic]:
    """E231, E232, E233: the value's type, its literals and their lengths against the field."""
    at = rule.given.mark if isinstance(rule.given, Constant) else rule.mark
    if made.kind in ("any", "null") or field.type == "object":
        return []
    if made.many != field.many:
        hint = "Add first: true, or join with a separator." if made.many else "Write [A] to make a list."
        needs = "a list" if field.many else "a single value"
        return [finding(at, "E231", f"'{field.name}' takes {needs}, not {made.words()}.", hint)]
    if not _fits(made, field):
        family = "text" if field.type in ("text", "id", "enum") else field.type
        hint = _HINTS.get((family, made.family), "Select another field, or convert the value.")
        if family in ("date", "datetime") and made.kind in ("date", "datetime"):
            hint = f"Add {family}: true."
        taken = Type(field.type).words()
        return [finding(at, "E231", f"'{field.name}' takes {taken}, not {made.words()}.", hint)]
    found = []
    for text in made.options or ():
        if field.type == "enum" and field.options and text not in field.options:
            hint = nearest(text, field.options) or f"It takes {', '.join(field.options[:8])}."
            found.append(finding(at, "E232", f"'{text}' is no option of '{field.name}'.", hint))
        elif field.length is not None and len(text) > field.length:
            message = f"'{field.name}' takes {field.length} characters at most; this text has {len(text)}."
            found.append(finding(at, "E233", message, "Shorten it, or add truncate."))
    if made.options is None and field.length is not None and made.least > field.length:
        message = f"'{field.name}' takes {field.length} characters at most; this text always has {made.least} or more."
        found.append(finding(at, "E233", message, "Shorten it, or add truncate."))
    return found


def check_bound(around: Surroundings, settings: Mapping[str, Any], places: Mapping[str, Mark]) -> list[Diagnostic]:
    """E232, E233: the values that a connection gives its settings, in the fields that take them as they are.

    Placed in engine.yaml where `places` knows them (see lint_set), else at the rule.
    """
    found: list[Diagnostic] = []
    fields = {one.name: one for one in around.target.fields}
    for rule in (*around.mapping.rules, *(rule for one in around.mapping.gone for rule in one.rules)):
        field = fields.get(rule.path)
        if field is None or not isinstance(rule.given, SettingName) or rule.steps:
            continue
        name, declared = rule.given.name, around.set.settings.get(rule.given.name)
        value = settings.get(name, declared.default) if declared is not None else None
        if declared is not None and isinstance(value, str) and misfit(declared, value) is None:
            at = places.get(name, rule.given.mark)
            found += check_fit(replace(rule, given=Constant(value, at)), of_literal(value), field)
    return found


def _fits(made: Type, field: Field) -> bool:
    if field.type in ("text", "id", "enum"):
        return made.family == "text"
    if field.type == "date":
        return made.kind == "date" or (made.options is not None and all(map(is_day, made.options)))
    if field.type == "datetime":
        return made.kind in ("date", "datetime")
    if field.type == "address":
        return made.kind == "address" or made.family == "text"
    return made.kind == field.type


def check_choose(around: Surroundings, rule: FieldRule, scope: Type) -> list[Diagnostic]:
    """E238: choose names every value that is possible, where the catalogue knows them."""
    found: list[Diagnostic] = []
    if not rule.steps or rule.steps[0].name != "choose" or rule.select is None or rule.default is not None:
        return found
    step = rule.steps[0]
    given = expression_type(rule.select, scope, [])
    possible = ("true", "false") if given.kind == "boolean" else given.options or ()
    missing = [one for one in possible if one not in step.argument]
    if missing:
        words = ", ".join(f"'{one}'" for one in missing[:6])
        found.append(
            finding(step.mark, "E238", f"choose does not say what {words} becomes.", "Name it, or add default.")
        )
    return found


def check_kinds(around: Surroundings, rule: FieldRule, scope: Type) -> list[Diagnostic]:
    """E231, E237: alternatives of one rule (choices, `A || B`, a default) are of one kind, as the field is."""
    found: list[Diagnostic] = []
    for step in rule.steps:
        if step.name == "choose" and isinstance(step.argument, dict):
            kinds = sorted({of_literal(one).words() for one in step.argument.values()})
            if len(kinds) > 1:
                message = f"choose gives {' and '.join(kinds)}; one field takes one kind."
                found.append(finding(step.argument_mark, "E237", message, "Put them all in quotes, or none."))
    if rule.select is not None and not rule.steps and rule.via is None:
        found += _mixed(rule.select, scope)
    if rule.default is not None and rule.via is None:
        made = around.type_of(replace(rule, default=None), scope, [])
        default = around.given_type(rule.default, [])
        if not {"any", "null"} & {made.kind, default.kind} and made.family != default.family:
            message = f"The default is {default.words()}, but the rule gives {made.words()}."
            found.append(finding(rule.default.mark, "E231", message, f"Write {made.words()}."))
    return found


def _mixed(select: Expression, scope: Type) -> list[Diagnostic]:
    """`A || B` where A is text and B a number: one of them never fits."""
    try:
        tree = selector(select.text).tree
    except BadExpression:
        return []
    if tree["type"] != "or_expression":
        return []
    first, *others = alternatives(tree)
    wanted = infer(first, scope, [])
    for node in others:
        made = infer(node, scope, [])
        if not {"any", "null"} & {made.kind, wanted.kind} and (made.family, made.many) != (wanted.family, wanted.many):
            message = f"This gives {made.words()}, but what stands before it gives {wanted.words()}."
            hint = "Let all parts around || be of one kind."
            return [finding(select.mark.inside(place(node)), "E231", message, hint)]
    return []


def alternatives(tree: dict[str, Any]) -> list[dict[str, Any]]:
    """The parts of `A || B || C`, in their order."""
    if tree["type"] != "or_expression":
        return [tree]
    return [part for child in tree["children"] for part in alternatives(child)]


def check_custom(around: Surroundings, rule: FieldRule, made: Type) -> list[Diagnostic]:
    """E239, E240, E263: custom fields exist there, are no booleans, and take the right options."""
    if not around.target.custom:
        return [finding(rule.key_mark, "E239", f"{around.mapping.target.text} has no custom fields.",
                        "Take the line out, or fill one of its own fields.")]  # fmt: skip
    if made.kind == "boolean":
        return [
            finding(rule.mark, "E240", f"'{rule.name}' would be true or false.", "Use choose: {true: Yes, false: No}.")
        ]
    if made.kind in ("address", "object"):
        return [
            finding(
                rule.mark,
                "E231",
                f"'{rule.name}' cannot take {made.words()}.",
                "Take parts of it, or write a template.",
            )
        ]
    via = around.set.mapping(rule.via.text) if rule.via is not None else None
    named = next((given for name, given, _ in via.scope if name == "field"), None) if via is not None else None
    if (
        via is not None
        and isinstance(named, Constant)
        and isinstance(named.value, str)
        and made.kind == "enum"
        and named.value != rule.name
    ):
        assert rule.via is not None
        message = f"{via.name} makes options of '{named.value}', not of '{rule.name}'."
        return [finding(rule.via.mark, "E263", message, f"Call the field '{named.value}', or name another mapping.")]
    return []


def check_reference(around: Surroundings, rule: FieldRule, scope: Type) -> list[Diagnostic]:
    """E205, E256, E265: via names a mapping between the same systems, and its key is of that mapping's source."""
    assert rule.via is not None
    via = around.set.mapping(rule.via.text)
    if via is None:
        known = [one.name for one in around.set.mappings]
        hint = nearest(rule.via.text, known) or f"The set has: {', '.join(known)}."
        return [finding(rule.via.mark, "E205", f"There is no mapping '{rule.via.text}'.", hint)]
    if not all(one.text.partition(".")[0] in around.catalogues for one in (via.source, via.target)):
        return []
    systems = (via.source.text.partition(".")[0], via.target.text.partition(".")[0])
    if systems != (around.source_system, around.target_system):
        message = f"{via.name} leads from {systems[0]} to {systems[1]}, not the way of this mapping."
        return [finding(rule.via.mark, "E256", message)]
    key = expression_type(rule.select, scope, []) if rule.select is not None else None
    entity = entity_of(via.source.text, around.catalogues)
    if key is None or rule.steps or key.kind in ("any", "null") or entity is None:
        return []
    assert rule.select is not None
    if key.many or key.family != "text":
        return [finding(rule.select.mark, "E265", f"via needs one key, not {key.words()}.", "Select a single key.")]
    if key.refers and key.refers != entity.name:
        message = f"This is a key of {key.refers}, but {via.name} reads {entity.name}."
        return [finding(rule.select.mark, "E265", message, _links(around, key.refers, None))]
    return []


def check_refers(around: Surroundings, rule: FieldRule, field: Field) -> list[Diagnostic]:
    """E256: the reference leads to the entity whose key the field holds."""
    entity = around.reference(rule)
    if entity is None or rule.via is None or field.refers in (None, entity.name):
        return []
    message = f"'{field.name}' holds the key of {field.refers}, but {rule.via.text} makes {entity.name}."
    return [finding(rule.via.mark, "E256", message, _links(around, None, field.refers))]


def _links(around: Surroundings, source: str | None, target: str | None) -> str:
    """Which mappings of the set lead from an entity, or to one."""
    pair = (around.source_system, around.target_system)
    names = []
    for one in around.set.mappings:
        (from_, source_name), (to, target_name) = (part.text.split(".", 1) for part in (one.source, one.target))
        if (from_, to) == pair and source in (None, source_name) and target in (None, target_name):
            names.append(one.name)
    if names:
        return f"Write via: {' or '.join(names)}."
    return f"Write a mapping {f'from {source}' if source else f'to {target}'}, and name it with via."
