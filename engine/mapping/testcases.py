"""Runs the tests that travel with mappings (`mappings/tests/*.yaml`): records in, expected drafts out.

A record of a test has every field of its entity: those that it doesn't name are null, or empty lists. Whole numbers in
it are Decimals, as connectors give them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from engine.mapping.compiled import CompiledMapping, CompiledSet
from engine.mapping.compiler import compile_set
from engine.mapping.draft import Context, Draft, Element, GoneDraft, Resolved
from engine.mapping.values import canonical, encoded
from engine.protocol import Catalogue, Entity, Field, Option, Record
from engine.specs.diagnostics import Diagnostic, InvalidMappingSet, finding, nearest
from engine.specs.loader import Node, load_file
from engine.specs.model import MappingSet
from engine.specs.validator import validate

ZONE = "America/New_York"
TODAY = "2026-07-01"
LEFT_ALONE = "left alone"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is otherwise than expected; `made` and `wanted` are text, `relation` stands between them."""

    what: str
    made: str
    wanted: str = ""
    relation: str = "instead of"

    def __str__(self) -> str:
        return f"{self.what}: {self.made} {self.relation} {self.wanted}" if self.wanted else f"{self.what}: {self.made}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test: its sentence, where it stands, and what is otherwise than expected (nothing: it passed)."""

    name: str
    where: str
    differences: tuple[Difference, ...]
    mapping: str = ""
    looked_at: frozenset[str] = frozenset()
    """The parts of the mapping whose effect it expects: see `coverage`."""


class Suite:
    """Runs files of tests over one set, compiling it once for each combination of settings."""

    def __init__(self, set: MappingSet, catalogues: Mapping[str, Catalogue]) -> None:
        self.set, self.catalogues = set, catalogues
        self._compiled: dict[str, CompiledSet | InvalidMappingSet] = {}

    def run(self, path: Path, name: str) -> list[Outcome]:
        """Every test of a file, called `name` in messages. Raises InvalidMappingSet where file or set is unusable."""
        root = load_file(path, name)
        wrong = validate(root, "mapping_test") or list(self._unknown(root))
        if wrong:
            raise InvalidMappingSet(wrong)
        return [self._run(root, node) for node in root.at("tests").items]

    def compiled(self, settings: Mapping[str, Any]) -> CompiledSet:
        """The set bound to these settings; raises InvalidMappingSet."""
        key = encoded(dict(settings))
        if key not in self._compiled:
            try:
                self._compiled[key] = compile_set(self.set, self.catalogues, settings)
            except InvalidMappingSet as problem:
                self._compiled[key] = problem
        found = self._compiled[key]
        if isinstance(found, InvalidMappingSet):
            raise found
        return found

    def _unknown(self, root: Node) -> Iterator[Diagnostic]:
        """Names in the tests that nothing answers to: a misspelt field would else be null in silence."""
        known = [one.name for one in self.set.mappings]
        named = root.at("mapping")
        mapping = self.set.mapping(str(named.value))
        if mapping is None:
            message = f"The set has no mapping '{named.value}'."
            yield finding(named.mark, "E205", message, nearest(str(named.value), known))
            return
        system, _, entity = mapping.source.text.partition(".")
        source = self.catalogues.get(system, {}).get(entity)
        for node in root.at("tests").items:
            for part in ("links", "names", "behind"):
                for name, child in (node.block[part].block if part in node.block else {}).items():
                    if name not in known:
                        message = f"The set has no mapping '{name}'."
                        yield finding(child.key, "E205", message, nearest(name, known))
            if source is not None:
                yield from unknown_fields(source, node.at("record"))

    def _run(self, root: Node, node: Node) -> Outcome:
        file: dict[str, Any] = {key: one.plain() for key, one in root.block.items() if key != "tests"}
        case: dict[str, Any] = node.plain()
        expected: dict[str, Any] = dict(case["expect"])
        settings = {**file.get("settings", {}), **case.get("settings", {})}
        code = expected.pop("code", None)
        place = (case["name"], str(node.mark))
        try:
            mapping = self.compiled(settings).mappings[file["mapping"]]
        except InvalidMappingSet as problem:
            if code is None:
                raise
            codes = sorted({one.code for one in problem.diagnostics})
            return Outcome(*place, () if code in codes else (Difference("code", ", ".join(codes), code),))
        if code is not None:
            return Outcome(*place, (Difference("code", "none", code),))
        record = complete(self.catalogues[mapping.source[0]][mapping.source[1]], case["record"])
        trial = Trial(mapping, record, case, case_context(file, case))
        if trial.element is None and expected.keys() - {"elements", "match", "same_as"}:
            there = ", ".join(one.key for one in trial.elements) or "none"
            return Outcome(*place, (Difference("element", f"there is {there}", str(case.get("element", "one"))),))
        found = [one for key, wanted in expected.items() for one in _CHECKS[key](trial, exact(wanted))]
        return Outcome(*place, tuple(found), mapping.name, frozenset(trial.looked_at))


