"""A store of a company that has run for long: a million rows of the journal, 100,000 records, put in in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from engine.protocol import Catalogue
from engine.store import bases, links, snapshots, tallies, visits, work
from engine.store.columns import microseconds
from engine.store.store import Store
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


def fill(store: Store, connection: str, catalogues: Mapping[str, Catalogue], now: datetime) -> None:
    """Put everything in, in portions of one transaction each."""
    rows = _Rows(connection, catalogues, now)
    for table, made in (
        (snapshots.table, rows.snapshots()),
        (links.table, rows.links()),
        (bases.table, rows.bases()),
        (work.table, rows.work()),
        (tallies.table, rows.tallies()),
        (visits.table, rows.visits()),
    ):
        _put(store, table, made)

    _entries(store, connection, now)


_NUMBERED = """
WITH RECURSIVE numbers(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < :entries),
pairs AS (
  SELECT row_number() OVER (ORDER BY source_entity, source_key) - 1 AS place, source_key, target_key, source_entity,
    target_entity, CASE source_entity WHEN 'Customer' THEN 'customers' ELSE 'invoices' END AS mapping FROM links
),
entries AS (
  SELECT i, printf('%032x', i - i % 2) AS request, i % 2 AS later, :now - (:entries - i) * 4000000 AS at, pairs.*
  FROM numbers JOIN pairs ON place = (i / 2) % :pairs
)
"""
_DECIDED = (
    '{"request":"\' || request || \'","action":"update","fields":['
    + ",".join(
        f'{{"field":"{one}","verdict":"write","from":"a","to":"b","input":"b","why":"changed at the source",'
        '"rule":"preset:default/customers.yaml:14:3"}'
        for one in ("name", "custom.Phone", "custom.Email")
    )
    + "]}"
)
_WRITE = (
    '{"id":"\' || request || \'","entity":"\' || target_entity || \'","action":"update","key":"\' || target_key || \'",'
    '"values":{"name":"b"},"identity":[],"expected":{},"child":null,"add":[],"change":[],"remove":[],"known":[],'
    '"recover":false}'
)
_TOLD = (
    f"""INSERT INTO journal (id, connection, at, mapping, source_key, step, outcome, reason, detail)
    {_NUMBERED} SELECT i + 1, :connection, at, mapping, source_key, CASE later WHEN 0 THEN 'decide' ELSE 'link' END,
    'updated', 'name: changed at the source',
    CASE later WHEN 0 THEN '{_DECIDED}' ELSE '{{"request":"' || request || '"}}' END FROM entries""",
    *(
        f"""INSERT INTO journal_records (connection, entity, key, id)
        {_NUMBERED} SELECT :connection, {side}_entity, {side}_key, i + 1 FROM entries ORDER BY 2, 3, 4"""
        for side in ("source", "target")
    ),
    f"""INSERT INTO intents (id, connection, system, mapping, source_keys, ordinal, request, context, state, created_at,
    finished_at, result) {_NUMBERED} SELECT request, :connection, 'pipedrive', mapping, '["' || source_key || '"]', 0,
    '{_WRITE}', '{{}}', 'done', at, at, '{{"key":"' || target_key || '","answered":{{"name":"b"}}}}'
    FROM entries WHERE later = 0 AND i >= :entries / 2""",
)
"""What is made of numbers within the database, which is many times faster than sending it there."""


def _entries(store: Store, connection: str, now: datetime) -> None:
    values = {"connection": connection, "now": microseconds(now), "entries": ENTRIES, "pairs": CUSTOMERS + INVOICES}
    for statement in _TOLD:
        with store.connect() as db:
            db.exec_driver_sql(statement, values)


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

    def __init__(self, connection: str, catalogues: Mapping[str, Catalogue], now: datetime) -> None:
        self.catalogues, self.now = catalogues, now
        self.here = {"connection": connection}

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
            found_by = words(self.catalogues[ref[0]][ref[1]], key, record)
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
