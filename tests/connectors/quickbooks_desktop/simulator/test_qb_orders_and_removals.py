"""Estimates, sales orders, voiding, deleting and custom fields through qbXML."""

from datetime import date
from decimal import Decimal

import pytest

from connectors.quickbooks_desktop.simulator.errors import HResult

D = Decimal
ACME = "<CustomerRef><FullName>Acme &amp; Sons</FullName></CustomerRef>"
KINDS = ("Estimate", "SalesOrder")


def status(answer):
    return answer.get("statusCode")


def add(kind, inside="", lines=None):
    lines = (
        lines or f"<{kind}LineAdd><ItemRef><FullName>Lamp</FullName></ItemRef><Quantity>2</Quantity></{kind}LineAdd>"
    )
    return f"<{kind}AddRq><{kind}Add>{ACME}{inside}{lines}</{kind}Add></{kind}AddRq>"


def mod(company, kind, ident, inside):
    sequence = company.record(kind, ident)["EditSequence"]
    return (
        f"<{kind}ModRq><{kind}Mod><TxnID>{ident}</TxnID><EditSequence>{sequence}</EditSequence>{inside}</{kind}Mod>"
        f"</{kind}ModRq>"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_an_order_is_priced_and_changed_and_moves_no_balance(company, ask, clock, kind):
    group = f"<{kind}LineGroupAdd><ItemGroupRef><FullName>Kit</FullName></ItemGroupRef></{kind}LineGroupAdd>"
    assert status(ask(add(kind, "<PONumber>7</PONumber>", group))[0]) == "0"
    ident = company.ids(kind)[0]
    record = company.record(kind, ident)
    assert (record["TotalAmount"], len(record["Lines"][0][f"{kind}LineRet"])) == (D("89.98"), 2)
    assert record["TermsRef"]["FullName"] == "Net 30"  # the customer's
    clock.advance(seconds=2)
    answer = ask(mod(company, kind, ident, "<Memo>later</Memo>"))[0]
    assert answer.findtext(f"{kind}Ret/Memo") == "later"
    assert company.record(kind, ident)["Lines"] == record["Lines"]
    assert company.record("Customer", company.find("Customer", "Acme & Sons"))["Balance"] == 0


@pytest.mark.reference
@pytest.mark.parametrize("kind", KINDS)
def test_the_answers_to_orders_and_removals_are_valid_by_intuits_schema(company, ask, qbxml_schema, kind):
    first = ask(add(kind))
    ident = company.ids(kind)[0]
    line = company.record(kind, ident)["Lines"][0]["TxnLineID"]
    kept = f"<{kind}LineMod><TxnLineID>{line}</TxnLineID><Quantity>3</Quantity></{kind}LineMod>"
    acme = company.find("Customer", "Acme & Sons")
    held = f"<ListDataExtType>Customer</ListDataExtType><ListObjRef><ListID>{acme}</ListID></ListObjRef>"
    named = f"<OwnerID>0</OwnerID><DataExtName>CRM status</DataExtName>{held}"
    invoice = company.add_invoice("Acme & Sons", [{"ItemRef": "Lamp"}])
    spare = company.add_customer("Spare")
    second = ask(
        mod(company, kind, ident, kept)
        + f"<DataExtAddRq><DataExtAdd>{named}<DataExtValue>x</DataExtValue></DataExtAdd></DataExtAddRq>"
        + f"<DataExtDelRq><DataExtDel>{named}</DataExtDel></DataExtDelRq>"
        + f"<TxnVoidRq><TxnVoidType>Invoice</TxnVoidType><TxnID>{invoice}</TxnID></TxnVoidRq>"
        + f"<TxnDelRq><TxnDelType>{kind}</TxnDelType><TxnID>{ident}</TxnID></TxnDelRq>"
        + f"<ListDelRq><ListDelType>Customer</ListDelType><ListID>{spare}</ListID></ListDelRq>"
    )
    for answer in (first, second):
        qbxml_schema.assertValid(answer.getparent())
    assert {status(message) for message in second} == {"0"}
    assert company.ids(kind) == []
    assert [deletion.id for deletion in company.deletions()] == [ident, spare]
    assert company.record("Invoice", invoice)["BalanceRemaining"] == 0


def test_what_is_used_cannot_be_deleted_and_what_is_closed_or_open_cannot_be_removed(company, ask):
    acme = company.find("Customer", "Acme & Sons")
    invoice = company.add_invoice("Acme & Sons", [{"ItemRef": "Lamp"}], date="2026-03-31")
    delete = f"<TxnDelRq><TxnDelType>Invoice</TxnDelType><TxnID>{invoice}</TxnID></TxnDelRq>"
    void = f"<TxnVoidRq><TxnVoidType>Invoice</TxnVoidType><TxnID>{invoice}</TxnID></TxnVoidRq>"
    used = f"<ListDelRq><ListDelType>Customer</ListDelType><ListID>{acme}</ListID></ListDelRq>"
    company.open_in_window(invoice)
    assert [status(a) for a in ask(delete + void + used)] == ["3175", "3175", "3160"]
    company.close_window(invoice)
    company.close_books(date(2026, 3, 31))
    assert [status(a) for a in ask(delete + void)] == ["3161", "3171"]
    assert status(ask(add("Estimate", "<TxnDate>2026-03-30</TxnDate>"))[0]) == "3171"
    company.close_books(None)
    assert [status(a) for a in ask(void + delete + delete)] == ["0", "0", "3120"]


def test_a_sale_waits_while_somebody_has_its_customer_open(company, ask):
    acme = company.find("Customer", "Acme & Sons")
    company.open_in_window(acme)
    assert status(ask(add("SalesOrder"))[0]) == "3176"
    company.close_window(acme)
    assert status(ask(add("SalesOrder"))[0]) == "0"


def test_a_private_field_begins_with_an_add_and_a_deleted_value_is_gone(company, ask):
    owner = "{11111111-2222-3333-4444-555555555555}"
    company.define_custom_field("Key", ("Customer",), owner=owner)
    acme = company.find("Customer", "Acme & Sons")
    held = f"<ListDataExtType>Customer</ListDataExtType><ListObjRef><ListID>{acme}</ListID></ListObjRef>"
    named, value = f"<OwnerID>{owner}</OwnerID><DataExtName>Key</DataExtName>{held}", "<DataExtValue>1</DataExtValue>"
    first = f"<DataExtAddRq><DataExtAdd>{named}{value}</DataExtAdd></DataExtAddRq>"
    again = f"<DataExtModRq><DataExtMod>{named}{value}</DataExtMod></DataExtModRq>"
    gone = f"<DataExtDelRq><DataExtDel>{named}</DataExtDel></DataExtDelRq>"
    answers = ask(again + first + first + again + gone + gone)
    assert [status(a) for a in answers] == ["3120", "0", "3100", "0", "0", "3120"]
    assert "DataExtRet" not in company.record("Customer", acme)


@pytest.mark.parametrize("kind", ["Bill", "SalesReceipt", "BillPaymentCheck"])
def test_any_kind_of_transaction_can_be_voided(company, ask, kind):
    company.add("Vendor", Name="V")
    party = {"SalesReceipt": {"CustomerRef": "Acme & Sons"}, "BillPaymentCheck": {"PayeeEntityRef": "V"}}
    amount = {"Bill": "AmountDue", "SalesReceipt": "TotalAmount", "BillPaymentCheck": "Amount"}[kind]
    ident = company.add(kind, **party.get(kind, {"VendorRef": "V"}), **{amount: D("5")}, Memo="m")
    answer = ask(f"<TxnVoidRq><TxnVoidType>{kind}</TxnVoidType><TxnID>{ident}</TxnID></TxnVoidRq>")[0]
    assert status(answer) == "0"
    record = company.record(kind, ident)
    assert (record[amount], record["Memo"]) == (0, "VOID: m")


def test_an_estimate_without_lines_is_refused_by_the_parser(ask):
    with pytest.raises(HResult):
        ask(f"<EstimateAddRq><EstimateAdd>{ACME}</EstimateAdd></EstimateAddRq>")


def test_an_estimate_survives_the_file(company, ask, tmp_path):
    ask(add("Estimate"))
    company.dump(tmp_path / "company.json")
    again = type(company).load(tmp_path / "company.json")
    assert again.records("Estimate") == company.records("Estimate")
