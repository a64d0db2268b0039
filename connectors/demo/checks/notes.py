"""Judges the notes: each application of a payment has one, of the payment's day, and it tells the balances truly.

A note says when each balance was read; what QuickBooks showed at that moment is asked of the company's own history.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from connectors.demo.checks.scene import Application, Note, Scene
from connectors.demo.diary import FIRST_INVOICE_DATE, ZONE

MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?P<seconds>:\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?")
AMOUNT = re.compile(r"-?\d[\d,]*\.\d\d\b")
REVERSED = "Reversed in QuickBooks"


def notes(scene: Scene) -> list[str]:
    """One sentence for each note that is missing, too many, of another day, or untrue."""
    by_claim: dict[tuple[str, str], list[Note]] = defaultdict(list)
    for note in scene.notes:
        for claim in note.claims:
            by_claim[claim].append(note)
    problems = []
    living = set()
    for application in scene.applications:
        claim = (application.payment, application.invoice)
        living.add(claim)
        found, deals = by_claim.get(claim, []), scene.invoice_claims.get(application.invoice, [])
        if not deals or date.fromisoformat(application.day) < FIRST_INVOICE_DATE:
            problems += [f"{_name(application)} has a note, though its invoice has no deal"] * bool(found)
        elif len(found) != 1:
            problems.append(f"{_name(application)} has {len(found)} notes")
        else:
            problems += [f"{_name(application)}: {text}" for text in _faults(scene, application, found[0], deals)]
    for claim in by_claim.keys() - living:
        if not any(REVERSED in line for note in by_claim[claim] for line in note.lines):
            problems.append(f"payment {claim[0]} settles nothing of {claim[1]} any more, and its note does not say so")
    return problems


def noon(day: str) -> str:
    """A payment's day as Pipedrive keeps the time of its note: noon in the company's zone, in UTC."""
    local = datetime.combine(date.fromisoformat(day), time(12), ZONE)
    return local.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _faults(scene: Scene, application: Application, note: Note, deals: list[int]) -> Iterator[str]:
    if note.deal not in deals:
        yield f"the note is on deal {note.deal}, the invoice on {deals}"
    if note.add_time != noon(application.day):
        yield f"the note is of {note.add_time}, not of {application.day}"
    if note.lines and REVERSED in note.lines[-1]:
        yield "the note says last that it was reversed, but it stands"
    if application.amount not in _amounts(" ".join(note.lines)):
        yield f"the note does not name {application.amount}"
    text = " ".join(note.lines)
    if application.method and application.method not in text:
        yield f"the note does not name the method {application.method}"
    behind = scene.invoices_of(note.deal) if note.deal is not None else []
    for key in behind:
        if len(behind) > 1 or key == application.invoice:
            yield from _balance_faults(scene, key, note, shared=len(behind) > 1)


def _balance_faults(scene: Scene, key: str, note: Note, shared: bool) -> Iterator[str]:
    """What the note says of one invoice, against the company's history."""
    history = scene.company.history(key)
    number = history[0][1].get("RefNumber") or key
    said = _said_of(note, str(number))
    if said is None:
        read = _moments(" ".join(note.lines))
        written = max(read)[0] if read else None
        if shared and (written is None or any(at < written for at, state in history if "Deleted" not in state)):
            yield f"the note does not name invoice {number} with its balance"
        return
    line, moment, span = said
    true = balances_between(scene, key, moment, span)
    if not true & set(_amounts(line)):
        shown = " or ".join(sorted(map(str, true)))
        yield f"invoice {number} had {shown} open at {moment.isoformat()}, the note says: {line}"


def balances_between(scene: Scene, key: str, moment: datetime, span: timedelta) -> set[Decimal]:
    """What was open on an invoice within a span: several answers where it changed within that very second.

    The company's history has whole seconds, as QuickBooks has. Nothing is open on what is not there.
    """
    during = {
        Decimal(0) if state.get("Deleted") else Decimal(state["BalanceRemaining"])
        for at, state in scene.company.history(key)
        if moment <= at < moment + span
    }
    return during | {scene.company.balance_at(key, moment - timedelta(seconds=1)) or Decimal(0)}


def _said_of(note: Note, number: str) -> tuple[str, datetime, timedelta] | None:
    """The lines of the note from the invoice's number to the next moment, that moment, and how exact it is."""
    pattern = re.compile(rf"(?<![\w-]){re.escape(number)}(?![\w-])")
    for start, line in enumerate(note.lines):
        if not pattern.search(line):
            continue
        for end in range(start, min(start + 4, len(note.lines))):
            text = " ".join(note.lines[start : end + 1])
            if moments := _moments(text):
                return text, *moments[-1]
    return None


def _moments(text: str) -> list[tuple[datetime, timedelta]]:
    """Every moment in the text, cut to what it says: a second, or a minute where it says no seconds."""
    found = []
    for part in MOMENT.finditer(text):
        moment = datetime.fromisoformat(part[0])
        local = moment if moment.tzinfo else moment.replace(tzinfo=ZONE)
        span = timedelta(seconds=1) if part["seconds"] else timedelta(minutes=1)
        found.append((local.astimezone(UTC).replace(microsecond=0), span))
    return found


def _amounts(text: str) -> list[Decimal]:
    return [Decimal(part.replace(",", "")) for part in AMOUNT.findall(MOMENT.sub(" ", text))]


def _name(application: Application) -> str:
    return f"payment {application.number or application.payment} on {application.invoice}"
