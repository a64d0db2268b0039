"""A connection of two little systems in memory, on a real store, with mappings as a user would write them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.registry import Registry
from engine.settings import ConnectionSettings
from engine.store.store import Store
from engine.sync.connection import Connection
from engine.sync.engine import open_connection
from tests.engine.sync.memory import BOOKS, CRM, Clock, System, connector

COMPANIES = """
mapping: companies
summary: Clients become companies.
from: books.client
to: crm.company
same_as: {when: parent, source: parent}
match:
  - {source: mail, target: mail, as: email}
  - {source: name, target: name, as: company_name}
fields:
  name: name
  mail: mail
  city: {from: town, conflicts: park}
when_deleted: {fields: {state: gone}, note: Deleted in the books}
"""

SALES = """
mapping: sales
summary: Bills become sales; those of one order share a sale.
from: books.bill
to: crm.sale
since: "2026-01-01"
one_per: [client, order]
combine: {value: sum}
fields:
  title: {template: "Bill {{ number }}"}
  value: total
  company: {from: client, via: companies, otherwise: wait}
  stage: {value: New, write: once}
children:
  items:
    each: lines
    key: no
    fields:
      product: what
      quantity: qty
      price: price
when_voided: {fields: {status: lost}}
when_deleted: {fields: {status: lost}}
"""

MEMOS = """
mapping: memos
summary: Each part of a receipt becomes a memo on the sale.
from: books.receipt
to: crm.memo
each: parts
key: [record.id, bill]
fields:
  sale: {from: bill, via: sales, otherwise: wait}
  words:
    template: >-
      {{ amount }} by {{ record.method }};{% for one in linked.sales %} {{ one.number }} {{ one.open }}{% endfor %}
    again_when: [amount, record.method]
when_gone: {append: " (taken back)"}
"""

BACK = """
mapping: outcomes
summary: What becomes of a sale is noted on its bills.
from: crm.sale
to: books.bill
for: linked
fields:
  memo: {template: "CRM: {{ status or 'open' }}, {{ stage }}", own_line: true}
"""


@dataclass
class World:
    """Both systems, the engine between them, and a way to let everything settle."""

    books: System
    crm: System
    connection: Connection
    clock: Clock
    store: Store

    def settle(self, rounds: int = 12) -> None:
        """Visits in turn, until neither system was asked to write any more."""
        for _ in range(rounds):
            before = len(self.books.writes) + len(self.crm.writes)
            for name in ("books", "crm"):
                self.connection.endpoints[name].drain()
            self.clock.on(seconds=40)
            if len(self.books.writes) + len(self.crm.writes) == before and self.status()["busy"] == 0:
                return
        raise AssertionError(f"it does not settle: {self.status()}")

    def status(self) -> dict[str, Any]:
        return self.connection.status()

    def state(self, mapping: str, key: str) -> tuple[str, str | None]:
        with self.store.reading() as tx:
            row = tx.work.get("acme", mapping, [key])[key]
        return row.state, row.reason

    def written(self, since: int = 0) -> list[tuple[str, str, dict[str, Any]]]:
        return [(one.action, one.entity, one.values) for one in self.crm.writes[since:]]


def build(folder: Path, store: Store, clock: Clock, books: System, crm: System, texts: list[str]) -> Connection:
    folder.mkdir(exist_ok=True)
    for number, one in enumerate(texts):
        (folder / f"m{number}.yaml").write_text(one)
    registry = Registry.of(connector("books", BOOKS, books), connector("crm", CRM, crm))
    settings = ConnectionSettings("acme", str(folder), ZoneInfo("America/New_York"), {}, {"books": {}, "crm": {}})
    return open_connection(settings, "http://127.0.0.1:1", registry, store, clock)


@contextmanager
def opened(folder: Path, url: str, *texts: str) -> Iterator[World]:
    """Two empty systems and these mappings between them."""
    clock = Clock()
    books, crm, store = System(clock), System(clock), Store.open(url)
    connection = build(folder / "mappings", store, clock, books, crm, list(texts))
    try:
        yield World(books, crm, connection, clock, store)
    finally:
        connection.close()
        store.close()


@pytest.fixture
def world(tmp_path: Path, url: str) -> Iterator[World]:
    """On SQLite and on PostgreSQL, one after the other."""
    with opened(tmp_path, url, COMPANIES, SALES, MEMOS) as made:
        yield made