def run_tests(path: Path, name: str, set: MappingSet, catalogues: Mapping[str, Catalogue]) -> list[Outcome]:
    """Every test of one file; see `Suite.run`."""
    return Suite(set, catalogues).run(path, name)


def files_of_tests(folder: Path) -> list[Path]:
    """The files of tests that stand beside the mappings of a folder."""
    return sorted((folder / "tests").glob("*.yaml"))


def complete(entity: Entity, values: Mapping[str, Any]) -> Record:
    """A record with every field of its entity, as if all had been read."""
    nothing: Record = {one.name: [] if one.many else None for one in entity.fields if one.readable}
    if entity.custom:
        nothing["custom"] = {}
    return {**nothing, **exact(dict(values))}


def exact(value: Any) -> Any:
    """Whole numbers as Decimals, as connectors give numbers."""
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [exact(item) for item in value]
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def unknown_fields(entity: Entity, record: Node) -> Iterator[Diagnostic]:
    """E203 for every name in a written-out record that is no field of its entity."""
    custom = (Field("custom", "object"),) if entity.custom else ()
    yield from _unknown_in((*entity.fields, *custom), record, entity.name)


def _unknown_in(fields: Sequence[Field], node: Node, label: str) -> Iterator[Diagnostic]:
    known = {one.name: one for one in fields}
    for name, child in node.block.items():
        if name not in known:
            yield finding(child.key, "E203", f"'{name}' is not a field of {label}.", nearest(name, known))
        elif known[name].type == "object" and known[name].fields:
            for item in child.items:
                yield from _unknown_in(known[name].fields, item, f"{label}.{name}")


def case_context(file: Mapping[str, Any], case: Mapping[str, Any]) -> Context:
    """What a test, or a written-out record, says of its surroundings: links, names, today, zone."""
    today = date.fromisoformat(file.get("today", TODAY))
    links, names = case.get("links", {}), case.get("names", {})

    def link(mapping: str, key: str) -> Resolved:
        found = links.get(mapping, {}).get(key, {"state": "missing"})
        return Resolved("linked", found) if isinstance(found, str) else Resolved(**found)

    def named(mapping: str, text: str) -> Resolved:
        key = names.get(mapping, {}).get(text)
        return Resolved("linked", key) if key is not None else Resolved("missing")

    zone = ZoneInfo(file.get("zone", ZONE))
    now = datetime.combine(today, time(12), zone).astimezone(UTC)
    return Context(link, named, exact(case.get("behind", {})), today, now, zone)


@dataclass
class Trial:
    """A mapping with one record, evaluated as far as an expectation asks; it notes what was looked at."""

    mapping: CompiledMapping
    record: Record
    case: Mapping[str, Any]
    context: Context
    looked_at: set[str] = field(default_factory=set)

    @cached_property
    def elements(self) -> list[Element]:
        """The things that get a link each."""
        return self.mapping.elements(self.record)

    @cached_property
    def element(self) -> Element | None:
        """The one that the test names, or the first."""
        wanted = self.case.get("element")
        return next((one for one in self.elements if wanted in (None, one.key)), None)

    @cached_property
    def ended(self) -> GoneDraft | None:
        """What is written when the source is gone."""
        assert self.element is not None
        return self.mapping.gone(self.case.get("gone", "gone"), self.element, self.context)

    @cached_property
    def draft(self) -> Draft:
        """The draft, or what is written when the source is gone, as one."""
        assert self.element is not None
        if "gone" in self.case:
            gone = self.ended
            return Draft() if gone is None else Draft(values={**gone.values, **gone.append})
        draft = self.mapping.draft(self.element, self.context)
        return self.mapping.combine([(self.element.key, draft)]) if self.mapping.is_one_per else draft

    def look(self, part: str) -> None:
        """Note that the test expects something of this part."""
        gone = self.case.get("gone")
        kind = gone if gone in self.mapping.when_gone else "gone"
        self.looked_at.add(f"when_{kind}.{part}" if gone else part)


