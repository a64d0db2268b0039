"""Says in words what a mapping set does, and what a system has; for people who read no YAML and no catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.mapping.normalize import NORMALIZERS
from engine.mapping.values import shown
from engine.protocol import Catalogue, Entity, Field
from engine.specs.blocks import Block, Grid, Heading, Items, Paragraph, grid
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
    Step,
)
from engine.specs.surroundings import Surroundings, template_file

_WINS = {
    "source_wins": "the source counts",
    "target_wins": "what people wrote counts",
    "park": "a person is asked",
}
_COMBINED = {"sum": "the sum", "min": "the smallest", "max": "the largest", "all": "whether all", "any": "whether any"}
_GONE = {"deleted": "deleted", "voided": "voided", "gone": "gone in any way"}


def set_blocks(set: MappingSet, catalogues: Mapping[str, Catalogue], titles: Mapping[str, str]) -> Iterator[Block]:
    """The page of a set; `titles` are the systems' names for people."""
    name = set.name.rstrip("/").rpartition("/")[2]
    yield Heading(name, 1)
    if set.summary:
        yield Paragraph(set.summary)
    yield Paragraph(
        "Where a field follows its source, it is written when the source changes; what people change in the meantime "
        "stays until then. If both have changed, each table says what counts."
    )
    rows = [(f"`{one.name}`", _entity(one.source, titles), _entity(one.target, titles), one.summary)
            for one in set.mappings]  # fmt: skip
    yield Grid(("mapping", "from", "to", ""), tuple(rows))
    if set.settings:
        yield Heading("Settings")
        yield _settings(set)
    for mapping in set.mappings:
        yield Heading(mapping.name)
        yield from mapping_blocks(mapping, set, catalogues, titles)


def system_blocks(name: str, catalogue: Catalogue) -> Iterator[Block]:
    """The entities of a system."""
    yield Heading(name, 1)
    rows = [(f"`{one.name}`", one.help, ", ".join(_allows(one))) for one in catalogue.values()]
    yield grid(("entity", "", "mappings may"), rows)


def _allows(entity: Entity) -> Iterator[str]:
    yield "read it"
    if entity.creates:
        yield "make it"
    if entity.updates:
        yield "change it"


def entity_blocks(name: str, entity: Entity) -> Iterator[Block]:
    """The fields of an entity."""
    yield Heading(name, 1)
    if entity.help:
        yield Paragraph(entity.help)
    custom = " It has custom fields, under custom." if entity.custom else ""
    yield Paragraph(f"Its key is `{entity.key}`, people know it by `{entity.label}`.{custom}")
    yield grid(("field", "type", "in a target", ""), list(_fields(entity.fields, "")))
    for children in entity.children:
        yield Paragraph(f"Its children `{children.name}`:")
        yield grid(("field", "type", "in a target", ""), list(_fields(children.fields, "")))


def _fields(fields: Iterable[Field], prefix: str) -> Iterator[tuple[str, str, str, str]]:
    for one in fields:
        kind = f"list of {one.type}" if one.many else one.type
        kind += f", at most {one.length}" if one.length else ""
        kind += f": {', '.join(one.options)}" if one.options else ""
        written = "needed" if one.required else "writable" if one.writable else ""
        words = [
            one.help,
            f"derived: {one.derived}" if one.derived else "",
            f"a key of {one.refers}" if one.refers else "",
        ]
        yield f"`{prefix}{one.name}`", kind, written, "; ".join(filter(None, words))
        yield from _fields(one.fields, f"{prefix}{one.name}{'[]' if one.many else ''}.")


def _settings(set: MappingSet) -> Grid:
    rows = [
        (f"`{one.name}`", one.type, "must be given" if one.default is UNSET else _value(one.default), one.help,
         "" if one.example is UNSET else _value(one.example))
        for one in set.settings.values()
    ]  # fmt: skip
    return grid(("setting", "type", "without it", "", "example"), rows)


def mapping_blocks(
    mapping: MappingModel, set: MappingSet, catalogues: Mapping[str, Catalogue], titles: Mapping[str, str]
) -> Iterator[Block]:
    """What one mapping of a set does, without a heading."""
    if mapping.summary:
        yield Paragraph(mapping.summary)
    yield Paragraph(f"From {_entity(mapping.source, titles)} to {_entity(mapping.target, titles)}.")
    yield Items(tuple(_conditions(mapping)))
    yield from _found(mapping)
    around = Surroundings.of(mapping, set, catalogues)
    rules = list(mapping.rules)
    if rules or mapping.scope:
        constant = [(f"`{name}`", _given(given), "", "always") for name, given, _ in mapping.scope]
        combined = {one.path: one.how for one in mapping.combine}
        rows = [
            *constant,
            *(_row(rule, mapping, combined.get(rule.path) or combined.get(rule.name), around) for rule in rules),
        ]
        yield grid(("field", "comes from", "on the way", "afterwards"), rows)
    for children in mapping.children:
        yield Paragraph(f"Its {children.name}: one for each of `{_words(children.each.text)}`.")
        yield grid(("field", "comes from", "on the way", "afterwards"),
                   [_row(rule, mapping, None, around) for rule in children.rules])  # fmt: skip
    if mapping.gone:
        yield Items(tuple(_gone(one) for one in mapping.gone))


def _entity(name: Expression, titles: Mapping[str, str]) -> str:
    system, _, entity = name.text.partition(".")
    return f"{entity.replace('_', ' ')} ({titles.get(system, system)})"


