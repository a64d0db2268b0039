"""Derived fields: formulas on records as the reader gives them, and lines that always add up."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import jmespath
import pytest
from hypothesis import given, strategies as st

from connectors.quickbooks_desktop.connector import QuickBooksDesktop
from connectors.quickbooks_desktop.entities import sources

CENT = Decimal("0.01")
D = Decimal
derive = QuickBooksDesktop.derive


def enrich(entity: str, record: dict[str, Any], **held: dict[str, Any]) -> dict[str, Any]:
    return QuickBooksDesktop.enrich(entity, record, lambda kind, key: held[f"{kind}_{key}"])


def line(key: str, item: str | None = "I", **values: Any) -> dict[str, Any]:
    blank = {"ItemRef": {"ListID": item, "FullName": "x"} if item else None}
    blank |= dict.fromkeys(("Desc", "Quantity", "Rate", "RatePercent", "Amount"))
    return {"TxnLineID": key, **blank, **values}


def invoice(
    *lines: dict[str, Any], groups: tuple[dict[str, Any], ...] = (), tax: Decimal | None = None
) -> dict[str, Any]:
    return {"InvoiceLineRet": list(lines), "InvoiceLineGroupRet": list(groups), "SalesTaxTotal": tax}


ITEMS = {"Item_I": {"Kind": "Service"}, "Item_S": {"Kind": "Subtotal"}, "Item_D": {"Kind": "Discount"}}


def lines_of(record: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = enrich("Invoice", record, **ITEMS)["Lines"]
    return found


def brief(record: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(one["LineKey"], one["LineQuantity"], one["LinePrice"], one["LineAmount"]) for one in lines_of(record)]


# ------------------------------------------------------------------------------------------------------- customers
@pytest.mark.parametrize(
    ("parent", "level", "is_job"),
    [(None, D(0), False), ({"ListID": "1"}, D(1), True), (None, D(2), True), (None, None, False)],
)
def test_a_customer_with_a_parent_or_a_level_is_a_job(parent: Any, level: Any, is_job: bool) -> None:
    assert derive("Customer", {"ParentRef": parent, "Sublevel": level}, None)["IsJob"] is is_job


def test_addresses_are_split_lower_cased_and_unique() -> None:
    text = "Ann@Acme.com, ap@acme.com;ann@acme.com  b@x.org;"
    assert derive("Customer", {"Email": text}, None)["Emails"] == ["ann@acme.com", "ap@acme.com", "b@x.org"]
    assert derive("Customer", {"Email": None}, None)["Emails"] == []


def test_what_was_not_asked_for_is_not_derived() -> None:
    assert derive("Customer", {"Name": "Acme"}, None) == {"Name": "Acme"}
    assert enrich("Invoice", {"Memo": None}) == {"Memo": None}


# -------------------------------------------------------------------------------------------------------- invoices
def test_a_total_is_subtotal_and_tax() -> None:
    amounts = {"Subtotal": D("200.00"), "SalesTaxTotal": D("15.50")}
    assert derive("Invoice", amounts, None)["Total"] == D("215.50")
    assert derive("Invoice", {**amounts, "SalesTaxTotal": None}, None)["Total"] == D("200.00")


def amounts(subtotal: str, memo: str | None = None, **more: Any) -> dict[str, Any]:
    zero = {"SalesTaxTotal": D(0), "AppliedAmount": None, "BalanceRemaining": D("0.00")}
    return {"Subtotal": D(subtotal), **zero, "Memo": memo, **more}


@pytest.mark.parametrize(
    ("now", "earlier", "voided"),
    [
        (amounts("0.00", "VOID: paid twice"), None, True),
        (amounts("0.00"), None, False),
        (amounts("0.00"), amounts("12.00"), True),
        (amounts("0.00"), amounts("0.00", IsVoided=True), True),
        (amounts("0.00"), amounts("0.00", IsVoided=False), False),
        (amounts("5.00", "VOID: no"), amounts("12.00"), False),
        (amounts("0.00", BalanceRemaining=D("1.00")), amounts("12.00"), False),
    ],
)
def test_an_invoice_is_voided_when_all_is_zero_and_it_was_not_or_its_memo_says_so(
    now: dict[str, Any], earlier: dict[str, Any] | None, voided: bool
) -> None:
    assert derive("Invoice", now, earlier)["IsVoided"] is voided


def test_a_payment_is_voided_likewise() -> None:
    assert derive("ReceivePayment", {"TotalAmount": D(0), "Memo": "VOID:"}, None)["IsVoided"] is True
    assert derive("ReceivePayment", {"TotalAmount": D(0), "Memo": None}, {"TotalAmount": D(5)})["IsVoided"] is True
    assert derive("ReceivePayment", {"TotalAmount": D(5), "Memo": None}, {"TotalAmount": D(5)})["IsVoided"] is False


@pytest.mark.parametrize("entity", ["SalesReceipt", "CreditMemo", "Bill", "BillPaymentCheck"])
def test_other_transactions_are_voided_likewise(entity: str) -> None:
    field = sources()[entity].entity.field("IsVoided")
    assert field is not None and sources()[entity].entity.voids == "IsVoided"
    names = [name for name in field.needs if name != "Memo"]
    nothing = {**dict.fromkeys(names, D("0.00")), "Memo": None}
    assert derive(entity, {**nothing, "Memo": "VOID: twice"}, None)["IsVoided"] is True
    assert derive(entity, nothing, None)["IsVoided"] is False
    for name in names:
        assert derive(entity, nothing, {**nothing, name: D(5)})["IsVoided"] is True
        assert derive(entity, {**nothing, name: D(5)}, {**nothing, name: D(5)})["IsVoided"] is False


def test_the_currency_is_the_invoices_else_the_companys() -> None:
    own = {"CurrencyRef": {"ListID": "E", "FullName": "Euro"}, "HomeCurrencyCode": "USD"}
    assert enrich("Invoice", own, Currency_E={"CurrencyCode": "EUR"})["CurrencyCode"] == "EUR"
    assert enrich("ReceivePayment", {**own, "CurrencyRef": None})["CurrencyCode"] == "USD"


def test_a_record_that_is_not_held_yet_makes_the_invoice_wait() -> None:
    with pytest.raises(KeyError):
        enrich("Invoice", invoice(line("1", "not held")))
    with pytest.raises(KeyError):
        enrich("Invoice", {"CurrencyRef": {"ListID": "E"}})


# ----------------------------------------------------------------------------------------------------------- lines
def test_an_item_line_keeps_quantity_and_rate() -> None:
    (only,) = lines_of(invoice(line("1", Desc="Install", Quantity=D(4), Rate=D("50.00"), Amount=D("200.00"))))
    assert only == {
        "LineKey": "1", "ItemRef": {"ListID": "I", "FullName": "x"}, "Desc": "Install", "LineQuantity": D(4),
        "LinePrice": D("50.00"), "LineAmount": D("200.00"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"Quantity": D(3), "Rate": D("33.33"), "Amount": D("100.00")}, "Work (3 × 33.33)"),
        ({"RatePercent": D("-10.0"), "Amount": D("-20.00")}, "Work (-10 %)"),
        ({"Quantity": D("2.50"), "Amount": D("-20.00")}, "Work (2.5)"),
        ({"Quantity": D(2), "Rate": D("5.00")}, "Work (2 × 5)"),
    ],
)
def test_what_quantity_and_rate_do_not_make_is_one_at_the_amount_with_the_truth_in_words(
    values: dict[str, Any], words: str
) -> None:
    (only,) = lines_of(invoice(line("1", Desc="Work", **values)))
    amount = values.get("Amount", D(0))
    assert (only["LineQuantity"], only["LinePrice"], only["Desc"]) == (D(1), amount, words)


def test_rounding_to_the_cent_is_no_difference() -> None:
    assert brief(invoice(line("1", Quantity=D("2.5"), Rate=D("0.33"), Amount=D("0.83")))) == [
        ("1", D("2.5"), D("0.33"), D("0.83"))
    ]


@pytest.mark.parametrize(
    ("quantity", "rate", "amount"), [("3", "0.33333", "1.00"), ("8", "0.125", "1.00"), ("-2", "5", "-10")]
)
def test_a_price_of_parts_of_a_cent_and_a_negative_count_become_one_at_the_amount(
    quantity: str, rate: str, amount: str
) -> None:
    (made,) = brief(invoice(line("1", Quantity=D(quantity), Rate=D(rate), Amount=D(amount))))
    assert made == ("1", D(1), D(amount), D(amount))


def test_subtotals_and_descriptions_cost_nothing_and_discounts_are_negative() -> None:
    lines = (
        line("1", Quantity=D(1), Rate=D("80.00"), Amount=D("80.00")),
        line("2", "S", Amount=D("80.00")),
        line("3", None, Desc="Thank you"),
        line("4", "D", Rate=D("-8.00"), Amount=D("-8.00")),
    )
    assert brief(invoice(*lines)) == [
        ("1", D(1), D("80.00"), D("80.00")), ("2", D(1), D(0), D(0)), ("3", D(1), D(0), D(0)),
        ("4", D(1), D("-8.00"), D("-8.00")),
    ]  # fmt: skip


def test_a_group_is_its_members_in_its_place() -> None:
    group = {
        "TxnLineID": "g", "Position": D(2), "ItemGroupRef": {"ListID": "G"}, "TotalAmount": D("30.00"),
        "InvoiceLineRet": [line("m1", Amount=D("10.00")), line("m2", Amount=D("20.00"))],
    }  # fmt: skip
    record = invoice(line("1", Position=D(1)), line("3", Position=D(3)), groups=(group,))
    assert [key for key, *_ in brief(record)] == ["1", "m1", "m2", "3"]


@pytest.mark.parametrize("entity", ["Estimate", "SalesOrder", "SalesReceipt", "CreditMemo"])
def test_other_sales_have_lines_as_an_invoice_has_them(entity: str) -> None:
    group = {"TxnLineID": "g", "Position": D(2), "ItemGroupRef": {"ListID": "G"}, "TotalAmount": D("30.00")}
    members = [line("m1", Amount=D("10.00")), line("m2", "S", Amount=D("20.00"))]
    first = line("1", Position=D(1), Quantity=D(2), Rate=D("4.00"), Amount=D("8.00"))
    same = invoice(first, groups=(group | {"InvoiceLineRet": members},), tax=D("1.00"))
    record = {
        f"{entity}LineRet": [first], f"{entity}LineGroupRet": [group | {f"{entity}LineRet": members}],
        "SalesTaxTotal": D("1.00"),
    }  # fmt: skip
    assert enrich(entity, record, **ITEMS)["Lines"] == lines_of(same)


def test_sales_tax_is_a_line_of_its_own_when_there_is_any() -> None:
    assert lines_of(invoice(tax=D("7.75"))) == [
        {
            "LineKey": "tax", "ItemRef": None, "Desc": "Sales tax", "LineQuantity": D(1), "LinePrice": D("7.75"),
            "LineAmount": D("7.75"),
        }
    ]  # fmt: skip
    assert lines_of(invoice(tax=D("0.00"))) == []


cents = st.integers(-10_000_00, 10_000_00).map(lambda number: D(number) / 100)
quantities = st.one_of(st.none(), st.decimals("0", "1000", places=5), st.decimals("0", "50", places=0))
rates = st.one_of(st.none(), st.decimals("-999", "999", places=5))


@st.composite
def item_lines(draw: st.DrawFn) -> dict[str, Any]:
    """A line as QuickBooks may have computed it, or as a person overtyped its amount."""
    quantity, rate = draw(quantities), draw(rates)
    percent = draw(st.one_of(st.none(), st.decimals("-100", "100", places=2))) if rate is None else None
    computed = ((D(1) if quantity is None else quantity) * (rate or 0)).quantize(CENT, ROUND_HALF_UP)
    amount = computed if rate is not None and draw(st.booleans()) else draw(st.one_of(st.none(), cents))
    return line(
        "k", draw(st.sampled_from(["I", "D", None])), Quantity=quantity, Rate=rate, RatePercent=percent, Amount=amount
    )


@given(
    st.lists(item_lines(), max_size=5),
    st.lists(st.lists(item_lines(), min_size=1, max_size=3), max_size=2),
    st.lists(cents, max_size=2),
    st.one_of(st.none(), cents),
)
def test_lines_add_up_to_the_total_of_every_consistent_invoice(
    plain: list[dict[str, Any]], groups: list[list[dict[str, Any]]], subtotals: list[Decimal], tax: Decimal | None
) -> None:
    def worth(lines: list[dict[str, Any]]) -> Decimal:
        return sum((one["Amount"] or D(0) for one in lines), D(0))

    grouped = tuple(
        {"TxnLineID": "g", "ItemGroupRef": {"ListID": "G"}, "TotalAmount": worth(one), "InvoiceLineRet": one}
        for one in groups
    )
    repeated = [line("s", "S", Amount=amount) for amount in subtotals]
    record = invoice(*plain, *repeated, groups=grouped, tax=tax)
    record["Subtotal"] = worth(plain) + sum((worth(one) for one in groups), D(0))
    record = derive("Invoice", record, None)
    found = lines_of(record)
    assert sum((one["LineAmount"] for one in found), D(0)) == record["Total"]
    for one in found:
        made = (one["LineQuantity"] * one["LinePrice"]).quantize(CENT, ROUND_HALF_UP)
        assert made == one["LineAmount"]


# ------------------------------------------------------------------------------------------------- lists and paths
@pytest.mark.parametrize(
    ("values", "price", "words"),
    [
        ({"SalesPrice": D("4.25"), "SalesDesc": "Bulb"}, D("4.25"), "Bulb"),
        ({"SalesOrPurchase": {"Price": D("85.00"), "Desc": "Hour"}}, D("85.00"), "Hour"),
        ({"SalesAndPurchase": {"SalesPrice": D("9.00"), "SalesDesc": "Both"}}, D("9.00"), "Both"),
        ({"DiscountRate": D("5.00"), "ItemDesc": "Off"}, D("5.00"), "Off"),
        ({"SalesOrPurchase": {"PricePercent": D("5")}}, None, None),
    ],
)
def test_price_and_description_come_from_where_a_kind_of_item_keeps_them(
    values: dict[str, Any], price: Decimal | None, words: str | None
) -> None:
    blank: dict[str, Any] = dict.fromkeys(shape.name for shape in sources()["Item"].shapes)
    record = derive("Item", {**blank, "Name": "Sub", **values}, None)
    assert (record["Price"], record["Description"], record["FullName"]) == (price, words, "Sub")


def test_a_sales_rep_has_the_name_and_address_of_the_person_behind_the_initials() -> None:
    record = derive("SalesRep", {"Initial": "JD", "SalesRepEntityRef": {"ListID": "E", "FullName": "Doe, Jane"}}, None)
    assert record["Name"] == "Doe, Jane"
    person = {"FirstName": "Jane", "LastName": "Doe", "Name": "Doe, Jane", "Email": "Jane@Acme.com; x@y.z"}
    known = enrich("SalesRep", record, Person_E=person)
    assert (known["Name"], known["Email"]) == ("Jane Doe", "jane@acme.com")
    bare = enrich("SalesRep", record, Person_E={"Name": "Doe, Jane"})
    assert (bare["Name"], bare["Email"]) == ("Doe, Jane", None)


def found_by(entity: str, group: str, to: str, record: dict[str, Any]) -> Any:
    (path,) = [one.path for one in getattr(sources()[entity].entity, group) if one.entity == to]
    return jmespath.search(path, record)


def test_relations_find_their_keys_and_nothing_in_records_without_any() -> None:
    group = {"InvoiceLineRet": [{"ItemRef": {"ListID": "c"}}]}
    record = {
        "InvoiceLineRet": [{"ItemRef": {"ListID": "a"}}, {"ItemRef": None}],
        "InvoiceLineGroupRet": [group],
        "LinkedTxn": [{"TxnType": "ReceivePayment", "TxnID": "p"}, {"TxnType": "Estimate", "TxnID": "e"}],
    }
    assert found_by("Invoice", "lookups", "Item", record) == ["a", "c"]
    assert found_by("Invoice", "lookups", "Item", {"InvoiceLineRet": [], "InvoiceLineGroupRet": []}) == []
    assert found_by("Invoice", "lookups", "Currency", {"CurrencyRef": {"ListID": "E"}}) == ["E"]
    assert found_by("Invoice", "lookups", "Currency", {"CurrencyRef": None}) == []
    assert found_by("Invoice", "pulls", "ReceivePayment", record) == ["p"]
    applied = [{"TxnType": "Invoice", "TxnID": "i"}, {"TxnType": "JournalEntry", "TxnID": "j"}]
    assert found_by("ReceivePayment", "touches", "Invoice", {"AppliedToTxnRet": applied}) == ["i"]
    assert found_by("SalesRep", "lookups", "Person", {"SalesRepEntityRef": {"ListID": "E"}}) == ["E"]
