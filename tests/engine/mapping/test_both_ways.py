"""Whatever a record holds, the function written of the rules gives the draft that the rules give; nothing is raised."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from engine.mapping.compiled import CompiledMapping
from engine.mapping.draft import Resolved
from tests.engine.mapping.world import context, drafted, record
from tests.engine.specs.catalogues import compiled

CUSTOMERS = """mapping: customers
from: books.Customer
to: crm.organization
fields:
  name: CompanyName || FullName
  website: {from: Email, transform: [trim, lower], default: none}
  staff: {from: Balance, round: 1}
  founded: Since
  seen_at: TimeModified
  address: BillAddress
  vip: IsActive
  rank: {from: IsActive, choose: {true: high, false: low}}
  labels: Emails
  owner_id: {from: SalesRepRef.ListID, via: reps}
custom:
  And: IsActive && Email
  Not: {from: "!Email", choose: {true: none, false: some}}
  Equal: {from: JobStatus == 'Closed', choose: {true: "yes", false: "no"}}
  Chosen: {from: JobStatus, choose: {Closed: shut, None: none}, default: other}
  Pair: {from: "[FullName, ParentRef.FullName]", concat: " / "}
  Label: {template: "{{ FullName | upper }} ({{ SalesRepRef.FullName or 'nobody' }}) {{ Balance }}"}
  Page: {template: "{% if Email %}{{ Email }}{% endif %}{{ today }}"}
  Looked: {from: CustomerTypeRef.FullName, lookup: {Retail: shops}}
  First: {from: Emails, first: true}
  Parts: {from: Email, transform: [{split: ","}, {map: email}, {join: "; "}]}
  Found: {from: Email, regex: '(\\d+)'}
  Day: {from: TimeModified, add_days: 3}
  Length: length(Emails)
  Money: {from: Balance, money: true}
  Fixed: {value: constant}
"""
REPS = "mapping: reps\nfrom: books.SalesRep\nto: crm.user\ncreate: never\nfields: {}\n"

SCALARS = st.none() | st.booleans() | st.integers(-9, 10**9) | st.decimals(allow_nan=False, allow_infinity=False)
TEXTS = st.text(max_size=5) | st.sampled_from(
    ["", "A@b.example, c@d.example", "2026-01-31", "2026-02-30", "9999-12-31", "2026-01-31T10:00:00-05:00", "Closed",
     "0001-01-01T00:00:00+14:00", "x" * 70, "Retail"])  # fmt: skip
ANYTHING = st.recursive(
    SCALARS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["ListID", "FullName", "City"]), inner),
    max_leaves=4,
)
GOOD = record(
    "Customer", FullName="A", Email="a@b.example", Emails=["a@b.example"], Balance=Decimal("1.10"), IsActive=True,
    Since="2026-01-31", TimeModified="2026-01-31T10:00:00-05:00", JobStatus="Closed",
    SalesRepRef={"ListID": "R1", "FullName": "JS"}, CustomerTypeRef={"ListID": "T1", "FullName": "Retail"},
    BillAddress={"Addr1": "1 Main St", "City": "Troy"},
)  # fmt: skip


@pytest.fixture(scope="module")
def mapping(tmp_path_factory: pytest.TempPathFactory) -> CompiledMapping:
    path: Path = tmp_path_factory.mktemp("set")
    return compiled(path, customers=CUSTOMERS, reps=REPS).mappings["customers"]


def test_a_good_record_has_every_field(mapping: CompiledMapping) -> None:
    draft = drafted(mapping, GOOD, context({("reps", "R1"): Resolved("linked", "7")}))
    assert draft.problems == [] and set(draft.values) == set(mapping.rules)


@given(st.dictionaries(st.sampled_from(sorted(set(GOOD) - {"ListID"})), ANYTHING, max_size=5),
       st.sets(st.sampled_from(sorted(set(GOOD) - {"ListID"})), max_size=2))  # fmt: skip
@settings(max_examples=600)
def test_any_record_is_drafted_alike_both_ways(mapping: CompiledMapping, odd: dict[str, Any], unread: set[str]) -> None:
    read = {name: value for name, value in {**GOOD, **odd}.items() if name not in unread}
    draft = drafted(mapping, read)
    assert all(
        problem.where.rpartition(":")[0].rpartition(":")[0].endswith("customers.yaml") for problem in draft.problems
    )
