"""Makes the world: `World(seed)` is the same for the same seed, everywhere; it knows neither system's ids."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

from connectors.demo.companies import Directory
from connectors.demo.crm import BOOKKEEPER, SHARED_ELSEWHERE, SHARED_WITH_BOOKKEEPER, TAX_OFFICE, Crm
from connectors.demo.customers import CustomerBook, make_reps
from connectors.demo.sales import FIRST_DAY, LAST_DAY, Clerk, cents, make_items
from connectors.demo.words import PAYMENT_METHODS
from connectors.demo.world import Customer, Invoice, Payment

COMPANIES, JOBS, INVOICES = 302, 58, 915
BEFORE_FIRST_DAY = 30
"""Invoices of the year before: left out by `first_invoice_date`."""
PURCHASE_ORDERS = 62
"""Purchase orders that two or three invoices share."""


class World:
    """A wholesale distributor in QuickBooks, the Pipedrive account of its salespeople, and the answer key.

    `scale` shrinks everything, for quick tests; 1 gives at least 300 customers besides their jobs, 900 invoices, 700
    payments and 120 organizations. `key` says, by ref of each customer that is no job, what must become of it.
    """

    company = "Hudson & Vale Wholesale, Inc."

    def __init__(self, seed: int = 1, scale: float = 1) -> None:
        self.seed = seed
        self.scale = scale
        self.rng = random.Random(seed)
        self.reps = make_reps()
        self.items = make_items()
        self.directory = Directory(self.rng)
        taxes = [item.ref for item in self.items if item.kind == "SalesTax"]
        self.book = CustomerBook(self.rng, self.directory, self.reps, taxes)
        self.clerk = Clerk(self.rng, self.items)
        self._enter_customers()
        owners = [rep.user_name for rep in self.reps if rep.user_name]
        crm = Crm(self.rng, self.directory, self.book, owners, scale)
        crm.fill()
        self._enter_jobs()
        self.customers = self.book.customers
        self.organizations, self.contacts, self.key = crm.organizations, crm.contacts, crm.key
        self.strangers = crm.strangers
        self.products = ["Chef knife 8 in", "Delivery", "Consulting day"]
        self.invoices = sorted(self._write_invoices(), key=lambda one: (one.created, one.ref))
        self.payments = sorted(self._take_payments(), key=lambda one: (one.created, one.ref))

    def count(self, full: int) -> int:
        """So many at this scale, at least one."""
        return max(1, round(full * self.scale))

    def customer(self, ref: str) -> Customer:
        return next(one for one in self.customers if one.ref == ref)

    def root(self, customer: Customer) -> Customer:
        """The customer that a job belongs to, at any depth; a customer itself."""
        while customer.parent is not None:
            customer = self.customer(customer.parent)
        return customer

    def _enter_customers(self) -> None:
        for _ in range(SHARED_WITH_BOOKKEEPER):
            self.book.enter(emails=(BOOKKEEPER,), active=True)
        for _ in range(SHARED_ELSEWHERE):
            self.book.enter(emails=(TAX_OFFICE,), active=True)
        for _ in range(self.count(COMPANIES) - SHARED_WITH_BOOKKEEPER - SHARED_ELSEWHERE):
            self.book.enter()

    def _enter_jobs(self) -> None:
        parents = [one for one in self.book.customers if one.active]
        for number in range(self.count(JOBS)):
            deep = number % 9 == 8
            pool = [one for one in self.book.customers if one.parent and one.parent in {p.ref for p in parents}]
            self.book.enter_job(self.rng.choice(pool if deep else parents))

    # ------------------------------------------------------------------------------------------------- invoices
    def _write_invoices(self) -> list[Invoice]:
        weights = [self.rng.paretovariate(1.2) for _ in self.customers]
        invoices = []
        for number in range(self.count(PURCHASE_ORDERS)):
            invoices += self._purchase_order(f"PO-{4_100 + number}", self.rng.choice(self.customers))
        first, second = self.rng.sample([one for one in self.customers if one.parent is None], 2)
        for customer in (first, second):  # two customers who number alike share no deal
            invoices += self._purchase_order("1001", customer)
        for _ in range(self.count(BEFORE_FIRST_DAY)):
            day = FIRST_DAY - timedelta(days=self.rng.randint(3, 60))
            invoices.append(self.clerk.invoice(self.rng.choice(self.customers), day))
        while len(invoices) < self.count(INVOICES):
            customer = self.rng.choices(self.customers, weights)[0]
            order = f"{customer.ref}/{len(invoices)}" if self.rng.random() < 0.3 else None
            invoices.append(self.clerk.invoice(customer, self._day(), order))
        return invoices

    def _day(self) -> date:
        return FIRST_DAY + timedelta(days=self.rng.randrange((LAST_DAY - FIRST_DAY).days + 1))

    def _purchase_order(self, number: str, customer: Customer) -> list[Invoice]:
        day = FIRST_DAY + timedelta(days=self.rng.randrange(270))
        days = [day + timedelta(days=12 * part) for part in range(self.rng.choice((2, 2, 3)))]
        return [self.clerk.invoice(customer, one, number) for one in days]

    # ------------------------------------------------------------------------------------------------- payments
    def _take_payments(self) -> list[Payment]:
        """Of each hundred invoices about 15 are settled together with others, 8 in two parts, 7 in part, 18 not."""
        together: list[list[Invoice]] = []
        single: list[Invoice] = []
        by_customer: dict[str, list[Invoice]] = {}
        for invoice in self.invoices:
            if invoice.total > 0:
                by_customer.setdefault(invoice.customer, []).append(invoice)
        for group in by_customer.values():
            while len(group) >= 3 and len(together) < len(self.invoices) * 0.06 and self.rng.random() < 0.5:
                size = self.rng.choice((2, 2, 3))
                together.append([group.pop(0) for _ in range(size)])
            single += group
        payments = [self._pay({one.ref: one.total for one in group}, group) for group in together]
        self.rng.shuffle(single)
        halves, parts, open_ = (round(len(self.invoices) * share) for share in (0.08, 0.07, 0.17))
        for number, invoice in enumerate(single):
            if number < halves:
                half = cents(invoice.total * Decimal(self.rng.randint(30, 70)) / 100)
                payments.append(self._pay({invoice.ref: half}, [invoice]))
                payments.append(self._pay({invoice.ref: invoice.total - half}, [invoice]))
            elif number < halves + parts:
                payments.append(self._pay({invoice.ref: cents(invoice.total / 3)}, [invoice]))
            elif number >= halves + parts + open_:
                payments.append(self._pay({invoice.ref: invoice.total}, [invoice]))
        return payments

    def _pay(self, applied: dict[str, Decimal], invoices: list[Invoice]) -> Payment:
        day = max(one.day for one in invoices) + timedelta(days=self.rng.randint(1, 50))
        method = self.rng.choices(PAYMENT_METHODS, (50, 5, 10, 15, 15, 5))[0]
        return self.clerk.payment(invoices[0].customer, min(day, LAST_DAY + timedelta(days=3)), method, applied)
