"""A day at both desks: what people may do there, which calls are cut, which webhooks come late, twice or never, and
what must be true at the end. What happens, in which order and to whom, is drawn by whoever lives it.

Nothing here asks the engine: the acts happen in the simulators, and the judge compares their own state.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Any

from connectors.demo.checks.links import duplicates
from connectors.demo.checks.memos import OUR_LINE, told
from connectors.demo.checks.money import money
from connectors.demo.checks.notes import notes
from connectors.demo.checks.scene import IDENTITY_FIELD, Scene, is_voided
from connectors.demo.diary import Diary
from connectors.quickbooks_desktop.simulator.errors import StatusError
from tests.scenarios.two_way import TwoWay

CALLS = (
    "serverVersion", "clientVersion", "authenticate", "sendRequestXML", "receiveResponseXML", "closeConnection",
)  # fmt: skip
LOST = ("cut-after", "500-after", "null", "cut-before", "502", "503-after")
FOLLOWED = {"Phone": "Phone", "Contact": "Contact", "AccountNumber": "Account number"}
"""Fields of a customer that people edit on both sides, and the custom fields that they become."""

UNTOUCHED = "[Pipedrive: Open, Invoices / Sent]"
"""What would be told of a deal as it was made."""


@dataclass
class Schedule:
    """One day. `log` tells what happened, for whoever must find out why it went wrong."""

    world: TwoWay
    draw: random.Random
    log: list[str] = field(default_factory=list)
    said: dict[tuple[str, str], tuple[str, bool]] = field(default_factory=dict)
    """(ListID, field) -> what a person wrote into Pipedrive last, and whether QuickBooks changed the field since."""
    typed: set[tuple[str, str]] = field(default_factory=set)
    """(ListID, field) of what was changed in QuickBooks on this day."""
    touched: Counter[int] = field(default_factory=Counter)
    """How often a person gave a deal another outcome or stage."""
    early: set[int] = field(default_factory=set)
    """Deals that a person changed while the answer to their making was lost: as they are found, so they are known."""

    # ------------------------------------------------------------------------------------------- what is cut
    def visit(self) -> None:
        faults, draw = self.world.visit_faults, self.draw
        kind = draw.choice(("none", "before", "after", "abandon", "truncated", "raises"))
        at: int | str = draw.choice((draw.randint(1, 24), draw.choice(CALLS)))
        if kind in ("before", "after"):
            {"before": faults.cut_before, "after": faults.cut_after}[kind](at)
        elif kind == "abandon":
            faults.abandon_after(at)
        elif kind == "truncated":
            faults.truncated_answer(request=draw.randint(1, 8))
        elif kind == "raises":
            faults.process_raises(request=draw.randint(1, 8))
        self._wait()
        report = self.world.visit()
        self.log.append(f"visit, {kind} at {at}: {report.summary()}")

    def drain(self) -> None:
        draw = self.draw
        kind = draw.choice(("none", "kill", "lost", "lost"))
        if kind == "lost":
            method = draw.choice(("POST", "POST", "PATCH", "*"))
            kind = f"{draw.choice(LOST)}@{method} /*#{draw.randint(1, 6)}"
            self.world.pipedrive_faults.add(kind)
        kill = draw.randint(0, 12) if kind == "kill" else None
        self._wait()
        self.world.drain(kill_after=kill)
        self.log.append(f"drain, {kind} {'' if kill is None else kill}")

    def visit_and_drain(self) -> None:
        self.visit()
        self.drain()

    def _wait(self) -> None:
        self.world.clock.on(seconds=self.draw.choice((1, 2, 20, 90, 400, 4000)))

    def close(self) -> list[str]:
        """From now on nothing is cut. Let everything settle, and say what is wrong then."""
        self.world.pipedrive_faults.clear()
        faults = self.world.visit_faults
        with faults._lock:
            faults._coming.clear()
        try:
            self.world.settle()
        except AssertionError as error:
            return [str(error)]
        return list(problems(self))

    # --------------------------------------------------------------------------------------------- what people do
    def do(self, act: Act) -> None:
        """Somebody does this, shortly after what happened before."""
        self.world.clock.on(seconds=self.draw.choice((0, 0.4, 1, 3, 60)))
        with suppress(IndexError, StatusError):  # there is nobody to whom it could happen, or QuickBooks forbids it
            told = act(self)
            if told:
                self.log.append(told)

    def deliver(self) -> None:
        """Some of the webhooks arrive."""
        told = self.world.post.deliver(self.world.connection.endpoints["pipedrive"], self.draw)
        if told:
            self.log.append(told)

    def _one_of(self, those: Sequence[Any]) -> Any:
        if not those:
            raise IndexError  # a draw of hypothesis' does not say so itself
        return self.draw.choice(those)

    def _customer(self) -> str:
        return self._one_of(self.world.company.ids("Customer"))

    def _invoice(self) -> dict[str, Any]:
        return self._one_of([one for one in self.world.company.records("Invoice") if not is_voided(one)])

    def _lines(self) -> list[dict[str, Any]]:
        draw = self.draw
        lines: list[dict[str, Any]] = [
            {"ItemRef": draw.choice(("Work", "Lamp")), "Quantity": Decimal(draw.randint(1, 40)) / 4}
            for _ in range(draw.randint(1, 3))
        ]
        return (
            lines
            if draw.random() < 0.7
            else [*lines, {"ItemRef": "Work", "Amount": Decimal(draw.randint(1, 9999)) / 100}]
        )

    def new_customer(self) -> str:
        number = len(self.world.company.ids("Customer")) + 1
        return "new customer " + self.world.company.add_customer(
            f"Customer {number}",
            CompanyName=f"Customer {number}",
            CurrencyRef="US Dollar",
            Email=f"c{number}@x.example",
        )

    def customer_changes(self) -> str:
        key, name = self._customer(), self._one_of(sorted(FOLLOWED))
        text = f"qb {self.draw.randint(100, 999)}"
        self.world.company.edit("Customer", key, **{name: text})
        self.typed.add((key, name))
        if (key, name) in self.said:
            self.said[key, name] = (self.said[key, name][0], True)
        return f"customer {key}: {name} = {text}"

    def new_invoice(self) -> str:
        order = {"PONumber": f"P{self.draw.randint(1, 3)}"} if self.draw.random() < 0.5 else {}
        return "new invoice " + self.world.company.add_invoice(self._customer(), self._lines(), **order)

    def invoice_changes(self) -> str:
        key = self._invoice()["TxnID"]
        kept = [{"TxnLineID": one["TxnLineID"]} for one in self.world.company.record("Invoice", key)["Lines"]]
        if kept and self.draw.random() < 0.5:
            kept.pop(self.draw.randrange(len(kept)))
        self.world.company.edit("Invoice", key, lines=[*kept, *self._lines()])
        return f"invoice {key} has other lines"

    def payment(self) -> str:
        invoice = self._one_of([one for one in self.world.company.records("Invoice") if one["BalanceRemaining"] > 1])
        part = (invoice["BalanceRemaining"] / self._one_of((1, 2, 3))).quantize(Decimal("0.01"))
        customer = invoice["CustomerRef"]["ListID"]
        number = f"C{len(self.log)}{self.draw.randint(100, 999)}"
        return "payment " + self.world.company.receive_payment(
            customer, {invoice["TxnID"]: part}, method="Check", RefNumber=number
        )

    def payment_changes(self) -> str:
        record = self._one_of([one for one in self.world.company.records("ReceivePayment") if one["TotalAmount"]])
        key = record["TxnID"]
        others = [
            one for one in self.world.company.records("Invoice")
            if one["CustomerRef"]["ListID"] == record["CustomerRef"]["ListID"] and one["BalanceRemaining"] > 0
        ]  # fmt: skip
        invoice = self._one_of(others)
        amount = min(record["TotalAmount"], invoice["BalanceRemaining"])
        self.world.company.apply_payment(key, {invoice["TxnID"]: amount} if self.draw.random() < 0.8 else {})
        return f"payment {key} is applied otherwise"

    def payment_is_taken_back(self) -> str:
        key = self._one_of(self.world.company.ids("ReceivePayment"))
        act = self._one_of((self.world.company.void_payment, self.world.company.delete_payment))
        act(key)
        return f"{act.__name__} {key}"

    def invoice_is_voided(self) -> str | None:
        if self.draw.random() < 0.6:
            return None
        key = self._invoice()["TxnID"]
        self.world.company.void_invoice(key)
        return f"invoice {key} is voided"

    def invoice_is_deleted(self) -> str | None:
        if self.draw.random() < 0.6:
            return None
        key = self._invoice()["TxnID"]
        self.world.company.delete_transaction(key)
        return f"invoice {key} is deleted"

    def _scene(self) -> Scene:
        return Scene(self.world.books, self.world.account, Diary())  # type: ignore[arg-type]

    def organization_changes(self) -> str:
        key, ids = self._one_of(sorted(self._scene().customer_claims.items()))
        name, text = self._one_of(sorted(FOLLOWED)), f"pd {self.draw.randint(100, 999)}"
        self.world.account.edit("organization", ids[0], custom={FOLLOWED[name]: text})
        self.said[key, name] = (text, False)
        return f"organization {ids[0]} of {key}: {name} = {text}"

    def _deal(self) -> int:
        return self._one_of(sorted(one["id"] for one in self.world.account.records("deal")))

    def deal_is_decided(self) -> str:
        key, account = self._deal(), self.world.account
        act = self._one_of((account.win_deal, account.lose_deal, account.reopen_deal))
        self._touch(key, lambda: act(key))
        return f"{act.__name__} {key}"

    def deal_moves(self) -> str:
        key, stage = self._deal(), self._one_of(("New", "Sent", "Paid"))
        self._touch(key, lambda: self.world.account.move_deal(key, "Invoices", stage))
        return f"deal {key} moved to {stage}"

    def _touch(self, key: int, act: Callable[[], Any]) -> None:
        before = _standing(self.world.account.record("deal", key))
        act()
        if not self.world.knows("deal", str(key)):
            self.early.add(key)
        self.touched[key] += _standing(self.world.account.record("deal", key)) != before


Act = Callable[[Schedule], str | None]
DESK: tuple[Act, ...] = (
    Schedule.new_customer, Schedule.customer_changes, Schedule.customer_changes, Schedule.new_invoice,
    Schedule.new_invoice, Schedule.invoice_changes, Schedule.invoice_changes, Schedule.payment, Schedule.payment,
    Schedule.payment_changes, Schedule.payment_is_taken_back, Schedule.invoice_is_voided, Schedule.invoice_is_deleted,
)  # fmt: skip
"""What the bookkeeper does in QuickBooks; what is named twice is done twice as often."""

SALES: tuple[Act, ...] = (
    Schedule.organization_changes, Schedule.organization_changes, Schedule.deal_is_decided, Schedule.deal_is_decided,
    Schedule.deal_moves,
)  # fmt: skip
"""What salespeople do in Pipedrive."""

WIRES: tuple[Act, ...] = (Schedule.deliver, Schedule.drain, Schedule.visit, Schedule.visit_and_drain)
"""What happens between the systems, cut or not; first what does the least, since days are made smaller towards it."""


# -------------------------------------------------------------------------------------------------- the judge
def problems(schedule: Schedule) -> Iterator[str]:
    """One sentence for each thing on which the two sides do not agree, or that was done twice."""
    scene = schedule._scene()
    yield from duplicates(scene)
    yield from (text for text in money(scene).problems if not _is_a_persons(schedule, text))
    # A note is written once: an invoice that is made later and joins its deal then is not in it.
    yield from (text for text in notes(scene) if "does not name invoice" not in text)
    yield from _customers(schedule, scene)
    yield from _deals(scene)
    yield from _made_twice(schedule.world)
    yield from _memos(schedule, scene)
    yield from _written_twice(scene)


def _is_a_persons(schedule: Schedule, text: str) -> bool:
    """A deal whose invoices are gone is lost, until a person says otherwise."""
    found = re.match(r"deal (\d+) is \w+, though all its invoices are gone", text)
    return found is not None and schedule.touched[int(found[1])] > 0


def _customers(schedule: Schedule, scene: Scene) -> Iterator[str]:
    for key, customer in scene.customers.items():
        ids = scene.customer_claims.get(key, [])
        if len(ids) != 1:
            yield f"{customer['FullName']} ({key}) has the organizations {ids}"
            continue
        organization = scene.organizations[ids[0]]
        for own, theirs in FOLLOWED.items():
            books, held = customer.get(own), scene.custom("organization", organization, theirs)
            said = schedule.said.get((key, own))
            if said is None or said[1]:  # QuickBooks had the last word
                fits = [books]
            elif (key, own) in schedule.typed:  # both changed it: which one wins hangs on what was seen when
                fits = [books, said[0]]
            else:
                fits = [said[0]]
            if held not in fits:
                yield f"{customer['FullName']}: {theirs} is {held!r}, must be one of {fits}"


def _deals(scene: Scene) -> Iterator[str]:
    for key, invoice in scene.invoices.items():
        deals = scene.invoice_claims.get(key, [])
        if len(deals) > 1 or (not deals and not is_voided(invoice)):
            yield f"invoice {invoice.get('RefNumber')} ({key}) has the deals {deals}"


def _made_twice(world: TwoWay) -> Iterator[str]:
    """Creates that were carried out, by the identity that they carried; deleted ones count as well."""
    made: Counter[str] = Counter()
    for entry in world.account.ledger.writes:
        if (
            entry.method == "POST"
            and entry.ok
            and re.search(r"/(organizations|deals|products|notes)$", entry.operation)
        ):
            made.update(_identity(world, entry.body))
    yield from (f"{line} was made {times} times" for line, times in made.items() if times > 1)


def _identity(world: TwoWay, body: Any) -> list[str]:
    if "content" in body:
        return re.findall(r"acme/ReceivePayment/[^<\s]+", body["content"])[:1]
    codes = {
        code
        for entity in ("organization", "deal", "product")
        for code, row in world.account.custom_fields(entity).items()
        if row["field_name"] == IDENTITY_FIELD
    }
    return [str(text).splitlines()[0] for code, text in (body.get("custom_fields") or {}).items() if code in codes]


def _standing(deal: dict[str, Any]) -> tuple[str, int]:
    return deal["status"], deal["stage_id"]


def _memos(schedule: Schedule, scene: Scene) -> Iterator[str]:
    """What people made of a deal stands once in its invoices' memos, after no more writes than they made changes."""
    for invoice in scene.living():
        key = invoice["TxnID"]
        said = [OUR_LINE.findall(state.get("Memo") or "") for _, state in scene.company.history(key)]
        for deal in scene.invoice_claims.get(key, ()):
            due = [told(scene, deal)]
            untouched = not schedule.touched[deal] or deal in schedule.early or due == [UNTOUCHED]
            if said[-1] != due and (said[-1] or not untouched):
                yield f"invoice {key} tells {said[-1]} of deal {deal}, which is {due}"
            writes = sum(one != other for one, other in pairwise(said))
            if writes > schedule.touched[deal]:
                yield f"invoice {key} was told {writes} times of {schedule.touched[deal]} changes of deal {deal}"


def _written_twice(scene: Scene) -> Iterator[str]:
    """Two states of an invoice in a row that differ in their stamps only: somebody wrote what was there already."""
    for key in scene.invoices:
        states = [_without_stamps(state) for _, state in scene.company.history(key)]
        yield from (f"invoice {key} was written twice alike" for one, two in pairwise(states) if one == two)


def _without_stamps(state: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if name not in ("EditSequence", "TimeModified")}
