"""Reads YAML strictly: every value with its place, no duplicate keys, no guessed types. The only home of PyYAML.

Plain scalars stay text, except integers (`12`), decimals (`1.10`, as Decimal), `true`, `false` and `null`, written
exactly so. `no`, `007`, `1E5`, `0x10`, `12:30` and dates are text; so is everything in quotes, and every key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.resolver import BaseResolver

from engine.specs.diagnostics import Diagnostic, InvalidMappingSet, finding
from engine.specs.model import Scalar
from engine.specs.source import Mark, Source
from engine.specs.unparsed import words

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 40
MAX_NODES = 100_000
MAX_ALIASES = 100

_INTEGER = re.compile(r"-?[1-9]\d{0,17}|0")
_DECIMAL = re.compile(r"-?(0|[1-9]\d{0,17})\.\d{1,18}")
_KEY_HINT = 'Put a text that begins with { or [ in quotes, as template: "{{ ... }}".'
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Node:
    """A value with its place. `key` is the place of the key that holds it, or of itself where there is none."""

    value: Scalar | list[Node] | dict[str, Node]
    mark: Mark
    key: Mark

    def plain(self) -> Any:
        """The value without places, as ordinary lists and dicts."""
        if isinstance(self.value, dict):
            return {name: node.plain() for name, node in self.value.items()}
        return [node.plain() for node in self.value] if isinstance(self.value, list) else self.value

    @property
    def items(self) -> list[Node]:
        """The entries of a list; a single value counts as a list of one."""
        return self.value if isinstance(self.value, list) else [self]

    @property
    def block(self) -> dict[str, Node]:
        """The entries of a block; empty where it is none."""
        return self.value if isinstance(self.value, dict) else {}

    def get(self, name: str) -> Node | None:
        """The entry of that name, or None."""
        return self.block.get(name)

    def at(self, *path: str | int) -> Node:
        """The node at a path, as far as the path goes."""
        node = self
        for part in path:
            if isinstance(part, str) and part in node.block:
                node = node.block[part]
            elif isinstance(part, int) and isinstance(node.value, list) and part < len(node.value):
                node = node.value[part]
            else:
                break
        return node


def load_file(path: Path, name: str | None = None) -> Node:
    """The root of a YAML file. `name` is how messages call it. Raises InvalidMappingSet (E101-E109)."""
    name = name or str(path)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8 text"
        mark = Mark(Source.of(name, ""), 0, 0)
        raise InvalidMappingSet([finding(mark, "E109", f"The file cannot be read: {reason}.")]) from problem
    return load_text(text, name)


def load_text(text: str, name: str) -> Node:
    """The root of a YAML text. Raises InvalidMappingSet (E101-E108)."""
    reading = _Reading(Source.of(name, text))
    if len(text) > MAX_CHARACTERS:
        raise InvalidMappingSet(
            [reading.at(1, 1, "E105", f"The file has over {MAX_CHARACTERS:,} characters.", "Split it.")]
        )
    try:
        reading.limit(text)
        root = _Composer(text).get_single_node()
    except yaml.MarkedYAMLError as problem:
        raise InvalidMappingSet([reading.unparsed(problem)]) from None
    except yaml.YAMLError:
        raise InvalidMappingSet([reading.unprintable(text)]) from None
    if root is None:
        raise InvalidMappingSet([reading.at(1, 1, "E101", "The file is empty.")])
    node = reading.node(root)
    if reading.found:
        raise InvalidMappingSet(reading.found)
    return node


class _Composer(CParser, BaseResolver):
    """Composes nodes whose tag says only whether a scalar was plain; anything else was written as a tag."""

    def __init__(self, stream: str) -> None:
        CParser.__init__(self, stream)
        BaseResolver.__init__(self)

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        """No guessing: plain or not."""
        return "plain" if isinstance(implicit, tuple) and implicit[0] else ""

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        """Paths play no part."""

    def ascend_resolver(self) -> None:
        """Paths play no part."""


class _Reading:
    """One file on its way from YAML nodes to ours, and what was found on the way."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.found: list[Diagnostic] = []
        self.open: list[Any] = []
        self.nodes = 0

    def at(self, line: int, column: int, code: str, message: str, hint: str = "") -> Diagnostic:
        return finding(Mark(self.source, line, column), code, message, hint)

    def unparsed(self, problem: yaml.MarkedYAMLError) -> Diagnostic:
        said = ", ".join(part for part in (problem.context, problem.problem) if part)
        mark = problem.problem_mark or problem.context_mark
        line = Mark(self.source, mark.line + 1, 1).text if mark else ""
        found = words(said, line)
        mark = problem.context_mark or mark if found.at_start else mark
        at = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return self.at(*at, "E101", found.message, found.hint)

    def unprintable(self, text: str) -> Diagnostic:
        """The first sign that no text may hold [YAML 1.2, 5.1]; another program saved something else than text."""
        at = next((place for place, sign in enumerate(text) if not (sign.isprintable() or sign in "\t\n\r\x85")), 0)
        line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
        return self.at(
            line, column, "E101", "A sign that cannot be printed stands here.", "Save the file as UTF-8 text."
        )

    def limit(self, text: str) -> None:
        """Refuse depth and aliases before anything recursive happens."""
        depth = aliases = 0
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            place = (event.start_mark.line + 1, event.start_mark.column + 1) if event.start_mark else (1, 1)
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            elif isinstance(event, yaml.AliasEvent):
                aliases += 1
            if depth > MAX_DEPTH:
                raise InvalidMappingSet(
                    [self.at(*place, "E105", f"More than {MAX_DEPTH} levels.", "Write it flatter.")]
                )
            if aliases > MAX_ALIASES:
                raise InvalidMappingSet(
                    [self.at(*place, "E104", f"More than {MAX_ALIASES} aliases.", "Write the values out.")]
                )

    def mark(self, node: Any) -> Mark:
        return Mark(self.source, node.start_mark.line + 1, node.start_mark.column + 1, getattr(node, "style", "") or "")

    def node(self, node: Any, key: Mark | None = None) -> Node:
        mark = self.mark(node)
        self.nodes += 1
        if node in self.open or self.nodes > MAX_NODES:
            message = "An alias stands inside itself." if node in self.open else f"More than {MAX_NODES:,} values."
            raise InvalidMappingSet([finding(mark, "E104", message, "Write the values out.")])
        if node.tag not in ("plain", ""):
            self.found.append(
                finding(mark, "E103", f"The tag {node.tag} is not allowed.", "Put a text that begins with ! in quotes.")
            )
        if isinstance(node, yaml.ScalarNode):
            return Node(self.scalar(node, key), mark, key or mark)
        mark = Mark(self.source, mark.line, mark.column)
        self.open.append(node)
        value: dict[str, Node] | list[Node]
        if isinstance(node, yaml.MappingNode):
            value = self.block(node)
        else:
            value = [self.node(item) for item in node.value]
        self.open.pop()
        return Node(value, mark, key or mark)

    def scalar(self, node: Any, key: Mark | None) -> Scalar:
        text: str = node.value
        if node.tag != "plain" or node.style:
            return text
        if not text:
            self.found.append(
                finding(key or self.mark(node), "E107", "There is no value.", "Write one, or take the line out.")
            )
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        return Decimal(text) if _DECIMAL.fullmatch(text) else text

    def block(self, node: Any) -> dict[str, Node]:
        values: dict[str, Node] = {}
        for key_node, value_node in node.value:
            mark = self.mark(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self.found.append(finding(mark, "E106", "A list or block cannot be a key.", _KEY_HINT))
                continue
            name: str = key_node.value
            if name == "<<" and not key_node.style:
                self.found.append(finding(mark, "E108", "Merge keys are not allowed.", "Use extends."))
            elif name in values:
                first = values[name].key
                self.found.append(finding(mark, "E102", f"'{name}' stands here twice, first in line {first.line}.",
                                          "Take one of the two out."))  # fmt: skip
            else:
                values[name] = self.node(value_node, mark)
        return values
