"""What a mapping stands in: its entities, the types of the names that its expressions see, its templates and settings.

Shared by the linter, which reports what is wrong, and the compiler, which relies on nothing being wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, replace

from engine.mapping.selector import BadExpression, selector
from engine.mapping.template import BadTemplate, Path, Template, template
from engine.mapping.transforms.registry import TRANSFORMS
from engine.mapping.transforms.spec import BadArgument
from engine.mapping.types import (
    ANY,
    BOOLEAN,
    DATE,
    NUMBER,
    TEXT,
    Mistake,
    Type,
    infer,
    of_element,
    of_entity,
    of_literal,
    union,
)
from engine.protocol import Catalogue, Entity
from engine.specs.advice import for_expression, for_template
from engine.specs.diagnostics import Diagnostic, finding, nearest, nearest_or_some
from engine.specs.model import (
    ChildrenRule,
    Constant,
    Expression,
    FieldRule,
    Given,
    Mapping,
    MappingSet,
    SettingName,
    Step,
)
from engine.specs.source import Mark

BUILT_IN = ("settings", "linked", "today", "now")
"""Names that every template sees besides the record's."""
_BARE = re.compile(r"\w[\w /-]*")
"""Words as people write them for themselves: USD, Invoices / Sent."""
_ARGUMENTS = {"string": ("text", "date"), "integer": ("number",), "number": ("number",), "boolean": ("boolean",),
              "object": ("table",)}  # fmt: skip
