"""Elements, groups, several sources of one target, what is left out, and what happens when a source is gone."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.mapping.compiled import CompiledMapping
from engine.mapping.draft import Draft, Element, GoneDraft, NotRead
from tests.engine.mapping.world import context, customers, drafted, one, record
from tests.engine.specs.catalogues import compiled

INVOICES = """mapping: invoices
from: books.Invoice
to: crm.deal
since: {setting: first_day}
one_per: [CustomerRef.ListID, PONumber]
combine: {value: sum, Paid: all, Due: max, lost_reason: min}
fields:
  title: {template: "Invoice {{ RefNumber }}"}
  value: Total
  currency: CurrencyCode
  lost_reason: RefNumber
custom:
  Paid: {from: IsPaid, choose: {true: Paid, false: Open}}
  Due: DueDate
children:
  products:
    each: Lines
    key: LineKey
    fields: {product_id: {value: "9"}, quantity: LineQuantity, item_price: LinePrice}
when_voided: {fields: {status: {value: lost}}, append: {lost_reason: "Voided {{ today }}"}}
when_deleted: {fields: {lost_reason: {value: Deleted}}}
"""
PRESET = "settings:\n  first_day: {type: date, help: x, default: null}\n"
PAYMENTS = """mapping: payments
from: books.Payment
to: crm.note
each: AppliedToTxnRet
key: [record.TxnID, TxnID]
only: TxnType == 'Invoice'
fields:
  deal_id: {from: TxnID, via: invoices, otherwise: wait}
  add_time: record.TxnDate
  content:
    template: >-
      {{ Amount | amount }}{% for i in linked.invoices %} {{ i.RefNumber }} {{ i.BalanceRemaining }}{% endfor %}
    again_when: [Amount, record.PaymentMethodRef.FullName]
