"""The person at the keyboard: invoices and payments, balances and their history, lists, and the saved file."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.quickbooks_desktop.simulator.company import Company
from connectors.quickbooks_desktop.simulator.errors import StatusError

D = Decimal


def refused(code: int) -> object:
    return pytest.raises(StatusError, match=rf"^{code} ")


def test_an_invoice_adds_up_items_discounts_subtotals_groups_and_tax(company):
    txn = company.add_invoice(
        "Acme & Sons",
        [
            {"ItemRef": "Labor", "Quantity": D("1.5")},
            {"ItemRef": "Lamp", "Quantity": 3},
            {"ItemRef": "Subtotal"},
            {"ItemRef": "Ten off"},
            {"Desc": "Only words"},
            {"ItemGroupRef": "Kit", "Quantity": 2},
        ],
        CustomerSalesTaxCodeRef="Tax",
        ItemSalesTaxRef="Tax 10",
    )
    record = company.record("Invoice", txn)
    assert [line.get("Amount", line.get("TotalAmount")) for line in record["Lines"]] == [
        D("75.00"), D("59.97"), D("134.97"), D("-13.50"), None, D("179.96"),
    ]  # fmt: skip
    assert [(m["Quantity"], m["Amount"]) for m in record["Lines"][5]["InvoiceLineRet"]] == [(4, D("79.96")), (2, 100)]
    assert (record["Subtotal"], record["SalesTaxTotal"]) == (D("301.43"), D("30.14"))
    assert record["BalanceRemaining"] == D("331.57")


def test_what_an_invoice_does_not_say_comes_from_the_customer_even_for_a_job(company):
    txn = company.add_invoice("Acme & Sons:Roof", [{"ItemRef": "Labor"}], date="2026-07-05", RefNumber="77")
    record = company.record("Invoice", txn)
    assert record["TermsRef"]["FullName"] == "Net 30"
    assert record["SalesRepRef"]["FullName"] == "JD"  # the initials, not the person
    assert record["DueDate"] == "2026-08-04"
    after = company.add_invoice("Acme & Sons", [{"ItemRef": "Labor"}], date="2026-07-07", TermsRef="Tenth")
    assert company.record("Invoice", after)["RefNumber"] == "78"
    assert company.record("Invoice", after)["DueDate"] == "2026-08-10"  # the 10th of July is too near


def test_one_payment_settles_several_invoices_and_each_balance_follows(company, clock):
    acme = company.find("Customer", "Acme & Sons")
    first = company.add_invoice("Acme & Sons", [{"ItemRef": "Labor", "Quantity": 4}])
    second = company.add_invoice("Acme & Sons:Roof", [{"ItemRef": "Labor"}])
    clock.advance(days=1)
    payment = company.receive_payment(
        "Acme & Sons", {first: D("120.00"), second: {"Amount": D("49"), "DiscountAmount": D("1")}},
        method="Check", total=D("180"),
    )  # fmt: skip
    one, two = company.record("Invoice", first), company.record("Invoice", second)
    assert (one["AppliedAmount"], one["BalanceRemaining"], one["IsPaid"]) == (D("-120.00"), D("80.00"), False)
    assert (two["BalanceRemaining"], two["IsPaid"]) == (0, True)
    assert one["LinkedTxn"][0]["TxnID"] == payment
    record = company.record("ReceivePayment", payment)
    assert record["UnusedPayment"] == D("11.00")
    assert [part["TxnID"] for part in record["AppliedToTxnRet"]] == [first, second]
    shown = company.record("Customer", acme)
    assert (shown["Balance"], shown["TotalBalance"]) == (D("69.00"), D("69.00"))  # 80 open, 11 unused


def test_more_than_is_open_cannot_be_applied(company):
    txn = company.add_invoice("Acme & Sons", [{"ItemRef": "Labor"}])
    with refused(3210):
        company.receive_payment("Acme & Sons", {txn: D("50.01")})
    with refused(3120):
        company.receive_payment("Acme & Sons", {"1-1": D("1")})
    assert company.ids("ReceivePayment") == []


@pytest.mark.parametrize("touches", [False, True])
def test_a_payment_moves_its_invoices_time_stamp_only_if_so_configured(clock, touches):
    company = Company(clock=clock, payment_touches_invoice=touches)
    company.add_item("ItemService", "Labor", price=D(50))
    company.add_customer("Acme")
    txn = company.add_invoice("Acme", [{"ItemRef": "Labor"}])
    before = company.modified("Invoice", txn)
    clock.advance(days=1)
    company.receive_payment("Acme", {txn: D(10)})
    assert (company.modified("Invoice", txn) > before) is touches


def test_the_balance_at_every_moment_of_the_past_is_known(company, clock):
    start = datetime(2026, 1, 5, 12, tzinfo=UTC)
    txn = company.add_invoice("Acme & Sons", [{"ItemRef": "Labor", "Quantity": 2}], at=start)
    payment = company.receive_payment("Acme & Sons", {txn: D(30)}, at=start + timedelta(days=10))
    company.edit("Invoice", txn, at=start + timedelta(days=12), Memo="checked")
    company.void_payment(payment, at=start + timedelta(days=20))
    company.delete_transaction(txn, at=start + timedelta(days=30))
    moments = {-1: None, 0: D(100), 9: D(100), 10: D(70), 19: D(70), 20: D(100), 29: D(100), 30: None}
    assert {days: company.balance_at(txn, start + timedelta(days=days)) for days in moments} == moments
    assert [state["BalanceRemaining"] for _, state in company.history(txn)] == [100, 70, 70, 100, 0]
    assert company.history(txn)[2][1]["Memo"] == "checked"


def test_history_cannot_run_backwards_and_a_refused_act_leaves_no_trace(company, clock):
    txn = company.add_invoice("Acme & Sons", [{"ItemRef": "Labor"}])
    with pytest.raises(ValueError, match="already reaches"):
        company.receive_payment("Acme & Sons", {txn: D(10)}, at=clock.now - timedelta(days=1))
    assert company.ids("ReceivePayment") == []
    assert company.record("Invoice", txn)["BalanceRemaining"] == 50


def test_voiding_zeroes_an_invoice_marks_its_memo_and_frees_its_payment(company):
    txn = company.add_invoice("Acme & Sons", [{"ItemRef": "Labor", "Quantity": 2}], Memo="for the roof")
    payment = company.receive_payment("Acme & Sons", {txn: D(100)})
    company.void_invoice(txn)
    record = company.record("Invoice", txn)
    assert (record["Subtotal"], record["BalanceRemaining"], record["Memo"]) == (0, 0, "VOID: for the roof")
    assert record["Lines"][0]["Amount"] == 0
    assert company.record("ReceivePayment", payment)["UnusedPayment"] == 100
    assert company.deletions() == []


def test_reapplying_a_payment_opens_the_one_invoice_and_settles_the_other(company):
    first, second = (company.add_invoice("Acme & Sons", [{"ItemRef": "Labor"}]) for _ in range(2))
    payment = company.receive_payment("Acme & Sons", {first: D(50)})
    company.apply_payment(payment, {second: D(50)})
    assert company.record("Invoice", first)["BalanceRemaining"] == 50
    assert company.record("Invoice", second)["IsPaid"]
    company.delete_payment(payment)
    assert not company.record("Invoice", second)["IsPaid"]


def test_names_are_unique_across_customers_vendors_employees_and_other_names(company):
    with refused(3100):
        company.add("Vendor", Name="acme & sons")
    with refused(3090):
        company.add_customer("A:B")
    company.add_customer("Roof", parent=company.add_customer("Other"))  # another level, another name


def test_a_merged_customer_shows_as_deleted_and_its_invoices_move(company, clock):
    twin = company.add_customer("Acme and Sons")
    txn = company.add_invoice(twin, [{"ItemRef": "Labor"}])
    before = company.modified("Invoice", txn)
    clock.advance(days=1)
    company.merge("Customer", twin, company.find("Customer", "Acme & Sons"))
    assert company.record("Invoice", txn)["CustomerRef"]["FullName"] == "Acme & Sons"
    assert company.modified("Invoice", txn) == before
    assert [(d.entity, d.id) for d in company.deletions()] == [("Customer", twin)]


def test_what_is_used_cannot_be_deleted_but_made_inactive(company):
    item = company.find("ItemService", "Labor")
    company.add_invoice("Acme & Sons", [{"ItemRef": item}])
    with refused(3160):
        company.delete("ItemService", item)
    company.deactivate("ItemService", item)
    assert company.record("ItemService", item)["IsActive"] is False


def test_a_renamed_customer_renames_its_jobs_and_its_invoices_without_touching_them(company, clock):
    txn = company.add_invoice("Acme & Sons:Roof", [{"ItemRef": "Labor"}])
    clock.advance(minutes=1)
    company.edit("Customer", company.find("Customer", "Acme & Sons"), Name="Acme")
    assert company.record("Invoice", txn)["CustomerRef"]["FullName"] == "Acme:Roof"
    assert company.find("Customer", "Acme & Sons:Roof") is None


def test_mistakes_of_the_caller_are_told(company):
    with pytest.raises(KeyError, match="Ballance"):
        company.add_customer("New", Ballance=3)
    with pytest.raises(TypeError, match="Decimal"):
        company.add_customer("New", CreditLimit=3.5)
    with refused(3140):
        company.add_customer("New", TermsRef="Net 99")


def test_text_that_quickbooks_cannot_hold_becomes_question_marks(company):
    company.add_customer("Café Ω")
    assert company.find("Customer", "Café ?")


def test_several_currencies_give_every_sale_one_and_its_rate(clock):
    company = Company(clock=clock, multicurrency=True)
    company.add_item("ItemService", "Labor", price=D(50))
    company.edit("Currency", company.find("Currency", "Euro"), ExchangeRate=D("1.1"))
    company.add_customer("Berlin", CurrencyRef="Euro")
    record = company.record("Invoice", company.add_invoice("Berlin", [{"ItemRef": "Labor"}]))
    assert (record["CurrencyRef"]["FullName"], record["BalanceRemainingInHomeCurrency"]) == ("Euro", D("55.00"))


def test_a_company_survives_its_process(company, clock, tmp_path: Path):
    txn = company.add_invoice("Acme & Sons", [{"ItemRef": "Labor"}, {"ItemGroupRef": "Kit"}])
    company.receive_payment("Acme & Sons", {txn: D("12.34")})
    company.set_custom("Invoice", txn, "CRM status", "open")
    company.delete_transaction(company.add_invoice("Acme & Sons", [{"ItemRef": "Labor"}]))
    company.dump(tmp_path / "company.json")
    other = Company.load(tmp_path / "company.json", clock=clock)
    for entity in ("Customer", "Invoice", "ReceivePayment", "ItemGroup", "SalesTaxCode"):
        assert other.records(entity) == company.records(entity)
    assert other.history(txn) == company.history(txn)
    assert other.deletions() == company.deletions()
    assert other.add_customer("New") == company.add_customer("New")  # ids go on where they were


@pytest.mark.parametrize(("flatten", "memo"), [(False, "one\ntwo"), (True, "one two")])
def test_line_breaks_of_a_memo_are_flattened_only_if_so_configured(clock, flatten, memo):
    company = Company(clock=clock, flatten_line_breaks=flatten)
    company.add_customer("Acme")
    txn = company.add_invoice("Acme", [], Memo="one\ntwo")
    assert company.record("Invoice", txn)["Memo"] == memo


def test_a_person_may_work_while_programs_read(company):
    txn = company.add_invoice("Acme & Sons", [{"ItemRef": "Labor", "Quantity": 1000}])

    def pay(_: int) -> None:
        company.receive_payment("Acme & Sons", {txn: D(1)})
        assert company.records("ReceivePayment")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(pay, range(80)))
    assert company.record("Invoice", txn)["AppliedAmount"] == -80
    assert len(set(company.ids("ReceivePayment"))) == 80