def _conditions(mapping: MappingModel) -> Iterator[str]:
    """Which records come, and what becomes one thing of the target."""
    if mapping.since is not None:
        yield f"Records from before {_given(mapping.since)} are left out, unless they are linked already."
    if mapping.only is not None:
        yield f"Only where `{_words(mapping.only.text)}`."
    if mapping.each is not None:
        yield f"One for each of `{mapping.each.text}` in a record."
    if len(mapping.one_per) > 1:
        parts = ", ".join(f"`{one.text}`" for one in mapping.one_per)
        yield f"Records that agree in {parts} and in their currency share one."
    if mapping.same_as is not None:
        yield f"Where `{_words(mapping.same_as.when.text)}`, it shares the one of `{mapping.same_as.source.text}`."
    if mapping.for_linked:
        yield "Goes only to what is linked already; nothing is made."
    elif mapping.never_creates:
        yield "What is found is linked; nothing is made."
    else:
        yield "What is not found is made."


def _found(mapping: MappingModel) -> Iterator[Block]:
    if mapping.match:
        yield Paragraph("How one that is there already is found, in this order; if several fit, a person is asked:")
        yield Items(tuple(_match(one) for one in mapping.match), numbered=True)


def _match(key: MatchKey) -> str:
    by = NORMALIZERS[key.normalizer.text] if key.normalizer is not None else None
    targets = ", or ".join(f"`{one.text.replace('custom.', '')}`" for one in key.targets)
    table = f", taken through the setting `{key.lookup.name}`," if key.lookup is not None else ""
    how = f" (compared as {by.label}: {by.summary[0].lower()}{by.summary[1:].rstrip('.')})" if by is not None else ""
    return f"`{_words(key.source.text)}`{table} is its {targets}{how}."


def _row(
    rule: FieldRule, mapping: MappingModel, combined: str | None, around: Surroundings | None
) -> tuple[str, str, str, str]:
    return f"`{rule.name}`", _source(rule, around), _way(rule, combined), _afterwards(rule, mapping)


def _source(rule: FieldRule, around: Surroundings | None) -> str:
    if rule.select is not None:
        return f"`{_words(rule.select.text)}`{_derived(rule.select.text, around)}"
    if rule.template is not None:
        file = template_file(rule.template.text)
        return f"the text in {file}" if file else f"the text `{rule.template.text}`"
    return _given(rule.given)


def _derived(text: str, around: Surroundings | None) -> str:
    """What a field that no system has by itself is made of."""
    field = around.source.field(text) if around is not None else None
    return f" ({field.derived})" if field is not None and field.derived else ""


def _way(rule: FieldRule, combined: str | None) -> str:
    parts = [f"{_COMBINED[combined]} of several records"] if combined else []
    parts += [_step(one) for one in rule.steps]
    if rule.via is not None:
        parts.append(f"what `{rule.via.text}` linked it to")
    if rule.default is not None:
        parts.append(f"else {_given(rule.default)}")
    if rule.otherwise is not None:
        parts.append(
            {"wait": "waits for it", "leave": "left alone without it", "skip": "left out without it"}[rule.otherwise]
        )
    return "; ".join(parts)


def _step(step: Step) -> str:
    argument = step.argument
    if argument is True:
        return step.name.replace("_", " ")
    if isinstance(argument, SettingName):
        return f"{step.name} in the setting `{argument.name}`"
    if isinstance(argument, Mapping):
        return ", ".join(f"{_answer(name)} becomes {_value(value)}" for name, value in argument.items())
    return f"{step.name} {_value(argument)}"


def _answer(name: str) -> str:
    return {"true": "yes", "false": "no"}.get(name, name)


def _afterwards(rule: FieldRule, mapping: MappingModel) -> str:
    if rule.again_when:
        return "written once, and again when " + ", ".join(f"`{one.text}`" for one in rule.again_when) + " changes"
    if rule.write == "once":
        return "written once"
    if rule.write == "if_empty":
        return "filled while it is empty"
    if rule.own_line:
        return "a line of its own; all other words stay"
    linked = ", also when first linked" if rule.on_link == "overwrite" else ""
    return f"follows{linked}; {_WINS[rule.conflicts or mapping.conflicts]}"


def _gone(rule: GoneRule) -> str:
    parts = [
        f"`{one.name}` becomes {_given(one.given) if one.given is not None else _source(one, None)}"
        for one in rule.rules
    ]
    if rule.note is not None:
        parts.append(f"a note says `{rule.note.text}`")
    parts += [f"`{text.text}` is added to {f'`{path}`' if path else 'its text'}" for path, text in rule.append]
    return f"When the record is {_GONE[rule.kind]}: {', '.join(parts)}."


def _given(given: Given | None) -> str:
    if isinstance(given, SettingName):
        return f"the setting `{given.name}`"
    return _value(given.value) if isinstance(given, Constant) else ""


def _value(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {one}" for name, one in value.items()) or "nothing"
    return f"{value}" if isinstance(value, str) else shown(value)


def _words(expression: str) -> str:
    """A selection with its signs as words."""
    for sign, word in ((r"\s*\|\|\s*", ", else "), (r"\s*&&\s*", " and "), (r"\s*!=\s*", " is not "),
                       (r"\s*==\s*", " is "), (r"!(?=[A-Za-z(])", "not ")):  # fmt: skip
        expression = re.sub(sign, word, expression)
    return expression
