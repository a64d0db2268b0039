"""Turns a mapping set into compiled mappings, everything resolved once. What is wrong the linter has found before."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from engine.mapping.compiled import (
    CompiledChildren,
    CompiledGone,
    CompiledMapping,
    CompiledMatch,
    CompiledRule,
    CompiledSet,
    CompiledStep,
    MatchTarget,
    Render,
    Select,
    Target,
)
from engine.mapping.draft import MISSING
from engine.mapping.generated import filler
from engine.mapping.normalize import NORMALIZERS
from engine.mapping.roots import Roots
from engine.mapping.selector import selector
from engine.mapping.template import template
from engine.mapping.transforms.registry import TRANSFORMS
from engine.mapping.types import Type
from engine.mapping.values import PASSING, Fit, Unfit, canonical, common_address, encoded, fitting, fitting_one
from engine.protocol import Catalogue, CustomField, Field, Record
from engine.specs.custom_fields import infer_custom_fields
from engine.specs.diagnostics import Diagnostic, InvalidMappingSet
from engine.specs.linter import lint_set
from engine.specs.mapping_checks import append_field, combined_rule
from engine.specs.model import (
    UNSET,
    Constant,
    Expression,
    FieldRule,
    Given,
    GoneRule,
    Mapping as MappingModel,
    MappingSet,
    MatchKey,
    SettingName,
)
from engine.specs.set_checks import is_required
from engine.specs.source import Mark
from engine.specs.surroundings import Surroundings, template_file

_Customs = dict[str, tuple[CustomField, ...]]
WHOLE = ("[@]", "[ @ ]")
"""Selections whose one element is the record itself: bare names in it are fields of the record."""
_LANGUAGE = 1
"""Part of every version: raised when the same mapping comes to mean something else."""


def validate_set(
    set: MappingSet,
    catalogues: Mapping[str, Catalogue],
    settings: Mapping[str, Any] | None = None,
    places: Mapping[str, Mark] | None = None,
) -> list[Diagnostic]:
    """Everything that can be found without data; see `lint_set`."""
    return lint_set(set, catalogues, settings, places)


def compile_set(set: MappingSet, catalogues: Mapping[str, Catalogue], settings: Mapping[str, Any]) -> CompiledSet:
    """The set bound to one connection's settings. Raises InvalidMappingSet with the diagnostics."""
    found = lint_set(set, catalogues, settings)
    if any(one.severity == "error" for one in found):
        raise InvalidMappingSet(found)
    bound = {name: settings.get(name, one.default) for name, one in set.settings.items()}
    bound = {name: None if value is UNSET else value for name, value in bound.items()}
    known = [around for one in set.mappings if (around := Surroundings.of(one, set, catalogues)) is not None]
    customs = infer_custom_fields(known)[0]
    compilers = {around.mapping.name: _Compiler(around, bound, customs) for around in known}
    linked: dict[str, dict[str, None]] = {}
    for one in compilers.values():
        one.note_roots()
        for name, roots in one.roots.linked.items():
            linked.setdefault(name, {}).update(roots)
    made = {
        name: compilers[name].mapping(tuple(linked.get(name, ()))) for name in _in_order(known) if name in compilers
    }
    return CompiledSet(made, tuple(found), customs)


def _in_order(known: Iterable[Surroundings]) -> list[str]:
    """Referenced mappings first; otherwise as they stand. A circle of optional references stays as it stands."""
    graph = {one.mapping.name: {rule.via.text for rule in one.all_rules if rule.via is not None} for one in known}
    for name, needed in graph.items():
        needed.discard(name)
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError:
        return list(graph)


