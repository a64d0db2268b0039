"""Invents what stood in Pipedrive before, and from how it was made: the answer key; nothing here compares names.

The rules that the key states are those of the customers' mapping: e-mail first, then the name; an address that
several customers hold says nothing; several hits, or a hit only by such an address, are for a person to decide.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from connectors.demo.companies import Directory
from connectors.demo.customers import CustomerBook
from connectors.demo.world import Contact, Customer, Expected, Organization

LABELS = ("Customer", "Hot lead", "Cold lead")
TIERS = ("Gold", "Silver", "Bronze")
SAME, VARIANT, BY_FIELD, BY_PERSON = 34, 26, 18, 14
PAIRS_BY_EMAIL, PAIRS_BY_NAME, LOOK_ALIKES = 3, 1, 10
ORGANIZATIONS = 120
SHARED_WITH_BOOKKEEPER, SHARED_ELSEWHERE = 4, 5
BOOKKEEPER = "books@ledgerandmain.example"
TAX_OFFICE = "returns@tallybright.example"


class Crm:
    """Fills `organizations`, `contacts` and `key` for the customers of a book; `scale` shrinks all of it."""

    def __init__(
        self, rng: random.Random, directory: Directory, book: CustomerBook, owners: list[str], scale: float
    ) -> None:
        self.rng = rng
        self.directory = directory
        self.book = book
        self.owners = owners
        self.scale = scale
        self.organizations: list[Organization] = []
        self.contacts: list[Contact] = []
        self.key: dict[str, Expected] = {}
        self.strangers: list[Organization] = []
        """Organizations that are no customer yet."""

    def count(self, full: int) -> int:
        """So many of a kind at this scale, at least one."""
        return max(1, round(full * self.scale))

    def fill(self) -> None:
        """Uses the book's first customers; the others are expected to be new."""
        book = [one for one in self.book.customers if one.parent is None]
        rest = iter(book)
        self._bookkeeper_s_customers(rest)
        with_email = iter([one for one in rest if one.emails])
        self._each(with_email, BY_FIELD, self._under_another_name)
        self._each(with_email, BY_PERSON, self._by_a_person)
        self._each(with_email, PAIRS_BY_EMAIL, self._two_with_one_email)
        self._each(with_email, 3, self._contact_without_organization)
        others = iter([one for one in book if one.ref not in self.key])
        self._each(others, SAME, self._same_name)
        self._each(others, VARIANT, self._variant)
        self._each(others, PAIRS_BY_NAME, self._two_with_one_name)
        self._each(others, LOOK_ALIKES, self._look_alike)
        self._each(others, 2, self._deleted)
        for customer in others:
            self.key[customer.ref] = Expected("new", "nobody in Pipedrive is this company")
        self.strangers.append(self._add(str(self.directory.company())))
        while sum(not one.deleted for one in self.organizations) < self.count(ORGANIZATIONS):
            self.strangers.append(self._add(str(self.directory.company())))

    def _each(self, customers: Iterator[Customer], full: int, make: Callable[[Customer], None]) -> None:
        for _ in range(self.count(full)):
            make(next(customers))

    def _add(self, name: str, email: str | None = None, deleted: bool = False) -> Organization:
        """An organization; every third was looked after by hand."""
        rng = self.rng
        curated = rng.random() < 0.35
        one = Organization(
            ref=f"O{len(self.organizations) + 1:03d}",
            name=name,
            email=email,
            address=self.directory.address().one_line if curated else None,
            label=rng.choice(LABELS) if curated else None,
            tier=rng.choice(TIERS) if curated else None,
            owner=rng.choice(self.owners) if rng.random() < 0.5 else None,
            deleted=deleted,
        )
        self.organizations.append(one)
        return one

    def _linked(self, customer: Customer, organization: Organization, why: str) -> None:
        self.key[customer.ref] = Expected("linked", why, organization.ref)

    def _trading_name(self) -> str:
        """A name that has nothing to do with the customer's."""
        return str(self.directory.company())

    def _person(self, organization: str | None, email: str | None) -> None:
        self.contacts.append(Contact(" ".join(self.directory.person()), email, organization))

    def _bookkeeper_s_customers(self, rest: Iterator[Customer]) -> None:
        """Two bookkeepers' addresses; the first bookkeeper is an organization in Pipedrive herself."""
        self._add("Ledger & Main Bookkeeping", BOOKKEEPER)
        named, *others = [next(rest) for _ in range(SHARED_WITH_BOOKKEEPER)]
        self._linked(named, self._add(named.company), "same name; the bookkeeper's e-mail says nothing")
        for customer in others:
            self.key[customer.ref] = Expected("parked", "only a shared e-mail hits: her bookkeeper's")
        for _ in range(SHARED_ELSEWHERE):
            self.key[next(rest).ref] = Expected("new", "shares an e-mail that nobody in Pipedrive has")

    def _same_name(self, customer: Customer) -> None:
        email = self.rng.choice(customer.emails) if customer.emails and self.rng.random() < 0.5 else None
        one = self._add(customer.company, email)
        if self.rng.random() < 0.3:
            self._person(one.ref, f"hello{one.ref.lower()}@mail.example")
        self._linked(customer, one, "same name")

    def _variant(self, customer: Customer) -> None:
        name = self.book.names[customer.ref]
        text = next(text for text in iter(lambda: name.variant(self.rng), "") if text != customer.company)
        self._linked(customer, self._add(text), f"the same name, written {text!r}")

    def _under_another_name(self, customer: Customer) -> None:
        email = self.rng.choice(customer.emails)
        written = email.upper() if self.rng.random() < 0.3 else email
        self._linked(customer, self._add(self._trading_name(), written), "another name, the same e-mail")

    def _by_a_person(self, customer: Customer) -> None:
        one = self._add(self._trading_name())
        self._person(one.ref, self.rng.choice(customer.emails))
        self._person(one.ref, None)
        self._linked(customer, one, "another name; a person there has the e-mail")

    def _two_with_one_email(self, customer: Customer) -> None:
        for name in (customer.company, self._trading_name()):
            self._add(name, customer.emails[0])
        self.key[customer.ref] = Expected("parked", "two organizations have its e-mail")

    def _two_with_one_name(self, customer: Customer) -> None:
        for _ in range(2):
            self._add(customer.company)
        self.key[customer.ref] = Expected("parked", "two organizations have its name")

    def _contact_without_organization(self, customer: Customer) -> None:
        self._person(None, customer.emails[0])
        self.key[customer.ref] = Expected("new", "its e-mail is a person's who belongs to no organization")

    def _look_alike(self, customer: Customer) -> None:
        self._add(self.book.names[customer.ref].look_alike(self.rng), f"office-{customer.ref.lower()}@mail.example")
        self.key[customer.ref] = Expected("new", "the organization with nearly the same name is another company")

    def _deleted(self, customer: Customer) -> None:
        self._add(customer.company, deleted=True)
        self.key[customer.ref] = Expected("new", "the organization of its name was deleted")