when_gone: {append: "Reversed on {{ today }}"}
"""


@pytest.fixture
def invoices(tmp_path: Path) -> CompiledMapping:
    return compiled(tmp_path, preset=PRESET, invoices=INVOICES).mappings["invoices"]


@pytest.fixture
def payments(tmp_path: Path) -> CompiledMapping:
    return compiled(tmp_path, preset=PRESET, invoices=INVOICES, payments=PAYMENTS).mappings["payments"]


def invoice(key: str = "T1", **values: Any) -> dict[str, Any]:
    line = {"LineKey": "1", "LineQuantity": Decimal(1), "LinePrice": Decimal(values.get("Total", 10))}
    read = {"RefNumber": "R1", "Total": Decimal(10), "CurrencyCode": "USD", "IsPaid": True, "Lines": [line],
            "CustomerRef": {"ListID": "C1"}, "PONumber": "P1"}  # fmt: skip
    return record("Invoice", **{**read, "TxnID": key, **values})


def payment(*applied: dict[str, Any], **values: Any) -> dict[str, Any]:
    return record("Payment", TxnID="P1", TxnDate="2026-01-31", AppliedToTxnRet=list(applied), **values)


def applied(key: str | None, kind: str = "Invoice") -> dict[str, Any]:
    return {"TxnID": key, "TxnType": kind, "Amount": Decimal(5)}


# ------------------------------------------------------------------------------------------------------- elements
def test_a_record_is_its_own_element_under_its_key(invoices: CompiledMapping) -> None:
    assert [element.key for element in invoices.elements(invoice("8000000E-1700000014"))] == ["8000000E-1700000014"]


def test_each_element_of_a_list_has_a_key_of_its_own(payments: CompiledMapping) -> None:
    assert [element.key for element in payments.elements(payment(applied("T1"), applied("T2")))] == ["P1|T1", "P1|T2"]


def test_parts_of_a_key_cannot_run_into_one_another(payments: CompiledMapping) -> None:
    (first,) = payments.elements({**payment(applied("b|c")), "TxnID": "a"})
    (second,) = payments.elements({**payment(applied("c")), "TxnID": "a|b"})
    assert first.key != second.key


def test_elements_that_cannot_be_told_apart_are_a_problem(payments: CompiledMapping) -> None:
    read = payment(applied("T1"), applied("T1"), applied(None))
    problems = [drafted_problem(payments, element) for element in payments.elements(read)]
    assert problems == ["two elements have the key P1|T1", "an element has no key"]


def drafted_problem(mapping: CompiledMapping, element: Element) -> str:
    return next(one.message for one in mapping.draft(element, context()).problems if one.field == "key")


def test_a_list_that_was_not_read_allows_no_conclusion(payments: CompiledMapping) -> None:
    read = payment()
    assert payments.elements(read) == []
    del read["AppliedToTxnRet"]
    with pytest.raises(NotRead):
        payments.elements(read)


def test_an_element_sees_its_own_fields_and_the_whole_record(payments: CompiledMapping) -> None:
    behind = [{"RefNumber": "7", "BalanceRemaining": Decimal("2.50"), "read_at": "2026-01-31T10:00:00-05:00"}]
    (element,) = payments.elements(payment(applied("T1")))
    draft = payments.draft(element, context(linked={"invoices": behind}))
    assert draft.values["add_time"] == "2026-01-31T17:00:00Z" and draft.values["content"] == "5.00 7 2.50"


def test_what_again_when_watches_is_handed_over_for_comparison(payments: CompiledMapping) -> None:
    read = payment(applied("T1"), PaymentMethodRef={"FullName": "Check"})
    draft = drafted(payments, read)
    assert draft.again == {"content": [Decimal(5), "Check"]} and payments.rules["content"].again
    del read["PaymentMethodRef"]
    assert drafted(payments, read).again == {}


def test_templates_make_the_linked_records_fields_be_read(tmp_path: Path) -> None:
    made = compiled(tmp_path, preset=PRESET, invoices=INVOICES, payments=PAYMENTS)
    assert made.mappings["payments"].linked == ("invoices",)
    assert "BalanceRemaining" in made.mappings["invoices"].source_fields
    assert made.mappings["payments"].source_fields == ("TxnID", "AppliedToTxnRet", "TxnDate", "PaymentMethodRef")


# ------------------------------------------------------------------------------------------------------- left out
def test_only_and_since_say_which_of_them_left_it_out(tmp_path: Path) -> None:
    made = compiled(tmp_path, {"first_day": "2026-01-01"}, preset=PRESET, invoices=INVOICES, payments=PAYMENTS)
    payments, invoices = made.mappings["payments"], made.mappings["invoices"]
    (credit,) = payments.elements(payment(applied("T1", "CreditMemo")))
    assert (payments.left_out(credit, True) or "").startswith("only:")
    old = one(invoices, invoice(TxnDate="2025-12-31"))
    assert invoices.left_out(old, False) == "since: its TxnDate is before 2026-01-01"
    assert invoices.left_out(old, True) is None
    assert invoices.left_out(one(invoices, invoice(TxnDate="2026-01-01")), False) is None


def test_an_optional_since_that_is_not_given_leaves_nothing_out(invoices: CompiledMapping) -> None:
    assert invoices.since is None and invoices.left_out(one(invoices, invoice(TxnDate="1999-01-01")), False) is None


def test_a_job_shares_its_parents_link(tmp_path: Path) -> None:
    mapping = customers(tmp_path, "", "same_as: {when: IsJob, source: ParentRef.ListID}\n")
    assert mapping.same_as(record("Customer", IsJob=True, ParentRef={"ListID": "C9"})) == "C9"
    assert mapping.same_as(record("Customer", IsJob=False, ParentRef={"ListID": "C9"})) is None
    assert mapping.same_as(record("Customer", IsJob=True)) is None
    assert mapping.same_as({"ListID": "C1", "ParentRef": {"ListID": "C9"}}) is None


# --------------------------------------------------------------------------------------------------------- groups
@pytest.mark.parametrize(
    "absent", [{"PONumber": None}, {"PONumber": ""}, {"CustomerRef": None}, {"CurrencyCode": None}]
)
def test_a_record_that_lacks_a_part_of_the_key_is_a_group_of_its_own(
    absent: dict[str, Any], invoices: CompiledMapping
) -> None:
    assert invoices.group(invoice()) == "C1|P1|USD"
    assert invoices.group(invoice(**absent)) is None


def combined(mapping: CompiledMapping, *records: dict[str, Any]) -> Draft:
    return mapping.combine([(read["TxnID"], drafted(mapping, read)) for read in records])


def test_several_sources_are_combined_before_their_transforms(invoices: CompiledMapping) -> None:
    draft = combined(
        invoices,
        invoice("T1", RefNumber="2", Total=Decimal("10.10"), DueDate="2026-01-01"),
        invoice("T2", RefNumber="1", Total=Decimal("5.05"), DueDate="2026-03-01", IsPaid=False),
    )
    assert draft.values == {
        "title": "Invoice 2", "value": Decimal("15.15"), "currency": "USD", "lost_reason": "1",
        "custom.Paid": "Open", "custom.Due": "2026-03-01"}  # fmt: skip
    assert draft.currency == "USD"


def test_children_are_the_union_keyed_by_source_and_line_even_of_one_source(invoices: CompiledMapping) -> None:
    assert [child.key for child in combined(invoices, invoice("T1")).children["products"]] == ["T1|1"]
    both = combined(invoices, invoice("T1"), invoice("T2")).children["products"]
    assert [child.key for child in both] == ["T1|1", "T2|1"]


def test_a_part_that_was_not_read_leaves_what_depends_on_it_alone(invoices: CompiledMapping) -> None:
    second = invoice("T2")
    del second["Total"], second["Lines"]
    draft = combined(invoices, invoice("T1"), second)
    assert "value" not in draft.values and "products" not in draft.children and draft.values["custom.Paid"] == "Paid"


def test_a_skipped_source_counts_for_nothing(invoices: CompiledMapping) -> None:
    skipped = drafted(invoices, invoice("T2"))
    skipped.skip = "its customer is gone"
    draft = invoices.combine([("T1", drafted(invoices, invoice("T1"))), ("T2", skipped)])
    assert draft.values["value"] == Decimal(10) and draft.skip is None and len(draft.children["products"]) == 1


def test_a_problem_of_a_secondary_source_counts_where_it_reaches_the_target(invoices: CompiledMapping) -> None:
    bad = invoice("T2", CurrencyCode="DOLLAR", Lines=[{"LineKey": "1", "LineQuantity": None, "LinePrice": Decimal(1)}])
    draft = combined(invoices, invoice("T1"), bad)
    assert [one.field for one in draft.problems] == ["products[1].quantity"]


# ----------------------------------------------------------------------------------------------------------- gone
def test_what_is_written_when_a_source_is_gone(invoices: CompiledMapping) -> None:
    element = one(invoices, invoice())
    assert invoices.gone("voided", element, context()) == GoneDraft(
        {"status": "lost"}, None, {"lost_reason": "Voided 2026-07-01"}
    )
    assert invoices.gone("deleted", element, context()) == GoneDraft({"lost_reason": "Deleted"})
    assert invoices.gone("gone", element, context()) is None


def test_when_gone_stands_for_every_way_and_finds_its_field(payments: CompiledMapping) -> None:
    vanished = Element("P1|T1", {}, {})
    for how in ("gone", "deleted", "voided"):
        made = payments.gone(how, vanished, context())  # type: ignore[arg-type]
        assert made == GoneDraft({}, None, {"content": "Reversed on 2026-07-01"})


def test_a_text_about_what_is_gone_that_cannot_be_made_is_a_problem_with_its_place(tmp_path: Path) -> None:
    ends = INVOICES.replace("Voided {{ today }}", "{{ Lines }}")
    mapping = compiled(tmp_path, preset=PRESET, invoices=ends).mappings["invoices"]
    made = mapping.gone("voided", one(mapping, invoice()), context())
    assert made is not None and made.append == {} and made.values == {"status": "lost"}
    (problem,) = made.problems
    assert problem.field == "lost_reason" and problem.where.startswith(f"{tmp_path}/invoices.yaml:20:")


@pytest.mark.parametrize(("paid", "how", "becomes"), [
    ([True, False], "any", "Paid"), ([False, None], "any", "Open"), ([True, True], "all", "Paid"),
    ([True, None], "all", "Open")])  # fmt: skip
def test_all_and_any_count_what_is_null_as_false(paid: list[Any], how: str, becomes: str, tmp_path: Path) -> None:
    text = INVOICES.replace("Paid: all", f"Paid: {how}")
    mapping = compiled(tmp_path, preset=PRESET, invoices=text).mappings["invoices"]
    draft = combined(mapping, *(invoice(f"T{n}", IsPaid=each) for n, each in enumerate(paid)))
    assert draft.values["custom.Paid"] == becomes


def test_a_sum_leaves_out_what_is_null_and_is_null_of_nothing(invoices: CompiledMapping) -> None:
    first, second = {**invoice("T1"), "Total": None}, {**invoice("T2"), "Total": None}
    assert combined(invoices, first, invoice("T2")).values["value"] == Decimal(10)
    assert combined(invoices, first, second).values["value"] is None


def test_what_only_the_primary_gives_is_the_primarys(invoices: CompiledMapping) -> None:
    first, second = invoice("T1", RefNumber="9"), invoice("T2", RefNumber="1")
    assert combined(invoices, first, second).values["title"] == "Invoice 9"
    assert combined(invoices, second, first).values["title"] == "Invoice 1"
