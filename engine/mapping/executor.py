"""Evaluates compiled mappings: a record in, drafts out. Pure; `compiled` offers these functions as methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from engine.mapping.draft import (
    MISSING,
    ChildDraft,
    Context,
    Draft,
    Element,
    GoneDraft,
    NotRead,
    Problem,
    TraceLine,
    Wait,
)
from engine.mapping.values import Unfit, canonical, joined
from engine.protocol import Option, Record

if TYPE_CHECKING:
    from engine.mapping.compiled import CompiledChildren, CompiledMapping, CompiledRule, MatchTarget, Select
    from engine.specs.model import GoneKind


class NoChoice(Unfit):
    """`choose` was given a value that it does not name; a rule's default takes its place."""


# ----------------------------------------------------------------------------------------------- before the draft
def elements(mapping: CompiledMapping, record: Record) -> list[Element]:
    """See CompiledMapping.elements."""
    if mapping.each is None:
        return [Element(str(record[mapping.source_key]), record, record)]
    items = _quiet(mapping.each, {"record": record, **record})
    if items is MISSING:
        raise NotRead(f"The list that '{mapping.name}' walks through was not read.", "Read the record again.")
    found: dict[str, Element] = {}
    for item in items or []:
        scope = {**item, "record": record}
        key = _key(mapping.key, scope)
        if key is None:
            found[f"?{len(found)}"] = Element("", scope, record, "an element has no key")
        elif key in found:
            found[key] = Element(key, found[key].value, record, f"two elements have the key {key}")
        else:
            found[key] = Element(key, scope, record)
    return list(found.values())


def _quiet(select: Select, scope: Mapping[str, Any]) -> Any:
    """A selection outside a draft, where a function's refusal counts as null."""
    try:
        return select(scope)
    except Unfit:
        return None


def _key(parts: Sequence[Select], scope: Mapping[str, Any]) -> str | None:
    texts = [canonical(value) for part in parts if (value := _quiet(part, scope)) not in (None, "", MISSING)]
    return joined(texts) if len(texts) == len(parts) else None


def left_out(mapping: CompiledMapping, element: Element, linked: bool) -> str | None:
    """See CompiledMapping.left_out."""
    if mapping.only is not None:
        holds = _quiet(mapping.only, element.value)
        if holds is MISSING or not _true(holds):
            return f"only: it does not hold that {mapping.only_text}"
    if mapping.since is None or linked or mapping.date_field is None:
        return None
    day = element.record.get(mapping.date_field)
    if isinstance(day, str) and day[:10] < mapping.since:
        return f"since: its {mapping.date_field} is before {mapping.since}"
    return None


def _true(value: Any) -> bool:
    """As JMESPath has it: nought is true, empty texts and lists are not."""
    return value is not None and value is not False and value not in ("", [], {})


def same_as(mapping: CompiledMapping, record: Record) -> str | None:
    """See CompiledMapping.same_as."""
    if mapping.same is None:
        return None
    when, source = mapping.same
    if not _true(_quiet(when, record) or None):
        return None
    key = _quiet(source, record)
    return canonical(key) if key not in (None, "", MISSING) else None


def group(mapping: CompiledMapping, record: Record) -> str | None:
    """See CompiledMapping.group."""
    parts = [_quiet(part, record) for part in mapping.one_per]
    if not parts:
        return None
    if mapping.currency is not None:
        parts.append(_before_reference(mapping.currency, record))
    if any(part in (None, "", MISSING) for part in parts):
        return None
    return joined([canonical(part) for part in parts])


def input_of(mapping: CompiledMapping, path: str, element: Element) -> Any:
    """See CompiledMapping.input."""
    rule = mapping.rules.get(path)
    if rule is None or rule.render is not None:
        return MISSING
    return rule.constant if rule.select is None else _quiet(rule.select, element.value)


