"""Judges the money, per currency and to the cent: deals plus invoices without one are what QuickBooks has invoiced."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.demo.checks.scene import Scene, is_voided, total
from connectors.demo.diary import FIRST_INVOICE_DATE

CODES = {"US Dollar": "USD", "Canadian Dollar": "CAD"}
"""How Pipedrive calls the currencies of the company file."""


@dataclass(slots=True)
class Sum:
    """What one currency adds up to."""

    deals: Decimal = Decimal(0)
    without_deal: Decimal = Decimal(0)
    invoices: Decimal = Decimal(0)

    @property
    def difference(self) -> Decimal:
        return self.deals + self.without_deal - self.invoices


@dataclass(slots=True)
class Money:
    """The sums, and one sentence for each thing that does not add up."""

    sums: dict[str, Sum] = field(default_factory=lambda: defaultdict(Sum))
    problems: list[str] = field(default_factory=list)


def money(scene: Scene) -> Money:
    """Adds everything up from the simulators' own state."""
    result = Money()
    living = {one["TxnID"]: one for one in scene.living()}
    for invoice in living.values():
        result.sums[_currency(invoice)].invoices += total(invoice)
        if not scene.invoice_claims.get(invoice["TxnID"]):
            result.sums[_currency(invoice)].without_deal += total(invoice)
    claims: dict[int, list[str]] = defaultdict(list)
    for key, ids in scene.invoice_claims.items():
        for deal in ids:
            claims[deal].append(key)
    for deal, keys in claims.items():
        record = scene.deals[deal]
        own = [living[key] for key in keys if key in living]
        if own:
            result.sums[record["currency"]].deals += _own_value(scene, record)
            result.problems += _deal_problems(scene, record, own)
        elif record["status"] != "lost":
            result.problems.append(f"deal {deal} is {record['status']}, though all its invoices are gone")
    for currency, one in result.sums.items():
        if one.difference:
            result.problems.append(
                f"{currency}: deals {one.deals} and invoices without a deal {one.without_deal} "
                f"are not the invoices' {one.invoices}, but {one.difference:+} more"
            )
    result.problems += _unexplained(scene)
    return result


def _own_value(scene: Scene, deal: dict[str, Any]) -> Decimal:
    """The deal's value without the lines that a salesperson added."""
    by_hand = (Decimal(line["sum"]) for line in scene.lines[deal["id"]] if line["id"] in scene.diary.hand_lines)
    return Decimal(deal["value"]) - sum(by_hand, Decimal(0))


def _deal_problems(scene: Scene, deal: dict[str, Any], invoices: list[dict[str, Any]]) -> list[str]:
    due = sum((total(one) for one in invoices), Decimal(0))
    value = _own_value(scene, deal)
    ours = [Decimal(line["sum"]) for line in scene.lines[deal["id"]] if line["id"] not in scene.diary.hand_lines]
    problems = []
    if value != due:
        problems.append(f"deal {deal['id']} ({deal['title']}) is worth {value}, its invoices {due}")
    if ours and sum(ours) != due:
        problems.append(
            f"the lines of deal {deal['id']} ({deal['title']}) add up to {sum(ours)}, its invoices to {due}"
        )
    if not ours and due:
        problems.append(f"deal {deal['id']} ({deal['title']}) has no lines")
    if {_currency(one) for one in invoices} != {deal["currency"]}:
        problems.append(f"deal {deal['id']} is in {deal['currency']}, its invoices are not")
    return problems


def _unexplained(scene: Scene) -> list[str]:
    """Every invoice without a deal has a reason that the answer key knows, and no invoice has one against it."""
    problems = []
    for key, invoice in scene.invoices.items():
        root = scene.diary.expected.get(scene.root(invoice["CustomerRef"]["ListID"]))
        left_out = date.fromisoformat(str(invoice["TxnDate"])) < FIRST_INVOICE_DATE
        waits = root is not None and root.outcome == "parked"
        has_deal = bool(scene.invoice_claims.get(key))
        name = f"invoice {invoice.get('RefNumber') or key}"
        if has_deal and (left_out or waits):
            problems.append(f"{name} has a deal, though {'it is too old' if left_out else 'its customer waits'}")
        if not has_deal and not left_out and not waits and not is_voided(invoice):
            problems.append(f"{name} has no deal, and nothing stands in its way")
    return problems


def _currency(invoice: dict[str, Any]) -> str:
    return CODES[invoice["CurrencyRef"]["FullName"]]
