"""Loads mapping sets: a folder of the user's, or `preset:NAME`; takes in what they extend.

`shelves` knows where presets lie. A mapping says `extends: preset:default/customers` and overrides single fields; a
whole folder says `extends: preset:default` in its preset.yaml and has every mapping of the preset that it doesn't
bring itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping as Dictionary
from dataclasses import dataclass, field
from pathlib import Path

from engine import __version__
from engine.specs.diagnostics import Diagnostic, InvalidMappingSet, finding, nearest, ordered
from engine.specs.loader import Node, load_file
from engine.specs.model import Mapping, MappingSet, Setting, TemplateFile
from engine.specs.packing import made_for
from engine.specs.reader import read_mapping, read_settings
from engine.specs.shelves import PREFIX, SET_FILE, home_of, known as known_presets, place
from engine.specs.source import Mark, Source
from engine.specs.validator import validate, without_faults

_DEEPEST = 8
_BLOCKS = frozenset(("fields", "custom", "children", "combine", "scope", "when_deleted", "when_voided", "when_gone"))


def load_set(where: str | Path, home: Path | None = None, instead: Dictionary[str, Path] | None = None) -> MappingSet:
    """The set of a folder or `preset:NAME`. Raises InvalidMappingSet if anything in it cannot be read."""
    made, found = read_set(where, home, instead)
    if any(one.severity == "error" for one in found):
        raise InvalidMappingSet(found)
    return made


def read_set(
    where: str | Path, home: Path | None = None, instead: Dictionary[str, Path] | None = None
) -> tuple[MappingSet, list[Diagnostic]]:
    """What can be read of a set, with all that is wrong with its files' shape.

    `home` is where presets are installed (None: beside the folder itself, for a preset here); `instead` gives other
    folders for presets, as `preset:NAME` -> folder, so that a version can be looked at that is not installed.
    """
    if home is None:
        home = Path() if str(where).startswith(PREFIX) else home_of(Path(where))
    reading = _Reading(home, instead or {})
    folder = reading.folder(str(where))
    if folder is None:
        return MappingSet(str(where), ()), ordered(reading.found)
    found = reading.collect(folder)
    head = folder.head.plain() if folder.head else {}
    return (
        MappingSet(str(where), tuple(found.mappings.values()), found.settings, found.templates,
                   str(head.get("version", "")), str(head.get("summary", ""))),
        ordered(reading.found),
    )  # fmt: skip


def merge(base: Node, over: Node, found: list[Diagnostic], inside: str = "") -> Node:
    """`over` laid on `base`: blocks entry by entry, everything else whole; null takes an entry away."""
    block = dict(base.block)
    for name, node in over.block.items():
        if node.value is None:
            if name not in block:
                message = f"'{name}' is null, but what is extended brings nothing of this name."
                found.append(finding(node.key, "E119", message, nearest(name, block)))
            block.pop(name, None)
        elif name in block and (name in _BLOCKS or inside == "children") and node.block and block[name].block:
            block[name] = merge(block[name], node, found, name)
        else:
            block[name] = node
    return Node(block, over.mark, over.key)


@dataclass(slots=True)
class _Folder:
    """A place where mappings lie, read but not yet taken together."""

    name: str
    files: dict[str, Node] = field(default_factory=dict)
    """By the name that the mapping gives itself."""
    head: Node | None = None
    templates: dict[str, TemplateFile] = field(default_factory=dict)


@dataclass(slots=True)
class _Collected:
    mappings: dict[str, Mapping] = field(default_factory=dict)
    settings: dict[str, Setting] = field(default_factory=dict)
    templates: dict[str, TemplateFile] = field(default_factory=dict)


class _Reading:
    def __init__(self, home: Path, instead: Dictionary[str, Path]) -> None:
        self.home, self.instead = home, instead
        self.found: list[Diagnostic] = []
        self.folders: dict[str, _Folder | None] = {}

    def wrong(self, mark: Mark, code: str, message: str, hint: str = "") -> None:
        self.found.append(finding(mark, code, message, hint))

    # folders
    def folder(self, where: str, mark: Mark | None = None) -> _Folder | None:
        """The folder behind a name, read once. `mark` is the place that names it."""
        if where not in self.folders:
            path = self.instead.get(where) or place(where, self.home)
            if path is None or not path.is_dir():
                known = "Run `engine init`."
                if where.startswith(PREFIX):
                    known = nearest(where, presets(self.home)) or f"Presets: {', '.join(presets(self.home))}."
                self.wrong(mark or Mark(Source.of(where, ""), 0, 0), "E109", f"'{where}' is not there.", known)
                return None
            self.folders[where] = self._read(where, path)
        return self.folders[where]

    def _read(self, where: str, path: Path) -> _Folder:
        made = _Folder(where)
        for file in sorted(path.glob("*.yaml")):
            node = self._file(file, f"{where}/{file.name}", "preset" if file.name == SET_FILE else "mapping")
            if node is not None and file.name == SET_FILE:
                made.head = node
                self._check_engine(node)
            elif node is not None:
                self._add(made, node)
        for file in sorted((*path.glob("*.html"), *path.glob("*.txt"))):
            text = file.read_text("utf-8")
            made.templates[file.name] = TemplateFile(file.name, text, Source.of(f"{where}/{file.name}", text))
        return made

    def _check_engine(self, head: Node) -> None:
        wanted = head.get("engine")
        if wanted is not None and not made_for(str(wanted.value), __version__):
            hint = "Upgrade ml-connector, or take another version of the preset."
            self.wrong(wanted.mark, "E109", f"It is made for ml-connector {wanted.value}; this is {__version__}.", hint)

    def _add(self, made: _Folder, node: Node) -> None:
        named = node.at("mapping")
        name = str(named.value)
        if name in made.files:
            other = made.files[name].mark.source.file
            message = f"The mapping '{name}' stands in {other} already."
            self.wrong(named.mark, "E120", message, "Give one of the two another name.")
        made.files.setdefault(name, node)

    def _file(self, path: Path, name: str, schema: str) -> Node | None:
        """A file of valid shape, or None; what is wrong is kept."""
        try:
            node = load_file(path, name)
        except InvalidMappingSet as problem:
            self.found += problem.diagnostics
            return None
        wrong = validate(node, schema)
        self.found += wrong
        return without_faults(node, schema) if wrong else node

    # extending
    def collect(self, folder: _Folder, depth: int = 0) -> _Collected:
        """Everything of a folder, with what its preset.yaml and its mappings extend."""
        made = _Collected()
        head = folder.head
        extends = head.get("extends") if head else None
        if extends is not None and depth < _DEEPEST:
            base = self.folder(str(extends.value), extends.mark)
            if base is not None:
                made = self.collect(base, depth + 1)
        without = head.get("without") if head else None
        for node in without.items if without else ():
            if made.mappings.pop(str(node.value), None) is None:
                self.wrong(node.mark, "E119", f"'{node.value}' is not among the mappings that are extended.")
        for name, node in folder.files.items():
            whole = self.whole(node, made, depth)
            if whole is not None:
                made.mappings[name], wrong = read_mapping(whole)
                self.found += wrong
        made.settings |= read_settings(head)
        made.templates |= folder.templates
        return made

    def chain(self, folder: _Folder) -> Iterator[_Folder]:
        """A preset and those that it extends as a whole, the nearest first."""
        for _ in range(_DEEPEST):
            yield folder
            extends = folder.head.get("extends") if folder.head else None
            base = self.folder(str(extends.value), extends.mark) if extends is not None else None
            if base is None:
                return
            folder = base

    def whole(self, node: Node, made: _Collected, depth: int) -> Node | None:
        """The mapping with what it extends; the preset's settings and templates come along."""
        extends = node.get("extends")
        if extends is None:
            return node
        if depth >= _DEEPEST:
            message = f"More than {_DEEPEST} files extend one another."
            self.wrong(extends.mark, "E118", message, "Let the first of them stand alone.")
            return None
        where, _, name = str(extends.value).rpartition("/")
        base = self.folder(where, extends.mark)
        if base is None:
            return None
        chain = list(self.chain(base))
        held = next((one.files[name] for one in chain if name in one.files), None)
        if held is None:
            everything = [known for one in chain for known in one.files]
            self.wrong(extends.mark, "E118", f"{where} has no mapping '{name}'.", nearest(name, everything))
            return None
        inner = self.whole(held, made, depth + 1)
        if inner is None:
            return None
        for one in chain:
            made.settings = {**read_settings(one.head), **made.settings}
            made.templates = {**one.templates, **made.templates}
        own = {key: child for key, child in node.block.items() if key != "extends"}
        merged = merge(inner, Node(own, node.mark, node.key), self.found)
        wrong = validate(merged, "mapping")
        self.found += wrong
        return None if wrong else merged


def presets(home: Path | None = None) -> list[str]:
    """The presets that can be named from a folder (None: this one)."""
    return [f"{PREFIX}{name}" for name in known_presets(home or Path())]