def references(mapping: CompiledMapping, element: Element) -> list[tuple[str, str]]:
    """See CompiledMapping.references."""
    found: dict[tuple[str, str], None] = {}
    for rule, scope in _referring(mapping, element):
        key = _before_reference(rule, scope)
        if rule.reference and key not in (None, "", MISSING):
            found[(rule.reference, canonical(key))] = None
    return list(found)


def _referring(mapping: CompiledMapping, element: Element) -> list[tuple[CompiledRule, Mapping[str, Any]]]:
    found: list[tuple[CompiledRule, Mapping[str, Any]]]
    found = [(rule, element.value) for rule in mapping.rules.values() if rule.reference]
    for children in mapping.children.values():
        rules = [rule for rule in children.rules.values() if rule.reference]
        found += [(rule, scope) for scope in _items(children, element) or () for rule in rules]
    return found


def _items(children: CompiledChildren, element: Element) -> list[dict[str, Any]] | None:
    """The scopes of a child list's elements; None where the list was not read."""
    items = _quiet(children.each, element.value)
    if items is MISSING:
        return None
    return [{**item, "record": element.record} for item in items or []]


def _before_reference(rule: CompiledRule, scope: Mapping[str, Any]) -> Any:
    """The value of a rule without templates, up to where a reference or a target would take over."""
    value = _quiet(rule.select, scope) if rule.select is not None else rule.constant
    try:
        for step in rule.steps:
            if value is not MISSING and (value is not None or step.nulls):
                value = step.apply(value)
    except Unfit:
        return None
    return value


def index(target: MatchTarget, record: Record) -> list[tuple[str, str]]:
    """See MatchTarget.index."""
    key = record.get(target._key)
    if key is None or any(at(record, path) != value for path, value in target._scope):
        return []
    return [(value, str(key)) for value in target._values(record)]


def at(record: Record, path: str) -> Any:
    """The value of a field as drafts name it; custom fields stand under `custom`."""
    if path.startswith("custom."):
        return (record.get("custom") or {}).get(path.removeprefix("custom."))
    return record.get(path)


# ------------------------------------------------------------------------------------------------------ the draft
@dataclass(slots=True)
class Run:
    """One evaluation: what it knows, and the draft that it fills."""

    draft: Draft
    context: Context | None
    zone: ZoneInfo | None
    trace: bool = False
    prefix: str = ""


def draft(mapping: CompiledMapping, element: Element, context: Context, trace: bool) -> Draft:
    """See CompiledMapping.draft."""
    made = Draft({}, {}, {}, [], [], None, [], [], None, {}, [], context.zone)  # twice as fast as by the factories
    run = Run(made, context, context.zone, trace)
    if element.problem:
        made.problems.append(Problem("key", element.key, mapping.where, element.problem))
    made.values = fill(mapping.rules, element.value, run) if trace else mapping.fill(element.value, run)
    if mapping.scope:
        made.values.update(mapping.scope)
    for children in mapping.children.values():
        drafts = _children(children, element, run)
        if drafts is not None:
            made.children[children.name] = drafts
    if mapping.currency is not None:
        currency = made.values.get(mapping.currency.path)
        made.currency = currency if isinstance(currency, str) else None
    return made


def fill(rules: Mapping[str, CompiledRule], scope: Mapping[str, Any], run: Run) -> Record:
    """The values of every rule. What `generated` writes is a quicker way to the same, without a trace."""
    found = [(path, fill_one(rule, scope, run)) for path, rule in rules.items()]
    return {path: value for path, value in found if value is not MISSING}


def fill_one(rule: CompiledRule, scope: Mapping[str, Any], run: Run) -> Any:
    """One rule's value; MISSING where the field is left alone. Why, and what the rule watches, goes into the draft."""
    given = _read(rule, scope, run)
    if rule.combine is not None:
        run.draft.inputs[rule.path] = given
    value = _finish(rule, given, run)
    if rule.again_when and MISSING not in (watched := [_quiet(one, scope) for one in rule.again_when]):
        run.draft.again[rule.path] = watched
    return value


