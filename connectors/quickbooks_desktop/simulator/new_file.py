"""Puts into a new company file what every one has: tax codes, the accounts that sales post to, currencies."""

from datetime import datetime

from connectors.quickbooks_desktop.simulator.lists import Lists

_ACCOUNTS = {
    "Accounts Receivable": "AccountsReceivable", "Undeposited Funds": "OtherCurrentAsset", "Checking": "Bank",
    "Sales": "Income", "Cost of Goods Sold": "CostOfGoodsSold", "Inventory Asset": "OtherCurrentAsset",
}  # fmt: skip
_CURRENCIES = {"US Dollar": "USD", "Canadian Dollar": "CAD", "Euro": "EUR", "British Pound Sterling": "GBP"}


def set_up(lists: Lists, multicurrency: bool, currency: str, at: datetime) -> str | None:
    """Fills the lists; the ListID of the home currency where several are in use, else None."""
    for code, taxable in (("Tax", True), ("Non", False)):
        lists.add("SalesTaxCode", {"Name": code, "IsTaxable": taxable}, at)
    for account, kind in _ACCOUNTS.items():
        lists.add("Account", {"Name": account, "AccountType": kind}, at)
    if not multicurrency:
        return None
    if currency not in _CURRENCIES:
        raise ValueError(f"unknown home currency {currency!r}; known: {', '.join(_CURRENCIES)}")
    ids = {
        name: lists.add("Currency", {"Name": name, "CurrencyCode": code}, at).id for name, code in _CURRENCIES.items()
    }
    return ids[currency]
