"""The dashboard in Debian's chromium: a served company, and visitors whose pages are watched.

`visitor` opens pages of `dashboard`, a server that has synchronised a small company. A test with a server of its own
takes `visit`: `visit(url)` makes a visitor there.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.watched import DESK, Watched
from tests.scenarios.served import Served, running

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
Visit = Callable[..., Watched]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for each file of tests: playwright keeps an event loop in this thread, which others must find free again."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server as users run it, after one visit of the Web Connector; shared by a file's tests."""
    folder: Path = tmp_path_factory.mktemp("dashboard")
    with running(folder, customers=4) as served:
        served.visit()
        served.settle()
        yield served


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Makes visitors: `visit(url)`, with playwright's options for a context. At the end none has complained."""
    contexts, watched = [], []

    def one(url: str, **options: object) -> Watched:
        context = browser.new_context(**{"viewport": DESK, "locale": "en-GB", **options})
        context.set_default_timeout(10_000)
        contexts.append(context)
        watched.append(Watched(context, url))
        return watched[-1]

    yield one
    for context in contexts:
        context.close()
    for visitor in watched:
        visitor.quiet()


@pytest.fixture
def visitor(visit: Visit, dashboard: Served) -> Watched:
    """Somebody at the served company's dashboard."""
    return visit(dashboard.server.url)
