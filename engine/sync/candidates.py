"""The records that a parked one may be: as people know them, with what matched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.mapping.compiled import CompiledMapping
from engine.protocol import Record
from engine.store.store import Transaction
from engine.store.work import WorkRow
from engine.sync.connection import Connection, Ref
from engine.sync.values import at


@dataclass(frozen=True, slots=True)
class Trait:
    """What a candidate can be found by: a match key's values, and those of them that the parked record has too."""

    label: str
    values: tuple[str, ...]
    matched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One record of the target system."""

    key: str
    label: str
    linked: str
    """The source record that it belongs to already, as people know that; empty for none."""
    traits: tuple[Trait, ...]
    people: tuple[tuple[str, str], ...]
    """(field, name) of the records that it refers to and that are held: its owner, say."""
    address: str | None = None


def candidates(tx: Transaction, connection: Connection, row: WorkRow) -> list[Candidate]:
    """Those that a parked row names, in its order."""
    return candidates_of(tx, connection, [row])[(row.mapping, row.source_key)]


def candidates_of(
    tx: Transaction, connection: Connection, rows: Sequence[WorkRow]
) -> dict[tuple[str, str], list[Candidate]]:
    """The candidates of several rows; each record is read once."""
    made: dict[tuple[str, str], list[Candidate]] = {(row.mapping, row.source_key): [] for row in rows}
    for name in dict.fromkeys(row.mapping for row in rows):
        mapping = connection.compiled.mappings.get(name)
        if mapping is None:
            continue
        some = {row.source_key: row for row in rows if row.mapping == name}
        named = {key: _named(row.detail.get("candidates", ())) for key, row in some.items()}
        facts = _Facts(tx, connection, mapping, {one for keys in named.values() for one in keys})
        tried = _tried(tx, connection, mapping, list(some))
        for key, keys in named.items():
            made[(name, key)] = [facts.candidate(one, keys[one], tried.get(key, {})) for one in keys]
    return made


def _named(given: Sequence[Any]) -> dict[str, dict[str, str]]:
    """Candidates by key, with what was kept of them when the row was parked; some causes keep keys alone."""
    some = [one if isinstance(one, dict) else {"key": str(one)} for one in given]
    return {one["key"]: one for one in some}


def _tried(
    tx: Transaction, connection: Connection, mapping: CompiledMapping, keys: Sequence[str]
) -> dict[str, dict[int, set[str]]]:
    """By source record: what each match key makes of it now."""
    held = tx.snapshots.get(connection.name, *mapping.source, keys)
    return {
        key: {position: set(one.source_values(snapshot.record)) for position, one in enumerate(mapping.match)}
        for key, snapshot in held.items()
    }


class _Facts:
    """What is held of the candidates of one mapping's rows."""

    def __init__(self, tx: Transaction, connection: Connection, mapping: CompiledMapping, keys: set[str]) -> None:
        self.connection, self.mapping = connection, mapping
        self.held = tx.snapshots.get(connection.name, *mapping.target, sorted(keys))
        self.values = tx.matches.of(connection.name, mapping.name, "target", sorted(keys))
        links = tx.links.by_target(connection.name, mapping.target, sorted(keys), source=mapping.source)
        self.linked = {key: [one.source_key for one in some if one.gone is None] for key, some in links.items()}
        sources = {one for some in self.linked.values() for one in some}
        self.sources = tx.snapshots.get(connection.name, *mapping.source, sorted(sources))
        self.people = self._people(tx)

    def _people(self, tx: Transaction) -> dict[str, list[tuple[str, str]]]:
        """Records that the candidates refer to, by candidate."""
        found: dict[str, list[tuple[str, str]]] = {}
        for field in self.connection.entity(self.mapping.target).fields:
            if field.refers is None or field.many:
                continue
            ref = (self.mapping.target[0], field.refers)
            wanted = {key: at(one.record, field.name) for key, one in self.held.items()}
            others = tx.snapshots.get(self.connection.name, *ref, {str(one) for one in wanted.values() if one})
            for key, other in wanted.items():
                if str(other) in others:
                    label = _label(self.connection, ref, others[str(other)].record)
                    found.setdefault(key, []).append((field.name.removesuffix("_id"), label))
        return found

    def candidate(self, key: str, kept: dict[str, str], tried: dict[int, set[str]]) -> Candidate:
        held = self.held.get(key)
        label = _label(self.connection, self.mapping.target, held.record) if held else kept.get("label", "")
        traits = []
        for position, one in enumerate(self.mapping.match):
            values = tuple(value for place, value in self.values.get(key, ()) if place == position)
            if values:
                ours = tried.get(position, set())
                traits.append(Trait(one.label, values, tuple(value for value in values if value in ours)))
        linked = [
            _label(self.connection, self.mapping.source, self.sources[one].record) if one in self.sources else one
            for one in self.linked.get(key, ())
        ]
        people = tuple(self.people.get(key, ()))
        address = self.connection.address(self.mapping.target, key)
        return Candidate(key, label, ", ".join(linked), tuple(traits), people, address)


def _label(connection: Connection, ref: Ref, record: Record) -> str:
    return str(record.get(connection.entity(ref).label) or "")
