"""Puts the generator's customers, items, invoices and payments into a simulated company file, stamped in the past."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from connectors.demo.clock import Clock
from connectors.demo.customers import OPENED
from connectors.demo.generator import World
from connectors.demo.words import CUSTOMER_TYPES, PAYMENT_METHODS, TERMS
from connectors.demo.world import Address, Customer, Item, Line
from connectors.quickbooks_desktop.simulator.company import Company

CODES = {True: "Tax", False: "Non"}


@dataclass(slots=True)
class Ids:
    """The ids that the company file gave, by the generator's ref."""

    customers: dict[str, str] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=dict)
    invoices: dict[str, str] = field(default_factory=dict)
    payments: dict[str, str] = field(default_factory=dict)


def load_company(world: World, clock: Clock) -> tuple[Company, Ids]:
    """The company file, and the ids that it gave.

    Raises ValueError where QuickBooks adds an invoice up to something else than the generator did.
    """
    company = Company(world.company, clock=clock, zone="America/New_York", multicurrency=True, opened=OPENED)
    ids = Ids()
    _add_lists(world, company)
    for item in world.items:
        ids.items[item.ref] = _add_item(company, item, ids)
    for customer in world.customers:
        ids.customers[customer.ref] = add_customer(company, customer, ids)
    for customer in world.customers:
        if not customer.active:
            company.deactivate("Customer", ids.customers[customer.ref], at=customer.created + timedelta(days=70))
    for invoice in world.invoices:
        key = company.add_invoice(
            ids.customers[invoice.customer],
            [invoice_line(line, ids) for line in invoice.lines],
            date=invoice.day,
            at=invoice.created,
            RefNumber=invoice.number or "",
            DueDate=invoice.due,
            **given(ShipDate=invoice.ship_day, PONumber=invoice.po_number, Memo=invoice.memo),
        )
        ids.invoices[invoice.ref] = key
        record = company.record("Invoice", key)
        if (record["Subtotal"], record["SalesTaxTotal"]) != (invoice.subtotal, invoice.tax_amount):
            raise ValueError(f"{invoice.ref}: QuickBooks says {record['Subtotal']} + {record['SalesTaxTotal']}")
    for payment in world.payments:
        applied = {ids.invoices[ref]: amount for ref, amount in payment.applied.items()}
        ids.payments[payment.ref] = company.receive_payment(
            ids.customers[payment.customer], applied, method=payment.method, date=payment.day, at=payment.created,
            RefNumber=payment.number,
        )  # fmt: skip
    return company, ids


def given(**fields: Any) -> dict[str, Any]:
    """Only what there is: an absent field is left out, as a person leaves it empty."""
    return {name: value for name, value in fields.items() if value is not None}


def _add_lists(world: World, company: Company) -> None:
    for name in CUSTOMER_TYPES:
        company.add("CustomerType", Name=name, at=OPENED)
    for name, days in TERMS:
        company.add("StandardTerms", Name=name, StdDueDays=days, at=OPENED)
    for name in PAYMENT_METHODS:
        company.add("PaymentMethod", Name=name, at=OPENED)
    for rep in world.reps:
        employee = company.add(
            "Employee", Name=rep.name, FirstName=rep.first, LastName=rep.last, at=OPENED, **given(Email=rep.email)
        )
        company.add("SalesRep", Initial=rep.initials, SalesRepEntityRef={"ListID": employee}, at=OPENED)


def _add_item(company: Company, item: Item, ids: Ids) -> str:
    fields: dict[str, Any] = {}
    if item.kind == "Inventory":
        fields = {
            "IncomeAccountRef": "Sales",
            "COGSAccountRef": "Cost of Goods Sold",
            "AssetAccountRef": "Inventory Asset",
        }
    elif item.kind == "Discount":
        fields = {"DiscountRatePercent": item.percent}
    elif item.kind == "Group":
        fields = {"ItemGroupLine": [{"ItemRef": ids.items[ref], "Quantity": count} for ref, count in item.members]}
    price = item.percent if item.kind == "SalesTax" else item.price
    return company.add_item(
        f"Item{item.kind}", item.name, price=price, description=item.description, at=OPENED, **fields
    )


def qb_address(address: Address) -> dict[str, str]:
    """An address in QuickBooks' parts."""
    return {
        "Addr1": address.street, "City": address.city, "State": address.state, "PostalCode": address.postal_code,
        "Country": address.country,
    }  # fmt: skip


def add_customer(company: Company, customer: Customer, ids: Ids) -> str:
    """Enters a customer or a job; returns its ListID."""
    taxed = customer.tax is not None
    return company.add_customer(
        customer.name,
        parent=ids.customers[customer.parent] if customer.parent else None,
        at=customer.created,
        SalesTaxCodeRef=CODES[taxed],
        CurrencyRef=customer.currency,
        **given(
            CompanyName=customer.company or None,
            Email=customer.email_text,
            BillAddress=qb_address(customer.address) if customer.address else None,
            Phone=customer.phone,
            Contact=customer.contact,
            CustomerTypeRef=customer.customer_type,
            TermsRef=customer.terms,
            SalesRepRef=customer.rep,
            ItemSalesTaxRef=ids.items[customer.tax] if customer.tax else None,
        ),
    )


def invoice_line(line: Line, ids: Ids) -> dict[str, Any]:
    """One line as a person enters it: the amount is typed where it matters."""
    if line.members:
        return {
            "ItemGroupRef": ids.items[line.item or ""],
            "Quantity": line.quantity,
            "InvoiceLineRet": [invoice_line(member, ids) for member in line.members],
        }
    fields = given(Desc=line.description, Quantity=line.quantity, Rate=line.rate, RatePercent=line.percent)
    if line.item is not None:
        fields["ItemRef"] = ids.items[line.item]
    if line.amount is not None:
        fields |= given(Amount=line.amount if line.percent is None else None, SalesTaxCodeRef=CODES[line.taxable])
    return fields


def outstanding(company: Company, txn_id: str) -> Decimal:
    """What is still open on an invoice."""
    return Decimal(company.record("Invoice", txn_id)["BalanceRemaining"])
