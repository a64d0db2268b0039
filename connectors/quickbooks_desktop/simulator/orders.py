"""The rules of estimates and sales orders, and of voiding what is neither invoice nor payment."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.quickbooks_desktop.simulator.books import Books
from connectors.quickbooks_desktop.simulator.lists import merged
from connectors.quickbooks_desktop.simulator.pricing import Pricing
from connectors.quickbooks_desktop.simulator.records import Record
from connectors.quickbooks_desktop.simulator.sales import void_memo
from connectors.quickbooks_desktop.simulator.values import kind_of

ZERO = Decimal("0.00")
_DEFAULTS: dict[str, dict[str, Any]] = {
    "Estimate": {"IsActive": True, "IsToBeEmailed": False},
    "SalesOrder": {
        "IsManuallyClosed": False, "IsFullyInvoiced": False, "IsToBePrinted": False, "IsToBeEmailed": False,
    },
}  # fmt: skip
ORDERS = tuple(_DEFAULTS)
"""The kinds that are kept with priced lines here."""


class Orders:
    """Writes estimates and sales orders; neither changes a balance."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._pricing = Pricing(books)

    def add(self, entity: str, given: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], at: datetime) -> Record:
        """A new estimate or sales order; what it leaves unsaid comes from the customer, as with an invoice."""
        fields = self._books.prepare_new(entity, given)
        self._pricing.inherit(fields, self._books.records.require(("Customer",), fields["CustomerRef"]["ListID"]))
        self._pricing.in_currency(fields)
        fields.setdefault("TxnDate", self._books.wall.wall(at).date().isoformat())
        fields.setdefault("DueDate", self._pricing.due_date(fields))
        if "RefNumber" not in given:
            fields["RefNumber"] = self._pricing.next_number(entity)
        fields = _DEFAULTS[entity] | fields
        new = self._pricing.new(entity, lines, at)
        self._pricing.total(fields, new)
        order = self._books.enter(entity, fields, at)
        order.lines = new
        return order

    def edit(
        self, order: Record, given: Mapping[str, Any], lines: Sequence[Mapping[str, Any]] | None, at: datetime
    ) -> None:
        """Changes header fields; with `lines` None the lines stay, else those not named go. [facts 2.7]"""
        fields = merged(order.fields, self._books.prepare(order.entity, given))
        new = order.lines if lines is None else self._pricing.edited(order, lines, at)
        if lines is not None or "ItemSalesTaxRef" in given:
            self._pricing.total(fields, new)
        self._books.touch(order, at)
        order.fields, order.lines = fields, new

    def void(self, record: Record, at: datetime) -> None:
        """All amounts become zero, those of the lines too, and the memo says so. [facts 2.9; the mark: assumed]"""
        self._books.touch(record, at)
        record.fields = {name: _zeroed(name, value) for name, value in record.fields.items()}
        record.fields["Memo"] = void_memo(record)


def _zeroed(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _zeroed(key, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_zeroed(name, item) for item in value]
    return ZERO if kind_of(name) == "amount" and value is not None else value
