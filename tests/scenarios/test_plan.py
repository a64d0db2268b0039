"""A plan of the demo company before anything was written, and what the simulators then really saw."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import as_file, files

import pytest

from connectors.demo.stage import Stage
from engine.sync import holding
from engine.sync.plan import Plan
from engine.sync.planner import plan
from tests.scenarios.two_way import TwoWay

OPERATIONS = {
    ("organization_option", "create"): "fields",
    ("organization", "create"): "v2 POST /organizations",
    ("organization", "update"): "v2 PATCH /organizations/{id}",
    ("product", "create"): "v2 POST /products",
    ("product", "update"): "v2 PATCH /products/{id}",
    ("deal", "create"): "v2 POST /deals",
    ("note", "create"): "v1 POST /notes",
}


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


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoWay]:
    """The demo company, small; both systems were read, and nothing may be written."""
    folder, stage = tmp_path_factory.mktemp("demo"), Stage.set(seed=1, scale=0.1)
    stage.account.limits.burst = None
    with as_file(files("connectors.demo") / "mappings") as own:
        shutil.copytree(own, folder / "mappings")
    hand = Hand(stage, datetime.now(UTC))
    hand.on()
    world = TwoWay(folder / "engine.db", hand, stage.company, stage.account, str(folder / "mappings"))  # type: ignore[arg-type]
    holding.hold(world.connection)
    for _ in range(2):
        world.visit()
        world.drain()
    yield world
    world.close()


@pytest.fixture(scope="module")
def planned(demo: TwoWay) -> Plan:
    return plan(demo.connection)


def requests(made: Plan) -> Counter[str]:
    """How many calls each operation of Pipedrive should see; lines and options come otherwise."""
    steps = [step.request for one in made.changes for step in one.steps]
    return Counter(
        OPERATIONS[(one["entity"], one["action"])] for one in steps if (one["entity"], one["action"]) in OPERATIONS
    )


def test_the_plan_is_what_is_written_and_what_it_costs(demo: TwoWay, planned: Plan) -> None:
    ledger = demo.account.ledger
    assert ledger.writes == [] and planned.writes > 250
    before, mark = ledger.spent, ledger.mark()
    holding.release(demo.connection)
    for _ in range(3):
        demo.drain()
        demo.visit()
    seen = Counter(one.operation for one in ledger.since(mark).writes)
    predicted = requests(planned)
    del predicted["fields"]
    assert {name: seen[name] for name in predicted} == dict(predicted)
    lines = [step.request for one in planned.changes for step in one.steps if step.request["action"] == "children"]
    assert seen["v2 POST /deals/{id}/products/bulk"] == sum(len(one["add"]) >= 5 for one in lines)
    assert seen["v2 POST /deals/{id}/products"] == sum(len(one["add"]) for one in lines if len(one["add"]) < 5)
    cost = planned.costs["pipedrive"]
    looks = sum(10 for one in ledger.since(mark).entries if one.method == "GET" and "Fields" not in one.operation)
    assert ledger.spent - before - looks == cost.tokens - cost.looks == sum(planned.tokens.values())
    assert abs(ledger.spent - before - cost.tokens) <= 0.02 * (ledger.spent - before)
    assert plan(demo.connection).changes == ()
