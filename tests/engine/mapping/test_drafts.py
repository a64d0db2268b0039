"""What a mapping makes of a record: values, references, problems, and what it leaves alone."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.mapping.draft import Problem, Resolved, Wait
from engine.protocol import Option
from tests.engine.mapping.world import context, customers, drafted, record
from tests.engine.specs.catalogues import compiled


def test_a_field_that_was_not_read_leaves_the_target_alone_and_null_clears_it(tmp_path: Path) -> None:
    mapping = customers(tmp_path, "website: Email\nstaff: Balance")
    values = record("Customer", FullName="A")
    assert drafted(mapping, values).values == {"name": "A", "website": None, "staff": None}
    del values["Email"]
    assert drafted(mapping, values).values == {"name": "A", "staff": None}


def test_empty_text_is_neither_missing_nor_null(tmp_path: Path) -> None:
    mapping = customers(tmp_path, "website: {from: Email, default: none}")
    assert drafted(mapping, record("Customer", FullName="A", Email="")).values["website"] == ""


@pytest.mark.parametrize("values", [{"Email": None}, {}])
def test_a_default_fills_what_is_null_or_missing(values: dict[str, Any], tmp_path: Path) -> None:
    mapping = customers(tmp_path, "website: {from: Email, lower: true, default: None given}")
    read = record("Customer", FullName="A")
    del read["Email"]
    assert drafted(mapping, {**read, **values}).values["website"] == "None given"


def test_a_name_in_an_expression_that_was_not_read_leaves_the_whole_alone(tmp_path: Path) -> None:
    mapping = customers(tmp_path, "website: CompanyName || Email\nlabels: Emails")
    read = record("Customer", FullName="A", Email="x")
    del read["CompanyName"], read["Emails"]
    assert drafted(mapping, read).values == {"name": "A"}


def test_a_template_sees_null_as_nothing_and_leaves_alone_what_was_not_read(tmp_path: Path) -> None:
    mapping = customers(tmp_path, 'website: {template: "<{{ Email }}{{ ParentRef.FullName }}>"}')
    read = record("Customer", FullName="A", ParentRef=None)
    assert drafted(mapping, read).values["website"] == "<>"
    del read["Email"]
    assert "website" not in drafted(mapping, read).values


def test_an_optional_setting_that_is_not_given_leaves_the_field_alone(tmp_path: Path) -> None:
    mapping = customers(tmp_path, "website: {setting: site}", site=None)
    assert drafted(mapping, record("Customer", FullName="A")).values == {"name": "A"}


def test_several_transforms_apply_in_their_order(tmp_path: Path) -> None:
    mapping = customers(
        tmp_path, "website: {from: Email, transform: [trim, {replace: {'@': ' at '}}, {truncate: 8}, upper]}"
    )
    assert drafted(mapping, record("Customer", FullName="A", Email="  ann@b.example ")).values["website"] == "ANN AT B"


def test_numbers_stay_exact(tmp_path: Path) -> None:
    mapping = customers(tmp_path, "staff: Balance")
    value = drafted(mapping, record("Customer", FullName="A", Balance=Decimal("1234567890.10"))).values["staff"]
    assert str(value) == "1234567890.10"


@pytest.mark.parametrize(
    ("given", "becomes"),
    [
        ("2026-01-31", "2026-01-31T17:00:00Z"),  # noon in New York, winter
        ("2026-07-01", "2026-07-01T16:00:00Z"),  # and summer
        ("2026-01-31T23:59:59-05:00", "2026-02-01T04:59:59Z"),
        ("2026-01-31T09:30:00", "2026-01-31T14:30:00Z"),
    ],
)
def test_a_time_is_utc_and_a_date_means_noon_in_the_connections_zone(given: str, becomes: str, tmp_path: Path) -> None:
    mapping = customers(tmp_path, "seen_at: TimeModified")
    assert drafted(mapping, record("Customer", FullName="A", TimeModified=given)).values["seen_at"] == becomes


def test_an_address_takes_the_common_shape(tmp_path: Path) -> None:
    mapping = customers(tmp_path, "address: BillAddress")
    address = {"Addr1": "Acme", "Addr2": "1 Main St", "City": "Troy", "State": "NY", "Zip": "01234", "Country": None}
    made = drafted(mapping, record("Customer", FullName="A", BillAddress=address)).values["address"]
    assert made == {
        "lines": ["Acme", "1 Main St"],
        "city": "Troy",
        "region": "NY",
        "postal_code": "01234",
        "country": None,
    }
    empty = dict.fromkeys(address)
    assert drafted(mapping, record("Customer", FullName="A", BillAddress=empty)).values["address"] is None


@pytest.mark.parametrize(
    ("rule", "values", "field", "says"),
    [
        ("website: Email", {"FullName": "A" * 61}, "name", "61 characters"),
        ("website: Email", {"FullName": None}, "name", "needs a value"),
        ("website: Email", {"Email": Decimal(5)}, "website", "not text"),
        ("staff: {from: Email, number: true}", {"Email": "five"}, "staff", "not a number"),
        ("founded: {from: Email, date: '%d/%m/%Y'}", {"Email": "2/30"}, "founded", "not of the form"),
        ("rank: Email", {"Email": "middle"}, "rank", "not one of the options"),
        ("website: {from: Email, choose: {a: b}}", {"Email": "c"}, "website", "does not say what 'c' becomes"),
        ("website: join(', ', Emails)", {"Emails": None}, "website", "join() was given null"),
        ('website: {template: "{{ Emails }}"}', {"Emails": ["a"]}, "website", "prints a list"),
    ],
)
def test_what_does_not_fit_is_a_problem_with_its_place_and_nothing_is_cut(
    rule: str, values: dict[str, Any], field: str, says: str, tmp_path: Path
) -> None:
    draft = drafted(customers(tmp_path, rule), record("Customer", **{"FullName": "A", **values}))
    (problem,) = draft.problems
    assert isinstance(problem, Problem) and problem.field == field and says in problem.message
    assert problem.where.startswith(f"{tmp_path}/customers.yaml:") and field not in draft.values


def test_a_value_that_choose_does_not_name_takes_the_default(tmp_path: Path) -> None:
    mapping = customers(tmp_path, "website: {from: Email, choose: {a: b}, default: other}")
    assert drafted(mapping, record("Customer", FullName="A", Email="c")).values["website"] == "other"


def test_a_trace_tells_how_each_field_came_to_its_value(tmp_path: Path) -> None:
    mapping = customers(tmp_path, "website: {from: Email, transform: [trim, upper]}")
    draft = drafted(mapping, record("Customer", FullName="A", Email=" a "), trace=True)
    line = next(one for one in draft.trace if one.field == "website")
    assert (line.input, line.steps, line.output) == (" a ", (("trim", "a"), ("upper", "A")), "A")
    assert line.where == f"{tmp_path}/customers.yaml:6:3"


# ----------------------------------------------------------------------------------------------------- references
REFERENCES = {
    "reps": "mapping: reps\nfrom: books.SalesRep\nto: crm.user\ncreate: never\n",
    "types": "mapping: types\nfrom: books.CustomerType\nto: crm.organization_option\n"
    "scope: {field: {value: Customer type}}\nfields: {label: FullName}\n",
    "items": "mapping: items\nfrom: books.Item\nto: crm.product\nfields: {name: FullName}\n",
    "customers": "mapping: customers\nfrom: books.Customer\nto: crm.organization\nfields:\n  name: FullName\n"
    "  owner_id: {from: SalesRepRef.ListID, via: reps}\n"
    "custom:\n  Customer type: {from: CustomerTypeRef.ListID, via: types}\n",
    "invoices": "mapping: invoices\nfrom: books.Invoice\nto: crm.deal\nfields:\n  title: RefNumber\n"
    "  org_id: {from: CustomerRef.ListID, via: customers, otherwise: wait}\n"
    "  stage: {from: PONumber, via: customers, otherwise: skip}\n"
    "children:\n  products:\n    each: Lines\n    key: LineKey\n    fields:\n"
    "      product_id: {from: ItemRef.ListID, via: items, default: Generic}\n"
    "      quantity: LineQuantity\n      item_price: LinePrice\n",
}
LINE = {"LineKey": "1", "ItemRef": {"ListID": "I1"}, "Desc": None, "LineQuantity": Decimal(1), "LinePrice": Decimal(2)}


def invoice(**values: Any) -> dict[str, Any]:
    return record("Invoice", RefNumber="1", CustomerRef={"ListID": "C1"}, **values)


def test_a_reference_becomes_the_targets_key_or_its_option(tmp_path: Path) -> None:
    mapping = compiled(tmp_path, **REFERENCES).mappings["customers"]
    values = record("Customer", FullName="A", SalesRepRef={"ListID": "R1"}, CustomerTypeRef={"ListID": "T1"})
    links = {("reps", "R1"): Resolved("linked", "7"), ("types", "T1"): Resolved("linked", "Customer type/3")}
    made = drafted(mapping, values, context(links)).values
    assert made["owner_id"] == "7" and made["custom.Customer type"] == Option("organization_option", "Customer type/3")


def test_a_reference_without_a_key_clears_and_one_that_was_not_read_is_left(tmp_path: Path) -> None:
    mapping = compiled(tmp_path, **REFERENCES).mappings["customers"]
    values = record("Customer", FullName="A")
    assert drafted(mapping, values).values["owner_id"] is None
    del values["SalesRepRef"]
    assert "owner_id" not in drafted(mapping, values).values


@pytest.mark.parametrize("state", ["missing", "parked", "never"])
def test_a_required_reference_waits_with_its_reason(state: Any, tmp_path: Path) -> None:
    mapping = compiled(tmp_path, **REFERENCES).mappings["invoices"]
    draft = drafted(mapping, invoice(), context({("customers", "C1"): Resolved(state, reason="Customer C1 is new")}))
    assert draft.waits == [Wait("org_id", "customers", "C1", "Customer C1 is new")] and draft.skip is None
    assert "org_id" not in draft.values


@pytest.mark.parametrize("state", ["left_out", "gone"])
def test_a_required_reference_to_what_will_not_come_skips_the_record(state: Any, tmp_path: Path) -> None:
    mapping = compiled(tmp_path, **REFERENCES).mappings["invoices"]
    draft = drafted(mapping, invoice(), context({("customers", "C1"): Resolved(state, reason="it is old")}))
    assert draft.skip == "it is old" and draft.waits == [] and draft.left == [("customers", "C1")]


def test_an_optional_reference_is_left_and_remembered(tmp_path: Path) -> None:
    mapping = compiled(tmp_path, **REFERENCES).mappings["customers"]
    draft = drafted(mapping, record("Customer", FullName="A", SalesRepRef={"ListID": "R1"}))
    assert "owner_id" not in draft.values and draft.left == [("reps", "R1")] and draft.skip is None


def test_otherwise_skip_skips(tmp_path: Path) -> None:
    mapping = compiled(tmp_path, **REFERENCES).mappings["invoices"]
    links = {("customers", "C1"): Resolved("linked", "1")}
    draft = drafted(mapping, invoice(PONumber="P9"), context(links))
    assert draft.skip == "customers P9 is not linked yet" and draft.left == [("customers", "P9")]


def test_a_reference_of_a_child_waits_and_names_the_child(tmp_path: Path) -> None:
    mapping = compiled(tmp_path, **REFERENCES).mappings["invoices"]
    draft = drafted(mapping, invoice(Lines=[LINE]), context({("customers", "C1"): Resolved("linked", "1")}))
    assert [(one.field, one.mapping, one.key) for one in draft.waits] == [("products[1].product_id", "items", "I1")]


def test_a_default_target_is_found_by_name_or_asked_for(tmp_path: Path) -> None:
    mapping = compiled(tmp_path, **REFERENCES).mappings["invoices"]
    read = invoice(Lines=[{**LINE, "ItemRef": None}])
    draft = drafted(mapping, read)
    assert draft.names == [("items", "Generic")]
    assert "product_id" not in draft.children["products"][0].values
    there = context(named={("items", "Generic"): Resolved("linked", "55")})
    assert drafted(mapping, read, there).children["products"][0].values["product_id"] == "55"


def test_references_lists_every_key_that_rules_and_children_name(tmp_path: Path) -> None:
    mapping = compiled(tmp_path, **REFERENCES).mappings["invoices"]
    (element,) = mapping.elements(invoice(Lines=[LINE, {**LINE, "LineKey": "2"}]))
    assert mapping.references(element) == [("customers", "C1"), ("items", "I1")]


def test_a_child_list_that_was_not_read_is_absent_and_an_empty_one_is_empty(tmp_path: Path) -> None:
    mapping = compiled(tmp_path, **REFERENCES).mappings["invoices"]
    read = invoice(Lines=[])
    assert drafted(mapping, read).children == {"products": []}
    del read["Lines"]
    assert drafted(mapping, read).children == {}


def test_two_children_of_one_key_are_a_problem(tmp_path: Path) -> None:
    mapping = compiled(tmp_path, **REFERENCES).mappings["invoices"]
    draft = drafted(mapping, invoice(Lines=[LINE, LINE]))
    assert [one.message for one in draft.problems] == ["two elements have the key 1"]


def test_referenced_mappings_come_first(tmp_path: Path) -> None:
    names = list(compiled(tmp_path, **REFERENCES).mappings)
    assert names.index("reps") < names.index("customers") < names.index("invoices")
    assert names.index("items") < names.index("invoices")


@pytest.mark.parametrize("state", ["left_out", "gone"])
def test_an_optional_reference_to_what_will_not_come_is_left_without_a_word(state: Any, tmp_path: Path) -> None:
    mapping = compiled(tmp_path, **REFERENCES).mappings["customers"]
    read = record("Customer", FullName="A", SalesRepRef={"ListID": "R1"})
    draft = drafted(mapping, read, context({("reps", "R1"): Resolved(state)}))
    assert "owner_id" not in draft.values and draft.skip is None and draft.waits == []


def test_an_own_line_is_drafted_as_its_text_alone(tmp_path: Path) -> None:
    text = """mapping: back
