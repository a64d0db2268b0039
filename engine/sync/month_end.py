"""The report of a reconciliation in words: statements that add up from one side to the other, and the findings.

One for all: the command, the page and the CSV file say what stands here. A statement is read as an accountant reads a
bank reconciliation: what the source has, the items that explain or must be looked at, what the target has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engine.catalogue import ADDRESS_PARTS
from engine.mapping.compiled import CompiledMapping
from engine.store.reconciliations import Run, StoredFinding
from engine.store.store import Store
from engine.sync import sighting
from engine.sync.connection import Connection
from engine.sync.reconcile import AMOUNT, KINDS, Kind, Line, Month, Tally, is_wrong

PAGE = 500
LONGEST = 160
"""Characters of a value that are shown."""
_TAG = re.compile(r"<[^>]{1,200}>")


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a statement: by how many records and how much the other side differs for this reason."""

    kind: Kind
    title: str
    records: int
    """How many records it is about."""
    count: int
    amount: Decimal
    wrong: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """From one side to the other, in one currency ("" where records are worth nothing)."""

    currency: str
    total: Line
    items: tuple[Item, ...]

    @property
    def worth(self) -> bool:
        """Whether there are amounts to show."""
        return bool(self.currency)


@dataclass(frozen=True, slots=True)
class Section:
    """One mapping's part of the report."""

    mapping: str
    title: str
    summary: str
    here: str
    """What the source is called, such as "QuickBooks"."""
    there: str
    dated: bool
    statements: tuple[Statement, ...]

    @property
    def wrong(self) -> int:
        """How many records somebody must look at."""
        return sum(one.records for statement in self.statements for one in statement.items if one.wrong)


@dataclass(frozen=True, slots=True)
class Report:
    """What the reports of all forms are made of; the findings are read page by page."""

    connection: str
    month: Month
    id: str
    held: bool
    read: dict[str, tuple[datetime, datetime]]
    """By system's title: from when to when it was read."""
    done_at: datetime | None
    sections: tuple[Section, ...]

    @property
    def wrong(self) -> int:
        """How many records somebody must look at."""
        return sum(one.wrong for one in self.sections)


def report(connection: Connection, run: Run) -> Report:
    """The report of a run that is done."""
    titles = {name: one.title for name, one in connection.connectors.items()}
    read = {
        titles[system]: (datetime.fromisoformat(begin), datetime.fromisoformat(end))
        for system, (begin, end) in sorted(run.progress["read"].items())
    }
    tallies = run.result.get("tallies", {})
    sections = tuple(
        section(connection, pair.mapping, pair.dated, Tally.unpack(tallies.get(pair.mapping.name, {})))
        for pair in sighting.pairs(connection)
    )
    return Report(
        connection.name, Month.of(run.month), run.id, bool(run.progress["held"]), read, run.done_at, sections
    )  # fmt: skip


def section(connection: Connection, mapping: CompiledMapping, dated: bool, tally: Tally) -> Section:
    """A mapping's part."""
    here, there = (connection.connectors[ref[0]].title for ref in (mapping.source, mapping.target))
    statements = tuple(_statement(tally, currency, here, there) for currency in sorted(tally.lines))
    title = mapping.name.replace("_", " ").capitalize()
    return Section(mapping.name, title, mapping.summary, here, there, dated, statements)


def _statement(tally: Tally, currency: str, here: str, there: str) -> Statement:
    items = []
    for (kind, rule), line in tally.ordered(currency):
        if kind == "equal" and not line.count and not line.difference:
            continue
        title = "Several records share one" if kind == "equal" else title_of(kind, here, there)
        named = f"{title}: {rule}" if rule else title
        records = abs(line.count) if kind == "equal" else max(line.here, line.there)
        items.append(Item(kind, named, records, line.count, line.difference, is_wrong(kind, rule)))
    return Statement(currency, tally.total(currency), tuple(items))


def title_of(kind: Kind, here: str, there: str) -> str:
    """What people call a kind."""
    return KINDS[kind].title.format(here=here, there=there)


# ------------------------------------------------------------------------------------------------------- the words
def stage(connection: Connection, run: Run) -> str:
    """How far a run is, in a sentence."""
    if run.state != "reading":
        return "Comparing both sides."
    sources, targets = sighting.steps(connection)
    left = [ref for ref in (*sources, *targets) if f"{ref[0]}.{ref[1]}" not in run.progress["done"]]
    system = left[0][0] if left else (targets or sources)[-1][0]
    title = connection.connectors[system].title
    trouble = f" {run.progress['trouble']}" if run.progress["trouble"] else ""
    if connection.endpoints[system].facts().get("calls_us"):
        with connection.store.reading() as tx:
            last = tx.visits.last(connection.name, system)
        ago = f" (the last one was at {_clock(last['last_at'], connection.zone)})" if last else ""
        return f"Waiting for the next visit of {title}{ago}.{trouble}"
    return f"Reading {title}.{trouble}"


def heading(report: Report, zone: ZoneInfo) -> list[str]:
    """What the report is about and as of when, in sentences."""
    how = "as the store holds it" if report.held else "as it is"
    read = []
    for title, (begin, end) in report.read.items():
        first, last = _clock(begin, zone), _clock(end, zone)
        read.append(f"{title} {how}, read {f'at {last}' if first == last else f'{first} to {last}'} ({zone.key}).")
    return [f"{report.connection}, {report.month.first:%B %Y}", *read]


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def verdict(report: Report) -> str:
    """The answer in one sentence."""
    if report.wrong:
        return f"{report.wrong:,} {'record has' if report.wrong == 1 else 'records have'} to be looked at."
    return "Both sides agree, and every difference is explained."


