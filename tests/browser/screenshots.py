"""Makes the pictures of README and docs from a demo company: `python -m tests.browser.screenshots docs/images`."""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from connectors.demo.folder import CONNECTION
from connectors.demo.report import Watched
from connectors.demo.run import CLOSED_MONTH, Run
from connectors.demo.stage import Stage
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.watched import DESK, PHONE


def _nothing(page: Page) -> None:
    """The page as it opens."""


@dataclass(frozen=True)
class Shot:
    """One picture: where a visitor goes, and what he does there first."""

    name: str
    path: str
    act: Callable[[Page], None] = _nothing
    colours: str = "light"
    phone: bool = False


def _mistake(page: Page) -> None:
    text = page.get_by_label("The mapping")
    text.fill(text.input_value().replace("Phone: Phone", "Phone: Fone"))
    page.get_by_role("button", name="Try it").click()


def _first_record(page: Page) -> None:
    page.get_by_role("table").get_by_role("link").first.click()
    page.wait_for_load_state()


def _report(page: Page) -> None:
    while not page.get_by_role("link", name=CLOSED_MONTH).count():
        page.wait_for_timeout(500)
        page.reload()
    page.get_by_role("link", name=CLOSED_MONTH).first.click()
    page.get_by_role("region", name="Result").wait_for(timeout=60_000)


SHOTS = (
    Shot("overview", "/"),
    Shot("overview-dark", "/", colours="dark"),
    Shot("overview-phone", "/", phone=True),
    Shot("record", "/records?q=MOST_TOLD", _first_record),
    Shot("parked", "/parked"),
    Shot("playground", f"/mappings/{CONNECTION}/customers/playground", _mistake),
    Shot("reconciliation", "/reconciliation", _report),
    Shot("setup", "/setup"),
)


def take(browser: Browser, url: str, shot: Shot, most_told: str, folder: Path) -> None:
    """Writes one picture of a whole page."""
    size = PHONE if shot.phone else DESK
    options = {"viewport": size, "color_scheme": shot.colours}
    context = browser.new_context(locale="en-GB", reduced_motion="reduce", **options)
    page = context.new_page()
    page.goto(url + shot.path.replace("MOST_TOLD", most_told))
    shot.act(page)
    page.screenshot(path=folder / f"{shot.name}.png", full_page=True)
    context.close()


def main(folder: Path) -> None:
    """Plays a small demo and takes every picture."""
    if CHROMIUM is None:
        sys.exit("chromium is not installed (Debian: apt-get install chromium)")
    folder.mkdir(parents=True, exist_ok=True)
    leaving = threading.Event()
    with tempfile.TemporaryDirectory() as work, Watched() as audience, sync_playwright() as playwright:
        run = Run(Stage.set(1, 0.1), Path(work), audience)
        try:
            run.open()
            most_told = str(run.play().most_told)
            office = threading.Thread(target=run.stay, args=(leaving.wait,))
            office.start()
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            for shot in SHOTS:
                take(browser, run.url.rstrip("/"), shot, most_told, folder)
                audience.say(f"{shot.name}.png")
            browser.close()
            leaving.set()
            office.join()
        finally:
            run.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
