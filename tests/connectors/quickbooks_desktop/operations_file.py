"""The public description of qbXML's messages (OPS 14.0) as lines that the catalogue can be compared with.

It lists one sample of each message, an element a line, with a comment on the length, the editions that lack it, and
whether it may repeat. 14.0 differs from 13.0 in Form1099 parts alone. [facts 5]
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_LINE = re.compile(r"\s*<(?P<close>/?)(?P<name>\w+)[^>]*>(?:(?P<type>\w+)</\w+>)?\s*(?:<!-- (?P<note>.*?) -->)?\s*")
_OPTIONS = re.compile(r"<!-- (?P<name>\w+) may have one of the following values: (?P<options>.*?) -->")
_LENGTH = re.compile(r"max length = (\d+)(?: for ([\w|]+))?")
_ABSENT = re.compile(r"not in ([\w|]+)")


@dataclass(slots=True)
class Element:
    """One element of a message; `type` is qbXML's word, "" for one with children."""

    name: str
    type: str
    note: str = ""
    many: bool = False
    turns: bool = False
    """It and others may come in any order, as often as they like."""
    choice: tuple[int, int] | None = None
    """Where only one of several may be there: the choice, and which of its branches this belongs to."""
    options: tuple[str, ...] = ()
    children: list[Element] = field(default_factory=list)

    @property
    def length(self) -> str:
        """The most characters in the US desktop edition, "" for no limit."""
        limits = _LENGTH.findall(self.note)
        return next((number for number, editions in limits if not editions or "QBD" in editions.split("|")), "")

    @property
    def shortest(self) -> int | None:
        """The least of the limits that any edition has."""
        return min((int(number) for number, _ in _LENGTH.findall(self.note)), default=None)

    @property
    def here(self) -> bool:
        """The US desktop edition has it."""
        return not any("QBD" in editions.split("|") for editions in _ABSENT.findall(self.note))

    @property
    def required(self) -> bool:
        """Its message must have it."""
        return not self.turns and "opt" not in self.note.split(", ")

    def inner(self, name: str) -> Element:
        """The child of this name; KeyError if there is none."""
        for one in self.children:
            if one.name == name:
                return one
        raise KeyError(f"{self.name} has no {name}")


@dataclass(slots=True)
class _Choice:
    """A choice whose end was not reached yet, at this depth."""

    depth: int
    turns: bool
    number: int
    branch: int = 0


@cache
def message(reference: Path, name: str) -> Element:
    """The message of this name, such as BillQueryRs."""
    lines = iter(_text(reference).splitlines())
    for line in lines:
        if re.match(rf"\s*<{name}[ >]", line):
            break
    else:
        raise KeyError(f"no message {name}")
    root = Element(name, "")
    path = [root]
    options: dict[str, tuple[str, ...]] = {}
    choices: list[_Choice] = []
    number = 0
    for line in lines:
        if found := _OPTIONS.search(line):
            options[found["name"]] = tuple(word.split(" ")[0] for word in found["options"].split(", "))
        elif "BEGIN OR" in line:
            number += 1
            choices.append(_Choice(len(path), "or more" in line, number))
        elif "<!-- OR -->" in line:
            choices[-1].branch += 1
        elif "END OR" in line:
            choices.pop()
        elif match := _LINE.fullmatch(line):
            if match["close"]:
                if len(path) == 1:
                    return root
                path.pop()
                continue
            note = match["note"] or ""
            here = [choice for choice in choices if choice.depth == len(path)]
            turns = any(choice.turns for choice in here)
            one = Element(match["name"], match["type"] or "", note, turns or "may rep" in note, turns)
            one.choice = (here[0].number, here[0].branch) if here else None
            one.options = options.pop(one.name, ()) if one.type == "ENUMTYPE" else ()
            path[-1].children.append(one)
            if not one.type:
                path.append(one)
    raise ValueError(f"{name} does not end")


def iterates(reference: Path, name: str) -> bool:
    """Whether this query knows the attribute iterator."""
    match = re.search(rf"^\s*<{name}( [^>]*)?>", _text(reference), re.MULTILINE)
    if match is None:
        raise KeyError(f"no message {name}")
    return "iterator = " in (match[1] or "")


@cache
def _text(reference: Path) -> str:
    return (reference / "schema-xml" / "qbxmlops140.xml").read_text(encoding="utf-8", errors="replace")
