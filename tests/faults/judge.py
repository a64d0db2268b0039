"""Says what is lost and what is doubled, by both simulators' own state and the answer key; asks the engine nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from connectors.demo.checks.links import duplicates, wrong_links
from connectors.demo.checks.memos import OUR_LINE, memos
from connectors.demo.checks.money import money
from connectors.demo.checks.notes import notes
from connectors.demo.checks.people import people
from connectors.demo.checks.scene import IDENTITY_FIELD, Scene, is_voided
from tests.faults.small_company import SmallCompany

MADE = re.compile(r"/(organizations|deals|products|notes)$")


@dataclass
class Verdict:
    """One sentence for each thing that is wrong."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    """What needs a person, or does not settle."""

    @property
    def holds(self) -> bool:
        return not (self.lost or self.doubled or self.other)

    def sentences(self) -> list[str]:
        return [*self.lost, *self.doubled, *self.other]


def judge(small: SmallCompany) -> Verdict:
    """Compares the two systems with each other and with the answer key."""
    scene = Scene(small.company, small.account, small.diary)
    doubled = [
        *duplicates(scene), *_made_twice(small), *_lines_twice(scene), *_told_twice(small), *_written_twice(scene),
    ]  # fmt: skip
    lost = [*_missing(small, scene), *wrong_links(scene), *money(scene).problems, *notes(scene), *memos(scene)]
    return Verdict(lost=[*lost, *people(scene)], doubled=doubled)


def _missing(small: SmallCompany, scene: Scene) -> Iterator[str]:
    if not small.won:
        yield "no deal was there to be won"
    for key, invoice in scene.invoices.items():
        if len(scene.invoice_claims.get(key, ())) != 1 and not is_voided(invoice):
            yield f"invoice {key} has the deals {scene.invoice_claims.get(key, [])}"


def _made_twice(small: SmallCompany) -> Iterator[str]:
    """Creates that were carried out, by the identity that they carried; those that were deleted again count too."""
    codes = {
        code
        for entity in ("organization", "deal", "product")
        for code, row in small.account.custom_fields(entity).items()
        if row["field_name"] == IDENTITY_FIELD
    }
    made: Counter[str] = Counter()
    for entry in small.account.ledger.writes:
        if entry.method == "POST" and entry.ok and MADE.search(entry.operation):
            made.update(_identity(codes, entry.body))
    yield from (f"{line} was made {times} times" for line, times in made.items() if times > 1)


def _identity(codes: set[str], body: Any) -> list[str]:
    if "content" in body:
        return re.findall(r"acme/ReceivePayment/[^<\s]+", body["content"])[:1]
    return [str(text).splitlines()[0] for code, text in (body.get("custom_fields") or {}).items() if code in codes]


def _lines_twice(scene: Scene) -> Iterator[str]:
    for deal in scene.deals:
        invoices = [scene.invoices[key] for key in scene.invoices_of(deal) if key in scene.invoices]
        due, there = sum(len(one["Lines"]) for one in invoices), len(scene.lines[deal])
        if there > due:
            yield f"deal {deal} has {there} lines for {due} of its invoices"


def _told_twice(small: SmallCompany) -> Iterator[str]:
    said = [OUR_LINE.findall(state.get("Memo") or "") for _, state in small.company.history(small.outcome)]
    writes = sum(one != other for one, other in pairwise(said))
    if writes > 1:
        yield f"the outcome was written back {writes} times"


def _written_twice(scene: Scene) -> Iterator[str]:
    """Two states of an invoice in a row that differ in their stamps only: somebody wrote what was there already."""
    for key in scene.invoices:
        states = [
            {name: value for name, value in state.items() if name not in ("EditSequence", "TimeModified")}
            for _, state in scene.company.history(key)
        ]
        yield from (f"invoice {key} was written twice alike" for one, two in pairwise(states) if one == two)
