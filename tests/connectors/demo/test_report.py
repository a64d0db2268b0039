"""The report says the same to a person and to a program."""

from __future__ import annotations

import io
from decimal import Decimal

from rich.console import Console

from connectors.demo.checker import Check, Verdict
from connectors.demo.checks.money import Money, Sum
from connectors.demo.report import Watched, as_data, show
from connectors.demo.run import Outcome

MAPPING = {
    "states": {"done": 3},
    "outcomes": {"created": 2, "updated": 1, "failed": 7},
    "waiting": {},
    "parked": {"two organizations have its name": 1},
    "skipped": {"too old": 4},
}


def outcome(*problems: str) -> Outcome:
    money = Money({"USD": Sum(Decimal("10.50"), Decimal("1.00"), Decimal("11.50"))})
    verdict = Verdict((Check("all is well", problems),), duplicates=len(problems), wrong_links=0, money=money)
    return Outcome({"customers": MAPPING}, verdict, 4, 1234, 1300, 0, 61.25, 3.5, "abc")


def shown(one: Outcome) -> str:
    text = io.StringIO()
    show(one, Console(file=text, width=140))
    return text.getvalue()


def test_a_program_gets_every_count_with_the_reasons() -> None:
    data = as_data(outcome())
    assert data["mappings"]["customers"] == {
        "created": 2, "linked": 0, "updated": 1, "unchanged": 0, "waiting": {},
        "parked": {"two organizations have its name": 1}, "skipped": {"too old": 4},
    }  # fmt: skip
    assert data["money"]["USD"] == {
        "deals": Decimal("10.50"), "without_deal": Decimal("1.00"), "invoices": Decimal("11.50"), "difference": 0,
    }  # fmt: skip
    assert (data["tokens_spent"], data["visits"], data["last_visit_writes"]) == (1234, 4, 0)


def test_a_person_sees_the_counts_the_money_and_what_is_wrong() -> None:
    text = shown(outcome("deal 7 [sic] stands there twice"))
    assert "customers" in text
    assert "11.50" in text
    assert "✗ all is well" in text
    assert "deal 7 [sic] stands there twice" in text
    assert "✓ all is well" in shown(outcome())


def test_progress_is_told_line_by_line() -> None:
    text = io.StringIO()
    with Watched(Console(file=text, width=100)) as audience:
        audience.say("First visit")
        audience.say("Pipedrive: somebody renames [brackets] Ltd.")
        audience.busy(12, 34)
    assert "First visit" in text.getvalue()
    assert "somebody renames [brackets] Ltd." in text.getvalue()
