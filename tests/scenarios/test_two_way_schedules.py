"""Whatever people do on both sides and whichever call is cut, both sides agree at the end and nothing was made twice.

SCHEDULES says how many days are lived through; each is drawn from its number, so one that fails can be lived again.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

import connectors.demo
from engine.sync.recovery import Recovery
from tests.scenarios.schedule import Schedule
from tests.scenarios.two_way import BEGIN, Beginning, TwoWay, nothing_yet

MAPPINGS = str(Path(connectors.demo.__file__).parent / "mappings")
COUNT = int(os.environ.get("SCHEDULES", "300"))
AT_ONCE = 20
DOUBLES = ("was made 2 times", "the lines of deal")
"""How the judge speaks of a record that was made again, and of lines that were: records are mostly known by a webhook
before they could be."""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """In memory where there is such a place: thousands of commits need not reach a disk."""
    memory = Path("/dev/shm")
    where = tempfile.mkdtemp(prefix="schedules", dir=memory if os.access(memory, os.W_OK) else None)
    yield Path(where)
    shutil.rmtree(where)


@pytest.fixture(scope="module")
def beginning(folder: Path) -> Beginning:
    """Three customers with an invoice each, partly paid, in step with Pipedrive."""
    world = nothing_yet(folder, MAPPINGS)
    _fill(world)
    world.settle()
    world.close()
    return Beginning.of(folder / "kept", world)


def _fill(world: TwoWay) -> None:
    company, at = world.company, BEGIN - timedelta(days=30)
    company.add("PaymentMethod", Name="Check", at=at)
    company.add_item("ItemService", "Work", price=Decimal("85.00"), description="Work, per hour", at=at)
    company.add_item("ItemService", "Lamp", price=Decimal("9.99"), at=at)
    for number in range(1, 4):
        name = f"Customer {number}"
        key = company.add_customer(name, CompanyName=name, CurrencyRef="US Dollar", Email=f"c{number}@x.example", at=at)
        invoice = company.add_invoice(key, [{"ItemRef": "Work", "Quantity": Decimal(number)}], PONumber="P1", at=at)
        company.receive_payment(key, {invoice: Decimal("10.00")}, method="Check", at=at)


def live(beginning: Beginning, folder: Path, seed: int) -> list[str]:
    """What was wrong at the end of this day, with what happened before."""
    with beginning.world(folder, MAPPINGS, random.Random(f"surroundings {seed}")) as world:
        schedule = Schedule(world, seed)
        found = schedule.run()
        return [f"schedule {seed}:", *schedule.log, "=>", *found] if found else []


@pytest.mark.parametrize("first", range(0, COUNT, AT_ONCE))
def test_both_sides_agree_after_a_day_of_edits_and_cuts(beginning: Beginning, folder: Path, first: int) -> None:
    for seed in range(first, min(first + AT_ONCE, COUNT)):
        found = live(beginning, folder / str(seed), seed)
        assert not found, "\n".join(found)


def test_without_the_look_after_a_lost_answer_the_schedules_find_doubles(
    beginning: Beginning, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Recovery, "of", lambda self, mapping, rows: ([], list(rows)))
    found = (text for seed in range(100) for text in live(beginning, folder / str(seed), seed))  # until there is one
    assert any(double in text for text in found for double in DOUBLES)
