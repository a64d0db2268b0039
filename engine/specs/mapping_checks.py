"""Checks of one mapping: one function for each kind of rule, each with its codes. Single field rules: `rule_checks`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.mapping.types import Type, of_entity
from engine.mapping.values import is_day
from engine.protocol import Catalogue, Entity
from engine.specs.diagnostics import Diagnostic, finding, nearest, nearest_or_some
from engine.specs.model import Constant, Expression, FieldRule, Mapping as MappingModel, SettingName
from engine.specs.rule_checks import check_rule
from engine.specs.source import Mark
from engine.specs.surroundings import Surroundings, expression_type

Check = Callable[[Surroundings], list[Diagnostic]]


def check_entities(mapping: MappingModel, catalogues: Mapping[str, Catalogue]) -> list[Diagnostic]:
    """E201, E202: from and to name systems and entities that are known."""
    found = []
    for expression in (mapping.source, mapping.target):
        system, _, entity = expression.text.partition(".")
        if system not in catalogues:
            hint = nearest(system, catalogues) or f"Connectors: {', '.join(catalogues)}."
            found.append(finding(expression.mark, "E201", f"There is no connector '{system}'.", hint))
        elif entity not in catalogues[system]:
            at = expression.mark.inside(len(system) + 1)
            hint = nearest(entity, catalogues[system]) or f"It has: {', '.join(catalogues[system])}."
            found.append(finding(at, "E202", f"'{entity}' is not an entity of {system}.", hint))
    return found


def check_abilities(around: Surroundings) -> list[Diagnostic]:
    """E251: the target entity can be created, or changed, by mappings at all."""
    mapping, target = around.mapping, around.target
    writes = bool(mapping.rules or mapping.children)
    if mapping.for_linked or mapping.never_creates:
        able, verb = target.updates or not writes, "change"
    else:
        able, verb = target.creates, "create"
    if able:
        return []
    hint = "Add create: never, to link only what is there." if verb == "create" else "Take its fields out."
    return [finding(mapping.target.mark, "E251", f"Mappings cannot {verb} records of {mapping.target.text}.", hint)]


def check_linked_only(around: Surroundings) -> list[Diagnostic]:
    """E264: `for: linked` goes to what is linked, so nothing is matched, grouped, scoped or walked through."""
    mapping = around.mapping
    if not mapping.for_linked:
        return []
    parts: list[tuple[str, Mark | None]] = [
        ("match", mapping.match[0].mark if mapping.match else None),
        ("one_per", mapping.one_per[0].mark if mapping.one_per else None),
        ("each", mapping.each.mark if mapping.each else None),
        ("same_as", mapping.same_as.when.mark if mapping.same_as else None),
        ("scope", mapping.scope[0][2] if mapping.scope else None),
    ]
    return [
        finding(mark, "E264", f"{name} has no meaning beside for: linked.", "Take one of the two out.")
        for name, mark in parts
        if mark is not None
    ]


def check_elements(around: Surroundings) -> list[Diagnostic]:
    """E252, E253: each walks through a list of objects and has a key; so do child lists."""
    mapping = around.mapping
    found: list[Diagnostic] = []
    if mapping.each is not None:
        whole = Type(
            "object", fields={**(around.record.fields or {}), "record": around.record}, label=around.record.label
        )
        found += _walked(mapping.each, whole)
        if not mapping.key:
            hint = "Add key: with the fields that do, as key: [record.TxnID, TxnID]."
            found.append(finding(mapping.each.mark, "E253", "each needs a key that tells its elements apart.", hint))
    for part in mapping.key:
        expression_type(part, around.bare if mapping.each is not None else around.record, found)
    for children in mapping.children:
        found += _walked(children.each, around.bare)
        for part in children.key:
            expression_type(part, around.inside(children), found)
    return found


def _walked(each: Expression, scope: Type) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    items = expression_type(each, scope, found)
    if not found and items.kind not in ("any", "null") and not (items.many and items.kind == "object"):
        found.append(finding(each.mark, "E252", f"each needs a list of objects, not {items.words()}.",
                             _lists(scope)))  # fmt: skip
    return found


def _lists(scope: Type) -> str:
    names = [name for name, one in (scope.fields or {}).items() if one.many and one.kind == "object"]
    return f"The lists here are {', '.join(names)}." if names else "There is no such list here: take each out."


def check_expressions(around: Surroundings) -> list[Diagnostic]:
    """The JMESPaths of only, same_as, one_per, combine's groups: E203, E221 to E228."""
    mapping = around.mapping
    found: list[Diagnostic] = []
    if mapping.only is not None:
        expression_type(mapping.only, around.bare, found)
    if mapping.same_as is not None:
        expression_type(mapping.same_as.when, around.record, found)
        expression_type(mapping.same_as.source, around.record, found)
    for part in mapping.one_per:
        expression_type(part, around.record, found)
    return found