class _Compiler:
    """Compiles one mapping."""

    def __init__(
        self,
        around: Surroundings,
        settings: Mapping[str, Any],
        customs: Mapping[str, dict[str, tuple[CustomField, ...]]],
    ) -> None:
        self.around = around
        self.model: MappingModel = around.mapping
        self.settings = settings
        self.roots = Roots()
        fields = customs.get(around.target_system, {}).get(around.target.name, ())
        self.customs = {one.name: one for one in fields}
        self.element = self.model.each is not None

    def mapping(self, extra_fields: tuple[str, ...]) -> CompiledMapping:
        model, around = self.model, self.around
        rules = {rule.path: self.rule(rule, around.bare, around.target.fields, self.element) for rule in model.rules}
        gone = {one.kind: self.gone(one) for one in model.gone}
        since = self.given(model.since) if model.since is not None else None
        paths = [*rules, *(name for name, _, _ in model.scope), *(path for one in gone.values() for path in one.rules)]
        return CompiledMapping(
            name=model.name,
            summary=model.summary,
            version=self.version(),
            source=(around.source_system, around.source.name),
            target=(around.target_system, around.target.name),
            source_key=around.source.key,
            creates=not (model.for_linked or model.never_creates),
            for_linked=model.for_linked,
            is_each=self.element,
            is_one_per=bool(model.one_per),
            match=tuple(self.match(key) for key in model.match),
            source_fields=tuple(dict.fromkeys([*self.roots.names, *extra_fields])),
            target_fields=self.target_fields(paths),
            linked=tuple(name for name in around.linked if name in self.roots.linked),
            rules=rules,
            fill=filler(rules, self.element),
            children={one.name: self.children(one.name) for one in model.children},
            since=since if isinstance(since, str) else None,
            scope=self.scope(),
            conflicts=model.conflicts,
            where=str(model.mark),
            date_field=around.source.date,
            each=self.select(model.each, element=False) if model.each is not None else None,
            key=tuple(self.select(part, self.element) for part in model.key),
            only=self.select(model.only, self.element) if model.only is not None else None,
            only_text=model.only.text if model.only is not None else "",
            one_per=tuple(self.select(part, element=False) for part in model.one_per),
            currency=rules.get("currency"),
            same=(self.select(model.same_as.when, False), self.select(model.same_as.source, False))
            if model.same_as is not None
            else None,
            when_gone=gone,
        )

    # what is read
    def note_roots(self) -> None:
        """Every root field of the source that anything in the mapping needs."""
        model, roots = self.model, self.roots
        roots.add(self.around.source.key)
        if model.each is not None:
            roots.expression(model.each, element=False)
        for part in (*model.one_per, *(key.source for key in model.match)):
            roots.expression(part, element=False)
        if model.same_as is not None:
            roots.expression(model.same_as.when, element=False)
            roots.expression(model.same_as.source, element=False)
        for part in (*model.key, *([model.only] if model.only is not None else [])):
            roots.expression(part, self.element)
        if model.since is not None and self.around.source.date is not None:
            roots.add(self.around.source.date)
        for gone in model.gone:
            for text in (gone.note, *(one for _, one in gone.append)):
                if text is not None:
                    roots.template(template(*self.template_text(text)), self.element)
        self._note_rules(model.rules, self.element)
        self._note_rules([rule for one in model.gone for rule in one.rules], self.element)
        for children in model.children:
            roots.expression(children.each, self.element)
            inside = children.each.text not in WHOLE
            for part in children.key:
                roots.expression(part, inside)
            self._note_rules(children.rules, inside)

    def _note_rules(self, rules: Sequence[FieldRule], element: bool) -> None:
        for rule in rules:
            for one in (*rule.again_when, *([rule.select] if rule.select is not None else [])):
                self.roots.expression(one, element)
            if rule.template is not None:
                self.roots.template(template(*self.template_text(rule.template)), element)

    def target_fields(self, paths: Sequence[str]) -> tuple[str, ...]:
        names = {"custom" if path.startswith("custom.") else path: None for path in paths}
        for key in self.model.match:
            for target in self.match_targets(key):
                if target.entity == self.around.target.name:
                    names.update(dict.fromkeys(target.fields))
        return tuple(names)

    # pieces
    def given(self, given: Given | None) -> Any:
        """The value of a literal or a bound setting; None for an optional setting that is not given."""
        return given.value if isinstance(given, Constant) else self.settings.get(given.name) if given else None

    def select(self, expression: Expression, element: bool) -> Select:
        return selector(expression.text).over(element)

    def template_text(self, expression: Expression) -> tuple[str, bool]:
        """A template's text, and whether it is HTML."""
        file = template_file(expression.text)
        return (self.around.set.templates[file].text, file.endswith(".html")) if file else (expression.text, False)

    def render(self, expression: Expression, element: bool, gone: bool = False) -> Render:
        """Of a source that is gone nothing may be there to read: then what is missing counts as null."""
        made = template(*self.template_text(expression))
        needed = Roots()
        needed.template(made, element)
        roots, settings = tuple(needed.names), self.settings

        def run(scope: Mapping[str, Any], context: Any) -> Any:
            have = scope.get("record", {}) if element else scope
            if not gone and any(root not in have for root in roots):
                return MISSING
            built_in = {"settings": settings, "linked": context.linked, "today": context.today.isoformat(),
                        "now": context.now.astimezone(context.zone).isoformat(timespec="seconds")}  # fmt: skip
            return made.render({**scope, **built_in})

        return run

    def rule(
        self, rule: FieldRule, scope: Type, fields: Sequence[Field], element: bool, child: bool = False
    ) -> CompiledRule:
        field = self.field(rule, fields)
        made = self.around.type_of(rule, scope, [])
        reference = self.around.reference(rule)
        option = reference.name if reference is not None and reference.name.endswith("_option") else None
        combined = {id(combined_rule(self.model, one.path)): one.how for one in self.model.combine}
        waits = is_required(self.around, rule) or (child and rule.otherwise is None)
        default = self.given(rule.default)
        constant = self.given(rule.given)
        steps = tuple(self.step(step.name, step.argument) for step in rule.steps)
        return CompiledRule(
            path=rule.path,
            where=str(rule.key_mark),
            write=rule.write,
            on_link=rule.on_link,
            conflicts=rule.conflicts or self.model.conflicts,
            target=self.taken(rule, field, made, option),
            rewritten=field.rewritten,
            required=field.required,
            optional=rule.optional,
            own_line=rule.own_line,
            reference=rule.via.text if rule.via is not None else None,
            otherwise=rule.otherwise or ("wait" if waits else "leave"),
            select=self.select(rule.select, element) if rule.select is not None else None,
            selector=selector(rule.select.text) if rule.select is not None else None,
            render=self.render(rule.template, element) if rule.template is not None else None,
            template=template(*self.template_text(rule.template)) if rule.template is not None else None,
            constant=MISSING if constant is None else constant,
            steps=steps,
            default=default,
            has_default=rule.default is not None and default is not None,
            again_when=tuple(self.select(one, element) for one in rule.again_when),
            combine=combined.get(id(rule)),
        )

    def field(self, rule: FieldRule, fields: Sequence[Field]) -> Field:
        """The target field, or for a custom one what was inferred of it. Options of custom fields may grow."""
        if not rule.custom:
            return next(one for one in fields if one.name == rule.name)
        custom = self.customs[rule.name]
        return Field(custom.name, custom.type, many=custom.many, writable=True)

    def taken(self, rule: FieldRule, field: Field, made: Type, option: str | None) -> Target:
        """What the target field takes."""
        if field.many or field.type == "address":
            return Target(self.fit(field, made), option)
        if rule.via is not None and field.type == "object":
            inside = next((part.name for part in field.fields if part.refers), None)
            return Target(self.fit(field, made), option, inside=inside)
        exact = bool(rule.steps) and TRANSFORMS[rule.steps[-1].name].exact and made.kind == field.type == "date"
        passes = str if exact and rule.default is None else PASSING.get(field.type)
        longest, among = (field.length, field.options) if passes is str else (None, ())
        fit, quick = self.fit(field, made), fitting_one(field)
        return Target(fit, option, quick, passes, longest, frozenset(among) if among else None)

    def fit(self, field: Field, made: Type) -> Fit:
        """What makes a value fit, with an address brought into the common shape first."""
        fit = fitting(field)
        if field.type != "address" or made.kind != "address":
            return fit
        if made.parts is None:
            return fit
        convert = common_address(made.parts)
        return lambda value, zone: fit(convert(value), zone)

    def step(self, name: str, argument: Any) -> CompiledStep:
        transform = TRANSFORMS[name]
        if isinstance(argument, SettingName):
            argument = self.given(argument)
            if argument is None:
                return CompiledStep(name, (lambda value: None) if name == "lookup" else (lambda value: value))
        return CompiledStep(
            name, transform.build(argument), transform.nulls, transform.classes, transform.make(argument)
        )

    def children(self, name: str) -> CompiledChildren:
        model = next(one for one in self.model.children if one.name == name)
        fields = next(one.fields for one in self.around.target.children if one.name == name)
        scope = self.around.inside(model)
        rules = {rule.path: self.rule(rule, scope, fields, element=True, child=True) for rule in model.rules}
        return CompiledChildren(
            name,
            str(model.mark),
            self.select(model.each, self.element),
            tuple(self.select(part, element=True) for part in model.key),
            rules,
            filler(rules, element=True),
        )

    def gone(self, model: GoneRule) -> CompiledGone:
        fields = self.around.target.fields
        append = {
            path or append_field(self.model, self.around.target) or "": self.render(text, self.element, gone=True)
            for path, text in model.append
        }
        rules = {rule.path: self.rule(rule, self.around.bare, fields, self.element) for rule in model.rules}
        note = self.render(model.note, self.element, gone=True) if model.note is not None else None
        return CompiledGone(model.kind, rules, note, append, str(model.mark))

    def scope(self) -> dict[str, Any]:
        return {name: value for name, given, _ in self.model.scope if (value := self.given(given)) is not None}

    # matching
    def match(self, key: MatchKey) -> CompiledMatch:
        normalizer = NORMALIZERS[key.normalizer.text if key.normalizer is not None else "exact"]
        select = self.select(key.source, element=False)
        if key.lookup is not None:
            select = _looked_up(select, self.given(key.lookup) or {})
        label = normalizer.label if normalizer.name != "exact" else key.targets[0].text.removeprefix("custom.")
        return CompiledMatch(label, self.match_targets(key), str(key.mark), _values(select, normalizer.values))

    def match_targets(self, key: MatchKey) -> tuple[MatchTarget, ...]:
        normalize = NORMALIZERS[key.normalizer.text if key.normalizer is not None else "exact"].values
        return tuple(self._match_target(target.text, normalize) for target in key.targets)

    def _match_target(self, text: str, normalize: Callable[[Any], list[str]]) -> MatchTarget:
        target, scope = self.around.target, tuple(self.scope().items())
        head, _, rest = text.partition(".")
        field = target.field(head.removesuffix("[]"))
        if head == "custom":
            return MatchTarget(target.name, ("custom",), _values(_custom(rest), normalize), target.key, scope)
        if field is not None and field.related is not None:
            entity, holder = field.related
            inner = selector(rest)
            return MatchTarget(entity, (*inner.roots, holder), _values(inner.over(False), normalize), holder)
        own = selector(text)
        return MatchTarget(target.name, own.roots, _values(own.over(False), normalize), target.key, scope)

    def version(self) -> str:
        """A short hash of everything that the mapping's meaning depends on."""
        texts = {}
        for rule in (*self.around.all_rules, *(rule for one in self.model.gone for rule in one.rules)):
            if rule.template is not None:
                texts[rule.path] = self.template_text(rule.template)[0]
        used = {name: self.settings.get(name) for name in sorted(self.around.settings_used())}
        customs = {name: [one.type, one.many, one.money] for name, one in sorted(self.customs.items())}
        meaning = {name: value for name, value in self.model.meaning.items() if name != "summary"}
        whole = encoded([_LANGUAGE, meaning, texts, used, customs])
        return hashlib.sha256(whole.encode()).hexdigest()[:16]


def _values(select: Select, normalize: Callable[[Any], list[str]]) -> Callable[[Record], list[str]]:
    def values(record: Record) -> list[str]:
        try:
            found = select(record)
        except Unfit:
            return []
        return normalize(found) if found is not MISSING else []

    return values


def _looked_up(select: Select, table: Mapping[str, str]) -> Select:
    def run(record: Mapping[str, Any]) -> Any:
        found = select(record)
        return table.get(canonical(found)) if found is not MISSING else MISSING

    return run


def _custom(name: str) -> Select:
    name = name.strip('"')
    return lambda record: (record.get("custom") or {}).get(name)


__all__ = ["CompiledMapping", "CompiledSet", "compile_set", "validate_set"]
