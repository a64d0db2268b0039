"""What QuickBooks' parser refuses as a whole, and that its tables say the same as Intuit's schema."""

import itertools
import re

import pytest
from lxml import etree

from connectors.quickbooks_desktop.simulator import grammar, requests
from connectors.quickbooks_desktop.simulator.errors import HResult

PROLOG = '<?xml version="1.0" encoding="utf-8"?>\n<?qbxml version="13.0"?>\n'


def document(messages: str, prolog: str = PROLOG, attributes: str = 'onError="stopOnError"') -> str:
    return f"{prolog}<QBXML><QBXMLMsgsRq {attributes}>{messages}</QBXMLMsgsRq></QBXML>"


REFUSED = {
    "elements out of order": "<ItemQueryRq><ActiveStatus>All</ActiveStatus><MaxReturned>5</MaxReturned></ItemQueryRq>",
    "an unknown element": "<CustomerQueryRq><Colour>red</Colour></CustomerQueryRq>",
    "an unknown message": "<UnicornQueryRq />",
    "an iterator where there is none": '<TermsQueryRq iterator="Start"><MaxReturned>5</MaxReturned></TermsQueryRq>',
    "both date filters": (
        "<InvoiceQueryRq><ModifiedDateRangeFilter /><TxnDateRangeFilter><FromTxnDate>2026-01-01</FromTxnDate>"
        "</TxnDateRangeFilter></InvoiceQueryRq>"
    ),
    "ids together with filters": "<InvoiceQueryRq><TxnID>1-1</TxnID><PaidStatus>All</PaidStatus></InvoiceQueryRq>",
    "links of payments": "<ReceivePaymentQueryRq><IncludeLinkedTxns>1</IncludeLinkedTxns></ReceivePaymentQueryRq>",
    "an unknown value of an enumeration": "<CustomerQueryRq><ActiveStatus>Some</ActiveStatus></CustomerQueryRq>",
    "an element of another edition": (
        "<CustomerAddRq><CustomerAdd><Name>A</Name><PrintAs>B</PrintAs></CustomerAdd></CustomerAddRq>"
    ),
    "a missing element": "<InvoiceModRq><InvoiceMod><TxnID>1-1</TxnID></InvoiceMod></InvoiceModRq>",
    "text between elements": "<CustomerQueryRq>hello</CustomerQueryRq>",
    "an unknown attribute": '<CustomerQueryRq color="red" />',
    "a character beyond Windows-1252": "<CustomerQueryRq><FullName>Ωμέγα</FullName></CustomerQueryRq>",
    "a control character": "<CustomerQueryRq><FullName>&#7;</FullName></CustomerQueryRq>",
}


@pytest.mark.parametrize("messages", REFUSED.values(), ids=REFUSED)
def test_the_parser_refuses(messages):
    with pytest.raises(HResult) as caught:
        grammar.parse(document(messages))
    assert caught.value.hex == "0x80040400"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (document("", prolog='<?xml version="1.0"?>'), "0x80040400"),
        (document("", prolog='<?qbxml version="13.0"?>'), "0x80040400"),
        (" " + document(""), "0x80040400"),
        (document("", prolog=PROLOG.replace("13.0", "99.0")), "0x80040423"),
        (document("", attributes=""), "0x80040400"),
        (document("", attributes='onError="rollbackOnError"'), "0x80040400"),
        (document("").replace("<QBXML>", '<!DOCTYPE QBXML [<!ENTITY a "b">]><QBXML>'), "0x80040400"),
        (document("")[:-5], "0x80040400"),
    ],
)
def test_the_prolog_and_the_envelope_are_checked(text, code):
    with pytest.raises(HResult) as caught:
        grammar.parse(text)
    assert caught.value.hex == code


def test_an_empty_message_set_is_fine():
    assert grammar.parse(document("")).messages == ()


def test_a_numeric_reference_beyond_windows_1252_arrives_as_a_question_mark():
    parsed = grammar.parse(document("<CustomerQueryRq><FullName>&#937;&#233;</FullName></CustomerQueryRq>"))
    assert parsed.messages[0].findtext("FullName") == "?é"


@pytest.mark.reference
def test_every_sample_request_that_the_simulator_knows_is_accepted(reference):
    accepted = 0
    for path in sorted((reference / "samples" / "requests").glob("*.xml")):
        text = path.read_text(encoding="utf-8").lstrip("\ufeff")
        known = {f"{name}" for name in (*requests.QUERIES, *requests.WRITES)}
        if set(re.findall(r"<(\w+Rq)\b(?<!QBXMLMsgsRq)", text)) <= known:
            grammar.parse(text)
            accepted += 1
    assert accepted >= 12


def sequences(model: str) -> list[list[str]]:
    """Some sentences of a content model: everything in each branch, and each optional element alone left out."""
    options = [model]
    while any("|" in option for option in options):
        options = [o for option in options for o in _resolve(option)]
    return [re.findall(r"\w+", option) for option in dict.fromkeys(options)]


def _resolve(model: str) -> list[str]:
    match = re.search(r"\(([^()]*\|[^()]*)\)[?*+]?", model)
    if match is None:
        return [re.sub(r"[()]", "", model)] if "(" in model else model.split("|")
    return [model[: match.start()] + branch + model[match.end() :] for branch in match.group(1).split("|")]


@pytest.mark.reference
def test_every_order_in_the_request_tables_is_valid_by_intuits_schema(qbxml_schema):
    """Builds each message with all its elements in the tables' order; the schema may complain about values only."""
    wrong = []
    for name, model in itertools.chain(requests.QUERIES.items(), requests.WRITES.items()):
        for names in sequences(model):
            text = document(f"<{name}>{''.join(map(_filled, names))}</{name}>")
            if not qbxml_schema.validate(etree.fromstring(text.encode())):
                wrong += [f"{name}: {e.message}" for e in qbxml_schema.error_log if "not expected" in e.message]
    assert wrong == []


def _filled(name: str) -> str:
    model = requests.AGGREGATES.get(name) or (requests.REFERENCE if name.endswith("Ref") else None)
    if model is None:
        return f"<{name}>1</{name}>"
    return f"<{name}>{''.join(map(_filled, sequences(model)[0]))}</{name}>"