"""JSON Schema's type of a transform's argument -> the types of settings that may stand for it."""
_SETTING_TYPES = {"text": TEXT, "number": NUMBER, "boolean": BOOLEAN, "date": DATE, "table": Type("object")}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """One mapping with everything that its names mean."""

    mapping: Mapping
    set: MappingSet
    catalogues: Dictionary[str, Catalogue]
    source: Entity
    target: Entity
    record: Type
    bare: Type
    """What bare names mean: the record, or the element where the mapping says `each`."""

    @classmethod
    def of(cls, mapping: Mapping, set: MappingSet, catalogues: Dictionary[str, Catalogue]) -> Surroundings | None:
        """The surroundings; None where a system or an entity is not known."""
        source, target = (entity_of(one.text, catalogues) for one in (mapping.source, mapping.target))
        if source is None or target is None:
            return None
        record = of_entity(source, mapping.source.text)
        bare = record
        if mapping.each is not None:
            whole = Type("object", fields={**(record.fields or {}), "record": record}, label=record.label)
            items = expression_type(mapping.each, whole, [])
            bare = of_element(items.item, record) if items.kind == "object" else Type("object", label="the element")
        return cls(mapping, set, catalogues, source, target, record, bare)

    @property
    def source_system(self) -> str:
        """The name of the system that is read."""
        return self.mapping.source.text.partition(".")[0]

    @property
    def target_system(self) -> str:
        """The name of the system that is written."""
        return self.mapping.target.text.partition(".")[0]

    def inside(self, children: ChildrenRule) -> Type:
        """What bare names mean in a child list."""
        items = expression_type(children.each, self.bare, [])
        return of_element(items.item, self.record)

    @property
    def all_rules(self) -> tuple[FieldRule, ...]:
        """Its rules and its children's."""
        return (*self.mapping.rules, *(rule for one in self.mapping.children for rule in one.rules))

    @property
    def linked(self) -> tuple[str, ...]:
        """Mappings that templates see as linked.NAME: those that a rule refers to."""
        return tuple(dict.fromkeys(rule.via.text for rule in self.all_rules if rule.via is not None))

    def reference(self, rule: FieldRule) -> Entity | None:
        """The target entity of the mapping that a rule's `via` names."""
        via = self.set.mapping(rule.via.text) if rule.via is not None else None
        return entity_of(via.target.text, self.catalogues) if via is not None else None

    def settings_used(self) -> frozenset[str]:
        """Names of settings that its rules, since, scope and templates name."""
        names: dict[str, None] = {}
        mapping = self.mapping
        rules = [*self.all_rules, *(rule for one in mapping.gone for rule in one.rules)]
        givens: list[object] = [mapping.since, *(given for _, given, _ in mapping.scope)]
        givens += [key.lookup for key in mapping.match]
        texts = [text for one in mapping.gone for text in (one.note, *(part for _, part in one.append))]
        for rule in rules:
            givens += [rule.given, rule.default, *(step.argument for step in rule.steps)]
            texts.append(rule.template)
        names.update({one.name: None for one in givens if isinstance(one, SettingName)})
        for text in texts:
            made = self.template(text, self.bare, []) if text is not None else None
            paths = [path.parts for path in made.paths] if made is not None else []
            names.update({parts[1]: None for parts in paths if parts[0] == "settings" and len(parts) > 1})
        return frozenset(names)

    # types
    def type_of(self, rule: FieldRule, scope: Type, found: list[Diagnostic]) -> Type:
        """The type of what a rule gives, after its transforms; what is wrong on the way is added to `found`."""
        if rule.select is not None:
            made = self._selected(rule.select, scope, found)
        elif rule.template is not None:
            text = self.template(rule.template, scope, found)
            made = Type("text", least=text.least) if text is not None else TEXT
        else:
            made = self.given_type(rule.given, found)
        for step in rule.steps:
            made = self._after(step, made, found)
        if rule.via is not None:
            entity = self.reference(rule)
            if entity is None:
                return ANY
            return Type("enum" if entity.name.endswith("_option") else "id", refers=entity.name)
        if rule.default is not None:
            made = union([made, self.given_type(rule.default, found)])
        return made

    def _selected(self, select: Expression, scope: Type, found: list[Diagnostic]) -> Type:
        """The type of a rule's selection. Words that are no selection at all may have been meant as they stand."""
        own: list[Diagnostic] = []
        made = expression_type(select, scope, own)
        bare = _BARE.fullmatch(select.text) and all(one.code in ("E203", "E221") for one in own)
        hint = f"Did you mean {{value: {select.text}}}?"
        found += [one if "Did you mean" in one.hint or not bare else replace(one, hint=hint) for one in own]
        return made

    def _after(self, step: Step, given: Type, found: list[Diagnostic]) -> Type:
        transform = TRANSFORMS[step.name]
        if isinstance(step.argument, SettingName):
            found += self._fits_argument(step, step.argument)
        if given.kind not in ("any", "null"):
            if transform.many is not None and given.many != transform.many:
                hint = "Add first: true or map before it." if given.many else "Make a list with split or [A, B]."
                message = f"{step.name} takes {'a list' if transform.many else 'a single value'}, not {given.words()}."
                found.append(finding(step.mark, "E236", message, hint))
                return ANY
            if "any" not in transform.takes and given.family not in transform.takes:
                message = f"{step.name} takes {' or '.join(transform.takes)}, not {given.words()}."
                found.append(finding(step.mark, "E236", message, f"Take {step.name} out, or select another field."))
                return ANY
        try:
            if not isinstance(step.argument, SettingName):
                transform.make(step.argument)
            return transform.gives(given, step.argument)
        except BadArgument as problem:
            found.append(finding(step.argument_mark, "E237", f"{step.name}: {problem}."))
            return ANY

    def _fits_argument(self, step: Step, setting: SettingName) -> list[Diagnostic]:
        """E206, E243: the setting that stands for a transform's argument is declared, and of its type."""
        found: list[Diagnostic] = []
        self.given_type(setting, found)
        declared, wants = self.set.settings.get(setting.name), TRANSFORMS[step.name].argument.get("type", [])
        fits = {kind for one in ([wants] if isinstance(wants, str) else wants) for kind in _ARGUMENTS.get(one, ())}
        if declared is not None and declared.type not in fits:
            hint = f"Declare it as {' or '.join(sorted(fits))}."
            found.append(finding(setting.mark, "E243", f"{step.name} cannot work with a {declared.type}.", hint))
        return found

    def given_type(self, given: Given | None, found: list[Diagnostic]) -> Type:
        """The type of a literal or a setting."""
        if isinstance(given, Constant):
            return of_literal(given.value)
        if given is None:
            return ANY
        declared = self.set.settings.get(given.name)
        if declared is None:
            hint = nearest(given.name, self.set.settings) or "Declare it in preset.yaml, under settings."
            found.append(finding(given.mark, "E206", f"The set has no setting '{given.name}'.", hint))
            return ANY
        return _SETTING_TYPES[declared.type]

    # templates
    def template(self, expression: Expression, scope: Type, found: list[Diagnostic]) -> Template | None:
        """The compiled template, its names checked against what it sees."""
        file = template_file(expression.text)
        mark, text = expression.mark, expression.text
        if file is not None:
            held = self.set.templates.get(file)
            if held is None:
                hint = nearest(file, self.set.templates) or "Put the file beside the mappings, or correct its name."
                found.append(finding(expression.mark, "E209", f"The set has no template '{file}'.", hint))
                return None
            mark, text = Mark(held.source, 0, 0), held.text
        try:
            made = template(text, file is not None and file.endswith(".html"))
        except BadTemplate as problem:
            at = _located(mark, text, problem.line, problem.name)
            message, hint = for_template(problem.code, problem.message, problem.name)
            found.append(finding(at, problem.code, message, problem.hint or hint))
            return None
        seen = self._seen(scope)
        for path in made.paths:
            if scope.fields is not None or (path.looped or path.parts)[0] in BUILT_IN:
                _check_path(path, seen, text, mark, found)  # else what is walked through is wrong, and reported there
        return made

    def _seen(self, scope: Type) -> Type:
        linked: dict[str, Type] = {}
        for name in self.linked:
            one = self.set.mapping(name)
            entity = entity_of(one.source.text, self.catalogues) if one is not None else None
            if one is not None and entity is not None:
                record = of_entity(entity, one.source.text)
                fields = {**(record.fields or {}), "read_at": Type("datetime")}
                linked[name] = Type("object", many=True, fields=fields, label=record.label)
        settings = {name: _SETTING_TYPES[one.type] for name, one in self.set.settings.items()}
        own = {
            "settings": Type("object", fields=settings, label="settings"),
            "linked": Type("object", fields=linked, label="linked"),
            "today": DATE,
            "now": Type("datetime"),
        }
        return Type("object", fields={**(scope.fields or {}), **own})


