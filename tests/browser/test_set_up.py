"""The set-up as a newcomer does it: an empty folder, `engine init`, `engine serve`, and the rest in the browser."""

from __future__ import annotations

import socket
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from connectors.demo.server import ENGINE, Server
from connectors.pipedrive.simulator.faults import Faults
from connectors.pipedrive.simulator.scopes import SCOPES
from connectors.pipedrive.simulator.server import serve
from connectors.pipedrive.simulator.state import Account
from connectors.quickbooks_desktop.simulator.company import Company
from connectors.quickbooks_desktop.simulator.sample_company import sample_company
from connectors.quickbooks_desktop.simulator.web_connector import WebConnector
from tests.browser.conftest import Visit
from tests.scenarios.served import Served

APP = (
    'oauth: {client_id: app-of-acme, client_secret: "${CLIENT_SECRET}", url: "PIPEDRIVE"}\n'
    '      webhook: {user: pipedrive, password: "${HOOK_PASSWORD}"}'
)
"""How the account is let in by an app, in the place of a token, and how its deliveries prove themselves."""
WITHOUT = {"QBWC_PASSWORD_HASH", "PIPEDRIVE_API_TOKEN"}


@dataclass
class Newcomer:
    """A folder that was empty, both systems, and the server over it."""

    folder: Path
    company: Company
    account: Account
    pipedrive: str
    server: Server


@pytest.fixture
def newcomer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newcomer]:
    for name in WITHOUT:
        monkeypatch.delenv(name, raising=False)
    account = Account(company="acme", plan="ultimate", seed=5)
    account.add_pipeline("Invoices", ["New", "Sent", "Paid"])
    folder = tmp_path / "new"
    with serve(account) as pipedrive:
        subprocess.run([*ENGINE, "init", str(folder)], check=True, stdin=subprocess.DEVNULL, capture_output=True)
        config = folder / "engine.yaml"
        # The one thing that no real user does: his account answers at its own address.
        config.write_text(config.read_text().replace('# url: ""', f"url: {pipedrive.url}"))
        server = Server(config, _any(), {})
        server.start()
        try:
            yield Newcomer(folder, sample_company(seed=3, customers=3), account, pipedrive.url, server)
        finally:
            server.stop()


def _any() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def step(page: Page, title: str) -> Locator:
    """One step of the guide, opened."""
    found = page.get_by_role("listitem").filter(has=page.locator("summary", has_text=title))
    details = found.locator("details").first
    if not details.evaluate("one => one.open"):
        details.locator("summary").click()
    return found


def expect_state(page: Page, title: str, state: str) -> None:
    expect(page.locator("summary").filter(has_text=title).locator(".tag")).to_have_text(state)


def test_a_newcomer_gets_from_an_empty_folder_to_both_systems_in_step(newcomer: Newcomer, visit: Visit) -> None:
    visitor = visit(newcomer.server.url)
    page = visitor.open("/")
    page.get_by_role("link", name="Set-up").first.click()
    visitor.check()
    expect(page.get_by_text("PIPEDRIVE_API_TOKEN is not set").first).to_be_visible()
    expect_state(page, "QuickBooks: who we are there", "to do")
    expect_state(page, "Pipedrive: who we are there", "to do")

    step(page, "QuickBooks: who we are there").get_by_role("button", name="Make a password").click()
    password = page.locator("#password").inner_text()
    visitor.check()
    page.get_by_role("link", name="I have noted it").click()
    expect_state(page, "QuickBooks: who we are there", "done")
    assert password not in page.content()

    pipedrive = step(page, "Pipedrive: who we are there")
    pipedrive.get_by_label("API token").fill(newcomer.account.token)
    pipedrive.get_by_label("Company").fill("acme")
    pipedrive.get_by_label("Plan").select_option("ultimate")
    pipedrive.get_by_label("Seats").fill("2")
    pipedrive.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("The server has started again")).to_be_visible()
    visitor.check()
    expect_state(page, "Pipedrive: who we are there", "done")
    assert newcomer.account.token not in page.content()

    step(page, "Both sides let us in").get_by_role("button", name="Ask both sides").click()
    expect(page.get_by_text("Both sides were asked, and let us in.")).to_be_visible()
    expect_state(page, "Both sides let us in", "done")

    mappings = step(page, "What becomes of what")
    mappings.get_by_label("Stage").select_option("Invoices / Sent")
    mappings.get_by_label("First invoice date").fill("2020-01-01")
    mappings.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("The server has started again")).to_be_visible()
    written = (newcomer.folder / "engine.yaml").read_text()
    assert '      stage: "Invoices / Sent"\n' in written
    assert '      first_invoice_date: "2020-01-01"\n' in written
    assert "# Where new deals begin" in written
    assert '      plan: "ultimate"\n' in written and "      seats: 2\n" in written

    with page.expect_download() as downloaded:
        step(page, "QuickBooks visits us").get_by_role("link", name="Download acme.qwc").click()
    qwc = downloaded.value.path().read_text()
    assert f"<AppURL>http://localhost:{newcomer.server.url.rsplit(':', 1)[1]}/acme/quickbooks_desktop</AppURL>" in qwc

    soap = f"{newcomer.server.url}/acme/quickbooks_desktop/"
    WebConnector(soap, "acme", password, company=newcomer.company, sleep=lambda seconds: None).visit()
    page.goto(newcomer.server.url + "/setup")
    expect_state(page, "QuickBooks visits us", "done")
    expect(step(page, "Look at the first plan")).to_contain_text("records were read. See what would be written.")
    assert not newcomer.account.tables["deal"]
    step(page, "Go").get_by_role("button", name="Go: let it write").click()
    expect_state(page, "Go", "done")
    visitor.check()
    served = Served(newcomer.server, newcomer.company, newcomer.account, Faults(), newcomer.folder, soap, store="")
    served.settle()
    assert newcomer.account.tables["deal"]
    sent = next(one["id"] for one in newcomer.account.tables["stage"].values() if one["name"] == "Sent")
    assert {one["stage_id"] for one in newcomer.account.tables["deal"].values()} == {sent}

    for name, secret in (("PIPEDRIVE_API_TOKEN", newcomer.account.token), ("QBWC_PASSWORD_HASH", "scrypt$")):
        kept = newcomer.folder / "secrets" / name
        assert kept.read_text().startswith(secret)
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert secret not in (newcomer.folder / "engine.yaml").read_text()
    log = (newcomer.folder / "server.log").read_text()
    assert password not in log and newcomer.account.token not in log


