"""The rules of invoices and received payments: prices, tax, due dates, application, void and delete."""

import calendar
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.quickbooks_desktop.simulator import invoicing
from connectors.quickbooks_desktop.simulator.books import Books
from connectors.quickbooks_desktop.simulator.errors import StatusError, not_found
from connectors.quickbooks_desktop.simulator.lists import merged
from connectors.quickbooks_desktop.simulator.records import ITEMS, Record

ZERO = Decimal("0.00")
_FROM_CUSTOMER = ("BillAddress", "ShipAddress", "TermsRef", "SalesRepRef", "ItemSalesTaxRef", "CurrencyRef")
_NEW_LINE = "-1"  # TxnLineID of a line that a Mod adds [facts 2.7 (mem)]

Applied = Mapping[str, Decimal | Mapping[str, Decimal]]
"""TxnID -> the amount applied, or {"Amount": ..., "DiscountAmount": ...}."""


class Sales:
    """Writes invoices and payments. `payment_touches_invoice`: whether a payment bumps its invoices' TimeModified."""

    def __init__(self, books: Books, *, payment_touches_invoice: bool) -> None:
        self._books = books
        self.payment_touches_invoice = payment_touches_invoice

    # invoices

    def add_invoice(self, given: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], at: datetime) -> Record:
        """A new invoice; what it doesn't say comes from the customer, the number counts on, the due date follows the
        terms. [assumed: as QuickBooks' window does]"""
        fields = self._books.prepare_new("Invoice", given)
        customer = self._books.records.require(("Customer",), fields["CustomerRef"]["ListID"])
        self._inherit(fields, customer)
        self._in_currency(fields)
        fields.setdefault("TxnDate", self._books.wall.wall(at).date().isoformat())
        if "DueDate" not in fields:
            fields["DueDate"] = self._due_date(fields)
        fields.setdefault("ShipDate", fields["TxnDate"])
        if "RefNumber" not in given:
            fields["RefNumber"] = self._next_number()
        account = self._books.records.find(("Account",), "Accounts Receivable")
        if account:
            fields.setdefault("ARAccountRef", {"ListID": account.id})
        for name in ("IsPending", "IsFinanceCharge", "IsToBePrinted", "IsToBeEmailed"):
            fields.setdefault(name, False)
        new_lines = [self._line(line, None, at) for line in lines]
        self._total(fields, new_lines)
        invoice = self._books.enter("Invoice", fields, at)
        invoice.lines = new_lines
        self._books.ledger.changed()
        self._books.remember(invoice, at)
        return invoice

    def edit_invoice(
        self, invoice: Record, given: Mapping[str, Any], lines: Sequence[Mapping[str, Any]] | None, at: datetime
    ) -> None:
        """Changes header fields; with `lines` None the lines stay, else those not named go. [facts 2.7]"""
        fields = merged(invoice.fields, self._books.prepare("Invoice", given))
        new_lines = invoice.lines if lines is None else self._edited_lines(invoice, lines, at)
        if fields.get("Subtotal") is not None and (lines is not None or {"ItemSalesTaxRef"} & set(given)):
            self._total(fields, new_lines)
        total = fields["Subtotal"] + fields["SalesTaxTotal"]
        if total < self._books.ledger.settled(invoice.id):
            raise StatusError(3210, "The invoice would be less than the payments applied to it.")  # [assumed]
        self._books.touch(invoice, at)
        invoice.fields, invoice.lines = fields, new_lines
        self._books.ledger.changed()
        self._books.remember(invoice, at)

    def void_invoice(self, invoice: Record, at: datetime) -> None:
        """Amounts become zero, the memo says so, payments are set free. [facts 2.9; the mark `VOID: `: assumed]"""
        self._books.touch(invoice, at)
        self._release(invoice, at)
        invoicing.voided(invoice.lines)
        invoice.fields |= {"Subtotal": ZERO, "SalesTaxTotal": ZERO, "Memo": _void_memo(invoice)}
        self._books.ledger.changed()
        self._books.remember(invoice, at)

    def delete_invoice(self, invoice: Record, at: datetime) -> None:
        """The invoice vanishes, its payments are set free."""
        last = self._books.views.full(invoice)
        self._release(invoice, at)
        self._books.remove(invoice, at)
        self._books.ledger.changed()
        self._books.remember(invoice, at, last | {"BalanceRemaining": ZERO, "Deleted": True})

    def _release(self, invoice: Record, at: datetime) -> None:
        """Unlinks the payments; they become unused credit, and are themselves changed. [assumed]"""
        for payment in self._books.ledger.payments_of(invoice.id):
            self._books.touch(payment, at)
            self._books.ledger.apply(payment, {k: v for k, v in payment.applied.items() if k != invoice.id})

    # payments

    def receive(self, given: Mapping[str, Any], applied: Applied, at: datetime) -> Record:
        """A payment; TotalAmount defaults to what is applied."""
        fields = self._books.prepare_new("ReceivePayment", given)
        parts = self._applicable(applied, fields, None)
        fields.setdefault("TotalAmount", sum((part["Amount"] for part in parts.values()), ZERO))
        if fields["TotalAmount"] < sum((part["Amount"] for part in parts.values()), ZERO):
            raise StatusError(3210, "More is applied than was received.")
        fields.setdefault("TxnDate", self._books.wall.wall(at).date().isoformat())
        customer = self._books.records.require(("Customer",), fields["CustomerRef"]["ListID"])
        if "CurrencyRef" in customer.fields:
            fields.setdefault("CurrencyRef", customer.fields["CurrencyRef"])
        self._in_currency(fields)
        for name, account in (("ARAccountRef", "Accounts Receivable"), ("DepositToAccountRef", "Undeposited Funds")):
            if found := self._books.records.find(("Account",), account):
                fields.setdefault(name, {"ListID": found.id})
        self._check_time(parts, at)
        payment = self._books.enter("ReceivePayment", fields, at)
        self._apply(payment, parts, at)
        return payment

    def edit_payment(self, payment: Record, given: Mapping[str, Any], applied: Applied | None, at: datetime) -> None:
        """Changes header fields and, if `applied` is given, what the payment settles."""
        fields = merged(payment.fields, self._books.prepare("ReceivePayment", given))
        parts = payment.applied if applied is None else self._applicable(applied, fields, payment)
        if fields["TotalAmount"] < sum((part["Amount"] for part in parts.values()), ZERO):
            raise StatusError(3210, "More is applied than was received.")
        self._check_time({**payment.applied, **parts}, at)
        self._books.touch(payment, at)
        payment.fields = fields
        self._apply(payment, parts, at)

    def void_payment(self, payment: Record, at: datetime) -> None:
        """The amount becomes zero and the payment settles nothing any more. [facts 2.9]"""
        self._check_time(payment.applied, at)
        self._books.touch(payment, at)
        payment.fields |= {"TotalAmount": ZERO, "Memo": _void_memo(payment)}
        self._apply(payment, {}, at)

    def delete_payment(self, payment: Record, at: datetime) -> None:
        """The payment vanishes; its invoices are open again."""
        self._check_time(payment.applied, at)
        self._apply(payment, {}, at)
        self._books.remove(payment, at)
        self._books.ledger.changed()

    def _apply(self, payment: Record, parts: dict[str, dict[str, Decimal]], at: datetime) -> None:
        """Applies, and writes the history of every invoice whose balance changed."""
        concerned = [txn for txn in {**payment.applied, **parts} if payment.applied.get(txn) != parts.get(txn)]
        self._books.ledger.apply(payment, parts)
        for txn_id in concerned:
            invoice = self._books.records.shelf("Invoice")[txn_id]
            if self.payment_touches_invoice:
                self._books.touch(invoice, at)
            self._books.remember(invoice, at)

    def _check_time(self, parts: Mapping[str, object], at: datetime) -> None:
        """Before anything is changed: the histories of these invoices must not run backwards (ValueError)."""
        for txn_id in parts:
            self._books.check_time(txn_id, at)

    def _applicable(
        self, applied: Applied, fields: Mapping[str, Any], payment: Record | None
    ) -> dict[str, dict[str, Decimal]]:
        parts: dict[str, dict[str, Decimal]] = {}
        for txn_id, amount in applied.items():
            invoice = self._books.records.shelf("Invoice").get(txn_id)
            if invoice is None:
                raise not_found(txn_id)
            part = dict(amount) if isinstance(amount, Mapping) else {"Amount": amount}
            before = payment.applied.get(txn_id, {}) if payment else {}
            free = self._books.ledger.open_balance(invoice) + sum(before.values(), ZERO)
            if sum(part.values(), ZERO) > free:
                raise StatusError(3210, f"More is applied to {txn_id} than is open ({free}).")
            if invoice.fields.get("CurrencyRef") != fields.get("CurrencyRef", invoice.fields.get("CurrencyRef")):
                raise StatusError(3210, "The payment's currency is not the invoice's.")
            parts[txn_id] = part
        return parts

    # lines and totals

    def _line(self, given: Mapping[str, Any], old: Mapping[str, Any] | None, at: datetime) -> dict[str, Any]:
        raw = {name: value for name, value in given.items() if name not in ("TxnLineID", "InvoiceLineRet")}
        name = "InvoiceLineGroupRet" if "ItemGroupRef" in given or (old and "ItemGroupRef" in old) else "InvoiceLineRet"
        changes = self._books.prepare(name, raw)
        line = merged(old or {}, changes)
        if {"Quantity", "Rate", "RatePercent", "ItemRef"} & set(changes) and "Amount" not in changes:
            line.pop("Amount", None)
        if old is not None and "ItemRef" in changes and not {"Rate", "Amount", "RatePercent"} & set(changes):
            line.pop("Rate", None)
            line.pop("RatePercent", None)
        line["TxnLineID"] = old["TxnLineID"] if old is not None else self._books.records.new_txn_id(at)
        if name == "InvoiceLineGroupRet":
            self._fill_group(line, given.get("InvoiceLineRet"), old, at)
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
            line["InvoiceLineRet"] = [self._line(m, known.get(str(m.get("TxnLineID"))), at) for m in members]
        elif old is None or old.get("Quantity") != line.get("Quantity"):
            line["InvoiceLineRet"] = [
                self._line({"ItemRef": m["ItemRef"], "Quantity": (m.get("Quantity") or Decimal(1)) * times}, None, at)
                for m in group.fields.get("ItemGroupLine", [])
            ]

    def _edited_lines(self, invoice: Record, lines: Sequence[Mapping[str, Any]], at: datetime) -> list[dict[str, Any]]:
        known = {line["TxnLineID"]: line for line in invoice.lines}
        edited = []
        for line in lines:
            ident = str(line.get("TxnLineID", _NEW_LINE))
            if ident != _NEW_LINE and ident not in known:
                raise not_found(ident)
            edited.append(self._line(line, known.get(ident), at))
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

    def _total(self, fields: dict[str, Any], lines: list[dict[str, Any]]) -> None:
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

    def _inherit(self, fields: dict[str, Any], customer: Record) -> None:
        """What the customer says about its sales; a job that says nothing, says what its customer says. [assumed]"""
        above: Record | None = customer
        while above is not None:
            for name in _FROM_CUSTOMER:
                if name in above.fields:
                    fields.setdefault(name, above.fields[name])
            if "SalesTaxCodeRef" in above.fields:
                fields.setdefault("CustomerSalesTaxCodeRef", above.fields["SalesTaxCodeRef"])
            above = self._books.records.parent(above)

    def _in_currency(self, fields: dict[str, Any]) -> None:
        """With several currencies every sale names one and its rate; with one currency none does. [facts 3]"""
        home = self._books.views.home_currency
        if home is None:
            fields.pop("CurrencyRef", None)
            return
        reference = fields.setdefault("CurrencyRef", {"ListID": home})
        currency = self._books.records.require(("Currency",), reference["ListID"])
        fields.setdefault("ExchangeRate", currency.fields.get("ExchangeRate", Decimal(1)))

    def _due_date(self, fields: Mapping[str, Any]) -> str:
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

    def _next_number(self) -> str:
        numbers = self._books.records.shelf("Invoice").values()
        last = next((n for r in reversed(numbers) if (n := str(r.fields.get("RefNumber", ""))).isdigit()), "0")
        return str(int(last) + 1)


def _on_day(month: date, day: int) -> date:
    return month.replace(day=min(day, calendar.monthrange(month.year, month.month)[1]))


def _void_memo(record: Record) -> str:
    memo = str(record.fields.get("Memo") or "")
    return memo if memo.startswith("VOID:") else f"VOID: {memo}"[:4095]
