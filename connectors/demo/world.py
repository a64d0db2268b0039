"""The plain data of the invented world: what stands in both systems before anybody synchronises anything.

Records refer to each other by `ref`, a short text of the generator's own; the systems' ids come with loading.
Money is Decimal in the company's currency, dates are `date`, moments are aware UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; `street` is one line."""

    street: str
    city: str
    state: str
    postal_code: str
    country: str = "USA"

    @property
    def one_line(self) -> str:
        """As a salesperson would type it into one field."""
        return f"{self.street}, {self.city}, {self.state} {self.postal_code}"


@dataclass(frozen=True, slots=True)
class Rep:
    """An employee who sells: initials as QuickBooks shows them, and the user in Pipedrive, if there is one."""

    initials: str
    first: str
    last: str
    email: str | None
    user_name: str | None
    """How Pipedrive calls the person; None where there is no such user."""
    user_email: str | None

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"


@dataclass(frozen=True, slots=True)
class Item:
    """Something that stands on invoices."""

    ref: str
    kind: Literal["Inventory", "Service", "NonInventory", "OtherCharge", "Discount", "Subtotal", "Group", "SalesTax"]
    name: str
    description: str
    price: Decimal | None = None
    percent: Decimal | None = None
    """Of a discount or a sales tax."""
    members: tuple[tuple[str, Decimal], ...] = ()
    """Of a group: item refs with quantities."""


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer, or a job of one (`parent`)."""

    ref: str
    name: str
    company: str
    created: datetime
    parent: str | None = None
    emails: tuple[str, ...] = ()
    email_text: str | None = None
    """The e-mail field as somebody typed it: none, one or several addresses."""
    address: Address | None = None
    phone: str | None = None
    contact: str | None = None
    customer_type: str | None = None
    terms: str | None = None
    rep: str | None = None
    tax: str | None = None
    """Item ref of its sales tax; None where it buys for resale."""
    active: bool = True
    currency: str = "US Dollar"
    """As QuickBooks calls it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an invoice; a group line holds its members."""

    item: str | None
    description: str | None = None
    quantity: Decimal | None = None
    rate: Decimal | None = None
    percent: Decimal | None = None
    amount: Decimal | None = None
    taxable: bool = False
    members: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice as it was written; its total is `subtotal + tax_amount`."""

    ref: str
    number: str | None
    customer: str
    day: date
    due: date
    created: datetime
    lines: tuple[Line, ...]
    ship_day: date | None = None
    po_number: str | None = None
    terms: str | None = None
    rep: str | None = None
    tax: str | None = None
    tax_percent: Decimal = Decimal(0)
    memo: str | None = None
    subtotal: Decimal = Decimal(0)
    tax_amount: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        return self.subtotal + self.tax_amount


@dataclass(frozen=True, slots=True)
class Payment:
    """Money received, and what it settles: invoice ref -> amount."""

    ref: str
    number: str
    customer: str
    day: date
    method: str
    created: datetime
    applied: dict[str, Decimal]

    @property
    def amount(self) -> Decimal:
        return sum(self.applied.values(), Decimal(0))


@dataclass(frozen=True, slots=True)
class Contact:
    """A person in Pipedrive; without an organization where `organization` is None."""

    name: str
    email: str | None
    organization: str | None


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization that Pipedrive held before the first visit."""

    ref: str
    name: str
    email: str | None = None
    """In the custom field "Email"."""
    address: str | None = None
    label: str | None = None
    tier: str | None = None
    """In the salespeople's own custom field "Tier"."""
    owner: str | None = None
    """A user's name; None: whoever holds the token."""
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """What must become of a customer: `organization` is set where it must be linked to one that was there."""

    outcome: Literal["linked", "new", "parked"]
    why: str
    organization: str | None = None
