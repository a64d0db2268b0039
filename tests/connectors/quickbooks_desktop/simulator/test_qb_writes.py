"""Writes through qbXML: EditSequence, lengths, references, locks, custom fields, stopOnError, message-set recovery."""

from datetime import date
from decimal import Decimal

import pytest
from lxml import etree

D = Decimal


def status(answer: etree._Element) -> str:
    return answer.get("statusCode")


@pytest.fixture
def txn(company):
    return company.add_invoice("Acme & Sons", [{"ItemRef": "Labor", "Quantity": 2}, {"ItemRef": "Lamp"}])


def invoice_mod(company, txn, inside="<Memo>hello</Memo>", sequence=None):
    sequence = sequence or company.record("Invoice", txn)["EditSequence"]
    return (
        f"<InvoiceModRq><InvoiceMod><TxnID>{txn}</TxnID><EditSequence>{sequence}</EditSequence>{inside}</InvoiceMod>"
        "</InvoiceModRq>"
    )


def customer_add(inside="<Name>New</Name>"):
    return f"<CustomerAddRq><CustomerAdd>{inside}</CustomerAdd></CustomerAddRq>"


def custom_mod(holder, name="CRM status", value="won", owner="0"):
    return (
        f"<DataExtModRq><DataExtMod><OwnerID>{owner}</OwnerID><DataExtName>{name}</DataExtName>{holder}"
        f"<DataExtValue>{value}</DataExtValue></DataExtMod></DataExtModRq>"
    )


@pytest.mark.reference
def test_every_answer_to_a_write_is_valid_by_intuits_schema(company, ask, txn, qbxml_schema):
    holder = f"<TxnDataExtType>Invoice</TxnDataExtType><TxnID>{txn}</TxnID>"
    line = "<InvoiceLineAdd><ItemRef><FullName>Lamp</FullName></ItemRef></InvoiceLineAdd>"
    group = "<InvoiceLineGroupAdd><ItemGroupRef><FullName>Kit</FullName></ItemGroupRef></InvoiceLineGroupAdd>"
    customer = "<CustomerRef><FullName>Acme &amp; Sons</FullName></CustomerRef>"
    answer = ask(
        customer_add("<Name>Élan</Name><BillAddress><Addr1>1 Rue</Addr1><City>Lyon</City></BillAddress>")
        + invoice_mod(company, txn)
        + custom_mod(holder)
        + custom_mod(holder, value="")
        + f"<InvoiceAddRq><InvoiceAdd>{customer}{line}{group}</InvoiceAdd></InvoiceAddRq>"
        + customer_add("<Name>Élan</Name>")
    )
    qbxml_schema.assertValid(answer.getparent())
    assert [status(message) for message in answer] == ["0", "0", "0", "0", "0", "3100"]
    assert company.record("Invoice", company.ids("Invoice")[1])["Subtotal"] == D("109.97")


def test_a_memo_only_mod_leaves_the_lines_alone_and_moves_the_edit_sequence(company, ask, clock, txn):
    lines, before = company.record("Invoice", txn)["Lines"], company.record("Invoice", txn)["EditSequence"]
    clock.advance(seconds=2)
    answer = ask(invoice_mod(company, txn))[0]
    record = company.record("Invoice", txn)
    assert (status(answer), record["Memo"], record["Lines"]) == ("0", "hello", lines)
    assert int(record["EditSequence"]) == int(before) + 2
    assert answer.findtext("InvoiceRet/EditSequence") == record["EditSequence"]


def test_a_stale_edit_sequence_changes_nothing(company, ask, clock, txn):
    old = company.record("Invoice", txn)["EditSequence"]
    clock.advance(seconds=1)
    company.edit("Invoice", txn, Memo="a person was here")
    answer = ask(invoice_mod(company, txn, sequence=old))[0]
    assert status(answer) == "3200"
    assert answer.get("statusMessage") == f'The provided edit sequence "{old}" is out-of-date. '
    assert company.record("Invoice", txn)["Memo"] == "a person was here"


def test_two_edits_within_a_second_share_an_edit_sequence(company, ask, txn):
    before = company.record("Invoice", txn)["EditSequence"]
    company.edit("Invoice", txn, Memo="a person was here")
    assert status(ask(invoice_mod(company, txn, sequence=before))[0]) == "0"  # the race that cannot be seen


def test_a_mod_with_lines_drops_those_it_does_not_name(company, ask, txn):
    first, second = (line["TxnLineID"] for line in company.record("Invoice", txn)["Lines"])
    kept = f"<InvoiceLineMod><TxnLineID>{second}</TxnLineID><Quantity>3</Quantity></InvoiceLineMod>"
    new = "<InvoiceLineMod><TxnLineID>-1</TxnLineID><Desc>thanks</Desc></InvoiceLineMod>"
    assert status(ask(invoice_mod(company, txn, kept + new))[0]) == "0"
    record = company.record("Invoice", txn)
    assert record["Lines"][0]["TxnLineID"] == second
    assert (len(record["Lines"]), record["Subtotal"]) == (2, D("59.97"))
    assert first not in str(record["Lines"])


def test_an_empty_element_clears_and_an_absent_one_leaves(company, ask):
    acme = company.find("Customer", "Acme & Sons")
    sequence = company.record("Customer", acme)["EditSequence"]
    message = (
        f"<CustomerModRq><CustomerMod><ListID>{acme}</ListID><EditSequence>{sequence}</EditSequence><Email></Email>"
        "<TermsRef><ListID></ListID></TermsRef></CustomerMod></CustomerModRq>"
    )
    assert status(ask(message)[0]) == "0"
    record = company.record("Customer", acme)
    assert not {"Email", "TermsRef"} & set(record)
    assert record["SalesRepRef"]["FullName"] == "JD"


