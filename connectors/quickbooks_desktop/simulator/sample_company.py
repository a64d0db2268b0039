"""A small invented company, the same for the same seed: something to try the server with."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from connectors.quickbooks_desktop.simulator.books import Clock
from connectors.quickbooks_desktop.simulator.company import Company, Line, now

_FIRST = ("Amber", "Bay", "Cedar", "Delta", "Elm", "Fox", "Granite", "Harbor", "Iron", "Juniper", "Kite", "Lark")
_SECOND = ("Bakery", "Builders", "Clinic", "Dental", "Foods", "Garage", "Hardware", "Interiors", "Motors", "Studios")
_TOWNS = (("Albany", "NY", "12207"), ("Boston", "MA", "02108"), ("Denver", "CO", "80202"), ("Austin", "TX", "78701"))


def sample_company(
    seed: int = 1, customers: int = 20, *, clock: Clock = now, zone: str = "America/New_York"
) -> Company:
    """A company with `customers` customers (some with a job), two to four invoices each, and payments on half of
    them, all dated within the year before `clock()`."""
    draw = random.Random(seed)
    end = clock().astimezone(UTC)
    begin = end - timedelta(days=360)
    company = Company("Sample Wholesale", clock=clock, zone=zone, opened=begin)
    _reference_data(company, begin)
    for number in range(customers):
        joined = begin + timedelta(minutes=number)
        ident = _customer(company, draw, number, joined)
        if number % 7 == 0:
            ident = company.add_customer("Warehouse", parent=ident, at=joined + timedelta(seconds=20))
        for _ in range(draw.randint(2, 4)):
            _sale(
                company, draw, ident, begin + timedelta(days=draw.randint(1, 300), seconds=draw.randint(0, 80_000)), end
            )
    return company


def _reference_data(company: Company, at: datetime) -> None:
    for name in ("Retail", "Wholesale"):
        company.add("CustomerType", Name=name, at=at)
    company.add("StandardTerms", Name="Net 15", StdDueDays=15, at=at)
    company.add("StandardTerms", Name="Net 30", StdDueDays=30, at=at)
    company.add("DateDrivenTerms", Name="Due on the 10th", DayOfMonthDue=10, DueNextMonthDays=5, at=at)
    for method in ("Check", "Cash", "E-Check"):
        company.add("PaymentMethod", Name=method, at=at)
    company.add("Employee", Name="Jane Doe", FirstName="Jane", LastName="Doe", at=at)
    company.add("SalesRep", Initial="JD", SalesRepEntityRef="Jane Doe", at=at)
    company.add_item("ItemService", "Installation", price=Decimal("85.00"), description="Installation, per hour", at=at)
    company.add_item("ItemInventory", "Lamp", price=Decimal("49.95"), description="Desk lamp", at=at)
    company.add_item("ItemInventory", "Bulb", price=Decimal("4.25"), description="Light bulb", at=at)
    company.add_item("ItemDiscount", "Trade discount", at=at, DiscountRatePercent=Decimal(10))
    company.add_item("ItemSubtotal", "Subtotal", at=at)
    company.add_item("ItemSalesTax", "State tax", price=Decimal("8.25"), at=at)
    members = [{"ItemRef": "Lamp", "Quantity": Decimal(1)}, {"ItemRef": "Bulb", "Quantity": Decimal(2)}]
    company.add_item("ItemGroup", "Lamp kit", description="Lamp with two bulbs", at=at, ItemGroupLine=members)


def _customer(company: Company, draw: random.Random, number: int, at: datetime) -> str:
    name = f"{draw.choice(_FIRST)} {draw.choice(_SECOND)} {number + 1}"
    town, state, code = draw.choice(_TOWNS)
    return company.add_customer(
        name,
        at=at,
        CompanyName=name,
        BillAddress={"Addr1": f"{draw.randint(1, 999)} Main Street", "City": town, "State": state, "PostalCode": code},
        Phone=f"555-{draw.randint(1000, 9999)}",
        Email=f"office@{name.lower().replace(' ', '-')}.example",
        CustomerTypeRef=draw.choice(("Retail", "Wholesale")),
        TermsRef=draw.choice(("Net 15", "Net 30", "Due on the 10th")),
        SalesRepRef="JD",
        SalesTaxCodeRef="Tax",
        ItemSalesTaxRef="State tax",
    )


def _sale(company: Company, draw: random.Random, customer: str, at: datetime, end: datetime) -> None:
    lines: list[Line] = [{"ItemRef": "Lamp", "Quantity": Decimal(draw.randint(1, 12))}]
    if draw.random() < 0.5:
        lines.append({"ItemRef": "Installation", "Quantity": Decimal(draw.randint(1, 16)) / 2})
    if draw.random() < 0.3:
        lines += [{"ItemRef": "Subtotal"}, {"ItemRef": "Trade discount"}, {"Desc": "Thank you for your business."}]
    if draw.random() < 0.2:
        lines.append({"ItemGroupRef": "Lamp kit", "Quantity": Decimal(2)})
    invoice = company.add_invoice(customer, lines, at=at, PONumber=f"PO-{draw.randint(100, 999)}")
    paid = at + timedelta(days=draw.randint(3, 50))
    if draw.random() < 0.5 and paid < end:
        total = company.balance_at(invoice, at) or Decimal("0.00")
        part = total if draw.random() < 0.7 else (total / 2).quantize(Decimal("0.01"))
        company.receive_payment(customer, {invoice: part}, method=draw.choice(("Check", "Cash", "E-Check")), at=paid)
