"""Invents what was sold and what was paid: items, invoices with every kind of line, payments.

An invoice's total is the sum of its lines' amounts plus the tax on the taxable ones, rounded half up. Line amounts
are given explicitly, since people overwrite them: some differ from quantity times rate.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

from connectors.demo.words import CHARGES, GOODS, NON_STOCK, SERVICES, TAXES, TERMS
from connectors.demo.world import Customer, Invoice, Item, Line, Payment

CENT = Decimal("0.01")
FIRST_DAY = date(2026, 1, 2)
LAST_DAY = date(2026, 11, 14)
DUE_DAYS = dict(TERMS)
BULK = 8
"""How many goods, at the end of the list, are sold by the foot or the pound."""


def cents(amount: Decimal) -> Decimal:
    """Rounded half up to the cent, as QuickBooks rounds line amounts [assumed]."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def office_hours(day: date, rng: random.Random) -> datetime:
    """A moment on that day when somebody typed it in, aware UTC."""
    return datetime.combine(day, time(14, 0), UTC) + timedelta(minutes=rng.randrange(0, 480))


def make_items() -> list[Item]:
    """The item list: every kind that can stand on an invoice."""
    rows = [("Inventory", GOODS), ("Service", SERVICES), ("NonInventory", NON_STOCK), ("OtherCharge", CHARGES)]
    items: list[Item] = []
    for kind, names in rows:
        for name, price in names:
            items.append(Item(f"I{len(items) + 1:03d}", kind, name, f"{name}", Decimal(price)))  # type: ignore[arg-type]
    goods = {item.name: item.ref for item in items}
    items += [
        Item("D010", "Discount", "Volume discount", "Volume discount 10%", percent=Decimal(10)),
        Item("D002", "Discount", "Early order", "Early order 2.5%", percent=Decimal("2.5")),
        Item("S001", "Subtotal", "Subtotal", "Subtotal"),
        Item("G001", "Group", "Kitchen starter", "Kitchen starter set", members=(
            (goods["Stock pot 20 qt"], Decimal(1)), (goods["Chef knife 8 in"], Decimal(2)),
            (goods["Sheet pan full"], Decimal(4)),
        )),
        Item("G002", "Group", "Terrace set", "Terrace set", members=(
            (goods["Bistro table"], Decimal(1)), (goods["Café chair"], Decimal(2)),
        )),
    ]  # fmt: skip
    items += [
        Item(f"T{i + 1:03d}", "SalesTax", name, name, percent=Decimal(rate)) for i, (name, rate) in enumerate(TAXES)
    ]
    return items


