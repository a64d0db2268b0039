"""Where `engine demo` ends: every page has something true to show, and what people do there has its effect."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from connectors.demo.folder import CONNECTION
from connectors.demo.report import Silent
from connectors.demo.run import CLOSED_MONTH, Outcome, Run
from connectors.demo.stage import Stage
from tests.browser.conftest import Visit
from tests.browser.watched import Watched


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, Outcome]]:
    """A small demo that was played; the office goes on in a thread."""
    run = Run(Stage.set(1, 0.1), tmp_path_factory.mktemp("demo") / "work", Silent())
    leaving = threading.Event()
    try:
        run.open()
        outcome = run.play()
        office = threading.Thread(target=run.stay, args=(leaving.wait,))
        office.start()
        yield run, outcome
        leaving.set()
        office.join(30)
    finally:
        run.close()


@pytest.fixture
def guest(visit: Visit, demo: tuple[Run, Outcome]) -> Watched:
    return visit(demo[0].url.rstrip("/"))


def test_the_month_that_is_closed_agrees(guest: Watched) -> None:
    page = guest.open("/reconciliation")
    report = page.get_by_role("link", name=CLOSED_MONTH)
    while not report.count():  # it is begun a moment after the demo ended
        page.wait_for_timeout(500)
        page.reload()
    report.first.click()
    expect(page.get_by_role("region", name="Result")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("region", name=re.compile("Sums of .*USD"))).not_to_have_count(0)
    expect(page.get_by_text("look at it")).to_have_count(0)
    guest.check()


def test_the_invoice_to_which_most_happened_tells_its_story(guest: Watched, demo: tuple[Run, Outcome]) -> None:
    number = demo[1].most_told
    assert number is not None
    page = guest.open(f"/records?q={number}")
    page.get_by_role("link", name=re.compile(number)).first.click()
    expect(page.get_by_text("Pipedrive: Won")).not_to_have_count(0)
    guest.check()


def test_each_page_of_the_tour_can_be_used_by_anybody(guest: Watched) -> None:
    for path in (
        "/",
        "/records",
        "/parked",
        "/mappings",
        f"/mappings/{CONNECTION}/customers/playground",
        "/reconciliation",
    ):
        page = guest.open(path)
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        assert not page.get_by_text("Nothing has been read yet").count()


def test_a_customer_who_could_be_two_is_linked_and_waits_no_more(guest: Watched) -> None:
    page = guest.open("/parked")
    before = page.get_by_role("button", name=re.compile("^Link ")).count()
    assert before
    page.get_by_role("button", name=re.compile("^Link ")).first.click()
    expect(page.get_by_role("button", name=re.compile("^Link "))).not_to_have_count(before)
    guest.check()