def _children(children: CompiledChildren, element: Element, run: Run) -> list[ChildDraft] | None:
    scopes = _items(children, element)
    if scopes is None:
        return None
    made: dict[str, ChildDraft] = {}
    for scope in scopes:
        key = _key(children.key, scope)
        run.prefix = f"{children.name}[{key}]."
        if key is None or key in made:
            reason = "an element has no key" if key is None else f"two elements have the key {key}"
            run.draft.problems.append(Problem(run.prefix.rstrip("."), key, children.where, reason))
            continue
        values = fill(children.rules, scope, run) if run.trace else children.fill(scope, run)
        made[key] = ChildDraft(key, values)
    run.prefix = ""
    return list(made.values())


def _read(rule: CompiledRule, scope: Mapping[str, Any], run: Run) -> Any:
    if rule.select is None and rule.render is None:
        return rule.constant
    try:
        if rule.select is not None:
            return rule.select(scope)
        assert rule.render is not None and run.context is not None
        return rule.render(scope, run.context)
    except Unfit as problem:
        _refuse(rule, None, str(problem), run)
        return MISSING


def _finish(rule: CompiledRule, given: Any, run: Run) -> Any:
    """From what was read to what the target takes; MISSING where the field is left alone."""
    steps: list[tuple[str, Any]] = []
    value = _transformed(rule, given, steps, run)
    if rule.reference is not None:
        value = _resolved(rule, value, run)
        if run.trace:
            steps.append((f"via {rule.reference}", value))
    else:
        if rule.has_default and (value is None or value is MISSING):
            value = rule.default
            steps.append(("default", value))
        value = _fitted(rule, value, run)
    if run.trace:
        run.draft.trace.append(TraceLine(f"{run.prefix}{rule.path}", rule.where, given, tuple(steps), value))
    return value


def _transformed(rule: CompiledRule, value: Any, steps: list[tuple[str, Any]], run: Run) -> Any:
    try:
        for step in rule.steps:
            if value is MISSING or (value is None and not step.nulls):
                continue
            value = step.apply(value)
            if run.trace:
                steps.append((step.name, value))
    except NoChoice as problem:
        if rule.has_default:
            return None
        return _refuse(rule, value, str(problem), run)
    except Unfit as problem:
        return _refuse(rule, value, str(problem), run)
    return value


def _fitted(rule: CompiledRule, value: Any, run: Run) -> Any:
    if value is MISSING:
        return MISSING
    try:
        value = rule.target.coerce(value, run.zone)
    except Unfit as problem:
        return _refuse(rule, value, str(problem), run)
    if rule.required and value in (None, ""):
        return _refuse(rule, value, "the target needs a value here, and there is none", run)
    return value


def _refuse(rule: CompiledRule, value: Any, message: str, run: Run) -> Any:
    run.draft.problems.append(Problem(f"{run.prefix}{rule.path}", value, rule.where, message))
    return MISSING


# ----------------------------------------------------------------------------------------------------- references
def _resolved(rule: CompiledRule, key: Any, run: Run) -> Any:
    """The target behind a source key, or behind a default's name."""
    assert rule.reference is not None and run.context is not None
    if key is MISSING and not rule.has_default:
        return MISSING
    if key in (None, "", MISSING):
        return _by_name(rule, run) if rule.has_default and rule.default is not None else _fitted(rule, None, run)
    found = run.context.links(rule.reference, canonical(key))
    if found.state == "linked" and found.key is not None:
        return _pointer(rule, found.key)
    return _unlinked(rule, canonical(key), found.state, found.reason, run)


def _pointer(rule: CompiledRule, key: str) -> Any:
    if rule.target.inside:
        return {rule.target.inside: key}
    return Option(rule.target.option_of, key) if rule.target.option_of else key


def _by_name(rule: CompiledRule, run: Run) -> Any:
    assert rule.reference is not None and run.context is not None
    name = canonical(rule.default)
    found = run.context.named(rule.reference, name)
    if found.state == "linked" and found.key is not None:
        return _pointer(rule, found.key)
    run.draft.names.append((rule.reference, name))
    return MISSING


