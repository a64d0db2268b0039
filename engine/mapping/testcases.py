"""Runs the tests that travel with mappings (`mappings/tests/*.yaml`): records in, expected drafts out.

A record of a test has every field of its entity: those that it doesn't name are null, or empty lists. Whole numbers in
it are Decimals, as connectors give them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from engine.mapping.compiled import CompiledMapping
from engine.mapping.compiler import compile_set
from engine.mapping.draft import Context, Draft, Element, Resolved
from engine.mapping.values import canonical
from engine.protocol import Catalogue, Entity, Option, Record
from engine.specs.diagnostics import InvalidMappingSet
from engine.specs.loader import Node, load_file
from engine.specs.model import MappingSet
from engine.specs.validator import validate


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test: its sentence, where it stands, and what is otherwise than expected (nothing: it passed)."""

    name: str
    where: str
    differences: tuple[str, ...]


def run_tests(path: Path, name: str, set: MappingSet, catalogues: Mapping[str, Catalogue]) -> list[Outcome]:
    """Every test of a file. Raises InvalidMappingSet where the file or the set cannot be used."""
    root = load_file(path, name)
    wrong = validate(root, "mapping_test")
    if wrong:
        raise InvalidMappingSet(wrong)
    return [_run(root, node, set, catalogues) for node in root.at("tests").items]


def complete(entity: Entity, values: Mapping[str, Any]) -> Record:
    """A record with every field of its entity, as if all had been read."""
    nothing: Record = {one.name: [] if one.many else None for one in entity.fields if one.readable}
    if entity.custom:
        nothing["custom"] = {}
    return {**nothing, **_exact(dict(values))}


def _exact(value: Any) -> Any:
    """Whole numbers as Decimals, as connectors give numbers."""
    if isinstance(value, dict):
        return {key: _exact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_exact(item) for item in value]
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _run(root: Node, node: Node, set: MappingSet, catalogues: Mapping[str, Catalogue]) -> Outcome:
    file: dict[str, Any] = {key: one.plain() for key, one in root.block.items() if key != "tests"}
    case: dict[str, Any] = node.plain()
    settings = {**file.get("settings", {}), **case.get("settings", {})}
    mapping = compile_set(set, catalogues, settings).mappings[file["mapping"]]
    record = complete(catalogues[mapping.source[0]][mapping.source[1]], case["record"])
    trial = _Trial(mapping, record, case, _context(file, case))
    found = [one for key, wanted in case["expect"].items() for one in _CHECKS[key](trial, _exact(wanted))]
    return Outcome(case["name"], str(node.mark), tuple(found))


def _context(file: Mapping[str, Any], case: Mapping[str, Any]) -> Context:
    today = date.fromisoformat(file.get("today", "2026-07-01"))
    links, names = case.get("links", {}), case.get("names", {})

    def link(mapping: str, key: str) -> Resolved:
        found = links.get(mapping, {}).get(key, {"state": "missing"})
        return Resolved("linked", found) if isinstance(found, str) else Resolved(**found)

    def named(mapping: str, text: str) -> Resolved:
        key = names.get(mapping, {}).get(text)
        return Resolved("linked", key) if key is not None else Resolved("missing")

    zone = ZoneInfo(file.get("zone", "America/New_York"))
    now = datetime.combine(today, time(12), zone).astimezone(UTC)
    return Context(link, named, _exact(case.get("behind", {})), today, now, zone)


class _Trial:
    """A mapping with one record, evaluated as far as an expectation asks."""

    def __init__(self, mapping: CompiledMapping, record: Record, case: Mapping[str, Any], context: Context) -> None:
        self.mapping = mapping
        self.record = record
        self.case = case
        self.context = context

    @property
    def elements(self) -> list[Element]:
        return self.mapping.elements(self.record)

    @property
    def element(self) -> Element:
        wanted = self.case.get("element")
        return next(one for one in self.elements if wanted in (None, one.key))

    def draft(self) -> Draft:
        """The draft, or what is written when the source is gone, as one."""
        how = self.case.get("gone")
        if how is None:
            draft = self.mapping.draft(self.element, self.context)
            return self.mapping.combine([(self.element.key, draft)]) if self.mapping.is_one_per else draft
        gone = self.mapping.gone(how, self.element, self.context)
        return Draft() if gone is None else Draft(values={**gone.values, **gone.append})


