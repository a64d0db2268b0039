"""The rules of invoices and received payments: prices, tax, due dates, application, void and delete."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.quickbooks_desktop.simulator import invoicing
from connectors.quickbooks_desktop.simulator.books import Books
from connectors.quickbooks_desktop.simulator.errors import StatusError, not_found
from connectors.quickbooks_desktop.simulator.lists import merged
from connectors.quickbooks_desktop.simulator.pricing import Pricing
from connectors.quickbooks_desktop.simulator.records import Record

ZERO = Decimal("0.00")

Applied = Mapping[str, Decimal | Mapping[str, Decimal]]
"""TxnID -> the amount applied, or {"Amount": ..., "DiscountAmount": ...}."""


class Sales:
    """Writes invoices and payments. `payment_touches_invoice`: whether a payment bumps its invoices' TimeModified."""

    def __init__(self, books: Books, *, payment_touches_invoice: bool) -> None:
        self._books = books
        self._pricing = Pricing(books)
        self.payment_touches_invoice = payment_touches_invoice

    # invoices

    def add_invoice(self, given: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], at: datetime) -> Record:
        """A new invoice; what it doesn't say comes from the customer, the number counts on, the due date follows the
        terms. [assumed: as QuickBooks' window does]"""
        fields = self._books.prepare_new("Invoice", given)
        customer = self._books.records.require(("Customer",), fields["CustomerRef"]["ListID"])
        self._pricing.inherit(fields, customer)
        self._pricing.in_currency(fields)
        fields.setdefault("TxnDate", self._books.wall.wall(at).date().isoformat())
        if "DueDate" not in fields:
            fields["DueDate"] = self._pricing.due_date(fields)
        fields.setdefault("ShipDate", fields["TxnDate"])
        if "RefNumber" not in given:
            fields["RefNumber"] = self._pricing.next_number("Invoice")
        account = self._books.records.find(("Account",), "Accounts Receivable")
        if account:
            fields.setdefault("ARAccountRef", {"ListID": account.id})
        for name in ("IsPending", "IsFinanceCharge", "IsToBePrinted", "IsToBeEmailed"):
            fields.setdefault(name, False)
        new_lines = self._pricing.new("Invoice", lines, at)
        self._pricing.total(fields, new_lines)
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
        new_lines = invoice.lines if lines is None else self._pricing.edited(invoice, lines, at)
        if fields.get("Subtotal") is not None and (lines is not None or {"ItemSalesTaxRef"} & set(given)):
            self._pricing.total(fields, new_lines)
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
        invoice.fields |= {"Subtotal": ZERO, "SalesTaxTotal": ZERO, "Memo": void_memo(invoice)}
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
        self._pricing.in_currency(fields)
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
        payment.fields |= {"TotalAmount": ZERO, "Memo": void_memo(payment)}
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


def void_memo(record: Record) -> str:
    """The memo with the mark `VOID: ` before it. [assumed]"""
    memo = str(record.fields.get("Memo") or "")
    return memo if memo.startswith("VOID:") else f"VOID: {memo}"[:4095]
