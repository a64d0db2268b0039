"""The demo's company a while after its first sync, without a socket, and what a reconciliation of it says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connectors.demo.clock import Clock
from connectors.demo.stage import Stage
from engine.store.reconciliations import Run, StoredFinding
from engine.sync import closing, month_end, sighting
from engine.sync.month_end import Report
from engine.sync.reconcile import Kind, Month
from tests.scenarios.test_two_way_schedules import MAPPINGS
from tests.scenarios.two_way import TwoWay

VISITS = 3
"""Enough for any report: the second, where Pipedrive names records of which nothing is known."""


class StageClock:
    """The stage's own clock, moved by hand."""

    def __init__(self, clock: Clock, begin: datetime) -> None:
        self._clock = clock
        self._clock._past = begin

    @property
    def now(self) -> datetime:
        return self()

    def __call__(self) -> datetime:
        assert self._clock._past is not None
        self._clock._past += timedelta(milliseconds=1)
        return self._clock._past

    def on(self, **by: float) -> None:
        assert self._clock._past is not None
        self._clock._past += timedelta(**by)


def demo_world(folder: Path, scale: float, seed: int = 1) -> TwoWay:
    """The demo's company and account, read and carried over."""
    stage = Stage.set(seed, scale)
    clock = StageClock(stage.clock, datetime(2026, 12, 1, 14, tzinfo=UTC))
    stage.account.limits.burst = None
    world = TwoWay(folder / "engine.db", clock, stage.company, stage.account, MAPPINGS)  # type: ignore[arg-type]
    world.settle()
    return world


@dataclass
class Told:
    """A report with all of its findings."""

    run: Run
    report: Report
    findings: list[StoredFinding]

    def of(self, *kinds: Kind) -> set[tuple[str, str, str]]:
        """(kind, mapping, what it is about) of each finding of these kinds."""
        return {
            (one.kind, one.mapping, key)
            for one in self.findings
            if one.kind in kinds
            for key in [*one.said["sources"], *([] if one.said["sources"] else [f"@{one.said['target']}"])]
        }

    def adds_up(self) -> bool:
        """Whether each statement's items lead from one side's totals to the other's."""
        return all(
            total.here + sum(one.count for one in statement.items) == total.there
            and total.sum_here + sum(one.amount for one in statement.items) == total.sum_there
            for section in self.report.sections
            for statement in section.statements
            for total in [statement.total]
        )


def reconciled(world: TwoWay, month: str, *, held: bool = False) -> Told:
    """What a reconciliation of that month says now; unless `held`, both sides are read for it."""
    run = sighting.begin(world.connection, Month.of(month), held=held, now=world.clock())
    for _ in range(VISITS):
        with world.store.reading() as tx:
            now = tx.reconciliations.get("acme", run.id)
        if now is None or now.state != "reading":
            break
        world.clock.on(minutes=6)
        assert world.visit().ok
        world.drain()
    return compared(world, run.id)


def compared(world: TwoWay, id: str) -> Told:
    """Compare what was read."""
    run = closing.advance(world.connection, id, world.clock())
    while run is not None and run.state == "comparing":
        run = closing.advance(world.connection, id, world.clock())
    assert run is not None and run.state == "done", run
    report = month_end.report(world.connection, run)
    return Told(run, report, list(month_end.findings(world.store, run.id)))
