"""Says which parts of a mapping no test expects anything of. What a set takes from a preset is tested there.

A part counts as tested when a test expects its effect by name: a draft that is made and not looked at tests nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine.mapping.testcases import Outcome
from engine.specs.model import Mapping, MappingSet


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a mapping that can be tested by itself. `where` is file:line."""

    mapping: str
    name: str
    where: str


def parts(mapping: Mapping) -> Iterator[Part]:
    """Everything in a mapping that tests can look at: its rules, its match keys, what leaves records out."""

    def part(name: str, mark: object) -> Part:
        return Part(mapping.name, name, str(mark).rpartition(":")[0])

    for number, key in enumerate(mapping.match):
        yield part(f"match[{number}]", key.mark)
    if mapping.same_as is not None:
        yield part("same_as", mapping.same_as.when.mark)
    if mapping.each is not None:
        yield part("each", mapping.each.mark)
    if mapping.only is not None:
        yield part("only", mapping.only.mark)
    if mapping.since is not None:
        yield part("since", mapping.since.mark)
    if mapping.one_per:
        yield part("one_per", mapping.one_per[0].mark)
    for rule in mapping.rules:
        yield part(rule.path, rule.key_mark)
    for name, _, mark in mapping.scope:
        yield part(name, mark)
    for children in mapping.children:
        for rule in children.rules:
            yield part(f"{children.name}.{rule.path}", rule.key_mark)
    for gone in mapping.gone:
        for rule in gone.rules:
            yield part(f"when_{gone.kind}.{rule.path}", rule.key_mark)
        if gone.note is not None:
            yield part(f"when_{gone.kind}.note", gone.note.mark)
        for path, text in gone.append:
            yield part(f"when_{gone.kind}.{path or 'append'}", text.mark)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many parts of a set there are, and which of them no test looks at."""

    total: int
    missed: tuple[Part, ...]

    @property
    def percent(self) -> int:
        """Rounded down: 100 means that nothing is missed."""
        return 100 if not self.total else 100 * (self.total - len(self.missed)) // self.total


def coverage(set: MappingSet, outcomes: Iterable[Outcome]) -> Coverage:
    """Of everything that a set's own files say, by what the tests looked at."""
    seen = {(one.mapping, part) for one in outcomes for part in one.looked_at}
    appended = {(one.mapping, part.partition(".")[0]) for one in outcomes for part in one.looked_at}
    known = [one for mapping in set.mappings for one in parts(mapping) if one.where.startswith(f"{set.name}/")]

    def tested(part: Part) -> bool:
        block, _, last = part.name.partition(".")
        if last == "append":  # its field is the one that a template fills; whatever was looked at there is it
            return (part.mapping, block) in appended
        return (part.mapping, part.name) in seen

    return Coverage(len(known), tuple(part for part in known if not tested(part)))
