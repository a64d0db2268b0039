"""How fast records are mapped, beside what somebody would write without the engine. Run by `make bench`."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from engine.mapping.compiled import CompiledMapping
from tests.benchmarks import mapped_by_hand
from tests.engine.mapping.world import context, record
from tests.engine.specs.catalogues import compiled

MAPPING = """mapping: customers
from: books.Customer
to: crm.organization
fields:
  name: CompanyName || FullName
  website: {from: Email, lower: true}
  staff: Balance
  founded: Since
  seen_at: TimeModified
  vip: IsActive
  rank: {from: IsActive, choose: {true: high, false: low}}
custom:
  Key: ListID
  Parent: ParentRef.FullName
  Type: CustomerTypeRef.FullName
  Label: {template: "{{ FullName }} ({{ SalesRepRef.FullName or 'nobody' }})"}
  Status: {from: JobStatus, default: None}
  Region: {from: SalesRepRef.FullName, lookup: {JS: West, AK: East}}
  Balance: {from: Balance, money: true}
  Changed: {from: TimeModified, date: true}
"""
COUNT, PART = 10_000, 1_000
LEAST_OF_HAND_WRITTEN = 0.5
LEAST_OF_JMESPATH = 5.0


def some(count: int) -> list[dict[str, Any]]:
    """Customers, one in eight of them with as little as QuickBooks asks for; of the first one field was not read."""
    records = [
        record("Customer", ListID=f"8000000E-{n}", FullName=f"Customer {n}")
        if n % 8 == 0
        else record(
            "Customer", ListID=f"8000000E-{n}", FullName=f"Customer {n}", CompanyName=f"Company {n}" if n % 2 else None,
            Email=f"C{n}@X.example", Balance=Decimal(n) / 8, IsActive=n % 3 > 0, Since="2026-01-31",
            TimeModified="2026-01-31T10:00:00-05:00", JobStatus="Awarded" if n % 5 else None,
            ParentRef={"ListID": "1-1", "FullName": "Parent"}, CustomerTypeRef={"ListID": "2-1", "FullName": "Retail"},
            SalesRepRef={"ListID": "3-1", "FullName": "JS" if n % 4 else "XX"},
        )
        for n in range(count)
    ]  # fmt: skip
    del records[0]["Email"]
    return records


@pytest.fixture
def mapping(tmp_path: Path) -> CompiledMapping:
    return compiled(tmp_path, customers=MAPPING).mappings["customers"]


def test_mapping_is_about_as_fast_as_python_written_by_hand(
    benchmark: BenchmarkFixture, mapping: CompiledMapping, capsys: pytest.CaptureFixture[str]
) -> None:
    records, given = some(COUNT), context()

    def engine(read: dict[str, Any]) -> dict[str, Any]:
        return mapping.draft(mapping.elements(read)[0], given).values

    ways: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "engine": engine, "by hand": mapped_by_hand.python, "jmespath": mapped_by_hand.plain_jmespath,
        "jinja2": mapped_by_hand.jinja}  # fmt: skip
    wanted = [typed(engine(read)) for read in records]
    for name, way in ways.items():
        whole = 0 if name == "by hand" else 1
        assert [typed(way(read)) for read in records[whole:]] == wanted[whole:], name
    times: dict[str, list[float]] = {name: [] for name in ways}
    parts = [records[start : start + PART] for start in range(0, COUNT, PART)]
    for turn in range(8):
        for part in parts:  # in turns, so that all meet the same weather
            for name, way in ways.items():
                if turn == 0 or name in ("engine", "by hand"):
                    times[name].append(seconds(way, part))
    rates = {name: PART / min(each) for name, each in times.items()}
    pairs = {name: [one / own for one, own in zip(each, times["engine"], strict=False)] for name, each in times.items()}
    shares = {name: median(each) for name, each in pairs.items()}
    benchmark.pedantic(lambda: [engine(read) for read in records], rounds=3)
    benchmark.extra_info.update({f"times {name}": round(share, 2) for name, share in shares.items()})
    with capsys.disabled():
        print(
            "\nmapping 15 fields, records a second: " + ", ".join(f"{name} {rate:,.0f}" for name, rate in rates.items())
        )
        print("the engine beside them: " + ", ".join(f"{name} {share:.2f}" for name, share in shares.items()))
    assert shares["by hand"] >= LEAST_OF_HAND_WRITTEN
    assert shares["jmespath"] >= LEAST_OF_JMESPATH


def typed(values: dict[str, Any]) -> dict[str, tuple[str, Any]]:
    """Every value with its type and its digits: 1.1 is not 1.10."""
    return {path: (type(value).__name__, str(value)) for path, value in values.items()}


def seconds(way: Callable[[dict[str, Any]], dict[str, Any]], records: list[dict[str, Any]]) -> float:
    """The processor time for all records."""
    began = time.process_time()
    for read in records:
        way(read)
    return time.process_time() - began