REFUSED = {
    "3070": [
        customer_add(f"<Name>{'n' * 42}</Name>"), customer_add(f"<Name>N</Name><Phone>{'5' * 22}</Phone>"),
    ],
    "3100": [customer_add("<Name>ACME &amp; sons</Name>"), customer_add("<Name>Jane Doe</Name>")],
    "3140": [customer_add("<Name>N</Name><CustomerTypeRef><FullName>Nope</FullName></CustomerTypeRef>")],
    "3090": [customer_add("<Name>a:b</Name>")],
    "3010": [customer_add("<Name>N</Name><IsActive>yes</IsActive>")],
    "3020": [customer_add("<Name>N</Name><JobStartDate>2026-02-30</JobStartDate>")],
    "3040": [customer_add("<Name>N</Name><CreditLimit>1,000.00</CreditLimit>")],
    "1060": [customer_add().replace("<CustomerAddRq>", f'<CustomerAddRq requestID="{"x" * 51}">')],
}  # fmt: skip


@pytest.mark.parametrize(("code", "message"), [(code, text) for code, texts in REFUSED.items() for text in texts])
def test_a_bad_write_gets_its_status_and_adds_nothing(company, ask, code, message):
    assert status(ask(message)[0]) == code
    assert company.counts()["Customer"] == 2


def test_what_somebody_has_open_and_what_is_closed_cannot_be_changed(company, ask, txn):
    company.open_in_window(txn)
    assert status(ask(invoice_mod(company, txn))[0]) == "3175"
    company.close_window(txn)
    company.edit("Invoice", txn, TxnDate="2026-03-31")
    company.close_books(date(2026, 3, 31))
    assert status(ask(invoice_mod(company, txn))[0]) == "3171"
    company.close_books(None)
    assert status(ask(invoice_mod(company, txn))[0]) == "0"


def test_a_deleted_invoice_is_not_found(company, ask, txn):
    message = invoice_mod(company, txn)
    company.delete_transaction(txn)
    assert status(ask(message)[0]) == "3120"


def test_a_custom_field_is_set_without_an_edit_sequence_and_must_exist_for_the_kind(company, ask, txn):
    holder = f"<TxnDataExtType>Invoice</TxnDataExtType><TxnID>{txn}</TxnID>"
    item = "<ListDataExtType>Item</ListDataExtType><ListObjRef><FullName>Labor</FullName></ListObjRef>"
    company.define_custom_field("Hidden", ("Customer",), on_transactions=False)
    answers = ask(
        custom_mod(holder) + custom_mod(holder, name="Nope") + custom_mod(item) + custom_mod(holder, name="Hidden")
        + custom_mod(holder, value="x" * 256)
    )  # fmt: skip
    assert [status(a) for a in answers] == ["0", "3120", "3351", "3351", "3070"]
    assert company.record("Invoice", txn)["DataExtRet"][0]["DataExtValue"] == "won"
    assert company.history(txn)[-1][1]["DataExtRet"][0]["DataExtValue"] == "won"


def test_stop_on_error_leaves_the_rest_unprocessed_but_a_warning_does_not_stop(company, ask):
    missing = "<CustomerQueryRq><ListID>1-1</ListID></CustomerQueryRq>"
    bad = customer_add("<Name>a:b</Name>")
    answers = ask(missing + bad + customer_add(), on_error="stopOnError")
    assert [status(a) for a in answers] == ["500", "3090", "3231"]
    answers = ask(bad + customer_add(), on_error="continueOnError")
    assert [status(a) for a in answers] == ["3090", "0"]


# message-set recovery


def test_a_lost_answer_can_be_asked_for_again_without_doing_the_write_twice(company, ask):
    ask(customer_add(), newMessageSetID="set-1")
    again = ask("", oldMessageSetID="set-1", newMessageSetID="set-1")
    assert again.get("messageSetStatusCode") == "0"
    assert again[0].findtext("CustomerRet/Name") == "New"
    repeated = ask(customer_add(), oldMessageSetID="set-1", newMessageSetID="set-1")
    assert status(repeated[0]) == "0"
    assert company.counts()["Customer"] == 3


def test_the_states_of_a_message_set(company, ask):
    same = {"oldMessageSetID": "set-1", "newMessageSetID": "set-1"}
    assert ask("", **same).get("messageSetStatusCode") == "600"
    ask(customer_add(), newMessageSetID="set-1")
    assert ask(customer_add("<Name>Else</Name>"), **same).get("messageSetStatusCode") == "9001"
    assert ask("", newMessageSetID="x" * 21).get("messageSetStatusCode") == "9004"
    ask("", oldMessageSetID="set-1")  # clears
    assert ask("", **same).get("messageSetStatusCode") == "600"


def test_a_new_id_alone_does_not_protect_from_doing_it_twice(company, ask, txn):
    line = "<InvoiceLineAdd><Desc>x</Desc></InvoiceLineAdd>"
    customer = "<CustomerRef><FullName>Acme &amp; Sons</FullName></CustomerRef>"
    add = f"<InvoiceAddRq><InvoiceAdd>{customer}{line}</InvoiceAdd></InvoiceAddRq>"
    for _ in range(2):
        ask(add, newMessageSetID="set-2")
    assert len(company.ids("Invoice")) == 3
