"""The order of elements in every kind of answer, against Intuit's schema, with every element there is."""

import pytest
from lxml import etree

from connectors.quickbooks_desktop.simulator import answers
from connectors.quickbooks_desktop.simulator.records import ENTITIES

EITHER_OR = {"RatePercent", "MarkupRatePercent", "DiscountRatePercent", "PricePercent", "SalesAndPurchase"}
"""The second of two elements that exclude each other."""


def full(name: str) -> dict[str, object]:
    """A dict with every element of the order, nested."""
    order = answers.order_of(name) or ()
    return {part: filled(part, name) for part in order if part not in EITHER_OR}


def filled(name: str, owner: str) -> object:
    if name == "Lines":
        return [full(f"{owner}LineRet"), full(f"{owner}LineGroupRet")]
    if name == "ItemSalesTaxRef" or answers.order_of(name) is not None:
        return full(name)
    return "1"


@pytest.mark.reference
@pytest.mark.parametrize("entity", ENTITIES)
def test_every_order_in_the_answer_tables_is_valid_by_intuits_schema(qbxml_schema, entity):
    query = {"StandardTerms": "Terms", "DateDrivenTerms": "Terms"}.get(entity, entity)
    inside = answers.xml(f"{entity}Ret", answers.in_order(entity, full(entity)))
    text = f'<{query}QueryRs statusCode="0" statusSeverity="Info">{inside}</{query}QueryRs>'
    qbxml_schema.validate(etree.fromstring(f"<QBXML><QBXMLMsgsRs>{text}</QBXMLMsgsRs></QBXML>"))
    # the values are nonsense, the order must not be
    assert [e.message for e in qbxml_schema.error_log if "not expected" in e.message] == []


def test_text_is_escaped_and_what_is_empty_is_left_out():
    fields = {"Memo": 'a < b & "c"', "PONumber": "", "IsPaid": False, "Subtotal": None}
    assert answers.xml("X", fields) == '<X><Memo>a &lt; b &amp; "c"</Memo><IsPaid>false</IsPaid></X>'
