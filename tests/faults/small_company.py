"""Three customers, four invoices, three payments and one outcome, as people bring them about; and the answer key.

The company is as small as it may be with every kind of request in it: made, found by name, found by e-mail; lines one
by one and in bulk, changed, added and taken away; options, products, notes; a deal that is won.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from connectors.demo.diary import Diary
from connectors.demo.world import Expected
from connectors.pipedrive.simulator.state import Account
from connectors.quickbooks_desktop.simulator.company import Company
from tests.faults.clock import BEGIN, Clock

ZONE = "America/New_York"
BEFORE = BEGIN - timedelta(days=30)


@dataclass
class SmallCompany:
    """Both systems before the first visit, and what is to be true of them at the end."""

    clock: Clock
    company: Company = field(init=False)
    account: Account = field(init=False)
    diary: Diary = field(default_factory=Diary)
    won: int = 0
    """The deal that was won; 0: not yet."""
    _customers: list[str] = field(default_factory=list)
    _invoices: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._set_up_pipedrive()
        self._set_up_quickbooks()
        self.diary.before = frozenset(one["id"] for one in self.account.records("organization"))
        kinds = (("new", None), ("linked", "by name"), ("linked", "by e-mail"))
        for key, (outcome, ref) in zip(self._customers, kinds, strict=True):
            self.diary.expected[key] = Expected(outcome, ref or "nobody in Pipedrive is this company", ref)

    def _set_up_pipedrive(self) -> None:
        self.account = account = Account(company="acme", plan="ultimate", seed=5, clock=self.clock)
        account.limits.burst = None
        account.add_pipeline("Invoices", ["New", "Sent", "Paid"])
        named = account.add_organization("Second Street Bakery")
        other = account.add_organization("Trading under another name")
        account.add_person("Pat Third", "pat@third.example", org_id=other["id"])
        self.diary.organizations = {"by name": named["id"], "by e-mail": other["id"]}

    def _set_up_quickbooks(self) -> None:
        self.company = company = Company("Acme", clock=self.clock, zone=ZONE, multicurrency=True, opened=BEFORE)
        at = BEFORE + timedelta(hours=1)
        company.add("CustomerType", Name="Retail", at=at)
        company.add("PaymentMethod", Name="Check", at=at)
        company.add_item("ItemService", "Work", price=Decimal("85.00"), description="Work, per hour", at=at)
        company.add_item("ItemService", "Lamp", price=Decimal("9.99"), at=at)
        for name, more in (
            ("First Avenue Clinic", {"CustomerTypeRef": "Retail"}),
            ("Second Street Bakery", {}),
            ("Third Lane Motors", {"Email": "pat@third.example"}),
        ):
            given: dict[str, Any] = {"CompanyName": name, "CurrencyRef": "US Dollar", **more}
            self._customers.append(company.add_customer(name, at=at, **given))
        first, second, _ = self._customers
        self._sell(first, [("Work", 2)], 1, PONumber="P1")
        self._sell(first, [("Lamp", 3)], 2, PONumber="P1")
        self._sell(second, [("Work", 1), ("Lamp", 2), ("Lamp", 1)], 3)
        self._pay(first, 0, "100.00", 4)
        self._pay(second, 2, "20.00", 5)

    def _sell(self, customer: str, lines: list[tuple[str, int]], days: int | None = None, **more: str) -> None:
        at = None if days is None else BEFORE + timedelta(days=days)
        given = [{"ItemRef": item, "Quantity": Decimal(count)} for item, count in lines]
        self._invoices.append(self.company.add_invoice(customer, given, at=at, **more))

    def _pay(self, customer: str, invoice: int, amount: str, days: int | None = None) -> None:
        at = None if days is None else BEFORE + timedelta(days=days)
        self.company.receive_payment(
            customer, {self._invoices[invoice]: Decimal(amount)}, method="Check", at=at, RefNumber=f"C{invoice}"
        )

    def second_day(self) -> None:
        """After the first visit was worked off: the fourth invoice and the third payment, changes, and a win."""
        company, (first, _, third) = self.company, self._customers
        self._sell(third, [("Work", 1), ("Lamp", 2), ("Work", 3), ("Lamp", 4), ("Work", 5), ("Lamp", 6)])
        self._pay(third, 3, "30.00")
        company.edit("Customer", first, Phone="555 0100")
        kept = company.record("Invoice", self._invoices[2])["Lines"]
        company.edit(
            "Invoice", self._invoices[2], DueDate="2026-04-30",
            lines=[
                {"TxnLineID": kept[0]["TxnLineID"], "Quantity": Decimal(4)},
                {"TxnLineID": kept[1]["TxnLineID"]},
                {"ItemRef": "Work", "Quantity": Decimal(7)},
            ],
        )  # fmt: skip
        self.won = self._deal_of(self._invoices[2])
        self.account.win_deal(self.won)
        self.diary.told.add(self.won)

    @property
    def outcome(self) -> str:
        """The invoice to which the outcome flows back."""
        return self._invoices[2]

    @property
    def deal_there(self) -> bool:
        """Whether the deal that is to be won was made."""
        return any(self.outcome in str(one["custom_fields"]) for one in self.account.records("deal"))

    def _deal_of(self, invoice: str) -> int:
        return next(one["id"] for one in self.account.records("deal") if invoice in str(one["custom_fields"]))