def lines(section: Section, statement: Statement) -> Iterator[tuple[str, int, Decimal, bool]]:
    """A statement line by line: words, records, amount, and whether these are what an item adds."""
    total = statement.total
    yield f"In {section.here}", total.here, total.sum_here, False
    for one in statement.items:
        yield f"{one.title} ({one.records:,})", one.count, one.amount, True
    yield f"In {section.there}", total.there, total.sum_there, False


def finding_lines(section: Section, found: StoredFinding) -> Iterator[str]:
    """One finding for a terminal: what it is about, then each field."""
    said = found.said
    kind = title_of(found.kind, section.here, section.there)  # type: ignore[arg-type]  # kept as it was made
    there = f" = {section.there} {said['target']}" if said["target"] else ""
    reason = f": {said['reason']}" if said["reason"] else ""
    yield f"  {kind}: {section.title} {said['label']}{there}{reason}"
    for one in said["fields"]:
        yield f"    {field_words(one, section.here, section.there)}"


# ---------------------------------------------------------------------------------------------------- the findings
def findings(store: Store, run: str, kinds: Sequence[Kind] | None = None) -> Iterator[StoredFinding]:
    """The findings of a run (of these kinds), read in pages while they are used."""
    after = -1
    while True:
        with store.reading() as tx:
            page = tx.reconciliations.findings(run, after, PAGE, kinds)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].number


def field_words(one: dict[str, Any], here: str, there: str) -> str:
    """One field that differs: "value: 120.00 in QuickBooks, 150.00 in Pipedrive"."""
    return f"{field_name(one['path'])}: {shown(one['here'])} in {here}, {shown(one['there'])} in {there}"


def field_name(path: str) -> str:
    """A field as people know it."""
    return path.removeprefix("custom.")


def shown(value: Any) -> str:
    """A value of a field, for people."""
    if value is None or value in ("", [], {}):
        return "nothing"
    if isinstance(value, dict):
        parts = [value.get(name) for name in ADDRESS_PARTS if value.get(name)] or [one for one in value.values() if one]
        return ", ".join(shown(one) for one in parts)
    if isinstance(value, list):
        return ", ".join(shown(one) for one in value)
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    text = " ".join(_TAG.sub(" ", str(value)).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def worth(amounts: Sequence[dict[str, Any]]) -> Decimal | None:
    """What a side of a finding is worth; None where it is not there, or worth nothing."""
    values = [one["value"] for one in amounts if one["value"] is not None]
    return sum((Decimal(one) for one in values), Decimal(0)) if values else None


def currency_of(said: dict[str, Any]) -> str:
    """The currency of a finding."""
    return next((str(one["currency"]) for side in ("here", "there") for one in said[side] if one["currency"]), "")


# ---------------------------------------------------------------------------------------------------------- the file
COLUMNS = (
    "section", "class", "look at it", "record", "date", "{here} id", "{there} id", "{there} name", "currency",
    "{here} records", "{there} records", "{here} amount", "{there} amount", "difference", "fields", "reason",
)  # fmt: skip


def rows(report: Report, store: Store) -> Iterator[list[str]]:
    """The report as a table, its head first: a line for what is equal, then one for each finding. Its amounts and
    counts add up to both sides' totals."""
    first = report.sections[0]
    yield [one.format(here=first.here, there=first.there) for one in COLUMNS]
    with store.reading() as tx:
        run = tx.reconciliations.get(report.connection, report.id)
    tallies = run.result.get("tallies", {}) if run is not None else {}
    for one in report.sections:
        tally = Tally.unpack(tallies.get(one.mapping, {}))
        for currency in sorted(tally.lines):
            line = tally.lines[currency].get(("equal", ""))
            if line is not None:
                yield _row(one, "equal", "all that are equal", currency=currency, line=line)
    by_name = {one.mapping: one for one in report.sections}
    for found in findings(store, report.id):
        yield _finding_row(by_name[found.mapping], found)


def _finding_row(section: Section, found: StoredFinding) -> list[str]:
    said = found.said
    here, there = worth(said["here"]), worth(said["there"])
    line = Line(len(said["here"]), len(said["there"]), here or Decimal(0), there or Decimal(0))
    return _row(
        section, found.kind, said["label"],  # type: ignore[arg-type]  # kept as it was made
        day=said["day"], sources=" ".join(said["sources"]), target=said["target"] or "", named=said["target_label"],
        currency=currency_of(said), line=line, reason=said["reason"],
        fields="; ".join(field_words(one, section.here, section.there) for one in said["fields"]),
    )  # fmt: skip


def _row(section: Section, kind: Kind, label: str, *, line: Line, currency: str, **others: str) -> list[str]:
    wrong = is_wrong(kind, AMOUNT if line.difference else "")
    money = [line.sum_here, line.sum_there, line.difference] if currency else ["", "", ""]
    cells = [
        section.title, title_of(kind, section.here, section.there), "yes" if wrong else "", label,
        others.get("day", ""), others.get("sources", ""), others.get("target", ""), others.get("named", ""), currency,
        line.here, line.there, *money, others.get("fields", ""), others.get("reason", ""),
    ]  # fmt: skip
    return [_cell(one) for one in cells]


def _cell(value: Any) -> str:
    """Text that a spreadsheet takes for a formula is marked as text."""
    if isinstance(value, Decimal):
        return f"{value:.2f}" if value == value.quantize(Decimal("0.01")) else str(value)
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