def entity_of(name: str, catalogues: Dictionary[str, Catalogue]) -> Entity | None:
    """The entity behind `system.entity`, or None."""
    system, _, entity = name.partition(".")
    return catalogues.get(system, {}).get(entity)


def expression_type(expression: Expression, scope: Type, found: list[Diagnostic]) -> Type:
    """The type of a JMESPath; what is wrong in it is reported at its column."""
    try:
        tree = selector(expression.text).tree
    except BadExpression as problem:
        message = f"{problem.message}."
        if "(" not in message.partition(" ")[0]:  # a function keeps its name as it is written
            message = message[0].upper() + message[1:]
        hint = for_expression(problem.code, expression.text, problem.offset)
        found.append(finding(expression.mark.inside(problem.offset), problem.code, message, hint))
        return ANY
    mistakes: list[Mistake] = []
    made = infer(tree, scope, mistakes)
    found += [finding(expression.mark.inside(one.offset), one.code, one.message, one.hint) for one in mistakes]
    return ANY if mistakes else made


def template_file(text: str) -> str | None:
    """The file that a `template:` names, if it is no template itself."""
    single = "{" not in text and " " not in text and "\n" not in text
    return text if single and text.endswith((".html", ".txt")) else None


def _check_path(path: Path, seen: Type, text: str, mark: Mark, found: list[Diagnostic]) -> None:
    """E210: the names of a path are there, in what the template sees."""
    if path.looped:
        items = _walk(path.looped, seen)
        start, parts = (items.item, path.parts[1:]) if isinstance(items, Type) else (ANY, ())
    else:
        start, parts = seen, path.parts
    problem = _walk(parts, start)
    if isinstance(problem, Type):
        return
    name, known, label = problem
    what = f"a field of {label}" if label else "a name that this template sees"
    at = _located(mark, text, path.line, name)
    empty = {
        "linked": "linked holds what rules name with via.",
        "settings": "Declare it in preset.yaml, under settings.",
    }
    hint = nearest_or_some(name, known) or empty.get(label, "End before the dot.")
    found.append(finding(at, "E210", f"'{name}' is not {what}.", hint))


def _walk(parts: tuple[str, ...], start: Type) -> Type | tuple[str, list[str], str]:
    """The type at a path, or the first name that is not there with what is known instead."""
    here = start
    for part in parts:
        if here.many or here.fields is None:
            if here.kind in ("any", "object", "null") and not here.many:
                return ANY
            return part, [], here.label or here.words()
        if part not in here.fields:
            return part, list(here.fields), here.label
        here = here.fields[part]
    return replace(here)


def _located(mark: Mark, text: str, line: int, name: str) -> Mark:
    """The place of a name in a line of a template, which stands in a file (line 0) or in a YAML scalar."""
    lines = text.splitlines() or [""]
    index = min(max(line, 1), len(lines)) - 1
    column = max(lines[index].find(name), 0) if name else 0
    if mark.line == 0:
        return Mark(mark.source, index + 1, column + 1)
    return mark.inside(sum(len(one) + 1 for one in lines[:index]) + column)
