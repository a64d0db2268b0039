"""Two hundred corruptions of the demo's company, drawn from a seed: each is found for what it is, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from engine.store.bases import table as bases
from engine.store.links import table as links
from engine.store.snapshots import table as snapshots
from engine.store.work import table as work
from tests.scenarios.month_end import Told, demo_world, reconciled
from tests.scenarios.two_way import TwoWay

CORRUPTIONS = 200
MONTHS = [f"2026-{month:02}" for month in range(1, 11)]
FOUND = ("differs", "only_here", "only_there", "doubled", "unlinked", "edited")
PAIRS = {
    "invoices": ("Invoice", "deal"),
    "payments": ("ReceivePayment", "note"),
    "customers": ("Customer", "organization"),
}

Expected = set[tuple[str, str, str]]


class Saboteur:
    """Spoils records behind the engine's back; nothing of it is told to anybody."""

    def __init__(self, world: TwoWay, seed: int) -> None:
        self.world, self.rng = world, random.Random(seed)
        self.expected: Expected = set()
        self.deals: set[int] = set()
        """Of spoilt invoices; and their invoices, so that each is spoilt once."""

    def spoil(self, mapping: str, key: str, target: int, how: str) -> None:
        kind = getattr(self, f"_{how}")(mapping, key, target)
        self.expected.add((kind, mapping, key))

    # ----------------------------------------------------------------------------------------------- in Pipedrive
    def _dropped(self, mapping: str, key: str, target: int) -> str:
        self.world.account.remove(PAIRS[mapping][1], target)
        return "only_here"

    def _doubled(self, mapping: str, key: str, target: int) -> str:
        entity = PAIRS[mapping][1]
        record = self.world.account.record(entity, target)
        if entity == "deal":
            self.world.account.add_deal(
                record["title"], value=record["value"], currency=record["currency"], org_id=record["org_id"],
                custom=self.world.account.custom(entity, record),
            )  # fmt: skip
        elif entity == "note":
            self.world.account.add_note(record["content"], deal_id=record["deal_id"], add_time=record["add_time"])
        else:
            self.world.account.add_organization(record["name"], custom=self.world.account.custom(entity, record))
        return "doubled"

    def _wrong_field(self, mapping: str, key: str, target: int) -> str:
        account = self.world.account
        if mapping == "invoices":
            account.edit("deal", target, title=f"Spoilt {target}")
        elif mapping == "payments":
            account.edit("note", target, content=account.record("note", target)["content"].replace("Date:", "Day:"))
        else:
            account.edit("organization", target, name=f"Spoilt {target}")
        return "edited"

    # ---------------------------------------------------------------------------------------------- in QuickBooks
    def _stale(self, mapping: str, key: str, target: int) -> str:
        """Changed without being marked as changed, as a restored backup or a repaired file leaves it."""
        entity, ident = PAIRS[mapping][0], key.split("|")[0]
        record = self.world.company._records[entity][ident] if False else self.world.company.record(entity, ident)
        raise NotImplementedError

    # --------------------------------------------------------------------------------------------- in our own store
    def _forgotten(self, mapping: str, key: str, target: int) -> str:
        """Neither the record nor its link is known any more."""
        source, target_entity = PAIRS[mapping]
        with self.world.store.connect() as db:
            db.execute(sa.delete(links).where(links.c.source_entity == source, links.c.source_key == key))
            db.execute(sa.delete(work).where(work.c.mapping == mapping, work.c.source_key == key.split("|")[0]))
        return "unlinked"
