"""The shared state behind a company file and the few acts that every kind of record needs: enter, touch, remove.

`lists` and `sales` build the rules of list objects and of invoices and payments upon it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.quickbooks_desktop.simulator import answers
from connectors.quickbooks_desktop.simulator.errors import invalid_reference
from connectors.quickbooks_desktop.simulator.ledger import Ledger
from connectors.quickbooks_desktop.simulator.records import ENTITIES, TRANSACTIONS, Record, Records, targets
from connectors.quickbooks_desktop.simulator.values import kind_of, storable, stored
from connectors.quickbooks_desktop.simulator.views import Views
from connectors.quickbooks_desktop.simulator.wall_clock import WallClock, utc

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Deletion:
    """What is left of a deleted object: an answer to TxnDeletedQuery or ListDeletedQuery."""

    entity: str
    id: str
    name: str | None  # FullName of a list object, RefNumber of a transaction
    created: datetime
    deleted: datetime


@dataclass(frozen=True)
class CustomField:
    """A data extension: `owner` 0 for the fields people see, else the {GUID} of a program."""

    number: int
    owner: str
    name: str
    kind: str  # STR255TYPE ...
    entities: tuple[str, ...]  # of Customer, Vendor, Employee, Item, Company
    on_transactions: bool  # whether the template shows it, so that an invoice can hold a value


class Books:
    """State of one company file. Not thread-safe by itself: `Company` holds the lock."""

    def __init__(self, clock: Clock, zone: str) -> None:
        self.clock = clock
        self.wall = WallClock(zone)
        self.records = Records()
        self.ledger = Ledger(self.records)
        self.views = Views(self.records, self.ledger, self.wall)
        self.deletions: list[Deletion] = []
        self.custom_fields: list[CustomField] = []
        self.company_data: dict[tuple[str, str], str] = {}  # (OwnerID, DataExtName) -> value, such as FileID
        self.history: dict[str, list[tuple[datetime, dict[str, Any]]]] = {}
        self.flatten_line_breaks = False  # whether a memo's line breaks become blanks
        self.in_use: set[str] = set()  # ids that somebody has open in a window

    def at(self, moment: datetime | None) -> datetime:
        """The moment of an act: the one given, else now."""
        return utc(self.clock() if moment is None else moment)

    def enter(self, entity: str, fields: Mapping[str, Any], at: datetime) -> Record:
        """A new record with prepared `fields`; transactions get their TxnNumber."""
        if entity in TRANSACTIONS:
            ident = self.records.new_txn_id(at)
            record = Record(entity, ident, at, at, dict(fields), txn_number=self.records.new_txn_number())
        else:
            ident = self.records.new_list_id(entity, at)
            record = Record(entity, ident, at, at, {"IsActive": True} | dict(fields))
        self.records.put(record)
        return record

    def touch(self, record: Record, at: datetime) -> None:
        """A change: TimeModified and EditSequence move to `at`, which cannot lie before the last change."""
        if at < record.modified:
            raise ValueError(f"{record.entity} {record.id} was changed later than {at.isoformat()}")
        record.modified = at

    def remember(self, invoice: Record, at: datetime, state: dict[str, Any] | None = None) -> None:
        """Adds the invoice's present state to its history."""
        self.check_time(invoice.id, at)
        self.history.setdefault(invoice.id, []).append((at, self.views.full(invoice) if state is None else state))

    def check_time(self, txn_id: str, at: datetime) -> None:
        """ValueError if the invoice's history already reaches beyond `at`: enter what happened in its order."""
        past = self.history.get(txn_id)
        if past and at < past[-1][0]:
            raise ValueError(f"the history of invoice {txn_id} already reaches {past[-1][0].isoformat()}")

    def remove(self, record: Record, at: datetime) -> None:
        """Takes the record out of the file and leaves its trace for the deleted queries."""
        self.touch(record, at)
        is_txn = record.entity in TRANSACTIONS
        name = record.fields.get("RefNumber") if is_txn else self.records.full_name(record)
        self.deletions.append(Deletion(record.entity, record.id, name, record.created, at))
        self.records.remove(record)

    def prepare(self, entity: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the person or the request gave, as it is stored: references as ListIDs, text as Windows-1252.

        None values stay, meaning "clear". Raises 3140 for a reference to nothing, KeyError for an unknown element,
        TypeError for a value that has no place in a company file (a float, say).
        """
        fields = {name: self._value(entity, entity, name, value) for name, value in given.items()}
        answers.in_order(entity, {name: value for name, value in fields.items() if value is not None})
        return fields

    def prepare_new(self, entity: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """As `prepare`, without the None values: a new record has nothing to clear."""
        return {name: value for name, value in self.prepare(entity, given).items() if value is not None}

    def _value(self, entity: str, parent: str, name: str, value: object) -> Any:
        if value is None:
            return None
        if name.endswith("Ref") and name not in answers.ORDER and not isinstance(value, list | tuple):
            return self._reference(entity, name, value)
        if isinstance(value, Mapping):
            return {key: self._value(entity, name, key, inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._value(entity, parent, name, item) for item in value]
        kind = kind_of(name)
        if kind in ("amount", "price", "percent", "quantity", "float") and isinstance(value, int | str):
            return Decimal(value)
        text = stored(value)
        if name == "Memo" and self.flatten_line_breaks and isinstance(text, str):
            return " ".join(text.splitlines())
        return text

    def _reference(self, entity: str, name: str, value: object) -> dict[str, str] | None:
        if isinstance(value, Mapping) and not any(value.values()):
            return None
        if not isinstance(value, str | Mapping):
            raise TypeError(f"{name} is an id, a FullName or {{'ListID': ...}}, not {value!r}")
        kinds = targets(name, entity)
        target = self.records.resolve(kinds, value)
        if target is None:
            shown = value if isinstance(value, str) else value.get("ListID") or value.get("FullName")
            raise invalid_reference(name.removesuffix("Ref"), storable(str(shown)), entity)
        return {"ListID": target.id}

    def used_by(self, ident: str, entity: str) -> Record | None:
        """A record that refers to this list object, or None; what is used cannot be deleted (3160)."""
        for shelf in self.records.all(ENTITIES):
            if shelf.id != ident and _refers(shelf, ident, entity):
                return shelf
        return None

    def repoint(self, entity: str, loser: str, winner: str) -> None:
        """Makes every reference to one list object a reference to another, without touching a time stamp."""
        for record in self.records.all(ENTITIES):
            _repoint(record.entity, record.fields, entity, loser, winner)
            for line in record.lines:
                _repoint(record.entity, line, entity, loser, winner)


def _refers(record: Record, ident: str, entity: str) -> bool:
    found: list[None] = []

    def visit(name: str, value: object) -> None:
        if isinstance(value, Mapping):
            if value.get("ListID") == ident and entity in targets(name, record.entity):
                found.append(None)
            for key, inner in value.items():
                visit(key, inner)
        elif isinstance(value, list):
            for item in value:
                visit(name, item)

    visit("", record.fields)
    visit("", record.lines)
    return bool(found)


def _repoint(owner: str, fields: dict[str, Any], entity: str, loser: str, winner: str) -> None:
    for name, value in fields.items():
        if isinstance(value, dict):
            if value.get("ListID") == loser and entity in targets(name, owner):
                value["ListID"] = winner
            _repoint(owner, value, entity, loser, winner)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, dict):
                    _repoint(owner, item, entity, loser, winner)
