"""The notation in which the catalogue files list an entity's elements; what the elements are for is left to entities.

One element a line, in qbXML's order (order is strict there): `Name type length`, with `*` after the name of one that
repeats, `-> Entity` after a reference, and the children of an `object:` or `address:` indented below it:

    Name text 41
    TermsRef ref 31 -> Terms
    ContactsRet* object:
      Contact text 41

`ref` is a ListID with a FullName, `address` and `block` are the usual two, `custom` is DataExtRet, and `position` is
a number that the reader gives to lines, since two repeating elements may take turns. Lengths are those of the US
desktop edition. [OPS 13.0, XSD]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

TRANSACTION_TYPES = (
    "ARRefundCreditCard", "Bill", "BillPaymentCheck", "BillPaymentCreditCard", "BuildAssembly", "Charge", "Check",
    "CreditCardCharge", "CreditCardCredit", "CreditMemo", "Deposit", "Estimate", "InventoryAdjustment", "Invoice",
    "ItemReceipt", "JournalEntry", "LiabilityAdjustment", "Paycheck", "PayrollLiabilityCheck", "PurchaseOrder",
    "ReceivePayment", "SalesOrder", "SalesReceipt", "SalesTaxPaymentCheck", "Transfer", "VendorCredit",
    "YTDAdjustment",
)  # fmt: skip
"""What `txntype` can be. [XSD]"""

CUSTOM_TYPES = (
    "AMTTYPE", "DATETIMETYPE", "INTTYPE", "PERCENTTYPE", "PRICETYPE", "QUANTYPE", "STR1024TYPE", "STR255TYPE",
)  # fmt: skip
"""The DataExtType of a custom field; the value is text whatever it says. [XSD; DAAPI]"""

NUMBERS = frozenset({"integer", "amount", "price", "quantity", "percent", "decimal", "position"})
TEXTS = frozenset({"text", "id", "guid", "interval", "date", "datetime", "enum"})
NESTED = frozenset({"object", "address", "block", "ref", "custom"})
WORDS = NUMBERS | TEXTS | NESTED | {"boolean"}

_LINE = re.compile(
    r"(?P<indent> *)(?P<name>\w+)(?P<many>\*?) (?P<word>\w+)(?:\((?P<options>[^)]*)\))?(?P<opens>:?)"
    r"(?: (?P<length>\d+))?(?: -> (?P<refers>\w+))?"
)


@dataclass(frozen=True, slots=True)
class Shape:
    """One element: its name, its type in qbXML's words, and what is inside."""

    name: str
    word: str
    many: bool = False
    length: int | None = None
    refers: str | None = None
    options: tuple[str, ...] = ()
    children: tuple[Shape, ...] = ()


def read(text: str) -> tuple[Shape, ...]:
    """The elements of a text in the notation; ValueError names the line that is not in it."""
    lines = [line for line in text.splitlines() if line.strip()]
    shapes, rest = _block(lines, 0)
    assert not rest
    return tuple(shapes)


def _block(lines: list[str], depth: int) -> tuple[list[Shape], list[str]]:
    shapes: list[Shape] = []
    while lines:
        match = _LINE.fullmatch(lines[0])
        if match is None or len(match["indent"]) > depth * 2:
            raise ValueError(f"not in the notation: {lines[0]!r}")
        if len(match["indent"]) < depth * 2:
            break
        lines = lines[1:]
        inner: list[Shape] = []
        if match["opens"]:
            inner, lines = _block(lines, depth + 1)
        shapes.append(_shape(match, tuple(inner)))
    return shapes, lines


def _shape(match: re.Match[str], inner: tuple[Shape, ...]) -> Shape:
    word, refers = match["word"], match["refers"]
    length = int(match["length"]) if match["length"] else None
    options = tuple((match["options"] or "").split("|")) if match["options"] else ()
    if word == "txntype":
        word, options = "enum", TRANSACTION_TYPES
    if word not in WORDS or (word == "object" and not inner):
        raise ValueError(f"not in the notation: {match[0]!r}")
    if not inner:
        inner = tuple(_usual(word, length, refers))
        if word == "ref":
            length = refers = None
    return Shape(match["name"], word, bool(match["many"]), length, refers, options, inner)


def _usual(word: str, length: int | None, refers: str | None) -> Iterator[Shape]:
    """The children that an element of this type always has."""
    if word == "ref":
        yield Shape("ListID", "id", refers=refers)
        yield Shape("FullName", "text", length=length)
    elif word in ("address", "block"):
        yield from (Shape(f"Addr{number}", "text", length=41) for number in range(1, 6))
        if word == "address":
            parts = {"City": 31, "State": 21, "PostalCode": 13, "Country": 31, "Note": 41}
            yield from (Shape(name, "text", length=length) for name, length in parts.items())
    elif word == "custom":
        yield Shape("OwnerID", "guid")
        yield Shape("DataExtName", "text", length=31)
        yield Shape("DataExtType", "enum", options=CUSTOM_TYPES)
        yield Shape("DataExtValue", "text")
