"""Keeps the records of a company file: identity, time stamps, order, names and references. Knows no business rule."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.quickbooks_desktop.simulator.errors import not_found

NAMES = ("Customer", "Vendor", "Employee", "OtherName")
"""The four lists that share one space of names (3100). [facts 2.5 (mem)]"""

ITEMS = (
    "ItemService", "ItemNonInventory", "ItemOtherCharge", "ItemInventory", "ItemInventoryAssembly", "ItemFixedAsset",
    "ItemSubtotal", "ItemDiscount", "ItemPayment", "ItemSalesTax", "ItemSalesTaxGroup", "ItemGroup",
)  # fmt: skip
"""The kinds of item, in the order in which ItemQueryRs names them. [XSD]"""

TERMS = ("StandardTerms", "DateDrivenTerms")
OTHER_LISTS = (
    "Account", "Class", "Currency", "CustomerType", "JobType", "PaymentMethod", "SalesRep", "SalesTaxCode",
    "ShipMethod",
)  # fmt: skip
LISTS = (*NAMES, *ITEMS, *TERMS, *OTHER_LISTS)
TRANSACTIONS = (
    "Invoice", "ReceivePayment", "Estimate", "SalesOrder", "SalesReceipt", "CreditMemo", "Bill", "PurchaseOrder",
    "BillPaymentCheck", "JournalEntry",
)  # fmt: skip
ENTITIES = (*LISTS, *TRANSACTIONS)
TREES = ("Customer", "Account", "Class", "CustomerType", "JobType", *ITEMS[:5], "ItemDiscount")
"""Lists whose members may have a parent, and so a FullName and a Sublevel. [XSD]"""

_TARGETS: dict[str, tuple[str, ...]] = {
    "CustomerRef": ("Customer",), "VendorRef": ("Vendor",), "PrefVendorRef": ("Vendor",), "TaxVendorRef": ("Vendor",),
    "EntityRef": NAMES, "ShipToEntityRef": NAMES, "SalesRepEntityRef": ("Employee", "Vendor", "OtherName"),
    "CustomerTypeRef": ("CustomerType",), "TermsRef": TERMS, "SalesRepRef": ("SalesRep",), "ClassRef": ("Class",),
    "SalesTaxCodeRef": ("SalesTaxCode",), "CustomerSalesTaxCodeRef": ("SalesTaxCode",),
    "ItemSalesTaxRef": ("ItemSalesTax",), "ItemRef": ITEMS, "ItemGroupRef": ("ItemGroup",),
    "PaymentMethodRef": ("PaymentMethod",), "PreferredPaymentMethodRef": ("PaymentMethod",),
    "CurrencyRef": ("Currency",), "HomeCurrencyRef": ("Currency",), "SupervisorRef": ("Employee",),
    "JobTypeRef": ("JobType",), "ShipMethodRef": ("ShipMethod",), "PayeeEntityRef": NAMES,
    "ItemInventoryRef": ("ItemInventory", "ItemInventoryAssembly"),
}  # fmt: skip


def targets(reference: str, entity: str) -> tuple[str, ...]:
    """The entities that an element such as `TermsRef` of `entity` may point to; () where the simulator has no list."""
    if reference == "ParentRef":
        return (entity,)
    if reference.endswith("AccountRef"):
        return ("Account",)
    return _TARGETS.get(reference, ())


@dataclass(slots=True)
class Record:
    """One object of the company file. `fields` holds what was entered, in qbXML names; ids, stamps and everything
    that QuickBooks computes are added by `views`."""

    entity: str
    id: str
    created: datetime
    modified: datetime
    fields: dict[str, Any]
    txn_number: int | None = None
    lines: list[dict[str, Any]] = field(default_factory=list)  # of an invoice, estimate or sales order, priced
    applied: dict[str, dict[str, Decimal]] = field(
        default_factory=dict
    )  # of a payment: TxnID -> Amount, DiscountAmount
    custom: dict[tuple[str, str], str] = field(default_factory=dict)  # (OwnerID, DataExtName) -> value

    @property
    def edit_sequence(self) -> str:
        """The Unix second of the last change. [facts 2.4, 2.7]"""
        return str(int(self.modified.timestamp()))


class Records:
    """All records by entity, in the order in which they entered the file, with the lookups that QuickBooks offers."""

    def __init__(self) -> None:
        self._shelves: dict[str, dict[str, Record]] = {entity: {} for entity in ENTITIES}
        self._counters: dict[str, int] = {}
        self._names: dict[str, dict[str, str]] = {}

    def shelf(self, entity: str) -> dict[str, Record]:
        """The records of one entity by id; KeyError for an entity that the simulator does not keep."""
        return self._shelves[entity]

    def all(self, entities: Iterable[str]) -> Iterator[Record]:
        """The records of several entities, each in file order."""
        for entity in entities:
            yield from self._shelves[entity].values()

    def get(self, entities: Iterable[str], ident: str) -> Record | None:
        """The record with this ListID or TxnID, or None."""
        for entity in entities:
            if record := self._shelves[entity].get(ident):
                return record
        return None

    def require(self, entities: Iterable[str], ident: str) -> Record:
        """As `get`, but 3120 where there is none."""
        record = self.get(entities, ident)
        if record is None:
            raise not_found(ident)
        return record

    def put(self, record: Record) -> None:
        """A new record at the end of its shelf."""
        self._shelves[record.entity][record.id] = record
        names = self._names.get(record.entity)
        if names is not None:
            names.setdefault(self.full_name(record).lower(), record.id)

    def remove(self, record: Record) -> None:
        """Takes the record out of the file."""
        del self._shelves[record.entity][record.id]
        self.names_changed(record.entity)

    def names_changed(self, entity: str) -> None:
        """To be called when a name or a parent changed, so that the index of names is made anew."""
        self._names.pop(entity, None)

    def new_list_id(self, entity: str, at: datetime) -> str:
        """`80000001-1446676743`: a counter per list and the Unix second of creation. [facts 2.4, 3]

        Lists that share a shelf (names, items, terms) share the counter; ids of different lists may be equal.
        """
        group = next((g[0] for g in (NAMES, ITEMS, TERMS) if entity in g), entity)
        return f"8{self._count(group, 0):07X}-{int(at.timestamp())}"

    def new_txn_id(self, at: datetime) -> str:
        """`1A2B-1720109400`: one counter for transactions and their lines, and the Unix second. [facts 2.4, 3]"""
        return f"{self._count('Txn', 0x1A2A):X}-{int(at.timestamp())}"

    def new_txn_number(self) -> int:
        """TxnNumber counts the transactions of the file."""
        return self._count("TxnNumber", 0)

    def _count(self, group: str, start: int) -> int:
        self._counters[group] = self._counters.get(group, start) + 1
        return self._counters[group]

    def full_name(self, record: Record) -> str:
        """`Customer:Job` for a member of a tree, else the Name (of a sales rep the Initial, facts 3)."""
        name = str(record.fields.get("Initial" if record.entity == "SalesRep" else "Name", ""))
        parent = self.parent(record)
        return f"{self.full_name(parent)}:{name}" if parent else name

    def parent(self, record: Record) -> Record | None:
        """The parent in a tree, or None at the top."""
        reference = record.fields.get("ParentRef")
        return self._shelves[record.entity].get(reference["ListID"]) if reference else None

    def level(self, record: Record) -> int:
        """Sublevel: 0 at the top, 1 for a job of a customer, and so on."""
        parent = self.parent(record)
        return 0 if parent is None else self.level(parent) + 1

    def find(self, entities: Iterable[str], full_name: str) -> Record | None:
        """The record with this FullName, without regard to case. [assumed: QuickBooks names ignore case]"""
        for entity in entities:
            names = self._names.get(entity)
            if names is None:
                names = {self.full_name(record).lower(): record.id for record in self._shelves[entity].values()}
                self._names[entity] = names
            if ident := names.get(full_name.lower()):
                return self._shelves[entity][ident]
        return None

    def resolve(self, entities: Iterable[str], reference: str | Mapping[str, Any]) -> Record | None:
        """The record that an id, a FullName or a {ListID, FullName} means; the ListID wins. [OPS]"""
        kinds = tuple(entities)
        if isinstance(reference, str):
            return self.get(kinds, reference) or self.find(kinds, reference)
        if reference.get("ListID"):
            return self.get(kinds, str(reference["ListID"]))
        return self.find(kinds, str(reference.get("FullName", "")))

    def counters(self) -> dict[str, int]:
        """The counters, for the dump."""
        return dict(self._counters)

    def restore_counters(self, counters: Mapping[str, int]) -> None:
        """The counters of a dump."""
        self._counters = dict(counters)
