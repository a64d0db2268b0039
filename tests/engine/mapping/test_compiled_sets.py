"""Compiled sets: match keys, custom fields, versions, order; what the runner relies on."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.mapping.compiled import CompiledMapping
from engine.mapping.selector import Selector
from engine.protocol import CustomField
from tests.engine.mapping.world import customers, record
from tests.engine.specs.catalogues import compiled

MATCH = """match:
  - {source: Emails, target: [custom.Email, persons.email], as: email}
  - {source: CompanyName || FullName, target: name, as: company_name}
  - {source: ParentRef.FullName, target: website}
"""


@pytest.fixture
def mapping(tmp_path: Path) -> CompiledMapping:
    return customers(tmp_path, "website: Email", MATCH)


def test_source_values_are_normalised_without_empty_ones_and_each_once(mapping: CompiledMapping) -> None:
    read = record(
        "Customer", Emails=["Ann@B.example", "ann@b.example; carl@b.example", "n/a"], FullName="The Acme, Inc."
    )
    assert mapping.match[0].source_values(read) == ["ann@b.example", "carl@b.example"]
    assert mapping.match[1].source_values(read) == ["acme"]
    assert mapping.match[2].source_values(read) == []


def test_a_key_whose_source_was_not_read_gives_no_values(mapping: CompiledMapping) -> None:
    assert mapping.match[0].source_values({"ListID": "1", "FullName": "A"}) == []


def test_targets_index_their_own_records_and_related_ones(mapping: CompiledMapping) -> None:
    custom, persons = mapping.match[0].targets
    assert (custom.entity, persons.entity) == ("organization", "person")
    assert custom.index({"id": "5", "custom": {"Email": "A@b.example, c@d.example"}}) == [
        ("a@b.example", "5"), ("c@d.example", "5")]  # fmt: skip
    assert persons.index({"id": "9", "org_id": "5", "email": ["X@y.example"]}) == [("x@y.example", "5")]
    assert persons.index({"id": "9", "org_id": None, "email": ["x@y.example"]}) == []
    assert set(persons.fields) == {"email", "org_id"}


def test_keys_are_labelled_for_people(mapping: CompiledMapping) -> None:
    assert [key.label for key in mapping.match] == ["e-mail", "name", "website"]


def test_a_scope_is_shared_by_candidates_and_carried_by_creates(tmp_path: Path) -> None:
    text = """mapping: types
from: books.CustomerType
to: crm.organization_option
scope: {field: {value: Customer type}}
match: [{source: FullName, target: label}]
fields: {label: FullName}
"""
    types = compiled(tmp_path, types=text).mappings["types"]
    (target,) = types.match[0].targets
    assert target.index({"id": "f/1", "field": "Customer type", "label": "Retail"}) == [("Retail", "f/1")]
    assert target.index({"id": "g/1", "field": "Payment terms", "label": "Retail"}) == []
    assert types.scope == {"field": "Customer type"} and types.creates


def test_a_lookup_table_stands_between_the_source_and_its_match(tmp_path: Path) -> None:
    preset = "settings:\n  users: {type: table, help: x, default: {}}\n"
    text = """mapping: reps
from: books.SalesRep
to: crm.user
create: never
match: [{source: Initial, lookup: {setting: users}, target: email, as: email}]
"""
    reps = compiled(tmp_path, {"users": {"JS": "Jane@b.example"}}, preset=preset, reps=text).mappings["reps"]
    assert reps.match[0].source_values(record("SalesRep", Initial="JS")) == ["jane@b.example"]
    assert reps.match[0].source_values(record("SalesRep", Initial="XX")) == []
    assert not reps.creates


def test_custom_fields_get_their_types_from_all_rules_of_the_set(tmp_path: Path) -> None:
    custom = """custom:
  Active: {from: IsActive, choose: {true: Active, false: Inactive}}
  Since: Since
  Balance: Balance
  Limit: {from: Balance, money: true}
  Company: CompanyName
  Notes: {template: "{{ Email }}"}
  Status: JobStatus
  Maybe: {from: Email, optional: true}
when_deleted: {custom: {Active: {value: Deleted}, Since: {value: "2026-01-01"}}}
"""
    other = """mapping: other
