"""A first sync of two companies that both have years of customers: most of them the same, under other names.

The answer key follows from how each customer was made; nothing here compares names. The products are the real ones on
one clock, each request taking its time, without a socket and without sleeping.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product
from math import ceil
from pathlib import Path
from typing import Literal
from unittest.mock import patch

import httpx

from connectors.demo.companies import NAME_LENGTH, CompanyName
from connectors.demo.words import (
    ACCENTED_SURNAMES,
    FIRST_WORDS,
    GIVEN_NAMES,
    LEGAL_FORMS,
    PLAIN_SURNAMES,
    SECOND_WORDS,
    TRADES,
)
from connectors.pipedrive.simulator.app import App
from connectors.pipedrive.simulator.state import Account
from connectors.quickbooks_desktop.simulator.company import Company
from tests.scenarios.two_way import BEGIN, ZONE, Clock, TwoWay, Wire

MAPPING = """mapping: customers
extends: preset:default/customers
fields: {owner_id: null}
custom: {Customer type: null, Payment terms: null}
"""
LATENCY = timedelta(milliseconds=17)
"""Of one request after the other, as several threads come to at most 60 a second on the largest plan [facts 3]."""
PAGE = 500
CREATE, PATCH, LIST, SEARCH = 5, 5, 10, 20
"""Tokens [facts: Pipedrive 3]."""
SETUP = 42
"""The lists of fields, pipelines and stages, and who we are."""
MADE_FIELDS = ("QuickBooks ID", "Phone", "Contact", "Account number", "Open balance", "Active")
Outcome = Literal["linked", "new", "parked"]


class WorkingClock(Clock):
    """Goes on by as much as the engine really works between two looks: some hundred of them make up the ten
    milliseconds that a record takes."""

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=100)
        return self.now


class SlowWire(Wire):
    """Each request takes its time on the clock."""

    def __init__(self, clock: Clock, app: App) -> None:
        super().__init__(app)
        self._clock = clock

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._clock.now += LATENCY
        return super().handle_request(request)


@dataclass
class Key:
    """What must become of each customer: by ListID, the outcome and the organization that it is."""

    expected: dict[str, tuple[Outcome, int | None]] = field(default_factory=dict)

    def number(self, outcome: Outcome) -> int:
        return Counter(one for one, _ in self.expected.values())[outcome]


class InitialSync:
    """`size` customers against as many organizations and persons, before anything was synchronised."""

    def __init__(self, folder: Path, size: int, seed: int) -> None:
        self.size, self.rng, self.key = size, random.Random(seed), Key()
        clock = WorkingClock()
        self.company = Company("Acme", clock=clock, zone=ZONE, opened=BEGIN - timedelta(days=900))
        self.account = Account(company="acme", plan="ultimate", seats=20, seed=seed, clock=clock)
        self.account.limits.burst = None
        self.account.add_field("organization", "Email", "varchar")
        self.before: set[int] = set()
        self.persons = 0
        self._names = self._all_names()
        self._fill()
        mappings = folder / "mappings"
        mappings.mkdir()
        (mappings / "customers.yaml").write_text(MAPPING)
        self.world = self._open(folder, clock, mappings)

    def _open(self, folder: Path, clock: Clock, mappings: Path) -> TwoWay:
        with patch("tests.scenarios.two_way.Wire", lambda app: SlowWire(clock, app)):
            return TwoWay(folder / "engine.db", clock, self.company, self.account, str(mappings))

    # ------------------------------------------------------------------------------------------- both companies
    def _all_names(self) -> list[CompanyName]:
        """Names with a core of their own each, in random order."""
        surnames = PLAIN_SURNAMES + ACCENTED_SURNAMES
        cores = [*product(FIRST_WORDS, SECOND_WORDS, SECOND_WORDS), *product(surnames, surnames)]
        self.rng.shuffle(cores)
        names, taken = [], set[frozenset[str]]()
        for core in cores:
            joiner = " & " if len(core) == 2 else " "
            name = CompanyName(core, self.rng.choice(TRADES), self.rng.choice(LEGAL_FORMS), joiner)
            if len(str(name)) <= NAME_LENGTH and len(set(core)) == len(core) and frozenset(core) not in taken:
                taken.add(frozenset(core))
                names.append(name)
        return names

    def _fill(self) -> None:
        made, size = 0, self.size
        accountant = "tax@advisor.example"
        self._organization("Tax Advisors", accountant)
        for _ in range(2):  # one alone would not share the address with anybody
            made += 1
            self._customer(self._names.pop(), accountant, "parked", None)
        while made < size:
            made += 1
            kind = self.rng.random()
            if kind < 0.57:
                self._same_company()
            elif kind < 0.59:
                self._two_candidates()
            elif kind < 0.60:
                self._customer(self._names.pop(), accountant, "parked", None)
            elif kind < 0.62:
                self._look_alike()
            else:
                name = self._names.pop()
                self._customer(name, self._address(name, 0.7), "new", None)
        while len(self.before) < size:
            name = self._names.pop()
            self._organization(str(name), self._address(name, 0.3))
        organizations = sorted(self.before)
        while self.persons < size:
            given = f"{self.rng.choice(GIVEN_NAMES)} {self.rng.choice(PLAIN_SURNAMES)}"
            mail = f"p{self.persons}@people.example" if self.rng.random() < 0.6 else ""
            self._person(given, mail, self.rng.choice(organizations))

    def _same_company(self) -> None:
        """One company on both sides: by name as it is or as somebody else writes it, by e-mail, or by a person's."""
        name, way = self._names.pop(), self.rng.random()
        mail = self._address(name, 1.0)
        if way < 0.35:
            there = self._organization(str(name), None)
        elif way < 0.65:
            there = self._organization(name.variant(self.rng), None)
        elif way < 0.85:
            there = self._organization(str(self._names.pop()), mail.upper() if self.rng.random() < 0.3 else mail)
        else:
            there = self._organization(str(self._names.pop()), None)
            self._person(" ".join(name.core), mail, there)
        self._customer(name, mail if way >= 0.65 or self.rng.random() < 0.5 else None, "linked", there)

    def _two_candidates(self) -> None:
        name = self._names.pop()
        for text in (str(name), name.variant(self.rng)):
            self._organization(text, None)
        self._customer(name, None, "parked", None)

    def _look_alike(self) -> None:
        """Nearly the same name, another company: nothing links it."""
        name = self._names.pop()
        self._organization(name.look_alike(self.rng), None)
        self._customer(name, None, "new", None)

    def _address(self, name: CompanyName, likely: float) -> str:
        return f"info@{name.domain}" if self.rng.random() < likely else ""

    def _organization(self, name: str, mail: str | None) -> int:
        custom = {"Email": mail} if mail else {}
        made = int(self.account.add_organization(name, custom=custom)["id"])
        self.before.add(made)
        return made

    def _person(self, name: str, mail: str, there: int) -> None:
        self.account.add_person(name, mail or None, org_id=there)
        self.persons += 1

    def _customer(self, name: CompanyName, mail: str | None, outcome: Outcome, there: int | None) -> None:
        more = {"Email": mail} if mail else {}
        at = BEGIN - timedelta(days=self.rng.randint(1, 800))
        key = self.company.add_customer(str(name), CompanyName=str(name), at=at, **more)
        self.key.expected[key] = (outcome, there)

    # ------------------------------------------------------------------------------------------------- the sync
    def run(self) -> None:
        """Until nothing is due any more."""
        self.world.settle(rounds=200)

    def wrong(self) -> list[str]:
        """One sentence for each customer that is not where the key has it, and for each organization too many."""
        claims: dict[str, list[int]] = {}
        organizations = self.account.records("organization")
        for one in organizations:
            for line in str(self.account.custom("organization", one).get("QuickBooks ID") or "").split():
                claims.setdefault(line.rsplit("/", 1)[-1], []).append(one["id"])
        found = []
        for key, (outcome, there) in self.key.expected.items():
            now = claims.get(key, [])
            well = {"linked": now == [there], "parked": not now, "new": len(now) == 1 and now[0] not in self.before}
            if not well[outcome]:
                found.append(f"{key} should be {outcome} {there or ''}, is {now}")
        too_many = len(organizations) - len(self.before) - self.key.number("new")
        return [*found, *([f"{too_many} organizations too many"] if too_many else [])]

    def floor(self) -> int:
        """The tokens that must be spent [facts: Pipedrive 8]: fields and stages once, both lists once, a create for
        each new one, a PATCH for each linked one."""
        begin = SETUP + CREATE * len(MADE_FIELDS)
        lists = LIST * (ceil(len(self.before) / PAGE) + ceil(self.persons / PAGE))
        return begin + lists + CREATE * self.key.number("new") + PATCH * self.key.number("linked")

    def by_searching(self) -> int:
        """What looking each customer up by its e-mail and its name would have cost, before the same writes."""
        terms = sum(1 + bool(one.get("Email")) for one in self.company.records("Customer"))
        return SEARCH * terms + CREATE * self.key.number("new") + PATCH * self.key.number("linked")
