"""Says who owes what: payments applied to invoices, balances of invoices and customers. Computes, changes nothing."""

from collections import defaultdict
from decimal import Decimal

from connectors.quickbooks_desktop.simulator.records import Record, Records

ZERO = Decimal("0.00")


class Ledger:
    """Balances over `Records`, with an index of payments by invoice and a cache of customer balances."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._payments: dict[str, dict[str, Record]] = defaultdict(dict)
        self._balances: tuple[dict[str, Decimal], dict[str, Decimal]] | None = None

    def changed(self) -> None:
        """To be called after any change of an invoice, a payment or a customer's place in the tree."""
        self._balances = None

    def apply(self, payment: Record, applied: dict[str, dict[str, Decimal]]) -> None:
        """Makes `applied` (TxnID -> Amount, DiscountAmount) the whole of what the payment settles."""
        for txn_id in payment.applied:
            self._payments[txn_id].pop(payment.id, None)
        payment.applied = applied
        for txn_id in applied:
            self._payments[txn_id][payment.id] = payment
        self.changed()

    def payments_of(self, txn_id: str) -> list[Record]:
        """The payments applied to an invoice, in the order of application."""
        return list(self._payments.get(txn_id, {}).values())

    def settled(self, txn_id: str) -> Decimal:
        """What payments and their discounts have settled of an invoice, positive."""
        return sum((part for payment in self.payments_of(txn_id) for part in payment.applied[txn_id].values()), ZERO)

    def total(self, invoice: Record) -> Decimal:
        """Subtotal plus tax; qbXML has no such field. [facts 3]"""
        amount: Decimal = invoice.fields["Subtotal"] + invoice.fields["SalesTaxTotal"]
        return amount

    def open_balance(self, invoice: Record) -> Decimal:
        """BalanceRemaining of an invoice."""
        return self.total(invoice) - self.settled(invoice.id)

    def unused(self, payment: Record) -> Decimal:
        """UnusedPayment: what was received and applied to nothing."""
        amount: Decimal = payment.fields["TotalAmount"]
        return amount - sum((part["Amount"] for part in payment.applied.values()), ZERO)

    def balance(self, customer: Record) -> Decimal:
        """Balance: the customer's or job's own, without its jobs."""
        return self._both()[0].get(customer.id, ZERO)

    def total_balance(self, customer: Record) -> Decimal:
        """TotalBalance: with all jobs below it."""
        return self._both()[1].get(customer.id, ZERO)

    def _both(self) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
        if self._balances is None:
            own: dict[str, Decimal] = defaultdict(Decimal)
            for invoice in self._records.shelf("Invoice").values():
                own[invoice.fields["CustomerRef"]["ListID"]] += self.open_balance(invoice)
            for payment in self._records.shelf("ReceivePayment").values():
                own[payment.fields["CustomerRef"]["ListID"]] -= self.unused(payment)
            total: dict[str, Decimal] = defaultdict(Decimal)
            customers = self._records.shelf("Customer")
            for ident, amount in own.items():
                at: Record | None = customers.get(ident)
                while at is not None:
                    total[at.id] += amount
                    at = self._records.parent(at)
            self._balances = (own, total)
        return self._balances
