"""Readings that take longer than a visit, and silences longer than QuickBooks remembers: nothing is lost in either."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

import connectors.demo
from connectors.quickbooks_desktop import pages, windows
from connectors.quickbooks_desktop.simulator.visit import VisitReport
from engine.store.snapshots import Snapshot
from engine.sync.forgotten import OWED
from engine.sync.receiver import BACKFILL
from tests.scenarios.two_way import TwoWay, nothing_yet

MAPPINGS = str(Path(connectors.demo.__file__).parent / "mappings")
QUICKBOOKS = "quickbooks_desktop"
WINDOW = re.compile(
    r"<InvoiceQueryRq[^>]*?iterator=\"Start\"[^>]*><MaxReturned>\d+</MaxReturned><TxnDateRangeFilter>"
    r"(?:<FromTxnDate>(\S+?)</FromTxnDate>)?(?:<ToTxnDate>(\S+?)</ToTxnDate>)?"
)
CHANGES = re.compile(r"<InvoiceQueryRq.*?<ModifiedDateRangeFilter>")

Build = Callable[[], TwoWay]


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    """Worlds in December, with an invoice of each month since January; windows stay small, and so do pages."""
    monkeypatch.setattr(windows, "FEW", 1)
    monkeypatch.setattr(pages, "FIRST", 2)
    monkeypatch.setattr(pages, "MOST", 2)
    made: list[TwoWay] = []

    def build() -> TwoWay:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        world = nothing_yet(folder, MAPPINGS)
        made.append(world)
        world.clock.now = datetime(2026, 12, 10, 15, tzinfo=UTC)
        at = datetime(2026, 1, 5, 15, tzinfo=UTC)
        world.company.add_item("ItemService", "Work", price=Decimal("85.00"), at=at)
        for number in range(4):
            world.company.add_customer(f"Customer {number}", CompanyName=f"Customer {number}", at=at)
        for month in range(1, 13):
            invoice(world, at.replace(month=month))
        return world

    yield build
    for world in made:
        world.close()


def invoice(world: TwoWay, at: datetime | None = None, **fields: str) -> str:
    return world.company.add_invoice("Customer 1", [{"ItemRef": "Work", "Quantity": "1"}], at=at, **fields)


def held(world: TwoWay, entity: str = "Invoice") -> dict[str, Snapshot]:
    with world.store.reading() as tx:
        return {one.key: one for one in tx.snapshots.page("acme", QUICKBOOKS, entity, "", 1000)}


def is_complete(world: TwoWay) -> bool:
    with world.store.reading() as tx:
        return tx.cursors.get("acme", QUICKBOOKS, "Invoice").completed_at is not None


def restart(world: TwoWay) -> None:
    world.connection.close()
    world.start()


def asked(report: VisitReport) -> list[tuple[str, str]]:
    """The windows of time in which invoices were asked for."""
    return [found for text in report.requests for found in WINDOW.findall(text)]


# -------------------------------------------------------------------------------------------------------- backfill
def test_a_first_reading_goes_back_in_growing_windows_to_the_first_day(build: Build) -> None:
    world = build()
    report = world.visit()
    assert report.ok
    assert asked(report) == [
        ("2026-12-01", ""), ("2026-11-01", "2026-11-30"), ("2026-10-01", "2026-10-31"), ("2026-08-01", "2026-09-30"),
        ("2026-04-01", "2026-07-31"), ("2026-01-01", "2026-03-31"),
    ]  # fmt: skip
    assert set(held(world)) == set(world.company.ids("Invoice")) and is_complete(world)
    world.clock.on(minutes=6)
    assert asked(world.visit()) == [], "later ones ask for changes"


def test_after_a_broken_visit_and_a_restart_it_goes_on_with_the_next_window(build: Build) -> None:
    every = asked(whole := build().visit())
    for number in (1, 2, 4, 6):
        world = build()
        call = call_of_window(whole, number)
        world.visit_faults.cut_after(call)  # it was asked for, and its answer never came
        assert asked(world.visit()) == every[: number - 1] and not is_complete(world)
        restart(world)
        world.clock.on(minutes=6)
        assert asked(world.visit()) == every[number - 1 :]
        assert set(held(world)) == set(world.company.ids("Invoice")) and is_complete(world)


def test_what_is_new_comes_before_what_is_old(build: Build) -> None:
    world = build()
    world.visit_faults.cut_after(call_of_window(build().visit(), 3))
    before = asked(world.visit())
    assert not is_complete(world)
    restart(world)
    late = invoice(world)
    old = world.company.ids("Invoice")[0]
    assert late not in held(world) and old not in held(world)
    world.clock.on(minutes=6)
    report = world.visit()
    order = [text for text in report.requests if WINDOW.search(text) or CHANGES.search(text)]
    assert CHANGES.search(order[0]) and WINDOW.search(order[1])
    answers = dict(zip(report.requests, report.responses, strict=True))
    assert late in answers[order[0]] and old not in answers[order[0]]
    assert len(before) == 2 and len(asked(report)) == 4 and is_complete(world)
    with world.store.reading() as tx:
        rows = tx.work.get("acme", "invoices", [late, old])
    assert rows[late].priority < BACKFILL <= rows[old].priority


def test_between_windows_new_changes_get_their_turn_in_the_same_visit(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "ENOUGH", 1)
    world = build()
    report = world.visit()
    kinds = ["window" if WINDOW.search(text) else "changes" for text in report.requests
             if WINDOW.search(text) or CHANGES.search(text)]  # fmt: skip
    assert kinds == ["window", *["changes", "window"] * 5], "each window but the first after a look for what is new"
    assert set(held(world)) == set(world.company.ids("Invoice")) and is_complete(world)


def test_lists_go_back_by_their_last_change_and_nothing_is_left_out_between_two_windows(build: Build) -> None:
    world = build()
    for month in range(1, 13):
        for day in (1, 5, 28):  # half past four on the first is still the month before in New York
            at = datetime(2026, month, day, 4, 30, tzinfo=UTC)
            if at < world.clock.now:
                world.company.add_customer(f"Of {month}-{day}", at=at)
    report = world.visit()
    windows_asked = [text for text in report.requests if "<CustomerQueryRq" in text and "ToModifiedDate" in text]
    assert len(windows_asked) >= 4
    assert set(held(world, "Customer")) == set(world.company.ids("Customer"))


def call_of_window(report: VisitReport, number: int) -> int:
    """The call by which the window of that number (from 1) was asked for."""
    sent = [place for place, call in enumerate(report.calls, start=1) if call.method == "sendRequestXML"]
    return [place for place, text in zip(sent, report.requests, strict=False) if WINDOW.search(text)][number - 1]


# ----------------------------------------------------------------------------------------------- forgotten deletions
@pytest.fixture
def silent(build: Build) -> TwoWay:
    """In step, then silent for a hundred days, in which an invoice and a customer were deleted on the fifth."""
    world = build()
    invoice(world, TxnDate="2025-12-20", RefNumber="OLD")
    world.visit()
    old = next(key for key in world.company.ids("Invoice") if key not in held(world))
    world.clock.on(hours=1)
    world.company.edit("Invoice", old, Memo="touched")
    world.visit()
    assert set(held(world)) == set(world.company.ids("Invoice")), "one older than the first day is held too"
    world.clock.on(days=5)
    world.company.delete_transaction(world.company.ids("Invoice")[3])
    world.company.delete("Customer", world.company.ids("Customer")[3])
    world.clock.on(days=95)
    return world


def agrees(world: TwoWay) -> bool:
    """Whether exactly what is in the company is held as living."""
    return all(
        {key for key, one in held(world, entity).items() if one.gone is None} == set(world.company.ids(entity))
        for entity in ("Invoice", "Customer")
    )


def compared(report: VisitReport, entity: str) -> list[str]:
    """The requests that asked for nothing but keys, without a filter."""
    tail = re.compile(rf"<{entity}QueryRq[^>]*><MaxReturned>\d+</MaxReturned>(?:<ActiveStatus>All</ActiveStatus>)?"
                      r"<IncludeRetElement>\w+</IncludeRetElement></")  # fmt: skip
    return [text for text in report.requests if tail.search(text)]


def test_after_a_silence_longer_than_quickbooks_remembers_all_keys_are_compared(silent: TwoWay) -> None:
    report = silent.visit()
    assert report.ok and agrees(silent)
    assert len(compared(report, "Invoice")) > 1, "page by page"
    silent.clock.on(minutes=6)
    report = silent.visit()
    assert not compared(report, "Invoice") and not compared(report, "Customer"), "once is enough"


def test_what_was_deleted_lately_is_told_and_needs_no_comparison(build: Build) -> None:
    world = build()
    world.visit()
    assert not compared(world.visit(), "Invoice")
    world.clock.on(days=5)
    world.company.delete_transaction(world.company.ids("Invoice")[3])
    world.clock.on(days=70)
    report = world.visit()
    assert agrees(world) and not compared(report, "Invoice")


def test_a_comparison_that_breaks_off_proves_nothing_and_is_made_again(silent: TwoWay) -> None:
    pages_before_cut = []
    for attempt in range(4):
        silent.visit_faults.cut_after(12 + 5 * attempt)
        report = silent.visit()
        assert report.outcome == "cut"
        pages_before_cut.append(len(compared(report, "Customer")) + len(compared(report, "Invoice")))
        for entity in ("Invoice", "Customer"):
            lost = {key for key, one in held(silent, entity).items() if one.gone is not None}
            assert not lost & set(silent.company.ids(entity)), "none that is there was taken for gone"
        restart(silent)
        invoice(silent)
        silent.company.add_customer(f"Meanwhile {attempt}")
        silent.clock.on(minutes=6)
    assert any(pages_before_cut), "one was cut in its middle"
    assert silent.visit().ok and agrees(silent)


def test_a_comparison_stays_owed_when_deletions_were_read_before_the_visit_broke_off(silent: TwoWay) -> None:
    told = False
    for call in range(6, 40, 2):
        silent.visit_faults.cut_after(call)
        assert silent.visit().outcome == "cut"
        with silent.store.reading() as tx:
            cursors = tx.cursors.all("acme", QUICKBOOKS)
        read = cursors[("Invoice", "gone")].completed_at
        silent.clock.on(minutes=6)
        if told := read is not None and silent.clock.now - read < timedelta(minutes=7):
            break
    assert told and cursors[("Invoice", "all")].value == OWED and not agrees(silent)
    silent.clock.on(days=3)
    assert compared(silent.visit(), "Invoice") and agrees(silent)
