"""How fast `engine test` works through cases: run by `make bench`, not with the tests."""

from __future__ import annotations

from pathlib import Path

from pytest_benchmark.fixture import BenchmarkFixture

from engine.mapping.testcases import Suite
from engine.registry import Registry
from engine.specs.presets import load_set

CASES = 1_000


def test_five_hundred_cases_a_second(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    one = """  - name: A customer becomes an organization.
    record: {ListID: 8000000E-%d, FullName: Acme, CompanyName: "Acme, Inc.", Email: a@x.example, IsActive: true}
    expect: {fields: {name: "Acme, Inc.", custom.Email: a@x.example}, match: [[], [acme]]}
"""
    path = tmp_path / "customers.yaml"
    path.write_text("mapping: customers\ntests:\n" + "".join(one % number for number in range(CASES)))
    suite = Suite(load_set("preset:default"), Registry.load().catalogues)

    outcomes = benchmark.pedantic(lambda: suite.run(path, path.name), rounds=3)

    assert len(outcomes) == CASES and not any(one.differences for one in outcomes)
    assert benchmark.stats is None or CASES / benchmark.stats.stats.median >= 500  # type: ignore[attr-defined]
