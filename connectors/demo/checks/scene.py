"""Both simulators' state at one moment, indexed for the checks: who claims to be whom, and what was sold and paid.

Claims are read from the identity lines that stand in Pipedrive itself, `company file/Entity/key`, one a line in the
text field "QuickBooks ID" of a record, and at the end of a note.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connectors.demo.diary import Diary
from connectors.pipedrive.simulator.state import Account
from connectors.quickbooks_desktop.simulator.company import Company

IDENTITY_FIELD = "QuickBooks ID"
KEY = re.compile(r"[0-9A-F]+-[0-9]{6,}")
"""A ListID or TxnID."""
TAG = re.compile(r"<[^>]*>")

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Application:
    """A payment that settles part of an invoice."""

    payment: str
    invoice: str
    amount: Decimal
    day: str
    method: str | None
    number: str | None


@dataclass(frozen=True, slots=True)
class Note:
    """A note on a deal, as lines of plain text without its identity."""

    id: int
    deal: int | None
    add_time: str
    lines: tuple[str, ...]
    claims: tuple[tuple[str, str], ...]
    """(payment, invoice) of each identity line."""


def total(invoice: Record) -> Decimal:
    """What the customer owes for it; QuickBooks has no such field [facts: quickbooks 3]."""
    return Decimal(invoice["Subtotal"]) + Decimal(invoice["SalesTaxTotal"])


def is_voided(invoice: Record) -> bool:
    """Voided invoices stay, at nothing, with a memo that says so [facts: quickbooks 2.9]."""
    return str(invoice.get("Memo") or "").startswith("VOID:")


class Scene:
    """A snapshot: make a new one after anything happened."""

    def __init__(self, company: Company, account: Account, diary: Diary) -> None:
        self.company = company
        self.account = account
        self.diary = diary
        self.customers = {one["ListID"]: one for one in company.records("Customer")}
        self.invoices: dict[str, Record] = {one["TxnID"]: one for one in company.records("Invoice")}
        self.applications = [part for one in company.records("ReceivePayment") for part in _applications(one)]
        self.organizations = {one["id"]: one for one in account.records("organization")}
        self.deals = {one["id"]: one for one in account.records("deal")}
        self.products = {one["id"]: one for one in account.records("product")}
        self.notes = [_note(one) for one in account.records("note")]
        self.lines: dict[int, list[Record]] = defaultdict(list)
        for line in account.records("deal_product"):
            self.lines[line["deal_id"]].append(line)
        self.customer_claims = self._claims("organization", self.organizations, "Customer")
        self.invoice_claims = self._claims("deal", self.deals, "Invoice")
        self.item_claims = self._claims("product", self.products, "Item")

    def _claims(self, entity: str, records: dict[int, Record], source: str) -> dict[str, list[int]]:
        """Key in QuickBooks -> ids of the records that claim it; a claim of another entity is kept under its text."""
        claims: dict[str, list[int]] = defaultdict(list)
        fields = self.account.custom_fields(entity)
        codes = [code for code, row in fields.items() if row["field_name"] == IDENTITY_FIELD]
        for key, record in records.items():
            for code in codes:
                for line in str(record["custom_fields"].get(code) or "").splitlines():
                    _, _, rest = line.partition("/")
                    kind, _, ident = rest.partition("/")
                    claims[ident if kind == source else line].append(key)
        return claims

    def root(self, customer: str) -> str:
        """The customer that a job belongs to, at any depth."""
        parent = self.customers[customer].get("ParentRef")
        return self.root(parent["ListID"]) if parent else customer

    def group(self, invoice: Record) -> str:
        """What one deal stands for: the invoices of one purchase order of a customer, else the invoice alone."""
        order = invoice.get("PONumber")
        return f"{invoice['CustomerRef']['ListID']}/{order}" if order else str(invoice["TxnID"])

    def living(self) -> list[Record]:
        """Invoices that stand in the books at something: a voided one counts nothing."""
        return [one for one in self.invoices.values() if not is_voided(one)]

    def invoices_of(self, deal: int) -> list[str]:
        """TxnIDs that a deal claims, deleted ones included."""
        return [key for key, deals in self.invoice_claims.items() if deal in deals]

    def custom(self, entity: str, record: Record, name: str) -> Any:
        """A custom field by name, options by label; None where it is empty or missing."""
        return self.account.custom(entity, record).get(name)


def _applications(payment: Record) -> list[Application]:
    method = payment.get("PaymentMethodRef") or {}
    return [
        Application(
            payment["TxnID"], part["TxnID"], Decimal(part["Amount"]), str(payment["TxnDate"]),
            method.get("FullName"), payment.get("RefNumber"),
        )
        for part in payment.get("AppliedToTxnRet") or ()
        if part["TxnType"] == "Invoice"
    ]  # fmt: skip


def _note(record: Record) -> Note:
    text = html.unescape(TAG.sub("\n", record["content"])).replace("\xa0", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    claims = []
    for line in lines:
        if "/ReceivePayment/" in line:
            keys = KEY.findall(line.rpartition("/ReceivePayment/")[2])
            claims.append((keys[0], keys[1]) if len(keys) == 2 else (line, ""))
    kept = tuple(line for line in lines if "/ReceivePayment/" not in line)
    return Note(record["id"], record["deal_id"], record["add_time"], kept, tuple(claims))