class Clerk:
    """Writes invoices and takes payments, from one random source."""

    def __init__(self, rng: random.Random, items: list[Item]) -> None:
        self.rng = rng
        self.items = {item.ref: item for item in items}
        self.goods = [item for item in items if item.kind == "Inventory"]
        self.extras = [item for item in items if item.kind in ("Service", "NonInventory", "OtherCharge")]
        self.groups = [item for item in items if item.kind == "Group"]
        self._invoices = 0
        self._payments = 0

    def invoice(self, customer: Customer, day: date, po_number: str | None = None, small: bool = False) -> Invoice:
        """An invoice of that day; `small` has one or two plain lines."""
        self._invoices += 1
        lines = self._lines(small, taxable=customer.tax is not None)
        return self.totalled(
            Invoice(
                ref=f"N{self._invoices:04d}",
                number=None if self._invoices % 331 == 0 else str(10_000 + self._invoices),
                customer=customer.ref,
                day=day,
                due=day + timedelta(days=DUE_DAYS.get(customer.terms or "", 30)),
                created=office_hours(day, self.rng),
                lines=lines,
                ship_day=day + timedelta(days=self.rng.randint(0, 6)) if self.rng.random() < 0.7 else None,
                po_number=po_number,
                terms=customer.terms,
                rep=customer.rep,
                tax=customer.tax,
                tax_percent=self.items[customer.tax].percent or Decimal(0) if customer.tax else Decimal(0),
                memo="Deliver before noon" if self.rng.random() < 0.1 else None,
            )
        )

    def totalled(self, invoice: Invoice) -> Invoice:
        """The same invoice with `subtotal` and `tax_amount` added up from its lines."""
        flat = [line for line in invoice.lines if not line.members]
        flat += [member for line in invoice.lines for member in line.members]
        subtotal = sum((line.amount or Decimal(0) for line in flat), Decimal(0))
        taxable = sum((line.amount or Decimal(0) for line in flat if line.taxable), Decimal(0))
        fields = {name: getattr(invoice, name) for name in Invoice.__dataclass_fields__}
        tax = cents(taxable * invoice.tax_percent / 100)
        return Invoice(**{**fields, "subtotal": subtotal, "tax_amount": tax})

    def _lines(self, small: bool, taxable: bool) -> tuple[Line, ...]:
        rng = self.rng
        count = rng.choices((1, 2, 3, 4), (55, 27, 12, 6))[0] if not small else 1
        lines = [self.goods_line(taxable) for _ in range(count)]
        if small:
            return tuple(lines)
        if rng.random() < 0.06:
            lines.append(self._group_line(taxable))
        if rng.random() < 0.12:
            lines.append(self._discount(lines, taxable))
        if rng.random() < 0.15:
            extra = rng.choice(self.extras)
            price = extra.price or Decimal(rng.randint(20, 400))
            lines.append(Line(extra.ref, extra.description, Decimal(1), price, amount=price))
        if rng.random() < 0.05:
            lines.append(Line(None, "Thank you for your business & come again"))
        return tuple(lines)

    def goods_line(self, taxable: bool = False) -> Line:
        """One line of goods; those by the foot or pound in fractions, some with an amount that was overwritten."""
        rng, item = self.rng, self.rng.choice(self.goods)
        rate = item.price or Decimal(1)
        if item in self.goods[-BULK:]:
            quantity = Decimal(rng.randrange(1_000, 240_000, 125)) / 1000
            amount = cents(quantity * rate)
        else:
            quantity = Decimal(rng.randint(1, 24))
            amount = quantity * rate
            if rng.random() < 0.03:
                amount -= Decimal(rng.randint(1, 9)) / 10  # a friendly rounding, typed over the amount
        return Line(item.ref, item.description, quantity, rate, amount=amount, taxable=taxable)

    def _group_line(self, taxable: bool) -> Line:
        group, times = self.rng.choice(self.groups), Decimal(self.rng.randint(1, 4))
        members = []
        for ref, quantity in group.members:
            item = self.items[ref]
            rate = item.price or Decimal(0)
            amount = quantity * times * rate
            members.append(Line(ref, item.description, quantity * times, rate, amount=amount, taxable=taxable))
        total = sum((one.amount or Decimal(0) for one in members), Decimal(0))
        return Line(group.ref, group.description, times, amount=total, members=tuple(members))

    def _discount(self, lines: list[Line], taxable: bool) -> Line:
        """A percentage off everything above; a subtotal stands before it, as QuickBooks demands."""
        item = self.items[self.rng.choice(("D010", "D002"))]
        base = sum((line.amount or Decimal(0) for line in lines), Decimal(0))
        lines.append(Line("S001", "Subtotal"))
        percent = -(item.percent or Decimal(0))
        return Line(item.ref, item.description, percent=percent, amount=cents(base * percent / 100), taxable=taxable)

    def payment(self, customer: str, day: date, method: str, applied: dict[str, Decimal]) -> Payment:
        self._payments += 1
        return Payment(
            ref=f"P{self._payments:04d}", number=str(5_000 + self._payments), customer=customer, day=day, method=method,
            created=office_hours(day, self.rng), applied=applied,
        )  # fmt: skip
