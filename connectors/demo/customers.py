"""Invents the customer list: companies with jobs, e-mail addresses as people type them, and their salespeople."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.demo.companies import NAME_LENGTH, CompanyName, Directory
from connectors.demo.words import CUSTOMER_TYPES, JOBS, TERMS
from connectors.demo.world import Customer, Rep

OPENED = datetime(2024, 2, 5, 15, 0, tzinfo=UTC)
"""When the company file was begun; every customer was entered within the 600 days after."""
SEPARATORS = ("; ", ", ", " ", ";")
REPS = (
    ("Alice Brennan", "alice@hudsonvale.example", "Alice Brennan-Ortega", "ALICE@hudsonvale.example"),
    ("Bruno Delgado", "bruno@hudsonvale.example", "Bruno D.", "bruno@hudsonvale.example"),
    ("Carla Novak", "carla@hudsonvale.example", "Carla Novak", "carla@hudsonvale.example"),
    ("Derek Ivers", "derek@hudsonvale.example", "Derek Ivers", "derek@hudsonvale.example"),
    ("Renée Holloway", None, "Renée Holloway", "renee.h@mail.example"),
    ("Hugo Stanton", None, "Hugo Stanton", "hugo.s@mail.example"),
    ("Olga Quimby", "olga@hudsonvale.example", None, None),
    ("Victor Langley", None, None, None),
)
"""Name and e-mail in QuickBooks, name and e-mail of the user in Pipedrive: found by e-mail, by name, or not at all."""


def make_reps() -> list[Rep]:
    """The salespeople; the last two have no user in Pipedrive."""
    reps = []
    for name, email, user_name, user_email in REPS:
        first, last = name.split(" ")
        reps.append(Rep(f"{first[0]}{last[0]}", first, last, email, user_name, user_email))
    return reps


class CustomerBook:
    """Enters customers and jobs, and remembers each company's name in parts (`names`, by ref)."""

    def __init__(self, rng: random.Random, directory: Directory, reps: list[Rep], taxes: list[str]) -> None:
        self.rng = rng
        self.directory = directory
        self.reps = reps
        self.taxes = taxes
        self.names: dict[str, CompanyName] = {}
        self.customers: list[Customer] = []
        self._taken: set[str] = set()

    def enter(self, emails: tuple[str, ...] | None = None, **given: Any) -> Customer:
        """A new customer. `emails`: given ones; None draws them (about one in seven has none)."""
        rng, name = self.rng, self.directory.company()
        ref = f"C{len(self.customers) + 1:04d}"
        addresses = self._emails(name) if emails is None else emails
        short = str(CompanyName(name.core, name.trade, "", name.joiner, name.article))
        contact = " ".join(self.directory.person())
        fields: dict[str, Any] = {
            "name": self._unique(short if rng.random() < 0.4 else str(name)),
            "company": str(name),
            "created": OPENED + timedelta(days=rng.randrange(600), minutes=rng.randrange(400)),
            "emails": addresses,
            "email_text": self._typed(addresses),
            "address": self.directory.address() if rng.random() < 0.93 else None,
            "phone": self.directory.phone() if rng.random() < 0.8 else None,
            "contact": contact if rng.random() < 0.7 else None,
            "customer_type": rng.choice(CUSTOMER_TYPES) if rng.random() < 0.9 else None,
            "terms": rng.choice(TERMS)[0] if rng.random() < 0.85 else None,
            "rep": rng.choice(self.reps).initials if rng.random() < 0.75 else None,
            "tax": rng.choice(self.taxes) if rng.random() < 0.2 else None,
            "active": rng.random() >= 0.05,
            "currency": "Canadian Dollar" if rng.random() < 0.08 else "US Dollar",
        }
        customer = Customer(ref=ref, **{**fields, **given})
        self.names[ref] = name
        self.customers.append(customer)
        return customer

    def enter_job(self, parent: Customer) -> Customer:
        """A job: half of them repeat the parent's company and e-mail, as QuickBooks offers to."""
        rng = self.rng
        repeats = rng.random() < 0.5
        taken = {one.name for one in self.customers if one.parent == parent.ref}
        job = Customer(
            ref=f"C{len(self.customers) + 1:04d}",
            name=rng.choice([name for name in JOBS if name not in taken]),
            company=parent.company if repeats else "",
            created=parent.created + timedelta(days=rng.randint(1, 60)),
            parent=parent.ref,
            emails=parent.emails if repeats else (),
            email_text=parent.email_text if repeats else None,
            address=parent.address,
            terms=parent.terms,
            rep=parent.rep,
            tax=parent.tax,
            currency=parent.currency,
        )
        self.customers.append(job)
        return job

    def _unique(self, name: str) -> str:
        """QuickBooks has every name once, whatever the case."""
        while name.lower() in self._taken:
            name = f"{name[: NAME_LENGTH - 2]} 2"
        self._taken.add(name.lower())
        return name

    def _emails(self, name: CompanyName) -> tuple[str, ...]:
        drawn = self.rng.random()
        if drawn < 0.14:
            return ()
        boxes = self.rng.sample(("orders", "ap", "office", "buying"), 1 if drawn < 0.85 else 2)
        return tuple(f"{box}@{name.domain}" for box in boxes)

    def _typed(self, addresses: tuple[str, ...]) -> str | None:
        """As a person types them: now and then in capitals, several with any separator."""
        if not addresses:
            return None
        text = self.rng.choice(SEPARATORS).join(addresses)
        return text.title() if self.rng.random() < 0.1 else text
