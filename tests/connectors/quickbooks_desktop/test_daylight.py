"""When the clocks change, in both directions, nothing is missed, and what is read twice is the same both times."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings, strategies as st

from connectors.quickbooks_desktop.qbxml import message_set, read_answers
from connectors.quickbooks_desktop.reading import Reading, Surroundings
from connectors.quickbooks_desktop.simulator.company import Company
from engine.protocol import Found, Gone, Query, QueryKind
from tests.connectors.quickbooks_desktop.ports import Clock

CHANGES = [
    ("America/New_York", "2026-03-08T07:00"),  # 2:00 becomes 3:00
    ("America/New_York", "2026-11-01T06:00"),  # 2:00 becomes 1:00
    ("America/Los_Angeles", "2026-03-08T10:00"),
    ("America/Los_Angeles", "2026-11-01T09:00"),
    ("Europe/London", "2026-03-29T01:00"),
    ("Europe/London", "2026-10-25T01:00"),
    ("Australia/Sydney", "2026-10-03T16:00"),
]


@dataclass
class Reader:
    """A company file in a zone, read again and again as visits do."""

    zone: str
    start: datetime
    cursors: dict[tuple[str, QueryKind], str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = Clock(self.start)
        self.company = Company(clock=self.clock, zone=self.zone)
        self.customer = self.company.add_customer("Acme")
        item = self.company.add_item("ItemService", "Work")
        lines = [{"ItemRef": item, "Quantity": "1", "Rate": "10.00"}]
        self.invoice = self.company.add_invoice(self.customer, lines)
        self.spare = [self.company.add_invoice(self.customer, lines) for _ in range(12)]
        for entity, kind in (("Customer", "changed"), ("Invoice", "changed"), ("Invoice", "gone")):
            self.read(entity, kind)  # type: ignore[arg-type]

    def read(self, entity: str, kind: QueryKind = "changed") -> tuple[dict[str, Found], list[Gone]]:
        """A whole reading from the cursor of the last one, which it moves."""
        session = self.company.open_session()
        query = Query(entity, kind, ("TimeModified", "Memo", "Phone"), self.cursors.get((entity, kind)))
        reading = Reading(query, self.clock(), "1")
        found: dict[str, Found] = {}
        gone: list[Gone] = []
        over = False
        while not over:
            text = session.process(message_set([reading.ask(5)], "13.0"))
            (answer,) = read_answers(text, {"1": reading.expected()})
            outcome = reading.take(answer, self.clock(), Surroundings(ZoneInfo(self.zone)))
            assert outcome.failed is None
            for page in outcome.pages:
                found.update({one.key: one for one in page.found})
                gone += page.gone
                if page.done:
                    self.cursors[entity, kind] = page.cursor
            over = outcome.over
        session.close()
        return found, gone


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(("zone", "change"), CHANGES)
def test_what_changes_within_hours_of_a_clock_change_is_read_by_the_next_visit(zone: str, change: str) -> None:
    reader = Reader(zone, moment(change) - timedelta(hours=3))
    for step in range(36):
        reader.clock.move(minutes=4)
        reader.company.edit("Customer", reader.customer, Phone=f"555-{step:04}")
        reader.company.edit("Invoice", reader.invoice, Memo=f"step {step}")
        if step % 3 == 0:
            reader.company.delete_transaction(reader.spare[step // 3])
        reader.clock.move(minutes=6)
        customers, _ = reader.read("Customer")
        invoices, _ = reader.read("Invoice")
        assert customers[reader.customer].record["Phone"] == f"555-{step:04}", step
        assert invoices[reader.invoice].record["Memo"] == f"step {step}", step
        if step % 3 == 0:
            assert reader.spare[step // 3] in {one.key for one in reader.read("Invoice", "gone")[1]}, step


@given(
    st.sampled_from(CHANGES),
    st.integers(-180, 120),
    st.lists(st.tuples(st.integers(1, 90), st.integers(0, 90)), min_size=1, max_size=6),
)
@example(CHANGES[1], 40, [(5, 30), (5, 1)])  # read in the hour's first coming, changed in its second
@settings(max_examples=60)
def test_whenever_it_changes_and_whenever_it_is_read_nothing_is_missed(
    at: tuple[str, str], begins: int, steps: list[tuple[int, int]]
) -> None:
    zone, change = at
    reader = Reader(zone, moment(change) + timedelta(minutes=begins))
    for number, (until_edit, until_visit) in enumerate(steps):
        reader.clock.move(minutes=until_edit)
        reader.company.edit("Customer", reader.customer, Phone=f"555-{number:04}")
        reader.clock.move(minutes=until_visit)
        found, _ = reader.read("Customer")
        assert found[reader.customer].record["Phone"] == f"555-{number:04}"


@pytest.mark.parametrize(("zone", "change"), CHANGES)
def test_what_the_overlap_reads_twice_is_equal_so_that_nothing_comes_of_it(zone: str, change: str) -> None:
    reader = Reader(zone, moment(change) - timedelta(minutes=30))
    reader.company.edit("Customer", reader.customer, Phone="555-0001")
    first, _ = reader.read("Customer")
    reader.clock.move(minutes=20)
    second, _ = reader.read("Customer")
    assert second[reader.customer] == first[reader.customer], "the same id and EditSequence, and all else as well"
    reader.clock.move(hours=26)
    reader.read("Customer")
    reader.clock.move(hours=1)
    assert reader.customer not in reader.read("Customer")[0], "the overlap does not reach back for ever"


@pytest.mark.parametrize(("zone", "change"), CHANGES)
def test_an_iterator_that_is_lost_while_the_clocks_change_starts_again_from_the_same_cursor(
    zone: str, change: str
) -> None:
    reader = Reader(zone, moment(change) - timedelta(minutes=5))
    before = reader.cursors["Invoice", "changed"]
    for one in reader.spare:
        reader.company.edit("Invoice", one, Memo="changed")
    reading = Reading(Query("Invoice", "changed", ("Memo",), before), reader.clock(), "1")
    session = reader.company.open_session()
    keys: set[str] = set()
    sent: list[str] = []
    over = False
    while not over:
        sent.append(message_set([reading.ask(5)], "13.0"))
        (answer,) = read_answers(session.process(sent[-1]), {"1": reading.expected()})
        outcome = reading.take(answer, reader.clock(), Surroundings(ZoneInfo(zone)))
        assert outcome.failed is None
        keys |= {one.key for page in outcome.pages for one in page.found}
        over = outcome.over
        if len(sent) == 1:
            session.close()
            session = reader.company.open_session()  # QuickBooks was restarted: 3391
            reader.clock.move(minutes=10)
    starts = [text for text in sent if 'iterator="Start"' in text]
    assert len(starts) == 2 and starts[0] == starts[1]
    assert keys >= set(reader.spare)
    assert outcome.pages[-1].cursor is not None
    reader.cursors["Invoice", "changed"] = outcome.pages[-1].cursor
    reader.company.edit("Invoice", reader.invoice, Memo="after the first page went out")
    assert reader.read("Invoice")[0][reader.invoice].record["Memo"] == "after the first page went out"
