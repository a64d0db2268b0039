"""The month is closed: an accountant compares it, reads what differs, takes the file along and prints it."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.watched import Watched
from tests.scenarios.served import Served, running


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A company that is in step, but for what somebody did in Pipedrive since."""
    with running(tmp_path_factory.mktemp("books"), customers=6) as served:
        served.visit()
        served.settle()
        yield served


def busiest_month(served: Served) -> str:
    return Counter(str(one["TxnDate"])[:7] for one in served.company.records("Invoice")).most_common(1)[0][0]


def deals_of(served: Served, month: str) -> list[int]:
    """The deals of a month's invoices, by the numbers in their titles."""
    numbers = [one["RefNumber"] for one in served.company.records("Invoice") if str(one["TxnDate"])[:7] == month]
    return [one["id"] for one in served.account.records("deal") if one["title"].split()[-1] in numbers]


def closed(visitor: Watched, served: Served, month: str) -> None:
    """Begin a report, let the Web Connector visit, and wait for the result."""
    page = visitor.open("/reconciliation")
    page.get_by_label("Month").fill(month)
    page.get_by_role("button", name="Read both sides and compare").click()
    expect(page.get_by_text("Waiting for the next visit of QuickBooks")).to_be_visible()
    visitor.check()
    served.visit()
    expect(page.get_by_role("link", name="Download CSV")).to_be_visible(timeout=60_000)


def test_the_month_is_closed(books: Served, visit: Visit, tmp_path: Path) -> None:
    visitor, month = visit(books.server.url), busiest_month(books)
    closed(visitor, books, month)
    page = visitor.page
    expect(page.get_by_text("Both sides agree, and every difference is explained.")).to_be_visible()
    visitor.check()

    deals = deals_of(books, month)
    removed, renamed = deals[0], deals[1]
    books.account.remove("deal", removed)
    books.account.edit("deal", renamed, title="Quite another thing")
    closed(visitor, books, month)
    expect(page.get_by_text("1 record has to be looked at.")).to_be_visible()
    only = page.get_by_role("region", name="Invoices: Only in QuickBooks")
    expect(only.get_by_text("is not there any more")).to_be_visible()
    edited = page.get_by_role("region", name="Invoices: Changed in Pipedrive since we wrote")
    expect(edited.get_by_text("Quite another thing in Pipedrive")).to_be_visible()
    visitor.check()

    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    download.value.save_as(tmp_path / "report.csv")
    with (tmp_path / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [one for one in csv.DictReader(file) if one["section"] == "Invoices"]
    totals = [
        sum((Decimal(str(one["Subtotal"])) + Decimal(str(one["SalesTaxTotal"] or 0)) for one in of), Decimal(0))
        for of in ([one for one in books.company.records("Invoice") if str(one["TxnDate"])[:7] == month],)
    ]
    assert [sum(Decimal(one["QuickBooks amount"] or 0) for one in rows)] == totals
    left = [one for one in books.account.records("deal") if one["id"] in deals and one["id"] != removed]
    assert sum(Decimal(one["Pipedrive amount"] or 0) for one in rows) == sum(Decimal(str(one["value"])) for one in left)
    page.goto(f"{visitor.url}/reconciliation")
    expect(page.get_by_text("1 to look at")).to_be_visible()
    visitor.check()


@pytest.mark.parametrize("light", ["light", "dark"])
@pytest.mark.parametrize("place", ["desk", "phone"])
def test_a_report_can_be_read_by_anybody_in_any_light(books: Served, visit: Visit, place: str, light: str) -> None:
    visitor = visit(books.server.url)
    if place == "phone":
        visitor.phone()
    if light == "dark":
        visitor.dark()
    page = visitor.open("/reconciliation")
    page.get_by_label("Month").fill(busiest_month(books))
    page.get_by_role("button", name="Compare what was read last").click()
    expect(page.get_by_role("heading", name="Invoices")).to_be_visible(timeout=30_000)
    visitor.check()


def test_what_is_no_month_is_refused_in_words(books: Served, visit: Visit) -> None:
    visitor = visit(books.server.url)
    page = visitor.open("/reconciliation")
    page.evaluate("document.querySelector('input[name=month]').type = 'text'")
    page.evaluate("document.querySelector('input[name=month]').removeAttribute('pattern')")
    page.get_by_label("Month").fill("October")
    page.get_by_role("button", name="Compare what was read last").click()
    expect(page.get_by_text("'October' is not a month. Write it as 2026-10.")).to_be_visible()
    visitor.check()
