"""The rules of list objects: unique names, parents, merging, what may be deleted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.quickbooks_desktop.simulator.books import Books
from connectors.quickbooks_desktop.simulator.errors import StatusError
from connectors.quickbooks_desktop.simulator.records import LISTS, NAMES, TREES, Record

_MAX_LEVEL = 4  # five levels in all [assumed: QuickBooks help]


class Lists:
    """Adds, edits, merges and deletes customers, items, terms and the like."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def add(self, entity: str, given: Mapping[str, Any], at: datetime) -> Record:
        """A new list object. Raises 3100 for a name in use, 3090 for a name with a colon, 3140 for a bad reference."""
        if entity not in LISTS:
            raise KeyError(f"{entity} is not a list of the simulator")
        fields = self._books.prepare_new(entity, given)
        self._check_name(entity, fields, None)
        return self._books.enter(entity, fields, at)

    def edit(self, record: Record, given: Mapping[str, Any], at: datetime) -> None:
        """Changes the given fields; None clears one, an address is replaced element by element."""
        changes = self._books.prepare(record.entity, given)
        fields = merged(record.fields, changes)
        self._check_name(record.entity, fields, record)
        self._books.touch(record, at)
        record.fields = fields
        if {"Name", "Initial", "ParentRef"} & set(changes):
            self._books.records.names_changed(record.entity)
            self._books.ledger.changed()

    def delete(self, record: Record, at: datetime) -> None:
        """Deletes what nothing refers to; else 3160, as a person is told to make it inactive. [facts 2.10]"""
        user = self._books.used_by(record.id, record.entity)
        if user is not None:
            text = (
                f'Cannot delete the object specified by the id = "{record.id}": it is used by {user.entity} {user.id}.'
            )
            raise StatusError(3160, text)
        self._books.remove(record, at)

    def merge(self, loser: Record, winner: Record, at: datetime) -> None:
        """Everything that pointed to `loser` points to `winner`; the loser shows as deleted. [facts 2.9 (mem)]

        The records that were pointed elsewhere keep their TimeModified. [assumed]
        """
        if loser.entity != winner.entity or loser is winner:
            raise StatusError(3500, "only two different objects of one list can be merged")
        children = any(self._books.records.parent(r) is loser for r in self._books.records.shelf(loser.entity).values())
        if children:  # QuickBooks wants the jobs moved first [assumed]
            raise StatusError(3500, "an object with jobs or sub-objects cannot be merged away")
        self._books.repoint(loser.entity, loser.id, winner.id)
        self._books.remove(loser, at)
        self._books.touch(winner, max(at, winner.modified))
        self._books.ledger.changed()

    def _check_name(self, entity: str, fields: Mapping[str, Any], itself: Record | None) -> None:
        records = self._books.records
        key = "Initial" if entity == "SalesRep" else "Name"
        name = str(fields.get(key) or "")
        if not name or ":" in name:  # the colon separates parent and job [facts 2.5 (mem)]
            raise StatusError(3090, f'There was an error when storing "{name}" in the "{key}" field.')
        parent = None
        if entity in TREES and (reference := fields.get("ParentRef")):
            parent = records.shelf(entity)[reference["ListID"]]
            if itself is not None and _is_below(records.parent, parent, itself):
                raise StatusError(3210, "an object cannot become its own parent")
            if records.level(parent) >= _MAX_LEVEL:
                raise StatusError(3210, "too many levels")
        full = f"{records.full_name(parent)}:{name}" if parent else name
        shared = NAMES if entity in NAMES else (entity,)
        other = records.find(shared, full)
        if other is not None and other is not itself:
            raise StatusError(
                3100, f'The name "{full}" of the list element is already in use.'
            )  # text after public logs [facts 2.10]


def merged(old: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`old` with `changes`; None removes, nested aggregates other than references are merged. [assumed]"""
    fields = dict(old)
    for name, value in changes.items():
        if value is None:
            fields.pop(name, None)
        elif isinstance(value, Mapping) and isinstance(fields.get(name), Mapping) and not name.endswith("Ref"):
            fields[name] = merged(fields[name], value)
        else:
            fields[name] = value
    return fields


def _is_below(parent_of: Any, record: Record | None, top: Record) -> bool:
    while record is not None:
        if record is top:
            return True
        record = parent_of(record)
    return False
