"""How long the mapping of records takes: run by `make bench`, not with the tests."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from engine.mapping.compiled import CompiledMapping
from engine.mapping.draft import Draft
from tests.engine.mapping.world import context, customers, record

RULES = """website: Email
labels: Emails
staff: Balance
founded: Since
address: BillAddress
rank: {from: IsActive, choose: {true: high, false: low}}
seen_at: TimeModified
vip: IsActive"""
CUSTOM = """custom:
  Company: CompanyName || FullName
  Balance: {from: Balance, money: true}
  Parent: ParentRef.FullName
  Mail: {from: Email, transform: [trim, lower]}
  Job: {template: "{{ FullName }} ({{ ParentRef.FullName or 'no parent' }})"}
  State: {from: IsActive, choose: {true: Active, false: Inactive}}
"""


@pytest.fixture
def mapping(tmp_path: Path) -> CompiledMapping:
    return customers(tmp_path, RULES, CUSTOM)


def some(count: int) -> list[dict[str, Any]]:
    address = {"Addr1": "1 Main St", "Addr2": None, "City": "Troy", "State": "NY", "Zip": "01234", "Country": None}
    return [
        record("Customer", ListID=f"8000000E-{n}", FullName=f"Customer {n}", CompanyName=None, Email=f"C{n}@x.example",
               Emails=[f"c{n}@x.example"], Balance=Decimal(n) / 100, IsActive=True, Since="2026-01-31",
               TimeModified="2026-01-31T10:00:00-05:00", BillAddress=address, ParentRef={"FullName": "Parent"})
        for n in range(count)
    ]  # fmt: skip


def test_ten_thousand_records_of_fifteen_fields(benchmark: BenchmarkFixture, mapping: CompiledMapping) -> None:
    records, given = some(10_000), context()

    def run() -> list[Draft]:
        return [mapping.draft(element, given) for read in records for element in mapping.elements(read)]

    drafts = benchmark.pedantic(run, rounds=3)
    assert len(drafts) == 10_000 and len(drafts[0].values) == 15 and not any(draft.problems for draft in drafts)
