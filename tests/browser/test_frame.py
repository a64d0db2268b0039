"""The frame of the dashboard as people meet it: by keyboard, on a telephone, in the dark, and when it fails."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.watched import Watched
from tests.scenarios.served import Served


@pytest.mark.parametrize("place", ["desk", "phone"])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_overview_can_be_used_by_anybody_in_any_light(visitor: Watched, place: str, colours: str) -> None:
    if place == "phone":
        visitor.phone()
    if colours == "dark":
        visitor.dark()
    page = visitor.open("/")
    expect(page.get_by_role("heading", name="acme")).to_be_visible()
    expect(page.get_by_role("link", name="Overview")).to_have_attribute("aria-current", "page")


def test_the_first_tab_leads_past_the_header(visitor: Watched) -> None:
    page = visitor.open("/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_every_entry_of_the_navigation_leads_to_a_page(visitor: Watched) -> None:
    page = visitor.open("/")
    for address in [one.get_attribute("href") for one in page.get_by_role("navigation").get_by_role("link").all()]:
        assert page.goto(visitor.url + str(address)).status == 200
        visitor.check()


def test_an_address_that_is_none_is_answered_in_the_frame(visitor: Watched) -> None:
    visitor.expected.append("404")
    page = visitor.open("/nowhere")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    expect(page.get_by_text("Not Found")).to_have_count(0)
    expect(page.get_by_role("link", name="To the overview")).to_be_visible()


class Said:
    """What the server says in place of its own page: the page of the moment, until the test changes it."""

    def __init__(self, page: Page) -> None:
        self.text = page.request.get(page.url).text()
        page.route("**/", lambda route: route.fulfill(body=self.text, content_type="text/html"))


def later(page: Page, seconds: int = 6) -> None:
    """Let the page's own clock go on; it looks at the server again."""
    page.clock.run_for(seconds * 1000)


def test_what_changed_is_shown_without_taking_anything_away(visitor: Watched) -> None:
    visitor.page.clock.install()
    page = visitor.open("/")
    said = Said(page)
    page.reload()
    details = page.locator("details").first
    opened = details.evaluate("one => { one.open = !one.open; return one.open }")
    details.locator("summary").focus()
    page.evaluate("document.querySelector('.scroll').dataset.old = 'yes'")
    with page.expect_response("**/"):
        later(page)
    later(page)
    assert page.locator(".scroll[data-old]").count() == 1  # nothing changed, so nothing was replaced
    said.text = said.text.replace(">Links<", ">Connected<")
    later(page)
    expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    assert page.locator(".scroll[data-old]").count() == 0
    assert details.evaluate("one => one.open") is opened
    expect(details.locator("summary")).to_be_focused()
    visitor.check()


def test_while_the_server_is_away_the_page_says_so_quietly_and_recovers(visitor: Watched) -> None:
    visitor.expected.append("ERR_FAILED")
    visitor.page.clock.install()
    page = visitor.open("/")
    notice = page.locator("#unreachable")
    expect(notice).to_be_hidden()
    page.route("**/", lambda route: route.abort())
    later(page)
    expect(notice).to_be_visible()
    visitor.check()
    page.unroute("**/")
    later(page)
    expect(notice).to_be_hidden()


def test_nobody_asks_while_the_tab_is_hidden(visitor: Watched) -> None:
    visitor.page.clock.install()
    page = visitor.open("/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    later(page, 60)
    assert asked == []
    page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    with page.expect_response("**/"):
        later(page, 1)
    assert len(asked) == 1


def test_a_page_that_asks_another_host_is_caught(visit: Visit, dashboard: Served) -> None:
    """The watch itself: both the browser's policy and the list of requests must see it."""
    visitor = visit(dashboard.server.url)
    page = visitor.open("/")
    page.evaluate(
        "document.head.appendChild(Object.assign(document.createElement('script'), {src: '//127.0.0.2/x.js'}))"
    )
    page.evaluate("document.body.setAttribute('style', 'color: red')")
    page.wait_for_timeout(300)
    with pytest.raises(AssertionError, match="Content Security Policy"):
        visitor.quiet()
    visitor.complaints.clear()


def test_a_page_that_cannot_be_read_out_is_caught(visitor: Watched) -> None:
    page = visitor.open("/")
    page.evaluate("document.querySelector('main').appendChild(document.createElement('img')).src = '/_/icon.svg'")
    with pytest.raises(AssertionError, match="image-alt"):
        visitor.check()