from: books.Customer
to: books.Invoice
for: linked
fields:
  Memo: {template: "Status: {{ JobStatus | title }}", own_line: true, write: if_empty}
"""
    mapping = compiled(tmp_path, back=text).mappings["back"]
    draft = drafted(mapping, record("Customer", JobStatus="Awarded"))
    assert draft.values == {"Memo": "Status: Awarded"}
    assert (mapping.rules["Memo"].own_line, mapping.rules["Memo"].write) == (True, "if_empty")


def test_missing_null_and_empty_are_three_things_to_every_kind_of_rule(tmp_path: Path) -> None:
    rules = """website: Email
address: BillAddress
labels: Emails
staff: {from: Balance, money: true}"""
    mapping = customers(tmp_path, rules, 'custom:\n  Text: {template: "{{ Email }}"}\n')
    read = record("Customer", FullName="A", Email="", Emails=[], BillAddress="", Balance=Decimal(0))
    empty = {"website": "", "address": "", "labels": [], "staff": Decimal("0.00"), "custom.Text": ""}
    assert drafted(mapping, read).values == {"name": "A", **empty}
    null = dict.fromkeys(("Email", "Emails", "BillAddress", "Balance"))
    cleared = {"website": None, "address": None, "labels": None, "staff": None, "custom.Text": ""}
    assert drafted(mapping, {**read, **null}).values == {"name": "A", **cleared}
    assert drafted(mapping, {name: value for name, value in read.items() if name not in null}).values == {"name": "A"}


def test_a_value_that_cannot_be_converted_is_named_with_its_rule_and_the_others_are_drafted(tmp_path: Path) -> None:
    mapping = customers(tmp_path, "staff: {from: Email, transform: [trim, number]}\nvip: IsActive")
    draft = drafted(mapping, record("Customer", FullName="A", Email=" 12 apples ", IsActive=True))
    (problem,) = draft.problems
    assert (problem.field, problem.value, problem.where) == ("staff", "12 apples", f"{tmp_path}/customers.yaml:6:3")
    assert draft.values == {"name": "A", "vip": True}
