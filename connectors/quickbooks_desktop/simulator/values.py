"""Which type each qbXML element has, how its text is read, and how its value is written."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from connectors.quickbooks_desktop.simulator.errors import StatusError

_KINDS: dict[str, str] = {
    "amount": (
        "Amount AmountDue AmountDueInHomeCurrency AmountInHomeCurrency AppliedAmount AverageAmount Balance "
        "BalanceRemaining BalanceRemainingInHomeCurrency CostBasis CreditLimit CreditRemaining "
        "CreditRemainingInHomeCurrency DiscountAmount MinFinanceCharge OpenAmount OpenBalance SalesTaxTotal "
        "Subtotal SuggestedDiscountAmount TaxAmount TotalAmount TotalAmountInHomeCurrency TotalBalance "
        "UnusedCredits UnusedPayment YearEndAccumulatedDepreciation YearEndBookValue"
    ),
    "price": "AverageCost Cost DiscountRate MarkupRate Price PurchaseCost Rate SalesExpense SalesPrice",
    "percent": (
        "AnnualInterestRate DiscountPct DiscountRatePercent MarkupRatePercent PricePercent RatePercent "
        "SalesTaxPercentage TaxRate"
    ),
    "quantity": (
        "BuildPoint Invoiced Max Quantity QuantityOnHand QuantityOnOrder QuantityOnSalesOrder "
        "ReceivedQuantity ReorderPoint UnbilledQuantity"
    ),
    "float": "ExchangeRate",
    "boolean": ("CreateChangeOrder DefaultShipTo IncludeLineItems IncludeLinkedTxns IncludeMaxCapacity Override"),
    "date": (
        "AsOfDate DueDate ExpectedDate FromTxnDate HiredDate JobEndDate JobProjectedEndDate JobStartDate "
        "OpenBalanceDate PurchaseDate ReleasedDate SalesDate ServiceDate ShipDate SuggestedDiscountDate "
        "ToTxnDate TxnDate WarrantyExpDate"
    ),
    "datetime": "FromDeletedDate FromModifiedDate ToDeletedDate ToModifiedDate",
    "integer": (
        "DataExtID DayOfMonthDue DiscountDayOfMonth DueNextMonthDays ExpirationMonth ExpirationYear "
        "GracePeriod MaxReturned NoteID StdDiscountDays StdDueDays Sublevel TxnNumber"
    ),
    "id": "CreditTxnID LinkToTxnID ListID ListIDWithChildren TxnID TxnLineID",
    "guid": "ExternalGUID OwnerID",
}
KIND: dict[str, str] = {name: kind for kind, names in _KINDS.items() for name in names.split()}
"""Leaf name -> kind; a name beginning with `Is` is boolean, every other one is text. [OPS]"""

_DATETIME = re.compile(r"\d{4}-\d{1,2}-\d{1,2}(T\d{1,2}(:\d{1,2}(:\d{1,2}([+-]\d{1,2}:\d{1,2})?)?)?)?\Z")
_GUID = re.compile(r"(0|\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\})\Z")
_FORMS: dict[str, tuple[re.Pattern[str], int, str]] = {
    "amount": (re.compile(r"[+-]?\d{1,13}(\.\d{2})?\Z"), 3040, "amount"),
    "price": (re.compile(r"[+-]?\d{1,10}(\.\d{1,5})?\Z"), 3045, "price"),
    "percent": (re.compile(r"[+-]?\d{1,10}(\.\d{1,5})?\Z"), 3050, "percent"),
    "quantity": (re.compile(r"[+-]?\d{1,10}(\.\d{1,5})?\Z"), 3060, "quantity"),
    "float": (re.compile(r"[+-]?\d+(\.\d+)?\Z"), 3085, "number"),
    "boolean": (re.compile(r"(true|false|1|0)\Z"), 3010, "Boolean"),
    "date": (re.compile(r"\d{4}-\d{2}-\d{2}\Z"), 3020, "date"),
    "datetime": (_DATETIME, 3020, "date"),
    "integer": (re.compile(r"[+-]?\d{1,10}\Z"), 3085, "number"),
    "id": (re.compile(r"[0-9A-Za-z-]{1,36}\Z"), 3000, "object ID"),
    "guid": (_GUID, 3000, "object ID"),
}

Value: TypeAlias = str | bool | int | Decimal
"""A leaf's value: text, ids, dates and date-times are str."""


def kind_of(name: str) -> str:
    """The kind of a leaf: amount, price, percent, quantity, float, boolean, date, datetime, integer, id, guid, text."""
    if name.startswith("Is") and name[2:3].isupper():
        return "boolean"
    return KIND.get(name, "text")


def read(name: str, text: str) -> Value | None:
    """The value of a request's leaf; None for an empty one, which in a write clears the field. [facts 2.5]

    Raises StatusError 3000-3085 for text of the wrong form. [facts 2.5, 2.10]
    """
    kind = kind_of(name)
    if text == "":
        return None
    if kind == "text":
        return text
    form, code, word = _FORMS[kind]
    if not form.match(text):
        raise _unconvertible(code, word, name, text)
    if kind == "boolean":
        return text in ("true", "1")
    if kind == "integer":
        return int(text)
    if kind in ("amount", "price", "percent", "quantity", "float"):
        return Decimal(text)
    if kind in ("date", "datetime"):
        try:
            year, month, day = text.split("T")[0].split("-")
            date(int(year), int(month), int(day))
        except ValueError:
            raise _unconvertible(code, word, name, text) from None
    return text


def _unconvertible(code: int, word: str, name: str, text: str) -> StatusError:
    return StatusError(code, f'There was an error when converting the {word} value "{text}" in the field "{name}".')


def write(name: str, value: Value) -> str:
    """The text of an answer's leaf, not yet escaped: amounts with two decimals, prices with two to five."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return _WRITERS.get(kind_of(name), _plain)(value)
    return str(value)


def _cents(value: Decimal) -> str:
    return f"{value.quantize(Decimal('0.01')):f}"


def _at_least_cents(value: Decimal) -> str:
    return _trim(f"{value.quantize(Decimal('0.00001')):f}", keep=2)


def _plain(value: Decimal) -> str:
    return _trim(f"{value.quantize(Decimal('0.00001')):f}", keep=0)


def _trim(text: str, *, keep: int) -> str:
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0").ljust(keep, "0")
    return f"{whole}.{fraction}" if fraction else whole


_WRITERS: dict[str, Callable[[Decimal], str]] = {
    "amount": _cents, "price": _at_least_cents, "percent": _at_least_cents, "quantity": _plain, "float": _plain,
}  # fmt: skip


def stored(value: object) -> Value:
    """A value given by the person at the keyboard, as the company file keeps it.

    Text loses what Windows-1252 cannot hold (it becomes `?`), dates become ISO text, floats are refused.
    [facts 2.5: QuickBooks stores Windows-1252 like text]
    """
    if isinstance(value, bool | int | Decimal):
        return value
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"the company file cannot keep {value!r}; money is Decimal, dates are date or ISO text")


def storable(text: str) -> str:
    """The text as QuickBooks stores it: characters outside Windows-1252 become `?`. [facts 2.5]"""
    return text.encode("cp1252", "replace").decode("cp1252")
