"""A server that is told to stop finishes what it sent, hands back the rest, and leaves nothing leased."""

from __future__ import annotations

import time
from pathlib import Path

import sqlalchemy as sa

from connectors.pipedrive.simulator.faults import Fault
from engine.store.store import Store
from tests.scenarios.served import Served, running


def left(served: Served) -> tuple[dict[str, int], dict[str, int]]:
    """How many rows of the queue, and how many intents, are in each state."""
    store = Store.open(served.store)
    try:
        with store.connect(only_reading=True) as db:
            rows = db.execute(sa.text("SELECT state, count(*) FROM work GROUP BY state")).all()
            intents = db.execute(sa.text("SELECT state, count(*) FROM intents GROUP BY state")).all()
    finally:
        store.close()
    return {row[0]: row[1] for row in rows}, {row[0]: row[1] for row in intents}


def test_stopped_in_the_midst_of_writing_nothing_stays_leased_or_in_doubt(tmp_path: Path) -> None:
    with running(tmp_path / "server", customers=20) as served:
        served.faults.add(Fault("slow", "POST", "/organizations", seconds=0.4, times=None))
        served.visit()
        served.until(lambda one: len(one.account.records("organization")) >= 2)
        # Four are written at a time, and each takes its time: most of what was taken has not been sent.
        began = time.monotonic()
        served.server.stop()
        took = time.monotonic() - began
        rows, intents = left(served)
        assert rows.get("due", 0) > 10, "it was stopped after the work"
        assert "leased" not in rows
        assert not {"open", "unknown"} & set(intents), "everything that was sent has its answer"
        assert intents.get("unsent", 0) > 0, "something had been taken and not sent"
        assert took < 9
        served.faults.clear()
        served.server.start()
        status = served.settle()
        assert status["busy"] == status["for_visit"], "only the next visit has something to do"
        assert "leased" not in left(served)[0]
        names = [one["name"] for one in served.account.records("organization")]
        assert len(names) == len(set(names)) >= 20, "everything is there, and nothing twice"