def check_since(around: Surroundings) -> list[Diagnostic]:
    """E258: since is a date, and the source entity has one."""
    since = around.mapping.since
    if since is None:
        return []
    found: list[Diagnostic] = []
    made = around.given_type(since, found)
    if around.source.date is None:
        found.append(finding(since.mark, "E258", f"{around.mapping.source.text} has no date that since could compare.",
                             "Take since out."))  # fmt: skip
    if isinstance(since, Constant) and not (isinstance(since.value, str) and is_day(since.value)):
        found.append(finding(since.mark, "E258", "since takes a date.", 'Write it as "2026-01-31", or name a setting.'))
    elif isinstance(since, SettingName) and made.kind not in ("any", "date"):
        found.append(
            finding(since.mark, "E243", f"The setting '{since.name}' is no date.", "Declare it with type: date.")
        )
    return found


def check_match(around: Surroundings) -> list[Diagnostic]:
    """E231, E243, E260: match keys select text, and look at fields that are there."""
    found: list[Diagnostic] = []
    for key in around.mapping.match:
        made = expression_type(key.source, around.record, found)
        if made.kind not in ("any", "null") and made.family != "text":
            found.append(
                finding(key.source.mark, "E231", f"A match key is text, not {made.words()}.", "Select a text.")
            )
        if key.lookup is not None and around.given_type(key.lookup, found).kind not in ("object", "any"):
            found.append(finding(key.lookup.mark, "E243", f"The setting '{key.lookup.name}' is no table.",
                                 "Declare it with type: table."))  # fmt: skip
        for target in key.targets:
            found += _match_target(around, target)
    return found


def _match_target(around: Surroundings, target: Expression) -> list[Diagnostic]:
    head, _, rest = target.text.partition(".")
    name = around.mapping.target.text
    if head == "custom":
        if around.target.custom and rest:
            return []
        return [finding(target.mark, "E260", f"{name} has no custom fields.")]
    field = around.target.field(head.removesuffix("[]"))
    if field is not None and field.related is not None:
        entity = around.catalogues[around.target_system].get(field.related[0])
        scope = of_entity(entity, f"{around.target_system}.{entity.name}") if entity is not None else Type("object")
        rest_mark = target.mark.inside(len(head) + 1)
        if not rest:
            hint = f"Say which of their fields: {head}.NAME."
            return [finding(target.mark, "E260", f"{head} are records of {field.related[0]}.", hint)]
        return [_as_match(one) for one in _typed(Expression(rest, rest_mark), scope)]
    return [_as_match(one) for one in _typed(target, of_entity(around.target, name))]


def _typed(expression: Expression, scope: Type) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    made = expression_type(expression, scope, found)
    if made.kind not in ("any", "null") and made.family != "text":
        found.append(finding(expression.mark, "E260", f"A match key is text, not {made.words()}."))
    return found


def _as_match(one: Diagnostic) -> Diagnostic:
    """A field that a target has not is E260, whatever the expression's own code."""
    if one.code != "E203":
        return one
    return Diagnostic(one.file, one.line, one.column, "E260", one.severity, one.message, one.hint, one.excerpt)


def check_scope(around: Surroundings) -> list[Diagnostic]:
    """E262: a scope's fields are writable texts of the target, its values texts."""
    found: list[Diagnostic] = []
    for name, given, mark in around.mapping.scope:
        field = around.target.field(name)
        if field is None or not field.writable or field.type not in ("text", "enum", "id"):
            hint = nearest_or_some(name, [one.name for one in around.target.fields if one.writable])
            found.append(finding(mark, "E262", f"'{name}' is no writable text of {around.target.name}.", hint))
        if around.given_type(given, found).family not in ("text", "any"):
            found.append(finding(given.mark, "E262", "A scope's value is text.", "Put it in quotes."))
    return found