def _fields(trial: Trial, wanted: Mapping[str, Any]) -> Iterator[Difference]:
    values = {path: plain(value) for path, value in trial.draft.values.items()}
    for path, value in wanted.items():
        trial.look(path)
        if path not in values:
            yield Difference(path, LEFT_ALONE, canonical(value))
        elif values[path] != value:
            yield Difference(path, canonical(values[path]), canonical(value))


def plain(value: Any) -> Any:
    """A value as tests write it: an option is its key."""
    return value.key if isinstance(value, Option) else value


def _absent(trial: Trial, wanted: Sequence[str]) -> Iterator[Difference]:
    values = trial.draft.values
    for path in wanted:
        trial.look(path)
        if path in values:
            yield Difference(path, canonical(plain(values[path])), LEFT_ALONE)


def _children(trial: Trial, wanted: Mapping[str, Any]) -> Iterator[Difference]:
    for name, children in wanted.items():
        made = {one.key: {path: plain(value) for path, value in one.values.items()}
                for one in trial.draft.children.get(name, [])}  # fmt: skip
        for values in children.values():
            for path in values:
                trial.look(f"{name}.{path}")
        if name not in trial.draft.children and children:
            yield Difference(name, LEFT_ALONE, canonical(children))
        for key in {**children, **made}:
            there, expected = made.get(key), children.get(key)
            if there != expected:
                yield Difference(f"{name}[{key}]", "none" if there is None else canonical(there),
                                 "none" if expected is None else canonical(expected))  # fmt: skip


def _text(trial: Trial, wanted: Mapping[str, Any]) -> Iterator[Difference]:
    values = trial.draft.values
    for path, of in wanted.items():
        trial.look(path)
        for part in of if isinstance(of, list) else [of]:
            if part not in (values.get(path) or ""):
                yield Difference(path, repr(values.get(path)), repr(part), "without")


def _match(trial: Trial, wanted: Any) -> Iterator[Difference]:
    for number, values in enumerate(wanted):
        if values:
            trial.look(f"match[{number}]")
    made = [key.source_values(trial.record) for key in trial.mapping.match]
    yield from _same("match", made, wanted)


def _elements(trial: Trial, wanted: Any) -> Iterator[Difference]:
    trial.look("each")
    yield from _same("elements", [one.key for one in trial.elements], wanted)


def _same_as(trial: Trial, wanted: Any) -> Iterator[Difference]:
    if wanted is not None:
        trial.look("same_as")
    yield from _same("same_as", trial.mapping.same_as(trial.record), wanted)


def _left_out(trial: Trial, wanted: Any) -> Iterator[Difference]:
    assert trial.element is not None
    reason = trial.mapping.left_out(trial.element, bool(trial.case.get("linked")))
    if wanted is False:
        if reason is not None:
            yield Difference("left out", reason)
        return
    trial.look((reason or "").partition(":")[0])
    yield from _contained("left_out", reason, wanted if isinstance(wanted, str) else "")


def _skip(trial: Trial, wanted: str) -> Iterator[Difference]:
    yield from _contained("skip", trial.draft.skip, wanted)


def _waits(trial: Trial, wanted: Any) -> Iterator[Difference]:
    yield from _same("waits", [one.field for one in trial.draft.waits], wanted)


def _park(trial: Trial, wanted: str) -> Iterator[Difference]:
    said = "; ".join(f"{one.field}: {one.message}" for one in trial.draft.problems)
    yield from _contained("park", said or None, wanted)


def _note(trial: Trial, wanted: str) -> Iterator[Difference]:
    trial.look("note")
    yield from _same("note", trial.ended.note if trial.ended else None, wanted)


def _group(trial: Trial, wanted: Any) -> Iterator[Difference]:
    trial.look("one_per")
    yield from _same("group", trial.mapping.group(trial.record), wanted)


def _same(what: str, made: Any, wanted: Any) -> Iterator[Difference]:
    if made != wanted:
        yield Difference(what, canonical(made), canonical(wanted))


def _contained(what: str, made: str | None, part: str) -> Iterator[Difference]:
    if made is None:
        yield Difference(what, "there is none", part)
    elif part not in made:
        yield Difference(what, repr(made), repr(part), "without")


_CHECKS: dict[str, Callable[[Trial, Any], Iterator[Difference]]] = {
    "fields": _fields,
    "absent": _absent,
    "children": _children,
    "text": _text,
    "match": _match,
    "elements": _elements,
    "same_as": _same_as,
    "left_out": _left_out,
    "skip": _skip,
    "waits": _waits,
    "park": _park,
    "note": _note,
    "group": _group,
}
"""One for each key of `expect` in schemas/mapping_test.schema.json, but `code`."""
