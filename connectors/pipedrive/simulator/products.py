"""The rules of a product: its prices and how often it is billed."""

from typing import Any, Protocol

from .numbers import Number
from .refusals import Forbidden, Invalid

Record = dict[str, Any]

NEW_PRODUCT: Record = {
    "code": None,
    "description": None,
    "unit": None,
    "tax": 0,
    "category": None,
    "is_linkable": True,
    "billing_frequency": "one-time",
    "billing_frequency_cycles": None,
}


class Terms(Protocol):
    """What the rules ask the account."""

    currency: str

    def price(self, value: Number, currency: str) -> Number: ...
    def recurring_billing(self) -> bool: ...


def product_changes(before: Record | None, kept: Record, account: Terms) -> Record:
    """The checked body completed. Without prices: 0 in the company's currency [OpenAPI v2 addProduct]."""
    after = (NEW_PRODUCT | {"prices": [{"currency": account.currency, "price": 0}]} | kept) if before is None else kept
    check_billing((before or NEW_PRODUCT) | after, account)
    if "prices" in after:
        after["prices"] = [_price(row, account) for row in after["prices"]]
    return after


def _price(row: Record, account: Terms) -> Record:
    return {
        "currency": row["currency"],
        "price": account.price(row["price"], row["currency"]),
        "cost": account.price(row.get("cost") or 0, row["currency"]),
        "direct_cost": row.get("direct_cost"),
        "notes": row.get("notes") or "",
    }


def check_billing(record: Record, account: Terms) -> None:
    """Billing rules of a product or a line [OpenAPI v2 addDealProduct]."""
    often, cycles = record["billing_frequency"], record["billing_frequency_cycles"]
    if often == "one-time":
        if cycles is not None:
            raise Invalid("billing_frequency_cycles: must be null when billing_frequency is one-time")
        return
    if not account.recurring_billing():
        raise Forbidden("billing_frequency is only available in Growth and above plans")
    if often == "weekly" and cycles is None:
        raise Invalid("billing_frequency_cycles: is required when billing_frequency is weekly")