def check_combine(around: Surroundings) -> list[Diagnostic]:
    """E254, E255: combine belongs to one_per, names rules that select, and suits their types."""
    mapping = around.mapping
    found: list[Diagnostic] = []
    for one in mapping.combine:
        rule = combined_rule(mapping, one.path)
        if not mapping.one_per:
            hint = "Add one_per, or take combine out."
            found.append(finding(one.mark, "E254", "combine has a meaning only beside one_per.", hint))
        elif rule is None or rule.select is None or rule.via is not None:
            hint = nearest_or_some(one.path, [each.name for each in mapping.rules if each.select is not None])
            hint = hint or "Add a rule that selects it."
            found.append(finding(one.mark, "E254", f"No rule selects a value for '{one.path}'.", hint))
        else:
            family = expression_type(rule.select, around.bare, []).family
            fits = {"sum": ("number",), "all": ("boolean",), "any": ("boolean",)}.get(one.how, ("number", "text"))
            if family not in (*fits, "any", "null"):
                message = f"{one.how} needs {' or '.join(fits)}; '{one.path}' is selected as {family}."
                ways = {"number": "sum, min or max", "boolean": "all or any", "text": "min or max"}.get(
                    family, "min or max"
                )
                found.append(finding(one.mark, "E255", message, f"It can be combined by {ways}."))
    return found


def combined_rule(mapping: MappingModel, path: str) -> FieldRule | None:
    """The rule that combine means: of a field, else of the custom field of that name."""
    by_path = {rule.path: rule for rule in mapping.rules}
    return by_path.get(path) or by_path.get(f"custom.{path}")


def check_fields(around: Surroundings) -> list[Diagnostic]:
    """Every field rule (see rule_checks), and E235: what a create needs has one."""
    mapping, target = around.mapping, around.target
    found: list[Diagnostic] = []
    for rule in mapping.rules:
        found += check_rule(around, rule, around.bare, target.fields)
    given = {rule.path for rule in mapping.rules} | {name for name, _, _ in mapping.scope}
    if not (mapping.for_linked or mapping.never_creates):
        for field in target.fields:
            if field.required and field.name not in given:
                message = f"{mapping.target.text} cannot be created without '{field.name}', and no rule gives it."
                found.append(finding(mapping.target.mark, "E235", message, f"Add it to fields: {field.name}: ..."))
    return found


def check_children(around: Surroundings) -> list[Diagnostic]:
    """E208, E235 and every rule of child lists."""
    found: list[Diagnostic] = []
    known = {one.name: one for one in around.target.children}
    for children in around.mapping.children:
        entry = known.get(children.name)
        if entry is None:
            message = f"{around.mapping.target.text} has no child list '{children.name}'."
            hint = nearest(children.name, known) or (f"It has: {', '.join(known)}." if known else "It has none.")
            found.append(finding(children.mark, "E208", message, hint))
            continue
        scope = around.inside(children)
        for rule in children.rules:
            found += check_rule(around, rule, scope, entry.fields)
        for field in entry.fields:
            if field.required and field.name not in {rule.path for rule in children.rules}:
                message = f"An entry of {children.name} cannot be created without '{field.name}', and no rule gives it."
                found.append(finding(children.mark, "E235", message, f"Add it to its fields: {field.name}: ..."))
    return found


def check_gone(around: Surroundings) -> list[Diagnostic]:
    """E259, E204 and the rules and texts of when_deleted, when_voided, when_gone."""
    found: list[Diagnostic] = []
    for gone in around.mapping.gone:
        for rule in gone.rules:
            found += check_rule(around, rule, around.bare, around.target.fields)
        if gone.note is not None:
            if around.target.note is None:
                message = f"{around.mapping.target.text} takes no notes."
                found.append(finding(gone.note.mark, "E204", message, "Take note out, or fill a field."))
            around.template(gone.note, around.bare, found)
        for path, text in gone.append:
            around.template(text, around.bare, found)
            if path is None and append_field(around.mapping, around.target) is None:
                message = "append does not say to which field the text goes."
                found.append(finding(text.mark, "E259", message, "Name the field: append: {FIELD: text}."))
            elif path is not None and around.target.field(path) is None:
                found.append(finding(text.mark, "E204", f"'{path}' is not a field of {around.target.name}."))
    return found


def append_field(mapping: MappingModel, target: Entity) -> str | None:
    """The one rewritten field that a template fills: where a bare `append` goes."""
    names = [rule.name for rule in mapping.rules if rule.template is not None and not rule.custom]
    fields = [field.name for name in names if (field := target.field(name)) is not None and field.rewritten]
    return fields[0] if len(fields) == 1 else None


MAPPING_CHECKS: tuple[Check, ...] = (
    check_abilities,
    check_linked_only,
    check_elements,
    check_expressions,
    check_since,
    check_match,
    check_scope,
    check_combine,
    check_fields,
    check_children,
    check_gone,
)
"""Every check of one mapping."""
