"""The loop that somebody would write by hand for one kind of record, as fast as it goes: what the reader is held to."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from typing import Any

from lxml import etree

TEXTS = (
    "ListID", "TimeCreated", "TimeModified", "EditSequence", "Name", "FullName", "CompanyName", "Salutation",
    "FirstName", "MiddleName", "LastName", "JobTitle", "Phone", "AltPhone", "Fax", "Email", "Cc", "Contact",
    "AltContact", "ResaleNumber", "AccountNumber", "JobStatus", "JobStartDate", "JobProjectedEndDate", "JobEndDate",
    "JobDesc", "Notes", "PreferredDeliveryMethod", "ExternalGUID",
)  # fmt: skip
NUMBERS = frozenset({"Sublevel", "Balance", "TotalBalance", "CreditLimit"})
REFERENCES = frozenset({
    "ClassRef", "ParentRef", "CustomerTypeRef", "TermsRef", "SalesRepRef", "SalesTaxCodeRef", "ItemSalesTaxRef",
    "PreferredPaymentMethodRef", "JobTypeRef", "PriceLevelRef", "CurrencyRef",
})  # fmt: skip
ADDRESSES = frozenset({"BillAddress", "ShipAddress"})
BLOCKS = frozenset({"BillAddressBlock", "ShipAddressBlock"})
LISTS = ("ShipToAddress", "AdditionalContactRef", "ContactsRet", "AdditionalNotesRet", "DataExtRet")
REFERENCE = dict.fromkeys(("ListID", "FullName"))
BLOCK = dict.fromkeys(("Addr1", "Addr2", "Addr3", "Addr4", "Addr5"))
ADDRESS = BLOCK | dict.fromkeys(("City", "State", "PostalCode", "Country", "Note"))
EMPTY = dict.fromkeys((*TEXTS, "IsActive", *NUMBERS, *REFERENCES, *ADDRESSES, *BLOCKS))


def customers(document: bytes) -> list[dict[str, Any]]:
    """The customers of an answer, as qbxml.read_answers gives them."""
    found = []
    for _, element in etree.iterparse(BytesIO(document), events=("end",), tag="CustomerRet"):
        record: dict[str, Any] = EMPTY.copy()
        for name in LISTS:
            record[name] = []
        for child in element:
            name = child.tag
            if name in NUMBERS:
                record[name] = Decimal(child.text) if child.text else None
            elif name in REFERENCES:
                record[name] = inside(child, REFERENCE)
            elif name in ADDRESSES:
                record[name] = inside(child, ADDRESS)
            elif name in BLOCKS:
                record[name] = inside(child, BLOCK)
            elif name == "IsActive":
                record[name] = child.text == "true"
            else:
                record[name] = child.text
        record["custom"] = {}
        found.append(record)
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]
    return found


def inside(element: Any, empty: dict[str, Any]) -> dict[str, Any]:
    values = empty.copy()
    for child in element:
        values[child.tag] = child.text
    return values