_WORDS = {
    "missing": "is not linked yet",
    "parked": "is parked",
    "left_out": "is left out",
    "gone": "is gone",
    "never": "was never read",
}


def _unlinked(rule: CompiledRule, key: str, state: str, reason: str | None, run: Run) -> Any:
    assert rule.reference is not None
    words = reason or f"{rule.reference} {key} {_WORDS[state]}"
    if rule.otherwise == "wait" and state in ("missing", "parked", "never"):
        run.draft.waits.append(Wait(f"{run.prefix}{rule.path}", rule.reference, key, words))
        return MISSING
    run.draft.left.append((rule.reference, key))
    if rule.otherwise != "leave":
        run.draft.skip = run.draft.skip or words
    return MISSING


# ------------------------------------------------------------------------------------------------- several sources
def combine(mapping: CompiledMapping, parts: Sequence[tuple[str, Draft]]) -> Draft:
    """See CompiledMapping.combine."""
    primary = parts[0][1]
    live = [(key, part) for key, part in parts if part is primary or part.skip is None]
    made = Draft(
        values=dict(primary.values),
        again=dict(primary.again),
        skip=primary.skip,
        currency=primary.currency,
        trace=[line for line in primary.trace if not _combined(mapping, line.field)],
        zone=primary.zone,
    )
    for _, part in live:
        own = part is primary
        made.problems += [one for one in part.problems if own or "[" in one.field or one.field == "key"]
        made.waits += [one for one in part.waits if own or "[" in one.field]
        made.left += [one for one in part.left if one not in made.left]
        made.names += [one for one in part.names if one not in made.names]
        made.trace += [] if own else [line for line in part.trace if "[" in line.field]
    made.problems = [one for one in made.problems if not _combined(mapping, one.field)]
    run = Run(made, None, primary.zone, bool(primary.trace))
    for path, rule in mapping.rules.items():
        if rule.combine is not None:
            made.values.pop(path, None)
            value = _finish(rule, _fold(rule.combine, [part.inputs.get(path, MISSING) for _, part in live]), run)
            if value is not MISSING:
                made.values[path] = value
    for name in mapping.children:
        lists = [(key, part.children.get(name)) for key, part in live]
        if all(drafts is not None for _, drafts in lists):
            made.children[name] = [
                ChildDraft(joined([key, one.key]), one.values) for key, drafts in lists for one in drafts or ()
            ]
    return made


def _combined(mapping: CompiledMapping, path: str) -> bool:
    rule = mapping.rules.get(path)
    return rule is not None and rule.combine is not None


def _fold(how: str, values: list[Any]) -> Any:
    """Several inputs as one. One that was not read leaves the field alone; None counts as false, else not at all."""
    if MISSING in values:
        return MISSING
    if how in ("all", "any"):
        return all(map(_true, values)) if how == "all" else any(map(_true, values))
    given = [value for value in values if value is not None]
    if not given:
        return None
    if how == "sum":
        return sum(given, Decimal(0))
    return min(given) if how == "min" else max(given)


# ------------------------------------------------------------------------------------------------------------ gone
def gone(mapping: CompiledMapping, how: GoneKind, element: Element, context: Context) -> GoneDraft | None:
    """See CompiledMapping.gone."""
    rule = mapping.when_gone.get(how) or mapping.when_gone.get("gone")
    if rule is None:
        return None
    made = Draft()
    values = fill(rule.rules, element.value, Run(made, context, context.zone))
    texts: dict[str, Any] = {}
    for path, render in {**rule.append, **({"": rule.note} if rule.note is not None else {})}.items():
        try:
            texts[path] = render(element.value, context)
        except Unfit as problem:
            made.problems.append(Problem(path or "note", None, rule.where, str(problem)))
    append = {path: text for path, text in texts.items() if path and text}
    return GoneDraft(values, texts.get("") or None, append, tuple(made.problems))