def test_an_account_is_connected_and_tells_of_changes_by_buttons_alone(
    newcomer: Newcomer, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CLIENT_SECRET", "HOOK_PASSWORD", "ENGINE_KEY"):
        monkeypatch.delenv(name, raising=False)
    newcomer.server.stop()
    home = f"http://localhost:{newcomer.server.url.rsplit(':', 1)[1]}"
    newcomer.account.add_app("app-of-acme", "s3cret-of-the-app", f"{home}/acme/pipedrive/oauth/callback", SCOPES)
    config = newcomer.folder / "engine.yaml"
    by_token = 'api_token: "${PIPEDRIVE_API_TOKEN}"'
    assert by_token in config.read_text()
    config.write_text(config.read_text().replace(by_token, APP.replace("PIPEDRIVE", newcomer.pipedrive)))
    newcomer.server.start()

    visitor = visit(home)
    visitor.expected += [f"asked another host: {newcomer.pipedrive}/", "/favicon.ico)"]  # outside of the dashboard
    page = visitor.open("/setup")
    step(page, "QuickBooks: who we are there").get_by_role("button", name="Make a password").click()
    page.get_by_role("link", name="I have noted it").click()
    pipedrive = step(page, "Pipedrive: who we are there")
    pipedrive.get_by_label("Oauth client secret").fill("s3cret-of-the-app")
    pipedrive.get_by_label("Webhook password").fill("long and random")
    pipedrive.get_by_label("Company").fill("acme")
    pipedrive.get_by_label("Plan").select_option("ultimate")
    pipedrive.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("The server has started again")).to_be_visible()
    expect(step(page, "Pipedrive: who we are there")).to_contain_text("Still to be made: the key")
    expect_state(page, "What becomes of what", "done")
    visitor.check()

    step(page, "Pipedrive: who we are there").get_by_role("button", name="Make the key").click()
    expect(page.get_by_text("The key is in secrets/ENGINE_KEY.")).to_be_visible()
    visitor.check()
    key = newcomer.folder / "secrets" / "ENGINE_KEY"
    assert len(key.read_text()) == 44 and stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_text() not in page.content()
    assert '\nencryption_keys: ["${ENGINE_KEY}"]\n' in config.read_text()

    expect_state(page, "Pipedrive: who we are there", "to do")
    step(page, "Pipedrive: who we are there").get_by_role("button", name="Connect the account").click()
    expect(page.get_by_text(f"{home}/acme/pipedrive/oauth/callback")).to_be_visible()
    visitor.check()
    page.get_by_role("link", name="Open Pipedrive").click()
    page.get_by_role("button", name="Allow and install").click()
    expect(page.get_by_role("heading", name="Connected")).to_be_visible()
    page.goto(f"{home}/setup")
    expect_state(page, "Pipedrive: who we are there", "done")

    assert not newcomer.account.tables["webhook"]
    step(page, "Pipedrive tells us of changes").get_by_role("button", name="Register webhooks").click()
    expect(page.get_by_text("webhooks are in place.").first).to_be_visible()
    expect_state(page, "Pipedrive tells us of changes", "done")
    visitor.check()
    made = list(newcomer.account.tables["webhook"].values())
    assert made and {one["subscription_url"] for one in made} == {f"{home}/acme/pipedrive/webhook"}
    assert {one["http_auth_password"] for one in made} == {"long and random"}

    step(page, "Both sides let us in").get_by_role("button", name="Ask both sides").click()
    expect(page.get_by_text("Both sides were asked, and let us in.")).to_be_visible()
    log = (newcomer.folder / "server.log").read_text()
    for secret in ("s3cret-of-the-app", "long and random", key.read_text(), *newcomer.account.apps.bearers):
        assert secret not in log


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_guide_can_be_read_on_a_telephone_also_when_all_is_missing(
    newcomer: Newcomer, visit: Visit, colours: str
) -> None:
    visitor = visit(newcomer.server.url)
    visitor.phone()
    if colours == "dark":
        visitor.dark()
    page = visitor.open("/setup")
    for summary in page.locator("summary").all():
        if not summary.evaluate("one => one.parentElement.open"):
            summary.click()
    visitor.check()


def test_what_would_not_be_valid_is_refused_with_the_reason_and_nothing_changes(
    newcomer: Newcomer, visit: Visit
) -> None:
    visitor = visit(newcomer.server.url)
    page = visitor.open("/setup")
    before = (newcomer.folder / "engine.yaml").read_text()
    pipedrive = step(page, "Pipedrive: who we are there")
    pipedrive.get_by_label("Company").fill("https://acme.pipedrive.com")
    pipedrive.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Nothing was changed.")).to_be_visible()
    expect(page.get_by_text("The first part of the account's address").first).to_be_visible()
    assert (newcomer.folder / "engine.yaml").read_text() == before
    assert not (newcomer.folder / ".engine.yaml.new").exists()
