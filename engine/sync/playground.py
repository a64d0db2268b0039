"""Tries an edited mapping over one record, and runs its tests with it. The live set is never touched."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import EngineError, UserError
from engine.mapping.compiled import CompiledMapping, CompiledSet
from engine.mapping.compiler import compile_set, validate_set
from engine.mapping.draft import Draft, Element
from engine.mapping.testcases import Outcome, Suite, files_of_tests
from engine.mapping.written import WrittenRecord
from engine.protocol import Catalogue
from engine.specs.diagnostics import Diagnostic, InvalidMappingSet
from engine.specs.loader import load_text
from engine.specs.model import MappingSet
from engine.specs.presets import read_set
from engine.specs.shelves import PREFIX, home_of, place
from engine.sync.connection import Connection
from engine.sync.preview import stored

RECORD = "the record"
"""How messages call the record that was pasted."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One mapping of the live set, by its name there, with its file's text as somebody would have it."""

    mapping: str
    text: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a mapping's text stands now; `own` is False where it comes from a preset that the set extends."""

    text: str
    place: str
    own: bool


@dataclass(frozen=True, slots=True)
class Tried:
    """What an edit makes of a record. `trouble`: why there is no draft, in a sentence with the next step."""

    diagnostics: tuple[Diagnostic, ...]
    mapping: CompiledMapping | None = None
    drafts: tuple[tuple[Element, Draft], ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Playground:
    """The playground of one connection. `where` is its set as `load_set` takes it, `settings` the connection's."""

    connection: Connection
    where: str
    catalogues: Mapping[str, Catalogue]
    settings: Mapping[str, Any] = field(default_factory=dict)

    def origin(self, mapping: str) -> Origin:
        """The text that a mapping has now. Raises UserError where the set has none of this name."""
        found = read_set(self.where)[0].mapping(mapping)
        if found is None:
            raise UserError(f"The set has no mapping '{mapping}'.", f"There are: {', '.join(self.names)}.")
        source = found.mark.source
        return Origin("\n".join(source.lines) + "\n", source.file, source.file.startswith(f"{self.where}/"))

    @property
    def names(self) -> list[str]:
        """The mappings of the live set."""
        return list(self.connection.compiled.mappings)

    def attempt(self, edit: Edit, record: str) -> Tried:
        """Check the edit, and draft a record with it: the key of a held one, or one that is written out in YAML or
        JSON. Everything that can be wrong with either is part of the answer."""
        made, found = self._edited(edit)
        if _broken(found):
            return Tried(found, trouble="The mapping has errors, so there is no draft.")
        try:
            compiled = compile_set(made, self.catalogues, self.settings)
            # whatever the edited mapping calls itself now
            mapping = compiled.mappings[str(load_text(edit.text, edit.mapping).at("mapping").value)]
            return Tried(found, mapping, tuple(self._drafts(compiled, mapping, record.strip())))
        except InvalidMappingSet as wrong:
            return Tried((*found, *wrong.diagnostics), trouble="The record cannot be read.")
        except EngineError as error:
            return Tried(found, trouble=str(error))

    def tests(self, edit: Edit) -> list[Outcome]:
        """Those of the mapping's tests that stand beside the set, run with the edit. Raises InvalidMappingSet where the
        set or a file of tests cannot be used."""
        made = self._sound(edit)
        suite = Suite(made, self.catalogues)
        found = [one for file in files_of_tests(self._folder) for one in suite.run(file, f"tests/{file.name}")]
        return [one for one in found if one.mapping in ("", edit.mapping)]

    @property
    def saves_to(self) -> Path | None:
        """The folder that an edit is saved in; None where the set is a preset, which nobody edits in its place."""
        return None if self.where.startswith(PREFIX) else Path(self.where)

    def save(self, edit: Edit) -> Path:
        """Write the edit as the mapping's file; a running server has it once it is started again.

        Raises UserError for a preset, and InvalidMappingSet where the set would be refused with it.
        """
        if self.saves_to is None:
            raise UserError(
                f"{self.where} is not edited in its place.",
                "`engine init` makes a folder of mappings that extends it; name that one in engine.yaml.",
            )
        self._sound(edit)
        file = self.saves_to / self._file(edit.mapping)
        beside = file.with_name(f".{file.name}.new")
        beside.write_text(edit.text, "utf-8")
        beside.replace(file)
        return file

    # -------------------------------------------------------------------------------------------------- the edited set
    @property
    def _folder(self) -> Path:
        return place(self.where, Path()) or Path(self.where)

    def _file(self, mapping: str) -> str:
        """The file in the set's folder that the mapping stands in, or would stand in."""
        origin = self.origin(mapping)
        return origin.place.rpartition("/")[2] if origin.own else f"{mapping}.yaml"

    def _edited(self, edit: Edit) -> tuple[MappingSet, tuple[Diagnostic, ...]]:
        """The set with the edit in it, read from a folder that is gone afterwards, and all that is wrong with it."""
        home = Path() if self.where.startswith(PREFIX) else home_of(Path(self.where))
        with tempfile.TemporaryDirectory(prefix="engine-playground-") as name:
            beside = Path(name)
            for file in self._folder.iterdir():
                if file.suffix in (".yaml", ".html", ".txt"):
                    (beside / file.name).symlink_to(file.resolve())
            mine = beside / self._file(edit.mapping)
            mine.unlink(missing_ok=True)
            mine.write_text(edit.text, "utf-8")
            made, found = read_set(self.where, home, {self.where: beside})
        return made, tuple(found if _broken(found) else validate_set(made, self.catalogues, self.settings))

    def _sound(self, edit: Edit) -> MappingSet:
        made, found = self._edited(edit)
        if _broken(found):
            raise InvalidMappingSet(found)
        return made

    def _drafts(self, compiled: CompiledSet, mapping: CompiledMapping, record: str) -> list[tuple[Element, Draft]]:
        if not record:
            raise UserError("There is no record to try it with.", "Pick one that is held, or write one out.")
        if record[0] in "{[" or ": " in record or ":\n" in record:
            entity = self.catalogues[mapping.source[0]][mapping.source[1]]
            written, context = WrittenRecord.of(load_text(record, RECORD)).read(entity, self.connection.zone.key)
            return [(one, mapping.draft(one, context, trace=True)) for one in mapping.elements(written)]
        live = self.connection
        beside = Connection(live.name, live.zone, compiled, live.connectors, live.clock, live.store)
        with live.store.reading() as tx:
            found = stored(tx, beside, mapping, record)
            return [
                (one, mapping.draft(one, found.contexts[one.key], trace=True)) for one in mapping.elements(found.record)
            ]


def _broken(found: Sequence[Diagnostic]) -> bool:
    return any(one.severity == "error" for one in found)
