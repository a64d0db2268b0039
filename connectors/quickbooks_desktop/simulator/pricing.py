"""Prices the lines of invoices, estimates and sales orders against the company's items, and fills in what a sale
leaves unsaid: the customer's terms and addresses, currency, due date, number."""

import calendar
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.quickbooks_desktop.simulator import invoicing
from connectors.quickbooks_desktop.simulator.answers import line_name
from connectors.quickbooks_desktop.simulator.books import Books
from connectors.quickbooks_desktop.simulator.errors import not_found
from connectors.quickbooks_desktop.simulator.lists import merged
from connectors.quickbooks_desktop.simulator.records import ITEMS, Record

_FROM_CUSTOMER = ("BillAddress", "ShipAddress", "TermsRef", "SalesRepRef", "ItemSalesTaxRef", "CurrencyRef")
_NEW_LINE = "-1"  # TxnLineID of a line that a Mod adds [facts 2.7 (mem)]

Lines = Sequence[Mapping[str, Any]]


class Pricing:
    """What every kind of sale has in common. Groups hold their members under `InvoiceLineRet`, whatever the kind."""

    def __init__(self, books: Books) -> None:
        self._books = books

    # lines and totals

    def new(self, entity: str, lines: Lines, at: datetime) -> list[dict[str, Any]]:
        """The lines of a new sale, not yet priced."""
        return [self._line(entity, line, None, at) for line in lines]

    def _line(
        self, entity: str, given: Mapping[str, Any], old: Mapping[str, Any] | None, at: datetime
    ) -> dict[str, Any]:
        raw = {name: value for name, value in given.items() if name not in ("TxnLineID", "InvoiceLineRet")}
        name = line_name(entity, old or {}) if old and "ItemGroupRef" in old else line_name(entity, given)
        changes = self._books.prepare(name, raw)
        line = merged(old or {}, changes)
        if {"Quantity", "Rate", "RatePercent", "ItemRef"} & set(changes) and "Amount" not in changes:
            line.pop("Amount", None)
        if old is not None and "ItemRef" in changes and not {"Rate", "Amount", "RatePercent"} & set(changes):
            line.pop("Rate", None)
            line.pop("RatePercent", None)
        line["TxnLineID"] = old["TxnLineID"] if old is not None else self._books.records.new_txn_id(at)
        if "LineGroup" in name:
            self._fill_group(entity, line, given.get("InvoiceLineRet"), old, at)
        else:
            self._describe(line, changes)
        return line

    def _describe(self, line: dict[str, Any], changes: Mapping[str, Any]) -> None:
        """The item's description and tax code, where the line has none of its own."""
        if "ItemRef" not in line or "ItemRef" not in changes:
            return
        item = self._books.records.require(ITEMS, line["ItemRef"]["ListID"])
        side = item.fields.get("SalesOrPurchase") or item.fields.get("SalesAndPurchase") or item.fields
        text = side.get("Desc") or side.get("SalesDesc") or item.fields.get("ItemDesc")
        if text and "Desc" not in line:
            line["Desc"] = text
        if "SalesTaxCodeRef" in item.fields:
            line.setdefault("SalesTaxCodeRef", item.fields["SalesTaxCodeRef"])

    def _fill_group(
        self,
        entity: str,
        line: dict[str, Any],
        members: Sequence[Mapping[str, Any]] | None,
        old: Mapping[str, Any] | None,
        at: datetime,
    ) -> None:
        group = self._books.records.require(("ItemGroup",), line["ItemGroupRef"]["ListID"])
        line.setdefault("IsPrintItemsInGroup", group.fields.get("IsPrintItemsInGroup", False))
        if group.fields.get("ItemDesc"):
            line.setdefault("Desc", group.fields["ItemDesc"])
        times: Decimal = line.get("Quantity") or Decimal(1)
        if members is not None:
            known = {member["TxnLineID"]: member for member in (old or {}).get("InvoiceLineRet", [])}
            line["InvoiceLineRet"] = [self._line(entity, m, known.get(str(m.get("TxnLineID"))), at) for m in members]
        elif old is None or old.get("Quantity") != line.get("Quantity"):
            line["InvoiceLineRet"] = [
                self._line(entity, {"ItemRef": m["ItemRef"], "Quantity": (m.get("Quantity") or 1) * times}, None, at)
                for m in group.fields.get("ItemGroupLine", [])
            ]

    def edited(self, sale: Record, lines: Lines, at: datetime) -> list[dict[str, Any]]:
        """The whole new list of lines: those not named are gone, `-1` is a new one. [facts 2.7]"""
        known = {line["TxnLineID"]: line for line in sale.lines}
        edited = []
        for line in lines:
            ident = str(line.get("TxnLineID", _NEW_LINE))
            if ident != _NEW_LINE and ident not in known:
                raise not_found(ident)
            edited.append(self._line(sale.entity, line, known.get(ident), at))
        return edited

    def _item(self, line: Mapping[str, Any]) -> invoicing.Item | None:
        if "ItemRef" not in line:
            return None
        record = self._books.records.require(ITEMS, line["ItemRef"]["ListID"])
        side = record.fields.get("SalesOrPurchase") or record.fields.get("SalesAndPurchase") or record.fields
        price = side.get("Price", side.get("SalesPrice", record.fields.get("DiscountRate")))
        return invoicing.Item(record.entity, price, record.fields.get("DiscountRatePercent"))

    def _is_taxable(self, line: Mapping[str, Any]) -> bool:
        reference = line.get("SalesTaxCodeRef")
        code = self._books.records.get(("SalesTaxCode",), reference["ListID"]) if reference else None
        return code is not None and bool(code.fields.get("IsTaxable"))

    def total(self, fields: dict[str, Any], lines: list[dict[str, Any]]) -> None:
        """Prices the lines and computes subtotal and tax into `fields`."""
        invoicing.price_lines(lines, self._item)
        rate = Decimal("0.00")
        if reference := fields.get("ItemSalesTaxRef"):
            tax = self._books.records.require(("ItemSalesTax",), reference["ListID"])
            rate = tax.fields.get("TaxRate", rate)
        code = fields.get("CustomerSalesTaxCodeRef")
        if code is not None and not self._is_taxable({"SalesTaxCodeRef": code}):
            rate = Decimal("0.00")
        fields["Subtotal"] = invoicing.subtotal(lines, self._item)
        fields["SalesTaxPercentage"] = rate
        fields["SalesTaxTotal"] = invoicing.sales_tax(lines, self._item, rate, self._is_taxable)

    # defaults

    def inherit(self, fields: dict[str, Any], customer: Record) -> None:
        """What the customer says about its sales; a job that says nothing, says what its customer says. [assumed]"""
        above: Record | None = customer
        while above is not None:
            for name in _FROM_CUSTOMER:
                if name in above.fields:
                    fields.setdefault(name, above.fields[name])
            if "SalesTaxCodeRef" in above.fields:
                fields.setdefault("CustomerSalesTaxCodeRef", above.fields["SalesTaxCodeRef"])
            above = self._books.records.parent(above)

    def in_currency(self, fields: dict[str, Any]) -> None:
        """With several currencies every sale names one and its rate; with one currency none does. [facts 3]"""
        home = self._books.views.home_currency
        if home is None:
            fields.pop("CurrencyRef", None)
            return
        reference = fields.setdefault("CurrencyRef", {"ListID": home})
        currency = self._books.records.require(("Currency",), reference["ListID"])
        fields.setdefault("ExchangeRate", currency.fields.get("ExchangeRate", Decimal(1)))

    def due_date(self, fields: Mapping[str, Any]) -> str:
        """TxnDate plus the terms, an ISO date."""
        issued = date.fromisoformat(fields["TxnDate"])
        reference = fields.get("TermsRef")
        terms = (
            self._books.records.get(("StandardTerms", "DateDrivenTerms"), reference["ListID"]) if reference else None
        )
        if terms is None:
            return issued.isoformat()
        if terms.entity == "StandardTerms":
            return (issued + timedelta(days=terms.fields.get("StdDueDays", 0))).isoformat()
        day = int(terms.fields["DayOfMonthDue"])
        due = _on_day(issued, day)
        if (due - issued).days < int(terms.fields.get("DueNextMonthDays", 0)) or due < issued:
            due = _on_day(due.replace(day=1) + timedelta(days=32), day)
        return due.isoformat()

    def next_number(self, entity: str) -> str:
        """One more than the last RefNumber of this kind that is a number."""
        numbers = self._books.records.shelf(entity).values()
        last = next((n for r in reversed(numbers) if (n := str(r.fields.get("RefNumber", ""))).isdigit()), "0")
        return str(int(last) + 1)


def _on_day(month: date, day: int) -> date:
    return month.replace(day=min(day, calendar.monthrange(month.year, month.month)[1]))
