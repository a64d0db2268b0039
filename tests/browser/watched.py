"""A browser page that is watched: it asks no other host, breaks no content policy, and anybody can use it."""

from __future__ import annotations

from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 860}


class Watched:
    """A visitor's page. `open` and `check` fail on whatever no page may do; `page` is playwright's own."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.url = url
        self._host = urlsplit(url).netloc
        self.complaints: list[str] = []
        self.expected: list[str] = []
        """Parts of complaints that a test brings about on purpose."""
        context.on("request", self._request)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.complaints.append(f"a script failed: {error.error}"))
        self.page: Page = context.new_page()

    def open(self, path: str = "/") -> Page:
        """Go to a page of the dashboard and check it."""
        self.page.goto(self.url + path)
        self.check()
        return self.page

    def check(self) -> None:
        """Fail on requests to others, policy violations, script errors, what axe finds, and what is cut off."""
        self.quiet()
        found = Axe().run(self.page)
        assert found.violations_count == 0, found.generate_report()
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{self.page.url} is {wide} pixels wider than the window"

    def quiet(self) -> None:
        """Fail on what the browser complained about so far."""
        loud = [one for one in self.complaints if not any(part in one for part in self.expected)]
        assert not loud, loud

    def phone(self) -> None:
        """Look through a telephone from now on."""
        self.page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})

    def dark(self) -> None:
        """Prefer dark colours from now on."""
        self.page.emulate_media(color_scheme="dark")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "about") and parts.netloc != self._host:
            self.complaints.append(f"asked another host: {request.url}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")