from: books.Invoice
to: crm.organization
for: linked
custom: {Active: {value: Frozen}}
"""
    text = "mapping: customers\nfrom: books.Customer\nto: crm.organization\nfields: {name: FullName}\n" + custom
    made = compiled(tmp_path, customers=text, other=other).custom_fields("crm")["organization"]
    assert {one.name: one for one in made} == {
        "Active": CustomField("Active", "enum", options=("Active", "Inactive", "Deleted", "Frozen")),
        "Since": CustomField("Since", "date"),
        "Balance": CustomField("Balance", "number"),
        "Limit": CustomField("Limit", "number", money=True),
        "Company": CustomField("Company", "text", length=41),
        "Notes": CustomField("Notes", "text"),
        "Status": CustomField("Status", "enum", options=("Awarded", "Closed", "None")),
        "Maybe": CustomField("Maybe", "text", length=1023, optional=True),
    }


def test_a_set_that_writes_no_custom_fields_of_a_system_says_so(tmp_path: Path) -> None:
    assert (
        compiled(tmp_path, a="mapping: a\nfrom: books.Item\nto: crm.product\nfields: {name: FullName}\n").custom_fields(
            "books"
        )
        == {}
    )


@pytest.mark.parametrize(
    ("rules", "settings", "same"),
    [
        ("website: Email", {"site": "a"}, True),
        ("website: Email  # a remark", {"site": "a"}, True),
        ("website: Email", {"site": "b"}, True),  # not used, so it means nothing
        ("website: FullName", {"site": "a"}, False),
        ("website: Email\nvip: IsActive", {"site": "a"}, False),
    ],
)
def test_a_version_changes_with_the_meaning_and_with_nothing_else(
    rules: str, settings: dict[str, str], same: bool, tmp_path: Path
) -> None:
    first = customers(tmp_path, "website: Email", site="a")
    assert (customers(tmp_path, rules, **settings).version == first.version) is same


def test_a_version_changes_with_a_setting_that_is_used_and_with_a_templates_file(tmp_path: Path) -> None:
    used = [customers(tmp_path, "website: {setting: site}", site=value).version for value in ("a", "b", "a")]
    assert used[0] == used[2] != used[1]
    versions = set()
    for text in ("one {{ Email }}", "two {{ Email }}"):
        (tmp_path / "site.html").write_text(text)
        versions.add(customers(tmp_path, "website: {template: site.html}", site="a").version)
    assert len(versions) == 2


def test_rules_know_their_place_policies_and_nature(tmp_path: Path) -> None:
    rule = "website: {from: Email, write: once, on_link: overwrite, conflicts: park}\naddress: BillAddress"
    mapping = customers(tmp_path, rule)
    website, address = mapping.rules["website"], mapping.rules["address"]
    assert website.where == f"{tmp_path}/customers.yaml:6:3"
    assert (website.write, website.on_link, website.conflicts, website.rewritten) == (
        "once",
        "overwrite",
        "park",
        False,
    )
    assert address.rewritten and address.conflicts == "source_wins" and not address.again


def test_a_mapping_back_to_linked_records_compiles(tmp_path: Path) -> None:
    text = """mapping: back
from: books.Customer
to: books.Invoice
for: linked
fields:
  Memo: {template: "{{ JobStatus | title }}", own_line: true}
custom:
  Deal status: {from: JobStatus, title: true, optional: true}
"""
    made = compiled(tmp_path, back=text)
    back = made.mappings["back"]
    assert back.for_linked and not back.creates and back.rules["Memo"].own_line
    assert made.custom_fields("books")["Invoice"][0].optional


def test_source_fields_are_all_that_any_part_of_the_mapping_reads(mapping: CompiledMapping, tmp_path: Path) -> None:
    assert set(mapping.source_fields) == {"ListID", "Emails", "CompanyName", "FullName", "ParentRef", "Email"}
    assert set(mapping.target_fields) == {"name", "website", "custom"}


def test_a_record_that_is_its_own_only_child_is_read_with_what_the_childs_rules_name(tmp_path: Path) -> None:
    text = """mapping: sales
from: books.Invoice
to: crm.deal
fields: {title: RefNumber}
children:
  products:
    each: "[@]"
    key: TxnID
    fields: {product_id: {value: "1"}, quantity: {value: 1}, item_price: Total, comments: Memo}
"""
    assert {"Total", "Memo"} <= set(compiled(tmp_path, sales=text).mappings["sales"].source_fields)


def test_a_selector_of_a_relation_is_usable_on_its_own() -> None:
    relation = Selector.compile("AppliedToTxnRet[?TxnType=='Invoice'].TxnID")
    read = {"AppliedToTxnRet": [{"TxnType": "Invoice", "TxnID": "a"}, {"TxnType": "CreditMemo", "TxnID": "b"}]}
    assert relation.value(read) == ["a"]
