"""Prices the lines of an invoice and adds them up: pure arithmetic over lines and items, cents rounded half up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

CENT = Decimal("0.01")
_RATE = Decimal("0.00001")
ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Item:
    """What pricing needs to know of an item."""

    kind: str  # ItemService, ItemDiscount ...
    price: Decimal | None = None
    percent: Decimal | None = None  # of a discount, positive
    taxable: bool = True


ItemOf = Callable[[Mapping[str, Any]], Item | None]
"""The item of a line, None for a line that is only a description."""


def cents(value: Decimal) -> Decimal:
    """Rounded to whole cents, half up as bookkeepers do. [assumed]"""
    return value.quantize(CENT, ROUND_HALF_UP)


def price_lines(lines: Sequence[dict[str, Any]], item_of: ItemOf) -> None:
    """Fills in Rate and Amount of each line in place.

    - an item's Amount is Quantity (1 if absent) times Rate; the Rate defaults to the item's price, and follows from a
      given Amount;
    - a description alone has no amount;
    - a discount in percent is taken from the line above, from the whole subtotal if that is a subtotal;
    - a subtotal adds the lines since the previous subtotal.
    A group holds its members under `InvoiceLineRet`, and their sum as TotalAmount.
    [XSD for the elements; the rules of discount and subtotal items: QuickBooks help, (mem)]
    """
    above, since_subtotal = ZERO, ZERO
    for line in lines:
        if "ItemGroupRef" in line:
            price_lines(line["InvoiceLineRet"], item_of)
            above = sum((_counted(member, item_of) for member in line["InvoiceLineRet"]), ZERO)
            line["TotalAmount"] = above
            since_subtotal += above
            continue
        item = item_of(line)
        if item is None:
            continue
        if item.kind == "ItemSubtotal":
            line["Amount"], above, since_subtotal = since_subtotal, since_subtotal, ZERO
            continue
        if item.kind == "ItemDiscount":
            _price_discount(line, item, above)
        else:
            _price_item(line, item)
        above = line["Amount"]
        since_subtotal += above


def _price_item(line: dict[str, Any], item: Item) -> None:
    sign = -1 if item.kind == "ItemPayment" else 1
    quantity: Decimal | None = line.get("Quantity")
    if line.get("Amount") is not None:
        if line.get("Rate") is None and quantity:
            line["Rate"] = (line["Amount"] / quantity).quantize(_RATE, ROUND_HALF_UP)
        line["Amount"] = cents(line["Amount"])
        return
    rate: Decimal = line["Rate"] if line.get("Rate") is not None else (item.price or ZERO) * sign
    line["Rate"] = rate
    line["Amount"] = cents(rate * (Decimal(1) if quantity is None else quantity))


def _price_discount(line: dict[str, Any], item: Item, above: Decimal) -> None:
    line.pop("Quantity", None)  # a discount has none
    percent: Decimal | None = line.get("RatePercent")
    if percent is None and line.get("Rate") is None and line.get("Amount") is None:
        percent = None if item.percent is None else -item.percent
    if percent is not None:
        line["RatePercent"] = percent
        line["Amount"] = cents(above * percent / 100)
    elif line.get("Amount") is not None:
        line["Amount"] = cents(line["Amount"])
    else:
        rate: Decimal = line["Rate"] if line.get("Rate") is not None else -(item.price or ZERO)
        line["Rate"], line["Amount"] = rate, cents(rate)


def _counted(line: Mapping[str, Any], item_of: ItemOf) -> Decimal:
    item = item_of(line)
    amount: Decimal = line.get("Amount") or ZERO
    return ZERO if item is None or item.kind == "ItemSubtotal" else amount


def _flat(lines: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [member for line in lines for member in line.get("InvoiceLineRet", [line])]


def subtotal(lines: Sequence[Mapping[str, Any]], item_of: ItemOf) -> Decimal:
    """What the invoice adds up to before tax; subtotal lines don't count twice."""
    return sum((_counted(line, item_of) for line in _flat(lines)), ZERO)


def sales_tax(
    lines: Sequence[Mapping[str, Any]], item_of: ItemOf, rate: Decimal, taxable: Callable[[Mapping[str, Any]], bool]
) -> Decimal:
    """The tax on the taxable lines, `rate` in percent, rounded once for the invoice. [assumed]"""
    base = sum((_counted(line, item_of) for line in _flat(lines) if taxable(line)), ZERO)
    return cents(base * rate / 100)


def voided(lines: Sequence[dict[str, Any]]) -> None:
    """Sets quantities and amounts to zero in place; rates stay. [facts 2.9: amounts become zero]"""
    for line in lines:
        for name in ("Quantity", "Amount", "TotalAmount"):
            if line.get(name) is not None:
                line[name] = ZERO
        voided(line.get("InvoiceLineRet", []))
