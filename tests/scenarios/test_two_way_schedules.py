"""Whatever people do on both sides and whichever call is cut, both sides agree at the end and nothing was made twice.

SCHEDULES says how many days are lived through. Every draw is hypothesis', so a day that fails is made as small as it
gets before it is told. A test's days are always the same: run that test again to see them again, or put the line
`@reproduce_failure(...)` that it told over `class Day`, and the first of any test's days is the one that failed.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

import connectors.demo
from engine.sync.recovery import Recovery
from tests.scenarios.schedule import DESK, SALES, WIRES, Act, Schedule
from tests.scenarios.two_way import BEGIN, Beginning, TwoWay, nothing_yet

MAPPINGS = str(Path(connectors.demo.__file__).parent / "mappings")
COUNT = int(os.environ.get("SCHEDULES", "300"))
AT_ONCE = 50
"""Days a test, so that several processes can share them."""
STEPS = 14
"""The beginning of a day, and what happens on it."""
DOUBLES = "was made 2 times|the lines of deal"
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


class Day(RuleBasedStateMachine):
    """A day that begins where `beginning` ended, and at whose end everything settles and is judged."""

    beginning: Beginning
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()

    @initialize(draw=st.randoms(use_true_random=False))
    def begins(self, draw: random.Random) -> None:
        world = self.open.enter_context(self.beginning.world(self.folder / "day", MAPPINGS, draw))
        self.schedule = Schedule(world, draw)

    # One rule for all: hypothesis switches whole rules off for a day, and a third of the days would go without people.
    @rule(what=st.sampled_from(3 * WIRES + DESK + SALES))
    def happens(self, what: Act) -> None:
        if what in WIRES:
            what(self.schedule)
        else:
            self.schedule.do(what)

    def teardown(self) -> None:
        with self.open:
            if sys.exception() is None:  # what broke on the way is told as it is
                found = self.schedule.close()
                assert not found, "\n".join([*self.schedule.log, "=>", *found])


def live(beginning: Beginning, folder: Path, number: int, days: int, **how: Any) -> None:
    """Live through so many days, which hang on the number alone."""

    @seed(number)
    class Here(Day):
        pass

    Here.beginning, Here.folder = beginning, folder
    given = settings(
        max_examples=days, stateful_step_count=STEPS, database=None, suppress_health_check=[HealthCheck.too_slow], **how
    )
    run_state_machine_as_test(Here, settings=given)


@pytest.mark.parametrize("first", range(0, COUNT, AT_ONCE))
def test_both_sides_agree_after_a_day_of_edits_and_cuts(beginning: Beginning, folder: Path, first: int) -> None:
    live(beginning, folder, first, min(AT_ONCE, COUNT - first))


def test_without_the_look_after_a_lost_answer_the_schedules_find_doubles(
    beginning: Beginning, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Recovery, "of", lambda self, mapping, rows: ([], list(rows)))
    with pytest.raises(AssertionError, match=DOUBLES):
        live(beginning, folder, 0, 300, phases=[Phase.generate], report_multiple_bugs=False)
