"""The lines of a sale as a plain list that adds up to its total: the derived field Lines. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal

from engine.protocol import Record

CENT = Decimal("0.01")
ZERO = Decimal(0)
ONE = Decimal(1)

Kind = Callable[[str], str | None]
"""The Kind of the item with this ListID; raises KeyError where the item is not held."""


def lines(entity: str, sale: Record, kind: Kind) -> list[Record]:
    """The lines in their order, with LineKey, ItemRef, Desc, LineQuantity, LinePrice and LineAmount.

    `entity` is Invoice, Estimate, SalesOrder, SalesReceipt or CreditMemo. Item lines as they are; a group's members
    instead of the group, whose amount is their sum; a subtotal repeats what is there already and a description has no
    amount, so both cost nothing; sales tax is a line of its own. Quantity times price is the amount to the cent on
    each. [design section 4]
    """
    found = [_line(line, kind) for line in _flat(entity, sale)]
    tax = _number(sale.get("SalesTaxTotal"))
    if tax:
        found.append(_made("tax", None, "Sales tax", ONE, tax, tax))
    return found


def _flat(entity: str, sale: Record) -> Iterator[Record]:
    """The lines of the sale, groups replaced by their members."""
    single = f"{entity}LineRet"
    both = [*(sale.get(single) or ()), *(sale.get(f"{entity}LineGroupRet") or ())]
    for line in sorted(both, key=lambda one: one.get("Position") or ZERO):
        if "ItemGroupRef" not in line:
            yield line
        elif line.get(single):
            yield from line[single]
        else:  # a group whose members QuickBooks did not tell: its total is all there is
            yield {**line, "ItemRef": line["ItemGroupRef"], "Amount": line.get("TotalAmount"), "Quantity": None}


def _line(line: Record, kind: Kind) -> Record:
    item = line.get("ItemRef")
    amount = _number(line.get("Amount"))
    if item and item.get("ListID") and kind(item["ListID"]) == "Subtotal":
        return _made(line.get("TxnLineID"), item, line.get("Desc"), ONE, ZERO, ZERO)
    quantity, rate, percent = line.get("Quantity"), line.get("Rate"), line.get("RatePercent")
    if rate is None and percent is None and quantity in (None, ONE):
        return _made(line.get("TxnLineID"), item, line.get("Desc"), ONE, amount, amount)
    count = ONE if quantity is None else quantity
    # A rate of parts of a cent would be rounded by who takes it, and no one else counts below nought.
    if rate is not None and rate == _cents(rate) and count > 0 and _cents(count * rate) == amount:
        return _made(line.get("TxnLineID"), item, line.get("Desc"), count, rate, amount)
    return _made(line.get("TxnLineID"), item, _explained(line), ONE, amount, amount)


def _explained(line: Record) -> str:
    """The description with the true quantity and rate, where they don't make the amount."""
    words = []
    if line.get("Quantity") is not None:
        words.append(_plain(line["Quantity"]))
    if line.get("Rate") is not None:
        words.append(_plain(line["Rate"]))
    elif line.get("RatePercent") is not None:
        words.append(f"{_plain(line['RatePercent'])} %")
    return f"{line.get('Desc') or ''} ({' × '.join(words)})".strip()


def _made(
    key: str | None, item: Record | None, words: str | None, quantity: Decimal, price: Decimal, amount: Decimal
) -> Record:
    return {
        "LineKey": key,
        "ItemRef": item,
        "Desc": words,
        "LineQuantity": quantity,
        "LinePrice": price,
        "LineAmount": _cents(amount),
    }


def _number(value: object) -> Decimal:
    return value if isinstance(value, Decimal) else ZERO


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def _plain(number: Decimal) -> str:
    """Without exponent and without zeros at the end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
