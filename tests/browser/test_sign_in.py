"""Signing in and out in a browser, with users in engine.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect

from engine.passwords import hash_password
from engine.registry import Registry
from engine.settings import DashboardSettings, DashboardUser, Settings
from engine.sync.engine import Engine
from engine.web.server import Server
from tests.browser.conftest import Visit

PASSWORD = "correct horse"
YAML = """
server: {port: 0}
connections:
  acme:
    zone: America/New_York
    settings: {stage: Invoices / Sent, first_invoice_date: "2026-01-01"}
    quickbooks_desktop: {user: acme, password_hash: "%s"}
    pipedrive: {company: acme, api_token: a-token-of-nobody}
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that asks for passwords; it talks to no system."""
    folder: Path = tmp_path_factory.mktemp("signed")
    hashed = hash_password(PASSWORD)
    (folder / "engine.yaml").write_text(YAML % hashed)
    registry = Registry.load()
    settings = Settings.load(folder / "engine.yaml", registry)
    users = {"anna": DashboardUser("anna", hashed, "operator"), "rita": DashboardUser("rita", hashed)}
    settings = replace(settings, dashboard=DashboardSettings(users))
    with Engine.open(settings, registry) as engine:
        server = Server(engine, settings)
        yield server.start()
        server.stop()


def test_a_person_signs_in_by_keyboard_sees_the_page_that_was_wanted_and_signs_out(visit: Visit, url: str) -> None:
    visitor = visit(url)
    page = visitor.open("/?from=mail")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("anna")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/?from=mail")
    visitor.check()
    expect(page.get_by_role("banner")).to_contain_text("anna")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    visitor.check()
    page.goto(url)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_a_wrong_password_is_told_aloud_and_the_name_stays(visit: Visit, url: str, colours: str) -> None:
    visitor = visit(url)
    visitor.expected.append("403")
    visitor.phone()
    if colours == "dark":
        visitor.dark()
    page = visitor.open("/sign-in")
    page.get_by_label("Name").fill("rita")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("don't fit")
    expect(page.get_by_label("Name")).to_have_value("rita")
    expect(page.get_by_label("Password")).to_be_focused()
    visitor.check()


def test_a_page_whose_session_ended_elsewhere_leads_to_the_sign_in_by_itself(visit: Visit, url: str) -> None:
    visitor = visit(url)
    visitor.page.clock.install()
    page = visitor.open("/sign-in")
    page.get_by_label("Name").fill("rita")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="acme")).to_be_visible()
    page.context.clear_cookies()
    page.clock.run_for(6_000)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    visitor.check()
