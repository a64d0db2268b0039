"""What one evaluation needs of the store, loaded for all its rows at once: records, links, references."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.mapping.compiled import CompiledMapping
from engine.mapping.draft import Resolved
from engine.protocol import Record
from engine.store.links import Link
from engine.store.snapshots import Snapshot
from engine.store.store import Transaction
from engine.store.waits import Reference
from engine.store.work import WorkState
from engine.sync.connection import NAMED, Connection, Ref
from engine.sync.lookups import Lookups
from engine.sync.receiver import FIRST_READING, NEVER_HELD, entity_of


@dataclass(frozen=True, slots=True)
class Held:
    """A source record as it is mapped: enriched, or what it lacks for that."""

    snapshot: Snapshot
    record: Record
    lacks: tuple[str, str] | None = None
    """(entity, key) of a record that must be held first."""


class Batch:
    """Reads through one transaction, remembering what was read; `fetch` before `get` keeps it to a query per page."""

    def __init__(self, tx: Transaction, connection: Connection, now: datetime) -> None:
        self.tx, self.connection, self.now = tx, connection, now
        self._lookups = Lookups(tx, connection)
        self._held: dict[tuple[Ref, str], Held | None] = {}
        self._resolved: dict[tuple[str, str], Resolved] = {}
        self._read: dict[Ref, bool] = {}
        self._states: dict[Reference, WorkState | None] = {}

    # ------------------------------------------------------------------------------------------------- records
    def fetch(self, ref: Ref, keys: Iterable[str]) -> None:
        """Load records that are not loaded yet."""
        wanted = [key for key in dict.fromkeys(keys) if (ref, key) not in self._held]
        if not wanted:
            return
        snapshots = self.tx.snapshots.get(self.connection.name, *ref, wanted)
        self._lookups.prefetch(ref, [one.record for one in snapshots.values() if one.record])
        for key in wanted:
            snapshot = snapshots.get(key)
            self._held[(ref, key)] = None if snapshot is None else self._hold(ref, snapshot)

    def _hold(self, ref: Ref, snapshot: Snapshot) -> Held:
        if not snapshot.record:
            return Held(snapshot, {})
        try:
            return Held(snapshot, self._lookups.enriched(ref, snapshot.record))
        except KeyError as missing:
            entity, key = missing.args[0]
            return Held(snapshot, snapshot.record, lacks=(entity, key))

    def get(self, ref: Ref, key: str) -> Held | None:
        """One record, or None if it was never held."""
        self.fetch(ref, [key])
        return self._held[(ref, key)]

    def was_read(self, ref: Ref) -> bool:
        """Whether the first reading of an entity is complete."""
        if ref not in self._read:
            self._read[ref] = self._is_read(ref)
        return self._read[ref]

    def _is_read(self, ref: Ref) -> bool:
        return self.tx.cursors.get(self.connection.name, *ref).completed_at is not None

    # ---------------------------------------------------------------------------------------------- references
    def resolve_all(self, references: Iterable[tuple[str, str]]) -> None:
        """Load what references (mapping, source key) lead to."""
        by_mapping: dict[str, list[str]] = defaultdict(list)
        for name, key in dict.fromkeys(references):
            if (name, key) not in self._resolved:
                by_mapping[name].append(key)
        for name, keys in by_mapping.items():
            self._resolve(self.connection.compiled.mappings[name], keys)

    def _resolve(self, mapping: CompiledMapping, keys: Sequence[str]) -> None:
        links = self.tx.links.by_source(self.connection.name, mapping.source, mapping.target, keys)
        missing = [key for key in keys if key not in links]
        rows = self.tx.work.get(self.connection.name, mapping.name, missing) if missing else {}
        held = self.tx.snapshots.get(self.connection.name, *mapping.source, missing) if missing else {}
        for key in keys:
            link = links.get(key)
            if link is not None:
                self._resolved[(mapping.name, key)] = Resolved("linked", link.target_key)
            else:
                row, snapshot = rows.get(key), held.get(key)
                label = self.connection.entity(mapping.source).label
                named = str((snapshot.record.get(label) if snapshot else None) or key)
                self._resolved[(mapping.name, key)] = _unlinked(
                    mapping, named, row.state if row else None, row.reason if row else None, snapshot
                )

    def resolve(self, name: str, key: str) -> Resolved:
        """What a reference leads to."""
        if (name, key) not in self._resolved:
            self.resolve_all([(name, key)])
        return self._resolved[(name, key)]

    def under_way(self, name: str, key: str) -> bool:
        """Whether a record without a link will have come to an end soon: its turn in the queue is near, or its first
        reading is not over."""
        mapping = self.connection.compiled.mappings[name]
        row = self.tx.work.get(self.connection.name, name, [key]).get(key)
        if row is not None:
            return row.state in ("due", "leased")
        return not self._is_read(mapping.source)

    def joining(self, mapping: CompiledMapping, groups: Iterable[str]) -> list[Reference]:
        """Records of these groups that will have a link by themselves, and what those wait for; without those that wait
        for a person."""
        rows = self.tx.work.of_groups(self.connection.name, mapping.name, groups, ["due", "leased", "waiting"])
        refs = {(row.mapping, row.source_key): row.state for row in rows}
        self.resolve_all(refs)
        self._states.update(refs)
        return list(dict.fromkeys(one for ref in refs for one in self._coming(ref)))

    def _coming(self, reference: Reference) -> list[Reference]:
        """A record without a link and all that it waits for; nothing where it has one, or where one may never come."""
        if self.resolve(*reference).state == "linked":
            return []
        found, ahead = [], [reference]
        while ahead:
            name, key = ahead.pop()
            if (name, key) in found or name not in self.connection.compiled.mappings:  # such is a reading
                continue
            found.append((name, key))
            if self.resolve(name, key).state in ("parked", "left_out", "gone"):
                return []
            if self._state(name, key) == "waiting":
                ahead += self.tx.waits.for_row(self.connection.name, name, key)
        return found

    def _state(self, name: str, key: str) -> WorkState | None:
        """The state of a row of the queue, as this batch goes by it."""
        if (name, key) not in self._states:
            row = self.tx.work.get(self.connection.name, name, [key]).get(key)
            self._states[(name, key)] = row.state if row else None
        return self._states[(name, key)]

    def came_meanwhile(self, references: Iterable[Reference]) -> bool:
        """Whether any of these references has a link by now, or its first reading, or came to another end, whatever was
        read before."""
        by_mapping: dict[str, list[str]] = defaultdict(list)
        for name, key in references:
            if name in self.connection.compiled.mappings:
                by_mapping[name].append(key)
            elif key == FIRST_READING and self._is_read(entity_of(name)):
                return True
        for name, keys in by_mapping.items():
            mapping = self.connection.compiled.mappings[name]
            links = self.tx.links.by_source(self.connection.name, mapping.source, mapping.target, keys)
            if any(self.resolve(name, key).state != "linked" for key in links):
                return True
            known = [key for key in keys if (name, key) in self._states]
            rows = self.tx.work.get(self.connection.name, name, known) if known else {}
            if any(row.state != self._states[(name, key)] for key, row in rows.items()):
                return True
        return False

    def named(self, name: str, text: str) -> Resolved:
        """The target that a mapping names by its text."""
        mapping = self.connection.compiled.mappings[name]
        links = self.tx.links.by_source(self.connection.name, (NAMED, name), mapping.target, [text])
        if text in links:
            return Resolved("linked", links[text].target_key)
        return Resolved("missing", reason=f"{mapping.target[1]} {text!r} is not there yet")

    # --------------------------------------------------------------------------------------------------- links
    def linked_records(self, mapping: CompiledMapping, target_key: str) -> list[tuple[Link, Held]]:
        """The living source records behind a target, the first linked first."""
        links = self.tx.links.by_target(self.connection.name, mapping.target, [target_key], source=mapping.source)
        living = [link for link in links.get(target_key, []) if link.gone is None and link.role == "own"]
        self.fetch(mapping.source, [link.record_key for link in living])
        pairs = [(link, self.get(mapping.source, link.record_key)) for link in living]
        return [(link, held) for link, held in pairs if held is not None and held.snapshot.gone is None]


def _unlinked(
    mapping: CompiledMapping, named: str, state: str | None, reason: str | None, snapshot: Snapshot | None
) -> Resolved:
    """Why a record has no link; `named` as people know it."""
    what = f"{mapping.source[1]} {named}"
    if snapshot is not None and snapshot.gone is not None:
        said = "is not in the source system" if snapshot.gone == NEVER_HELD else f"was {snapshot.gone}"
        return Resolved("gone", reason=f"{what} {said}")
    if state == "parked":
        return Resolved("parked", reason=f"{what} is parked: {reason}")
    if state in ("skipped", "ignored"):
        return Resolved("left_out", reason=f"{what} is left out: {reason}")
    if snapshot is None:
        return Resolved("never", reason=f"{what} has not been read yet")
    return Resolved("missing", reason=f"{what} has no {mapping.target[1]} yet")
