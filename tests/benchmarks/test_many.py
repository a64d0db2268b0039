"""A thousand companies on one server, each visiting every five minutes: run by `make bench`.

Their first readings come one after the other, then each visits once within five minutes of real time: the server, a
thousand QuickBooks and a thousand Pipedrive accounts share the machine. MANY_COMPANIES, MANY_SECONDS and
MANY_FIRST_SECONDS change that. A hundredth of the accounts take three seconds for each answer.
"""

from __future__ import annotations

import os
import statistics
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.scenarios.many import many

COUNT = int(os.environ.get("MANY_COMPANIES", "1000"))
SECONDS = float(os.environ.get("MANY_SECONDS", str(COUNT * 0.3)))
FIRST = float(os.environ.get("MANY_FIRST_SECONDS", str(COUNT * 1.0)))
"""In which the first readings of all are made."""


def test_a_thousand_companies_visit_one_server(
    benchmark: BenchmarkFixture, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with many(tmp_path, COUNT) as world:
        fresh = world.process()
        tokens = world.accounts.tokens
        world.accounts.slow = dict.fromkeys(tokens[: max(1, COUNT // 100)], 3.0)
        world.visit_all(FIRST)
        world.until(lambda: sum(world.deals(number) for number in range(COUNT)) >= COUNT * 0.95, COUNT)
        first, world.calls = world.calls, []
        before = world.process()
        benchmark.pedantic(world.visit_all, args=(SECONDS,), kwargs={"seed": 2}, rounds=1)
        after = world.process()
        refused, calls = world.refused, sorted(world.calls)
    p99 = statistics.quantiles(calls, n=100)[98]
    found = {
        "companies": COUNT, "visits": world.visits, "refused": len(refused), "calls": len(calls),
        "p50_ms": round(statistics.median(calls) * 1000, 1), "p99_ms": round(p99 * 1000),
        "max_ms": round(calls[-1] * 1000),
        "first_p99_ms": round(statistics.quantiles(first, n=100)[98] * 1000),
        "memory_mb": {"started": round(fresh["memory"]), "after": round(after["memory"])},
        "threads": after["threads"], "busy": round((after["cpu"] - before["cpu"]) / SECONDS, 2),
    }  # fmt: skip
    benchmark.extra_info.update(found)
    with capsys.disabled():
        print(f"\n{found}")
    assert refused == []
    assert p99 < 5
