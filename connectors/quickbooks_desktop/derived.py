"""The fields that are computed from a record, its earlier version and the records it points at. Pure.

Formulas in words stand in the catalogue files. A field is computed where everything it needs was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from connectors.quickbooks_desktop.entities import catalogue
from connectors.quickbooks_desktop.lines import lines
from engine.protocol import Record

ZERO = Decimal(0)
VOID = "VOID:"
"""What QuickBooks puts before the memo of a transaction that it voids. [facts 2.9; observed in QuickBooks]"""

Lookup = Callable[[str, str], Record]


def derive(entity: str, record: Record, earlier: Record | None) -> Record:
    """The record with the fields that it and its earlier version determine."""
    computed = _voided(entity, record, earlier)
    if entity == "Customer":
        if _has(record, "ParentRef", "Sublevel"):
            computed["IsJob"] = bool(record["ParentRef"]) or (record["Sublevel"] or ZERO) > ZERO
        if "Email" in record:
            computed["Emails"] = addresses(record["Email"])
    elif entity == "Invoice":
        if _has(record, "Subtotal", "SalesTaxTotal"):
            computed["Total"] = (record["Subtotal"] or ZERO) + (record["SalesTaxTotal"] or ZERO)
    elif entity == "Item":
        computed.update(_item(record))
    elif entity == "SalesRep" and "SalesRepEntityRef" in record:
        computed["Name"] = (record["SalesRepEntityRef"] or {}).get("FullName")
    return {**record, **computed}


def enrich(entity: str, record: Record, lookup: Lookup) -> Record:
    """The record with the fields that need other records; KeyError passes through where one is not held."""
    computed: Record = {}
    if _computes(entity, "CurrencyCode", record):
        currency = (record["CurrencyRef"] or {}).get("ListID")
        code = lookup("Currency", currency).get("CurrencyCode") if currency else None
        computed["CurrencyCode"] = code or record.get("HomeCurrencyCode")
    if _computes(entity, "Lines", record):
        computed["Lines"] = lines(entity, record, lambda item: lookup("Item", item).get("Kind"))
    if entity == "SalesRep" and "SalesRepEntityRef" in record:
        key = (record["SalesRepEntityRef"] or {}).get("ListID")
        person = lookup("Person", key) if key else {}
        names = [person[name] for name in ("FirstName", "LastName") if person.get(name)]
        computed["Name"] = " ".join(names) or person.get("Name") or record.get("Name")
        computed["Email"] = next(iter(addresses(person.get("Email"))), None)
    return {**record, **computed}


def addresses(text: str | None) -> list[str]:
    """The e-mail addresses in a text: split at comma, semicolon and blank, in lower case, each once, in their order."""
    words = re.split(r"[\s,;]+", (text or "").lower())
    return list(dict.fromkeys(word for word in words if "@" in word))


def _has(record: Record, *names: str) -> bool:
    return all(name in record for name in names)


def _computes(entity: str, name: str, record: Record) -> bool:
    """Whether an entity has this derived field, and the record everything that it needs."""
    field = catalogue()[entity].field(name)
    return field is not None and _has(record, *field.needs)


def _voided(entity: str, record: Record, earlier: Record | None) -> Record:
    """IsVoided. Voided transactions stay where they are, with every amount at zero. [facts 2.9]"""
    field = catalogue()[entity].field("IsVoided")
    if field is None or not _has(record, *field.needs):
        return {}
    names = [name for name in field.needs if name != "Memo"]
    before = earlier or {}
    zero = not any(record[name] for name in names)
    was_worth = any(before.get(name) for name in names) or bool(before.get("IsVoided"))
    return {"IsVoided": zero and (was_worth or (record["Memo"] or "").startswith(VOID))}


def _item(record: Record) -> Record:
    """Price and Description, whichever element a kind of item keeps them in, and a FullName for all."""
    computed: Record = {}
    if _has(record, "SalesPrice", "SalesOrPurchase", "SalesAndPurchase", "DiscountRate"):
        computed["Price"] = _first(
            record["SalesPrice"], _in(record, "SalesOrPurchase", "Price"),
            _in(record, "SalesAndPurchase", "SalesPrice"), record["DiscountRate"],
        )  # fmt: skip
    if _has(record, "SalesDesc", "SalesOrPurchase", "SalesAndPurchase", "ItemDesc", "AssetDesc"):
        computed["Description"] = _first(
            record["SalesDesc"], _in(record, "SalesOrPurchase", "Desc"), _in(record, "SalesAndPurchase", "SalesDesc"),
            record["ItemDesc"], record["AssetDesc"],
        )  # fmt: skip
    if _has(record, "Name", "FullName"):  # kinds without sub-items have no FullName
        computed["FullName"] = record["FullName"] or record["Name"]
    return computed


def _in(record: Record, name: str, inner: str) -> Any:
    return (record[name] or {}).get(inner)


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)
