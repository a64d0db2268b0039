"""Says whether a program may change a record now: open windows, the closing date, the EditSequence."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from connectors.quickbooks_desktop.simulator.errors import StatusError
from connectors.quickbooks_desktop.simulator.records import TRANSACTIONS, Record, targets

if TYPE_CHECKING:
    from connectors.quickbooks_desktop.simulator.company import Company


def modifiable(company: "Company", entities: tuple[str, ...], ident: str, edit_sequence: object) -> Record:
    """The record, if a program may change it now: else 3120, 3175, 3171 or 3200. The order of checks is assumed."""
    record = company.books.records.require(entities, ident)
    check_free(company, record)
    if str(edit_sequence) != record.edit_sequence:
        raise StatusError(3200, f'The provided edit sequence "{edit_sequence}" is out-of-date. ')
    return record


def check_free(company: "Company", record: Record, *, closed: int = 3171) -> None:
    """3175 while somebody has the record open; `closed` for a transaction on or before the closing date.
    [facts 2.10]"""
    if record.id in company.books.in_use:
        raise StatusError(3175, f'Object "{record.id}" is in use by another user.')
    closing = company.facts.closing_date
    if closing is not None and record.entity in TRANSACTIONS and str(record.fields["TxnDate"]) <= closing:
        act = "modify" if closed == 3171 else "delete"
        raise StatusError(
            closed, f"An attempt was made to {act} a transaction with a date on or before the closing date."
        )


def check_parties(company: "Company", entity: str, fields: Mapping[str, Any]) -> None:
    """3176 while somebody has the customer of a sale open, and 3171 for a sale dated into the closed time.

    [facts 2.10; which related objects lock a sale: assumed, so that a connector meets the code]
    """
    reference = fields.get("CustomerRef")
    if reference:
        customer = company.books.records.resolve(targets("CustomerRef", entity), reference)
        if customer is not None and customer.id in company.books.in_use:
            raise StatusError(3176, f'The related object "{customer.id}" is in use by another user.')
    closing = company.facts.closing_date
    if closing is not None and str(fields.get("TxnDate") or "9999") <= closing:
        raise StatusError(3171, "An attempt was made to add a transaction with a date on or before the closing date.")
