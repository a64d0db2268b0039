"""Puts the checks together into a verdict that a person or a program can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connectors.demo.checks.links import duplicates, wrong_links
from connectors.demo.checks.memos import memos
from connectors.demo.checks.money import Money, money
from connectors.demo.checks.notes import notes
from connectors.demo.checks.people import people
from connectors.demo.checks.scene import Scene
from connectors.demo.diary import Diary
from connectors.pipedrive.simulator.state import Account
from connectors.quickbooks_desktop.simulator.company import Company


@dataclass(frozen=True, slots=True)
class Check:
    """One question and what speaks against it; none: it holds."""

    name: str
    problems: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.problems

    def as_data(self) -> dict[str, Any]:
        return {"check": self.name, "holds": self.holds, "problems": list(self.problems)}


@dataclass(frozen=True, slots=True)
class Verdict:
    """All checks, with the two counts and the sums that are told apart."""

    checks: tuple[Check, ...]
    duplicates: int
    wrong_links: int
    money: Money

    @property
    def holds(self) -> bool:
        return all(check.holds for check in self.checks)


def judge(company: Company, account: Account, diary: Diary, last_visit_writes: Sequence[str] = ()) -> Verdict:
    """Compares the simulators' own state with each other and with the answer key."""
    scene = Scene(company, account, diary)
    twice, wrong, sums = duplicates(scene), wrong_links(scene), money(scene)
    checks = (
        Check("nothing stands in Pipedrive twice", tuple(twice)),
        Check("every customer is linked as the answer key says", tuple(wrong)),
        Check("the money adds up to the cent", tuple(sums.problems)),
        Check("every payment applied to an invoice has its one true note", tuple(notes(scene))),
        Check("every invoice says once what people made of its deal", tuple(memos(scene))),
        Check("what people changed is as they left it", tuple(people(scene))),
        Check("a visit without changes writes nothing", tuple(last_visit_writes)),
    )
    return Verdict(checks, len(twice), len(wrong), sums)
