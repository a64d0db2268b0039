"""A store of a company that has run for long: a million rows of the journal, 100,000 records, put in in bulk."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from engine.store import bases, intents, journal, links, snapshots, tallies, visits, work
from engine.store.store import Store
from engine.sync.connection import Connection
from engine.sync.receiver import digest
from engine.sync.words import words

CUSTOMERS = 20_000
INVOICES = 30_000
ENTRIES = 1_000_000
PARKED = 600
WAITING = 3_000
SKIPPED = 5_000
PORTION = 5_000
WORDS = ("acme", "bolt", "cedar", "delta", "ember", "flint", "grove", "harbor", "iron", "juniper", "kite", "lumen")

COMPANIES = ("quickbooks_desktop", "Customer"), ("pipedrive", "organization")
SALES = ("quickbooks_desktop", "Invoice"), ("pipedrive", "deal")


def fill(store: Store, connection: Connection, now: datetime) -> None:
    """Put everything in, in portions of one transaction each."""
    rows = _Rows(connection, now, random.Random(7))
    for table, made in (
        (snapshots.table, rows.snapshots()),
        (links.table, rows.links()),
        (bases.table, rows.bases()),
        (work.table, rows.work()),
        (intents.table, rows.intents()),
        (journal.table, rows.journal()),
        (journal.records, rows.about()),
        (tallies.table, rows.tallies()),
        (visits.table, rows.visits()),
    ):
        _put(store, table, made)


def _put(store: Store, table: sa.Table, rows: Iterable[dict[str, Any]]) -> None:
    left = iter(rows)
    while portion := list(islice(left, PORTION)):
        with store.connect() as db:
            db.execute(sa.insert(table), portion)


def customer(number: int) -> tuple[str, str]:
    """Its key and name."""
    return f"8{number:07X}-1700000000", f"{WORDS[number % 12].title()} {WORDS[number * 7 % 11].title()} {number}"


def invoice(number: int) -> tuple[str, str]:
    """Its key and its number."""
    return f"{number:X}-1700000001", f"INV-{number:05}"


class _Rows:
    """The rows of each table. What belongs together has the same number."""

    def __init__(self, connection: Connection, now: datetime, chance: random.Random) -> None:
        self.connection, self.now, self.chance = connection, now, chance
        self.here = {"connection": connection.name}

    def _records(self) -> Iterator[tuple[tuple[str, str], str, dict[str, Any]]]:
        for number in range(CUSTOMERS):
            key, name = customer(number)
            yield COMPANIES[0], key, {"ListID": key, "FullName": name, "Name": name, "Email": f"a{number}@x.example"}
            yield COMPANIES[1], str(number), {"id": str(number), "name": name, "custom": {"Phone": f"555-{number}"}}
        for number in range(INVOICES):
            key, ref = invoice(number)
            lines = [{"LineKey": str(line), "Desc": "x" * 40, "Quantity": 5} for line in range(4)]
            yield SALES[0], key, {"TxnID": key, "RefNumber": ref, "TxnDate": "2026-02-01", "Lines": lines}
            yield SALES[1], str(number), {"id": str(number), "title": f"Invoice {ref}", "status": "open"}

    def snapshots(self) -> Iterator[dict[str, Any]]:
        for ref, key, record in self._records():
            found_by = words(self.connection.entity(ref), key, record)
            yield self.here | {
                "system": ref[0], "entity": ref[1], "key": key, "record": record, "hash": digest(record),
                "read_at": self.now, "changed_at": self.now, "gone": None, "identity": [], "seen_at": None,
                "stamp": None, "words": found_by,
            }  # fmt: skip

    def _pairs(self) -> Iterator[tuple[str, tuple[tuple[str, str], tuple[str, str]], str, str]]:
        for number in range(CUSTOMERS):
            yield "customers", COMPANIES, customer(number)[0], str(number)
        for number in range(INVOICES):
            yield "invoices", SALES, invoice(number)[0], str(number)

    def links(self) -> Iterator[dict[str, Any]]:
        for _, (source, target), key, target_key in self._pairs():
            yield self.here | {
                "source_system": source[0], "source_entity": source[1], "source_key": key, "record_key": key,
                "target_system": target[0], "target_entity": target[1], "target_key": target_key, "group": None,
                "role": "own", "created_at": self.now, "gone": None,
            }  # fmt: skip

    def bases(self) -> Iterator[dict[str, Any]]:
        for _, (source, target), _, target_key in self._pairs():
            yield self.here | {
                "source_system": source[0], "source_entity": source[1], "target_system": target[0],
                "target_entity": target[1], "target_key": target_key,
                "sent": {"name": "x"}, "seen": {"name": "x"}, "children": {},
            }  # fmt: skip

    def work(self) -> Iterator[dict[str, Any]]:
        for mapping, _, key, target_key in self._pairs():
            place = int(target_key)
            state, reason, code, detail = "done", None, None, {}
            if mapping == "invoices" and place < PARKED:
                state, code, reason = "parked", "M130", f"its products add up to {place}, but Total is {place + 1}"
            elif mapping == "customers" and place < PARKED:
                state, code, reason = "parked", "M101", "2 records have the same name"
                candidates = [{"key": str(place + more), "label": "A company", "linked": ""} for more in (1, 2)]
                detail = {"candidates": candidates, "tried": {"name": [customer(place)[1].lower()]}}
            elif place < PARKED + WAITING:
                state, reason = "waiting", f"Customer {customer(place)[1]} is parked: 2 records have the same name"
            elif place < PARKED + WAITING + SKIPPED:
                state, reason = "skipped", "since: its TxnDate is before 2026-01-01"
            yield self.here | {
                "mapping": mapping, "source_key": key, "group": f"r:{mapping}/{key}", "next_group": None,
                "state": state, "priority": 0, "reason": reason, "code": code, "decided": "h", "version": "v",
                "outcome": "unchanged" if state == "done" else state, "attempts": 0, "due_at": self.now,
                "need_since": None, "lease_until": None, "lease_owner": None, "touched": 0, "detail": detail,
            }  # fmt: skip

    def _entries(self) -> Iterator[tuple[int, str, str, tuple[str, str], str, str]]:
        """Number, mapping, key, the places of both records, the target's key, the step."""
        pairs = list(self._pairs())
        for number in range(ENTRIES):
            mapping, (source, target), key, target_key = pairs[number // 2 % len(pairs)]
            yield number, mapping, key, (source[1], target[1]), target_key, "link" if number % 2 else "decide"

    def _at(self, number: int) -> datetime:
        return self.now - timedelta(seconds=(ENTRIES - number) * 4)

    def intents(self) -> Iterator[dict[str, Any]]:
        for number, mapping, key, _, target_key, step in self._entries():
            if step == "decide" and number >= ENTRIES // 2:
                target = COMPANIES[1] if mapping == "customers" else SALES[1]
                request = {"id": UUID(int=number).hex, "entity": target[1], "action": "update", "key": target_key}
                yield self.here | {
                    "id": UUID(int=number).hex, "system": target[0], "mapping": mapping, "source_keys": [key],
                    "ordinal": 0, "request": {**request, "values": {"name": "x"}}, "context": {}, "state": "done",
                    "created_at": self._at(number), "finished_at": self._at(number), "result": {"key": target_key},
                }  # fmt: skip

    def journal(self) -> Iterator[dict[str, Any]]:
        for number, mapping, key, _, target_key, step in self._entries():
            request = UUID(int=number - number % 2).hex
            fields = [
                {"field": one, "verdict": "write", "from": "a", "to": "b", "why": "changed at the source",
                 "rule": "mappings/customers.yaml:14:3"}
                for one in ("name", "custom.Phone", "custom.Email")
            ]  # fmt: skip
            detail = {"request": request, **({"fields": fields} if step == "decide" else {"target": target_key})}
            yield self.here | {
                "id": number + 1, "at": self._at(number), "mapping": mapping, "source_key": key, "step": step,
                "outcome": "updated", "reason": "name: changed at the source", "detail": detail,
            }  # fmt: skip

    def about(self) -> Iterator[dict[str, Any]]:
        for number, _, key, (source, target), target_key, _ in self._entries():
            yield self.here | {"entity": source, "key": key, "id": number + 1}
            yield self.here | {"entity": target, "key": target_key, "id": number + 1}

    def tallies(self) -> Iterator[dict[str, Any]]:
        hour = self.now.replace(minute=0, second=0, microsecond=0)
        for moment in (tallies.EVER, *(hour - timedelta(hours=number) for number in range(24 * 400))):
            for mapping in ("customers", "invoices", "payments"):
                for outcome in ("created", "updated", "linked", "parked"):
                    yield self.here | {"hour": moment, "mapping": mapping, "outcome": outcome, "count": 7}

    def visits(self) -> Iterator[dict[str, Any]]:
        for system, every in (("quickbooks_desktop", 5), ("pipedrive", 5)):
            for number in range(90 * 24 * 60 // every):
                at = self.now - timedelta(minutes=number * every)
                facts = {"started_at": at, "ended_at": at, "message": "", "requests": 4, "records": 2}
                yield self.here | {
                    "system": system, "ticket": UUID(int=number).hex, "first_at": at, "last_at": at, "facts": facts,
                }  # fmt: skip
