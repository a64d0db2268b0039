"""A QuickBooks company file in memory, as the person at the keyboard knows it; it knows no HTTP and no SOAP.

`process` and `open_session` are the door for programs (see `qbxml_service`). Every public method takes the lock, so
that a person may edit while the Web Connector visits.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.quickbooks_desktop.simulator import saved
from connectors.quickbooks_desktop.simulator.books import Books, Clock, CustomField, Deletion
from connectors.quickbooks_desktop.simulator.file_facts import FileFacts
from connectors.quickbooks_desktop.simulator.lists import Lists, merged
from connectors.quickbooks_desktop.simulator.new_file import set_up
from connectors.quickbooks_desktop.simulator.orders import ORDERS, Orders
from connectors.quickbooks_desktop.simulator.qbxml_service import Session
from connectors.quickbooks_desktop.simulator.records import ENTITIES, TRANSACTIONS
from connectors.quickbooks_desktop.simulator.recovery import MessageSets
from connectors.quickbooks_desktop.simulator.sales import Applied, Sales

Line = Mapping[str, Any]
"""One invoice line in qbXML names: ItemRef (id or FullName), Desc, Quantity, Rate or RatePercent or Amount ...; a
line with ItemGroupRef is a group, whose members come from the item unless given as InvoiceLineRet."""


def now() -> datetime:
    """The time of day of this computer, in UTC."""
    return datetime.now(UTC)


class Company:
    """The company file.

    `clock` gives aware UTC; `zone` is the wall clock of the QuickBooks computer. Fields are given and answered in
    qbXML names: text as str, money, prices and quantities as Decimal (text and int are taken too), booleans as bool,
    dates as date or ISO text, references as an id, a FullName or {"ListID": ...}. Broken rules raise StatusError with
    the code that QuickBooks would answer. Each act takes `at`, the moment it happened, so that history can be
    back-dated; a record's acts must come in the order of time.

    Two things that no source settles are switches, both off: whether a payment moves its invoice's TimeModified
    [facts 2.4, 6], and whether line breaks in a memo become blanks [assumed possible].
    """

    def __init__(
        self,
        name: str = "Sample Company",
        *,
        clock: Clock = now,
        zone: str = "America/New_York",
        path: str = r"C:\Users\Public\Documents\Intuit\QuickBooks\Company Files\Sample Company.qbw",
        currency: str = "US Dollar",
        multicurrency: bool = False,
        payment_touches_invoice: bool = False,
        flatten_line_breaks: bool = False,
        opened: datetime | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self.books = Books(clock, zone)
        self.facts = FileFacts(name=name, path=path, multicurrency=multicurrency)
        self.books.flatten_line_breaks = flatten_line_breaks
        self.message_sets = MessageSets()
        self._lists = Lists(self.books)
        self.sales = Sales(self.books, payment_touches_invoice=payment_touches_invoice)
        self.orders = Orders(self.books)
        self._session: Session | None = None
        self.books.views.home_currency = set_up(self._lists, multicurrency, currency, self.books.at(opened))

    # list objects

    def add(self, entity: str, *, at: datetime | None = None, **fields: object) -> str:
        """A new list object of any kind (`Vendor`, `Employee`, `SalesRep`, `CustomerType`, ...); returns its ListID.

        A transaction of a kind that the simulator only stores (Bill, SalesReceipt ...) can be added so as well; its
        amounts are taken as given.
        """
        with self.lock:
            moment = self.books.at(at)
            if entity in TRANSACTIONS:
                today = {"TxnDate": self.books.wall.wall(moment).date()}
                return self.books.enter(entity, self.books.prepare_new(entity, today | fields), moment).id
            return self._lists.add(entity, fields, moment).id

    def add_customer(
        self, name: str, *, parent: str | None = None, at: datetime | None = None, **fields: object
    ) -> str:
        """A customer, or with `parent` (id or FullName) one of its jobs; returns the ListID."""
        given = {"JobStatus": "None"} | fields if parent is None else {"ParentRef": parent} | fields
        return self.add("Customer", at=at, Name=name, **given)

    def add_item(
        self,
        kind: str,
        name: str,
        *,
        price: Decimal | None = None,
        description: str | None = None,
        at: datetime | None = None,
        **fields: object,
    ) -> str:
        """An item of a kind such as `ItemService`; `price` and `description` go where that kind keeps them.

        The price of an ItemDiscount is positive and taken off; of an ItemSalesTax it is the rate in percent.
        Returns the ListID.
        """
        places = {
            "ItemInventory": ("SalesPrice", "SalesDesc"), "ItemDiscount": ("DiscountRate", "ItemDesc"),
            "ItemSalesTax": ("TaxRate", "ItemDesc"),
        }  # fmt: skip
        given = dict(fields)
        if kind in ("ItemService", "ItemNonInventory", "ItemOtherCharge") and "SalesAndPurchase" not in fields:
            side = {"Desc": description, "Price": price, "AccountRef": "Sales"}
            given.setdefault("SalesOrPurchase", {key: value for key, value in side.items() if value is not None})
        else:
            price_place, text_place = places.get(kind, ("", "ItemDesc"))
            if price is not None:
                given[price_place] = price
            if description is not None:
                given[text_place] = description
        if kind in ("ItemService", "ItemNonInventory", "ItemOtherCharge", "ItemInventory", "ItemDiscount"):
            given.setdefault("SalesTaxCodeRef", "Tax")
        return self.add(kind, at=at, Name=name, **given)

    def edit(
        self,
        entity: str,
        ident: str,
        *,
        lines: Sequence[Line] | None = None,
        at: datetime | None = None,
        **fields: object,
    ) -> None:
        """Changes fields of any record; None clears one.

        `lines` (invoices, estimates, sales orders) is the whole new list: a line with its TxnLineID keeps what it
        doesn't say, one without is new, one not named is gone.
        """
        with self.lock:
            record = self.books.records.require((entity,), ident)
            moment = self.books.at(at)
            if entity == "Invoice":
                self.sales.edit_invoice(record, fields, lines, moment)
            elif entity == "ReceivePayment":
                self.sales.edit_payment(record, fields, None, moment)
            elif entity in ORDERS and record.lines:
                self.orders.edit(record, fields, lines, moment)
            elif entity in TRANSACTIONS:
                changed = merged(record.fields, self.books.prepare(entity, fields))
                self.books.touch(record, moment)
                record.fields = changed
            else:
                self._lists.edit(record, fields, moment)

    def deactivate(self, entity: str, ident: str, *, at: datetime | None = None) -> None:
        """Makes a list object inactive: it shows only with ActiveStatus All or InactiveOnly. [facts 2.9]"""
        self.edit(entity, ident, at=at, IsActive=False)

    def delete(self, entity: str, ident: str, *, at: datetime | None = None) -> None:
        """Deletes a list object that nothing uses (else 3160), or any transaction."""
        if entity in TRANSACTIONS:
            self.delete_transaction(ident, at=at)
            return
        with self.lock:
            self._lists.delete(self.books.records.require((entity,), ident), self.books.at(at))

    def merge(self, entity: str, loser: str, winner: str, *, at: datetime | None = None) -> None:
        """Merges one list object into another: its transactions move, it shows as deleted. [facts 2.9 (mem)]"""
        with self.lock:
            records = self.books.records
            self._lists.merge(records.require((entity,), loser), records.require((entity,), winner), self.books.at(at))

    # custom fields

    def define_custom_field(
        self,
        name: str,
        entities: Iterable[str] = ("Customer",),
        *,
        kind: str = "STR255TYPE",
        on_transactions: bool = True,
        owner: str = "0",
    ) -> None:
        """A custom field, public (`owner` "0") or private. Public ones belong to Customer, Vendor, Employee or Item
        only; `on_transactions` says that the invoice template shows it. [facts 2.8]"""
        wanted = tuple(entities)
        if owner == "0" and set(wanted) - {"Customer", "Vendor", "Employee", "Item"}:
            raise ValueError("public custom fields belong to Customer, Vendor, Employee or Item")
        if len(name) > 31:
            raise ValueError("the name of a custom field has at most 31 characters")
        with self.lock:
            number = len(self.books.custom_fields)
            self.books.custom_fields.append(CustomField(number, owner, name, kind, wanted, on_transactions))
            self.books.views.custom_types[(owner, name)] = kind

    def set_custom(
        self, entity: str, ident: str, name: str, value: str | None, *, owner: str = "0", at: datetime | None = None
    ) -> None:
        """Writes a custom field's value on a record, or with None takes it away; this is a change of the record."""
        with self.lock:
            record = self.books.records.require((entity,), ident)
            moment = self.books.at(at)
            self.books.touch(record, moment)
            if value is None:
                record.custom.pop((owner, name), None)
            else:
                record.custom[(owner, name)] = value
            if entity == "Invoice":
                self.books.remember(record, moment)

    # invoices and payments

    def add_invoice(
        self,
        customer: str,
        lines: Sequence[Line],
        *,
        date: date | str | None = None,
        at: datetime | None = None,
        **fields: object,
    ) -> str:
        """An invoice to a customer or job (id or FullName); returns its TxnID.

        What isn't given comes from the customer; RefNumber counts on (pass `RefNumber=""` for none); DueDate follows
        the terms; totals and tax are computed.
        """
        with self.lock:
            given = {"CustomerRef": customer} | ({} if date is None else {"TxnDate": date}) | fields
            return self.sales.add_invoice(given, lines, self.books.at(at)).id

    def add_order(
        self, entity: str, customer: str, lines: Sequence[Line], *, at: datetime | None = None, **fields: object
    ) -> str:
        """An `Estimate` or a `SalesOrder` with priced lines; returns its TxnID. See `add_invoice`."""
        with self.lock:
            return self.orders.add(entity, {"CustomerRef": customer} | fields, lines, self.books.at(at)).id

    def void(self, entity: str, txn_id: str, *, at: datetime | None = None) -> None:
        """Voids a transaction of any kind: its amounts become zero, its memo begins with `VOID: `."""
        with self.lock:
            record, moment = self.books.records.require((entity,), txn_id), self.books.at(at)
            if entity == "Invoice":
                self.sales.void_invoice(record, moment)
            elif entity == "ReceivePayment":
                self.sales.void_payment(record, moment)
            else:
                self.orders.void(record, moment)

    def void_invoice(self, txn_id: str, *, at: datetime | None = None) -> None:
        """Amounts zero, memo prefixed `VOID: `, its payments unapplied."""
        self.void("Invoice", txn_id, at=at)

    def receive_payment(
        self,
        customer: str,
        applied: Applied,
        *,
        method: str | None = None,
        date: date | str | None = None,
        total: Decimal | None = None,
        at: datetime | None = None,
        **fields: object,
    ) -> str:
        """A payment; `applied` is invoice TxnID -> amount (or {"Amount", "DiscountAmount"}); returns its TxnID.

        `total` is what came in, by default the sum applied; the rest is UnusedPayment.
        """
        said = {"PaymentMethodRef": method, "TxnDate": date, "TotalAmount": total}
        given = {"CustomerRef": customer} | fields | {name: value for name, value in said.items() if value is not None}
        with self.lock:
            return self.sales.receive(given, applied, self.books.at(at)).id

    def apply_payment(self, txn_id: str, applied: Applied, *, at: datetime | None = None) -> None:
        """Makes `applied` the whole of what the payment settles; {} unapplies it altogether."""
        with self.lock:
            payment = self.books.records.require(("ReceivePayment",), txn_id)
            self.sales.edit_payment(payment, {}, applied, self.books.at(at))

    def void_payment(self, txn_id: str, *, at: datetime | None = None) -> None:
        """Amount zero, memo prefixed `VOID: `, its invoices open again."""
        self.void("ReceivePayment", txn_id, at=at)

    def delete_transaction(self, txn_id: str, *, at: datetime | None = None) -> None:
        """Deletes an invoice, payment or other transaction: it vanishes and shows in TxnDeletedQuery for 90 days."""
        with self.lock:
            record = self.books.records.require(TRANSACTIONS, txn_id)
            moment = self.books.at(at)
            if record.entity == "Invoice":
                self.sales.delete_invoice(record, moment)
            elif record.entity == "ReceivePayment":
                self.sales.delete_payment(record, moment)
            else:
                self.books.remove(record, moment)

    delete_payment = delete_transaction

    # what others do to the file

    def open_in_window(self, ident: str) -> None:
        """Somebody has this record open: a program's write to it answers 3175 until `close_window`. [facts 2.10]"""
        with self.lock:
            self.books.in_use.add(ident)

    def close_window(self, ident: str) -> None:
        """The window is closed again."""
        with self.lock:
            self.books.in_use.discard(ident)

    def close_books(self, until: date | None) -> None:
        """Sets the closing date: a program's change of a transaction on or before it answers 3171. [facts 2.10]"""
        with self.lock:
            self.facts.closing_date = None if until is None else until.isoformat()

    # reading

    def record(self, entity: str, ident: str) -> dict[str, Any]:
        """One record with everything that QuickBooks computes, in schema order. KeyError if there is none.

        `Lines` stands for InvoiceLineRet and InvoiceLineGroupRet in their order; a group has ItemGroupRef and
        its members under InvoiceLineRet.
        """
        with self.lock:
            return self.books.views.full(self.books.records.shelf(entity)[ident])

    def records(self, entity: str) -> list[dict[str, Any]]:
        """All records of an entity, inactive ones too, in file order."""
        with self.lock:
            return [self.books.views.full(record) for record in self.books.records.shelf(entity).values()]

    def ids(self, entity: str) -> list[str]:
        """The ids of all records of an entity, in file order."""
        with self.lock:
            return list(self.books.records.shelf(entity))

    def modified(self, entity: str, ident: str) -> datetime:
        """When the record was last changed, in true UTC (its stamp in qbXML cannot be trusted)."""
        with self.lock:
            return self.books.records.shelf(entity)[ident].modified

    def history(self, txn_id: str) -> list[tuple[datetime, dict[str, Any]]]:
        """Every state an invoice ever had, oldest first: (UTC, record incl. BalanceRemaining). A deleted one ends
        with a state that says `Deleted: True`."""
        with self.lock:
            return list(self.books.history.get(txn_id, []))

    def balance_at(self, txn_id: str, moment: datetime) -> Decimal | None:
        """BalanceRemaining of an invoice at a moment; None before it existed or after it was deleted."""
        last = None
        for time, state in self.history(txn_id):
            if time > moment:
                break
            last = None if state.get("Deleted") else state["BalanceRemaining"]
        return last

    def deletions(self) -> list[Deletion]:
        """What was deleted or merged away, also beyond the 90 days that QuickBooks remembers."""
        with self.lock:
            return list(self.books.deletions)

    def find(self, entity: str, full_name: str) -> str | None:
        """The id of the list object with this FullName, or None."""
        with self.lock:
            record = self.books.records.find((entity,), full_name)
            return None if record is None else record.id

    def counts(self) -> dict[str, int]:
        """How many records each entity has; entities without any are left out."""
        with self.lock:
            sizes = {entity: len(self.books.records.shelf(entity)) for entity in ENTITIES}
            return {entity: size for entity, size in sizes.items() if size}

    # programs

    def open_session(self) -> Session:
        """A new QuickBooks session, as the Web Connector opens one per visit; iterators live and die with it."""
        return Session(self)

    def process(self, qbxml: str) -> str:
        """ProcessRequest in a session that stays open for the life of this object. See `Session.process`."""
        with self.lock:
            if self._session is None:
                self._session = self.open_session()
            return self._session.process(qbxml)

    # the file

    def dump(self, path: Path | str) -> None:
        """Writes the whole company as JSON, so that it survives this process."""
        with self.lock:
            saved.write(self, Path(path))

    @classmethod
    def load(cls, path: Path | str, *, clock: Clock = now) -> "Company":
        """The company of a `dump`. ValueError for a file of another format."""
        return saved.read(cls, Path(path), clock)
