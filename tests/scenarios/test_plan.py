"""A plan of the demo company before anything was written, and what the simulators then really saw."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest

from connectors.demo.stage import Stage
from engine.sync import holding
from engine.sync.applying import Applying
from engine.sync.plan import Plan
from engine.sync.planner import plan
from tests.scenarios.two_way import TwoWay, Wire

OPERATIONS = {
    ("organization", "create"): "v2 POST /organizations",
    ("organization", "update"): "v2 PATCH /organizations/{id}",
    ("product", "create"): "v2 POST /products",
    ("product", "update"): "v2 PATCH /products/{id}",
    ("deal", "create"): "v2 POST /deals",
    ("note", "create"): "v1 POST /notes",
}
LINES = "v2 POST /deals/{id}/products"


LATENCY = timedelta(milliseconds=200)
"""Of one call: as slow as it is reckoned with."""


@dataclass
class Hand:
    """The stage's clock for the engine: moved by hand, and a little with every look."""

    stage: Stage
    now: datetime

    def __call__(self) -> datetime:
        self.on(milliseconds=1)
        return self.now

    def on(self, **by: float) -> None:
        self.now += timedelta(**by)
        self.stage.clock._past = self.now


class Slow(Wire):
    """Each request takes its time on the clock."""

    clock: Hand

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.clock.now += LATENCY
        return super().handle_request(request)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoWay]:
    """The demo company, small; both systems were read, and nothing may be written."""
    folder, stage = tmp_path_factory.mktemp("demo"), Stage.set(seed=1, scale=0.1)
    stage.account.limits.burst = None
    with as_file(files("connectors.demo") / "mappings") as own:
        shutil.copytree(own, folder / "mappings")
    hand = Hand(stage, datetime.now(UTC))
    hand.on()
    Slow.clock = hand
    parts: Any = (folder / "engine.db", hand, stage.company, stage.account, str(folder / "mappings"))
    with patch("tests.scenarios.two_way.Wire", Slow):
        world = TwoWay(*parts, poll="1 hour")
    holding.hold(world.connection)
    for _ in range(2):
        world.visit()
        world.drain()
    hand.on(minutes=5)
    yield world
    world.close()


def requests(made: Plan) -> Counter[str]:
    """How many calls each operation of Pipedrive should see; options and lines come otherwise."""
    steps = [step.request for one in made.changes for step in one.steps]
    told = [OPERATIONS[key] for one in steps if (key := (one["entity"], one["action"])) in OPERATIONS]
    lines = [len(one["add"]) for one in steps if one["action"] == "children"]
    single = sum(size for size in lines if size < 5)
    return Counter(told) + Counter({f"{LINES}/bulk": len([one for one in lines if one >= 5]), LINES: single})


def test_applied_the_plan_is_what_is_written_and_what_it_costs(demo: TwoWay, tmp_path: Path) -> None:
    ledger = demo.account.ledger
    plan(demo.connection).save(tmp_path / "plan.json")
    saved = Plan.load(tmp_path / "plan.json")
    assert ledger.writes == [] and saved.writes > 250
    before, mark = ledger.spent, ledger.mark()
    applying = Applying(demo.connection, saved, lambda pause: demo.clock.on(seconds=pause.total_seconds()))
    applying.look()
    assert applying.moved() == []
    applying.approve()
    applied = applying.carry()
    assert (list(applied.moved), applied.waiting) == ([], {})
    seen = Counter(one.operation for one in ledger.since(mark).writes if "Fields" not in one.operation)
    assert seen == requests(saved)
    written = sum(one.tokens for one in ledger.since(mark).writes)
    lists = sum(one.tokens for one in ledger.since(mark).entries if one.method == "GET" and "Fields" in one.operation)
    cost = saved.costs["pipedrive"]
    assert written <= sum(saved.tokens.values()) == cost.tokens - cost.looks <= written + lists
    assert abs(ledger.spent - before - cost.tokens) <= 0.02 * (ledger.spent - before)
    assert plan(demo.connection).changes == ()
