"""Requests as the XSD wants them, answers read without losing anything, hostile documents refused."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from connectors.quickbooks_desktop.company import GREETING
from connectors.quickbooks_desktop.entities import sources
from connectors.quickbooks_desktop.qbxml import Expected, Unreadable, message_set, read_answers, read_tree, table
from connectors.quickbooks_desktop.reading import Reading
from engine.protocol import Query

EVERYTHING = {
    f"{read.query}Query": Expected(f"{read.query}Query", {tag: table(source.shapes, ()) for tag in read.answers})
    for source in sources().values()
    for read in source.reads
    if source.entity.name != "Person"
}

SIDES = ("Debit", "Credit", "Debit", "Credit")


def answer(message: str, inside: str, **attributes: str) -> str:
    said = "".join(f' {name}="{value}"' for name, value in {"requestID": "1", "statusCode": "0", **attributes}.items())
    return f'<?xml version="1.0" ?><QBXML><QBXMLMsgsRs><{message}Rs{said}>{inside}</{message}Rs></QBXMLMsgsRs></QBXML>'


def records(message: str, inside: str, asked: tuple[str, ...] | None = ()) -> list[dict[str, Any]]:
    name = message.removesuffix("Query")
    tables = {f"{name}Ret": table(sources()[name].shapes, asked)}
    (only,) = read_answers(answer(message, inside), {"1": Expected(message, tables)})
    return [record for _, record in only.records]


def leaves(element: etree._Element, path: str = "") -> Counter[tuple[str, str]]:
    """Every leaf with its path."""
    found: Counter[tuple[str, str]] = Counter()
    for child in element:
        inner = f"{path}/{child.tag}"
        found += leaves(child, inner) if len(child) else Counter({(inner, child.text or ""): 1})
    return found


def written(record: Any, path: str = "") -> Counter[tuple[str, str]]:
    """Every value of a record with its path, as qbXML writes it."""
    found: Counter[tuple[str, str]] = Counter()
    for name, value in record.items():
        if name in ("custom", "Position"):
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                found += written(one, f"{path}/{name}")
            elif one is not None:
                text = str(one).lower() if isinstance(one, bool) else str(one)
                found[(f"{path}/{name}", text)] += 1
    return found


@pytest.mark.reference
def test_public_answers_are_read_without_losing_an_element(reference: Path) -> None:
    compared = 0
    for file in sorted((reference / "samples" / "responses").glob("*QueryRs*.xml")):
        text = file.read_text(encoding="utf-8")
        for element in etree.fromstring(text.encode()).find("QBXMLMsgsRs"):
            message = str(element.tag).removesuffix("Rs")
            if message not in EVERYTHING:
                continue
            (found,) = read_answers(text, {element.get("requestID", ""): EVERYTHING[message]})
            assert [name for name, _ in found.records] == [str(child.tag) for child in element]
            for child, (_, record) in zip(element, found.records, strict=True):
                assert written(record) == leaves(child), file.name
                compared += 1
    assert compared >= 5


@pytest.mark.reference
@pytest.mark.parametrize("name", sorted(sources()))
@pytest.mark.parametrize("kind", ["first", "later", "keys", "gone", "next page"])
def test_every_request_is_valid_by_the_schema(qbxml_schema: etree.XMLSchema, name: str, kind: str) -> None:
    every = tuple(field.name for field in sources()[name].entity.fields)
    query = {
        "first": Query(name, fields=(*every, "custom"), since="2026-01-01"),
        "later": Query(name, fields=every[:3], cursor="2026-03-03T09:45:00"),
        "keys": Query(name, "keys", every, keys=("80000001-1446676743", "1A2B-1720109400")),
        "gone": Query(name, "gone", cursor="2026-03-03T09:45:00"),
        "next page": Query(name, fields=every, cursor="2026-03-03T09:45:00"),
    }[kind]
    asks = []
    for part in range(len(sources()[name].reads)):
        reading = Reading(query, request_id="7", part=part)
        if kind == "next page" and reading.iterates:
            reading.iterator = "{84ff5521-205d-46b6-9d44-7b6b9acb7165}"
        asks.append(reading.ask(100))
    text = message_set(asks, "13.0")
    assert text.startswith('<?xml version="1.0" encoding="utf-8"?><?qbxml version="13.0"?><QBXML>')
    qbxml_schema.assertValid(etree.fromstring(text.encode()))


@pytest.mark.reference
def test_our_own_greeting_is_valid_by_the_schema(qbxml_schema: etree.XMLSchema) -> None:
    qbxml_schema.assertValid(etree.fromstring(message_set(GREETING, "13.0").encode()))


def test_requests_are_ascii_with_numeric_references() -> None:
    text = message_set([Reading(Query("Customer", "keys", keys=("é<&",)), "1").ask(10)], "13.0")
    assert "<ListID>&#233;&lt;&amp;</ListID>" in text


def test_what_was_asked_for_and_is_not_there_is_none_or_an_empty_list() -> None:
    (record,) = records("CustomerQuery", "<CustomerRet><ListID>1</ListID></CustomerRet>", ("Email", "ShipToAddress"))
    assert record == {"ListID": "1", "Email": None, "ShipToAddress": []}


def test_what_is_not_there_inside_something_that_is_there_is_none() -> None:
    inside = "<CustomerRet><BillAddress><City>Bayshore</City></BillAddress></CustomerRet>"
    (record,) = records("CustomerQuery", inside)
    assert record["BillAddress"]["City"] == "Bayshore"
    assert record["BillAddress"]["State"] is None


def test_values_have_the_types_of_the_catalogue() -> None:
    (record,) = records(
        "CustomerQuery",
        "<CustomerRet><Name>007</Name><Sublevel>1</Sublevel><IsActive>false</IsActive><Balance>1.10</Balance>"
        "<Notes/><CreditLimit>n/a</CreditLimit></CustomerRet>",
    )
    assert record == {
        "Name": "007", "Sublevel": Decimal(1), "IsActive": False, "Balance": Decimal("1.10"), "Notes": None,
        "CreditLimit": "n/a",
    }  # fmt: skip
    assert str(record["Balance"]) == "1.10"


def test_elements_that_the_catalogue_does_not_know_are_kept() -> None:
    inside = "<CustomerRet><New>a</New><New>b</New><More><Inner>c</Inner></More></CustomerRet>"
    assert records("CustomerQuery", inside) == [{"New": ["a", "b"], "More": {"Inner": "c"}}]


def test_public_custom_fields_stand_under_custom_by_their_names() -> None:
    extension = (
        "<DataExtRet><OwnerID>{}</OwnerID><DataExtName>{}</DataExtName><DataExtType>STR255TYPE</DataExtType>"
        "<DataExtValue>{}</DataExtValue></DataExtRet>"
    )
    private = "{6BF8B8C2-0000-0000-0000-000000000000}"
    inside = extension.format("0", "Color", "red") + extension.format(private, "Secret", "x")
    with_some, without = records("CustomerQuery", f"<CustomerRet>{inside}</CustomerRet><CustomerRet/>", ("DataExtRet",))
    assert with_some["custom"] == {"Color": "red"}
    assert len(with_some["DataExtRet"]) == 2
    assert without["custom"] == {}


def test_lines_that_take_turns_keep_their_places() -> None:
    inside = (
        "<InvoiceRet><InvoiceLineRet><TxnLineID>a</TxnLineID></InvoiceLineRet>"
        "<InvoiceLineGroupRet><TxnLineID>b</TxnLineID><InvoiceLineRet><TxnLineID>c</TxnLineID></InvoiceLineRet>"
        "</InvoiceLineGroupRet><InvoiceLineRet><TxnLineID>d</TxnLineID></InvoiceLineRet></InvoiceRet>"
    )
    (record,) = records("InvoiceQuery", inside, ("InvoiceLineRet", "InvoiceLineGroupRet"))
    assert [(line["TxnLineID"], line["Position"]) for line in record["InvoiceLineRet"]] == [("a", 1), ("d", 3)]
    assert [(group["TxnLineID"], group["Position"]) for group in record["InvoiceLineGroupRet"]] == [("b", 2)]
    assert record["InvoiceLineGroupRet"][0]["InvoiceLineRet"][0]["Position"] == 1


def test_debits_and_credits_take_turns_too() -> None:
    lines = "".join(f"<Journal{side}Line><TxnLineID>{side}</TxnLineID></Journal{side}Line>" for side in SIDES)
    asked = ("JournalDebitLine", "JournalCreditLine")
    (record,) = records("JournalEntryQuery", f"<JournalEntryRet>{lines}</JournalEntryRet>", asked)
    places = {name: [line["Position"] for line in record[name]] for name in asked}
    assert places == {"JournalDebitLine": [1, 3], "JournalCreditLine": [2, 4]}


def test_a_declared_encoding_and_a_byte_order_mark_do_not_matter() -> None:
    plain = answer("CustomerQuery", "<CustomerRet><Name>é</Name></CustomerRet>")
    text = plain.replace('<?xml version="1.0" ?>', '\ufeff<?xml version="1.0" encoding="utf-16"?>')
    expected = Expected("CustomerQuery", {"CustomerRet": table(sources()["Customer"].shapes, ())})
    (only,) = read_answers(text, {"1": expected})
    assert only.records == [("CustomerRet", {"Name": "é"})]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not xml",
        "<html><body>502 Bad Gateway</body></html>",
        answer("CustomerQuery", "<CustomerRet><Name>cut")[:-60],
        '<!DOCTYPE x [<!ENTITY a "b">]>' + answer("CustomerQuery", "<CustomerRet><Name>&a;</Name></CustomerRet>"),
        answer("CustomerQuery", f"<CustomerRet>{'<A>' * 40}{'</A>' * 40}</CustomerRet>"),
        answer("CustomerQuery", "")
        .replace("<CustomerQueryRs ", "<CustomerQueryRs " + 'a{}="" ' * 50)
        .format(*range(50)),
        answer("CustomerQuery", f"<CustomerRet>{'<A>' * 5000}{'</A>' * 5000}</CustomerRet>"),
    ],
)
def test_anything_but_sound_qbxml_is_unreadable_and_the_sentence_quotes_none_of_it(text: str) -> None:
    expected = Expected("CustomerQuery", {"CustomerRet": table(sources()["Customer"].shapes, ())})
    with pytest.raises(Unreadable, match=r"^QuickBooks' answer .*\.$") as caught:
        read_answers(text, {"1": expected})
    assert "Gateway" not in str(caught.value)


def test_a_document_type_is_refused_in_small_documents_too() -> None:
    with pytest.raises(Unreadable, match="document type"):
        read_tree('<!DOCTYPE QBXML SYSTEM "file:///etc/passwd"><QBXML/>')
