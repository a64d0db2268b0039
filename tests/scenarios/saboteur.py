"""Spoils records behind the engine's back, drawn from a seed, and keeps what a reconciliation must say of each."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from connectors.demo.checks.scene import IDENTITY_FIELD
from engine.store.links import table as links
from engine.store.snapshots import table as snapshots
from engine.store.work import table as work
from tests.scenarios.two_way import TwoWay

PAIRS = {
    "invoices": ("Invoice", "deal"),
    "payments": ("ReceivePayment", "note"),
    "customers": ("Customer", "organization"),
}
WAYS = {
    "invoices": ("dropped", "doubled", "wrong_field", "wrong_amount", "stale", "forgotten", "unread", "orphan"),
    "payments": ("dropped", "doubled", "wrong_field", "stale", "forgotten", "orphan"),
    "customers": ("doubled", "wrong_field", "stale", "forgotten", "unread", "orphan"),
}
"""What may happen to a record of each mapping. An organization is not dropped: Pipedrive takes its deals along."""

Expected = set[tuple[str, str, str]]
"""(kind, mapping, source key, or `@target` of what has no source)."""


@dataclass
class Saboteur:
    """Nobody is told of what it does: no stamp moves, no webhook comes."""

    world: TwoWay
    seed: int
    expected: Expected = field(default_factory=set)
    done: Counter[str] = field(default_factory=Counter)
    _new: int = 0

    def spoil(self, number: int) -> None:
        """So many records, each in one way."""
        draw = random.Random(self.seed)
        whole = {name: self._linked(name) for name in PAIRS}
        for some in whole.values():
            draw.shuffle(some)
        ways = dict.fromkeys(PAIRS, 0)
        while sum(self.done.values()) < number:
            name = draw.choices(list(PAIRS), (5, 5, 2))[0]
            if not whole[name]:
                continue
            key, target = whole[name].pop()
            way = WAYS[name][ways[name] % len(WAYS[name])]
            ways[name] += 1
            kind, about = getattr(self, f"_{way}")(name, key, target)
            self.expected.add((kind, name, about))
            self.done[f"{name} {way}"] += 1

    def _linked(self, mapping: str) -> list[tuple[str, int]]:
        """The records that have a target of their own, shared with no other, and make only this one."""
        source, target = PAIRS[mapping]
        with self.world.store.connect() as db:
            query = sa.select(links.c.source_key, links.c.record_key, links.c.target_key).where(
                links.c.source_entity == source, links.c.target_entity == target
            )
            rows = db.execute(query.order_by(links.c.source_key)).all()
        targets, records = Counter(row.target_key for row in rows), Counter(row.record_key for row in rows)
        return [
            (row.source_key, int(row.target_key))
            for row in rows
            if targets[row.target_key] == records[row.record_key] == 1
        ]

    # ----------------------------------------------------------------------------------------------- in Pipedrive
    def _dropped(self, mapping: str, key: str, target: int) -> tuple[str, str]:
        self.world.account.remove(PAIRS[mapping][1], target)
        return "only_here", key

    def _doubled(self, mapping: str, key: str, target: int) -> tuple[str, str]:
        self._copy(mapping, target)
        return "doubled", key

    def _copy(self, mapping: str, target: int, identity: str | None = None) -> int:
        account, entity = self.world.account, PAIRS[mapping][1]
        record = account.record(entity, target)
        if entity == "note":
            content, add_time = record["content"], record["add_time"].replace("T", " ").rstrip("Z")
            if identity is not None:
                content = content.replace(self._line_of(content), identity)
            living = [one["id"] for one in account.records("deal")]
            deal = record["deal_id"] if record["deal_id"] in living else living[0]
            return int(account.add_note(content, deal_id=deal, add_time=add_time)["id"])
        custom = account.custom(entity, record) | ({IDENTITY_FIELD: identity} if identity else {})
        if entity == "organization":
            return int(account.add_organization(record["name"], custom=custom)["id"])
        given = {name: record[name] for name in ("value", "currency", "org_id")}
        return int(account.add_deal(record["title"], custom=custom, **given)["id"])

    @staticmethod
    def _line_of(content: str) -> str:
        begin = content.index("acme/ReceivePayment/")
        return content[begin:].split("<")[0].strip()

    def _wrong_field(self, mapping: str, key: str, target: int) -> tuple[str, str]:
        account, entity = self.world.account, PAIRS[mapping][1]
        if entity == "note":
            account.edit("note", target, content=account.record("note", target)["content"].replace("Date:", "Day:"))
        else:
            account.edit(entity, target, **{"title" if entity == "deal" else "name": f"Spoilt {target}"})
        return "edited", key

    def _wrong_amount(self, mapping: str, key: str, target: int) -> tuple[str, str]:
        self.world.account.add_line(target, product_id=1, quantity=1, item_price=7, tax_method="none")
        return "edited", key

    def _orphan(self, mapping: str, key: str, target: int) -> tuple[str, str]:
        """A copy under the identity of something that nobody ever read."""
        self._new += 1
        name, other = PAIRS[mapping][0], f"FFFF-{1_700_000_000 + self._new}"
        if mapping == "payments":
            other = f"{other}|{other}"
        return "only_there", f"@{self._copy(mapping, target, f'acme/{name}/{other}')}"

    # ---------------------------------------------------------------------------------------------- in QuickBooks
    def _stale(self, mapping: str, key: str, target: int) -> tuple[str, str]:
        """Changed without being marked as changed, as a file that was repaired leaves it."""
        entity, ident = PAIRS[mapping][0], key.split("|")[0]
        company = self.world.company
        record = company.books.records.shelf(entity)[ident]
        before = record.modified
        changed: dict[str, Any] = {
            "Invoice": {"DueDate": "2027-01-31"}, "Customer": {"Phone": f"555-{target:07}"},
            "ReceivePayment": {"PaymentMethodRef": "Cash"},
        }[entity]  # fmt: skip
        if (
            entity == "ReceivePayment"
            and (company.record(entity, ident).get("PaymentMethodRef") or {}).get("FullName") == "Cash"
        ):
            changed = {"PaymentMethodRef": "Check"}
        company.edit(entity, ident, **changed)
        record.modified = before
        return "differs", key

    def _unread(self, mapping: str, key: str, target: int) -> tuple[str, str]:
        """New, but as if it had been there for long: no reading of what changed brings it."""
        self._new += 1
        company, past = self.world.company, self.world.clock() - timedelta(days=3)
        if mapping == "customers":
            return "only_here", company.add_customer(f"Never Read {self._new}", at=past)
        given = company.record("Invoice", key)
        line = {"Quantity": Decimal(1), "Rate": Decimal(0)}  # worth nothing, so that no balance tells of it
        item = next(one["ItemRef"] for one in given["Lines"] if one.get("ItemRef"))
        made = company.add_invoice(
            given["CustomerRef"]["ListID"], [line | {"ItemRef": item}], at=past, TxnDate=given["TxnDate"]
        )  # fmt: skip
        return "only_here", made

    # --------------------------------------------------------------------------------------------- in our own store
    def _forgotten(self, mapping: str, key: str, target: int) -> tuple[str, str]:
        """Neither the record nor its link is known any more."""
        source, record = PAIRS[mapping][0], key.split("|")[0]
        with self.world.store.connect() as db:
            db.execute(sa.delete(links).where(links.c.source_entity == source, links.c.source_key == key))
            db.execute(sa.delete(work).where(work.c.mapping == mapping, work.c.source_key == record))
            db.execute(sa.delete(snapshots).where(snapshots.c.entity == source, snapshots.c.key == record))
        return "unlinked", key


def months(world: TwoWay) -> Iterator[str]:
    """Every month that has an invoice or a payment which is not left out, and this one."""
    records = [*world.company.records("Invoice"), *world.company.records("ReceivePayment")]
    dates = {str(one["TxnDate"])[:7] for one in records} | {f"{world.clock():%Y-%m}"}
    yield from sorted(month for month in dates if month >= "2026-01")
