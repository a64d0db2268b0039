"""The daily questions in the browser: why is it so, why is it not there, and what to do about what is parked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.watched import Watched
from tests.scenarios.served import Served, running


@pytest.fixture(scope="module")
def doubtful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A company of which one customer could be either of two organizations."""
    with running(tmp_path_factory.mktemp("doubtful"), customers=4) as served:
        name = served.company.records("Customer")[0]["Name"]
        for one in (f"{name} Inc.", name.upper()):
            organization = served.account.add_organization(one)["id"]
            served.account.add_person("Jo Person", "jo@example.com", org_id=organization)
        served.visit()
        served.settle()
        yield served


@pytest.fixture
def at(visit: Visit, doubtful: Served) -> Watched:
    return visit(doubtful.server.url)


def test_a_story_is_found_from_the_number_of_an_invoice(at: Watched, doubtful: Served) -> None:
    page = at.open("/records")
    page.get_by_label("Name, invoice number or id").fill("invoice")
    page.get_by_role("button", name="Search").click()
    at.check()
    page.locator("tbody a").first.click()
    at.check()
    expect(page.get_by_role("link", name="Open it there")).to_be_visible()
    page.get_by_text("What was sent, and what came back").first.click()
    expect(page.get_by_text("Sent: create deal")).to_be_visible()
    expect(page.get_by_role("cell", name="preset:default/invoices.yaml").first).to_be_visible()
    at.check()


def test_what_is_not_held_says_what_was_read(at: Watched) -> None:
    page = at.open("/records?q=nobody+is+called+so")
    expect(page.get_by_role("heading", name="Nothing held is called")).to_be_visible()
    expect(page.get_by_text("read completely by").first).to_be_visible()


@pytest.mark.parametrize("place", ["desk", "phone"])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_pages_can_be_used_by_anybody_in_any_light(at: Watched, place: str, colours: str) -> None:
    if place == "phone":
        at.phone()
    if colours == "dark":
        at.dark()
    for path in ("/", "/records", "/records?q=a", "/parked", "/charts/acme"):
        at.open(path)


def test_a_parked_duplicate_is_linked_with_the_keyboard_alone(at: Watched, doubtful: Served, tmp_path: Path) -> None:
    page = at.open("/parked")
    expect(page.get_by_text("1 record needs a person.")).to_be_visible()
    expect(page.locator("mark").first).to_be_visible()
    link = page.get_by_role("button", name="Link ").first
    for _ in range(60):
        page.keyboard.press("Tab")
        if link.evaluate("one => one === document.activeElement"):
            break
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="is decided again.")).to_be_visible()
    at.check()
    doubtful.until(lambda served: not served.status()["mappings"]["customers"]["states"].get("parked"))
    page.goto(f"{at.url}/parked")
    expect(page.get_by_text("Nothing is parked.")).to_be_visible()