def _fields(trial: _Trial, wanted: Mapping[str, Any]) -> list[str]:
    values = {path: _plain(value) for path, value in trial.draft().values.items()}
    return [
        f"{path}: {_said(values, path)} instead of {canonical(value)}"
        for path, value in wanted.items()
        if path not in values or values[path] != value
    ]


def _said(values: Mapping[str, Any], path: str) -> str:
    return canonical(values[path]) if path in values else "left alone"


def _plain(value: Any) -> Any:
    return value.key if isinstance(value, Option) else value


def _absent(trial: _Trial, wanted: Sequence[str]) -> list[str]:
    values = trial.draft().values
    return [f"{path}: {canonical(_plain(values[path]))} instead of left alone" for path in wanted if path in values]


def _children(trial: _Trial, wanted: Mapping[str, Any]) -> list[str]:
    found = []
    for name, children in wanted.items():
        made = {one.key: {path: _plain(value) for path, value in one.values.items()}
                for one in trial.draft().children.get(name, [])}  # fmt: skip
        if made != children:
            found.append(f"{name}: {canonical(made)} instead of {canonical(children)}")
    return found


def _text(trial: _Trial, wanted: Mapping[str, Any]) -> list[str]:
    values = trial.draft().values
    parts = [(path, part) for path, of in wanted.items() for part in (of if isinstance(of, list) else [of])]
    return [
        f"{path}: {values.get(path)!r} without {part!r}" for path, part in parts if part not in (values.get(path) or "")
    ]


def _match(trial: _Trial, wanted: Any) -> list[str]:
    return _same("match", [key.source_values(trial.record) for key in trial.mapping.match], wanted)


def _elements(trial: _Trial, wanted: Any) -> list[str]:
    return _same("elements", [one.key for one in trial.elements], wanted)


def _same_as(trial: _Trial, wanted: Any) -> list[str]:
    return _same("same_as", trial.mapping.same_as(trial.record), wanted)


def _left_out(trial: _Trial, wanted: Any) -> list[str]:
    reason = trial.mapping.left_out(trial.element, bool(trial.case.get("linked")))
    if wanted is False:
        return [] if reason is None else [f"left out: {reason}"]
    return _contained("left_out", reason, wanted if isinstance(wanted, str) else "")


def _skip(trial: _Trial, wanted: str) -> list[str]:
    return _contained("skip", trial.draft().skip, wanted)


def _waits(trial: _Trial, wanted: Any) -> list[str]:
    return _same("waits", [one.field for one in trial.draft().waits], wanted)


def _problem(trial: _Trial, wanted: str) -> list[str]:
    said = "; ".join(f"{one.field}: {one.message}" for one in trial.draft().problems)
    return _contained("problem", said or None, wanted)


def _note(trial: _Trial, wanted: str) -> list[str]:
    gone = trial.mapping.gone(trial.case.get("gone", "gone"), trial.element, trial.context)
    return _same("note", gone.note if gone else None, wanted)


def _same(what: str, made: Any, wanted: Any) -> list[str]:
    return [] if made == wanted else [f"{what}: {canonical(made)} instead of {canonical(wanted)}"]


def _contained(what: str, made: str | None, part: str) -> list[str]:
    if made is None:
        return [f"{what}: there is none"]
    return [] if part in made else [f"{what}: {made!r} without {part!r}"]


_CHECKS: dict[str, Callable[[_Trial, Any], list[str]]] = {
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
    "problem": _problem,
    "note": _note,
}
"""One for each key of `expect` in schemas/mapping_test.schema.json."""
