"""Secrets that were planted are found nowhere: not in logs, journal, errors, pages or the database, whatever fails.

The server runs as a process with every kind of secret that engine.yaml may name, and is failed at each place: wrong
passwords, forged deliveries, a revoked token, a system that answers errors or is cut, mail and alerts that go nowhere.
"""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.demo.server import Server
from connectors.pipedrive.simulator.faults import Faults
from connectors.pipedrive.simulator.server import serve
from connectors.pipedrive.simulator.state import Account
from connectors.quickbooks_desktop.simulator.sample_company import sample_company
from connectors.quickbooks_desktop.simulator.web_connector import WebConnector
from engine.passwords import hash_password
from engine.vault import new_key
from tests.scenarios.served import SETTINGS, _port

QBWC = "planted-qbwc-password"
SECRETS = {
    "QBWC_PASSWORD_HASH": hash_password(QBWC),
    "ANNA_PASSWORD_HASH": hash_password("planted-dashboard-password"),
    "PIPEDRIVE_WEBHOOK_PASSWORD": "planted-webhook-password",
    "WEBHOOK_SECRET": "planted-hmac-secret",
    "SMTP_PASSWORD": "planted-smtp-password",
    "ALERTS_SECRET": "planted-alerts-secret",
    "METRICS_TOKEN": "planted-metrics-token",
    "SESSION_SECRET": "planted-session-secret-that-is-long",
    "ENGINE_KEY": new_key(),
}

CONFIG = """
store: sqlite:///engine.db
server: {{url: "http://localhost:{port}", port: {port}}}
log: {{level: debug, style: json}}
encryption_keys: ["${{ENGINE_KEY}}"]
metrics: {{token: "${{METRICS_TOKEN}}"}}
dashboard: {{session_secret: "${{SESSION_SECRET}}", users: {{anna: {{password_hash: "${{ANNA_PASSWORD_HASH}}"}}}}}}
alerts:
  failed_logins: 1
  email: {{host: 127.0.0.1, port: 9, encryption: none, user: sync, password: "${{SMTP_PASSWORD}}",
          from: a@example.com, to: [b@example.com]}}
  webhook: {{url: "http://127.0.0.1:9/x", secret: "${{ALERTS_SECRET}}"}}
connections:
  acme:
    zone: America/New_York
    settings: {settings}
    quickbooks_desktop: {{user: acme, password_hash: "${{QBWC_PASSWORD_HASH}}", currency: USD}}
    pipedrive: {{company: acme, api_token: "${{PIPEDRIVE_API_TOKEN}}", url: "{url}", plan: ultimate, poll: 1 second,
                webhook: {{user: pipedrive, password: "${{PIPEDRIVE_WEBHOOK_PASSWORD}}",
                          hmac: {{secret: "${{WEBHOOK_SECRET}}"}}}}}}
"""


class Lived:
    """What was left behind: texts by where they were found."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.planted: dict[str, str] = {}


def fetched(url: str, body: bytes | None = None, **headers: str) -> str:
    """Headers and body of an answer, whatever its status."""
    request = urllib.request.Request(url, body, {name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return f"{answer.headers}{answer.read().decode('utf-8', 'replace')}"
    except urllib.error.HTTPError as error:
        return f"{error.headers}{error.read().decode('utf-8', 'replace')}"


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    folder = tmp_path_factory.mktemp("planted") / "server"
    folder.mkdir()
    found = Lived()
    account, faults = Account(company="acme", plan="ultimate", seed=5), Faults()
    account.add_pipeline("Invoices", ["New", "Sent", "Paid"])
    with serve(account, faults=faults) as pipedrive:
        port = _port()
        config = folder / "engine.yaml"
        config.write_text(CONFIG.format(port=port, settings=SETTINGS, url=pipedrive.url))
        environment = {**SECRETS, "PIPEDRIVE_API_TOKEN": account.token}
        found.planted = {**environment, "QBWC password": QBWC, "dashboard password": "planted-dashboard-password"}
        server = Server(config, port, environment)
        server.start()
        try:
            live(found, server, account, faults)
        finally:
            server.stop()
        for command in (["ping"], ["status", "--json"], ["alerts", "test"], ["parked", "list"], ["explain", "A"]):
            asked = [sys.executable, "-m", "engine.cli.main", "--debug", "--config", str(config), *command]
            done = subprocess.run(
                asked, capture_output=True, text=True, env=server._environment, timeout=120, check=False
            )
            found.texts[f"engine {command[0]}"] = done.stdout + done.stderr
    found.texts["log"] = (folder / "server.log").read_text(errors="replace")
    database = sqlite3.connect(folder / "engine.db")
    for table, *_ in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        found.texts[f"table {table}"] = repr(database.execute(f"SELECT * FROM {table}").fetchall())
    database.close()
    yield found


def live(found: Lived, server: Server, account: Account, faults: Faults) -> None:
    """One failure after the other, with what a stranger and a person see of each."""
    url, soap = server.url, f"{server.url}/acme/quickbooks_desktop"
    company = sample_company(seed=3, customers=2)
    for password in ("a wrong one", QBWC):
        WebConnector(soap, "acme", password, company, sleep=lambda seconds: None).visit()
    for fault in ("500@POST /*", "cut-after@POST /*", "429@GET /*"):
        faults.add(fault)
    WebConnector(soap, "acme", QBWC, company, sleep=lambda seconds: None).visit()
    basic = {"Authorization": "Basic cGlwZWRyaXZlOmE=", "Content_Type": "application/json"}
    found.texts["forged delivery"] = fetched(f"{url}/acme/pipedrive/webhook", b"{}", **basic)
    found.texts["nonsense"] = fetched(soap, b"<a>" * 50, Content_Type="text/xml")
    for page in ("/", "/sign-in", "/status.json", "/metrics", "/readyz", "/healthz", "/no/such/page/at/all"):
        found.texts[page] = fetched(url + page, Accept="text/html")
    form = urllib.parse.urlencode({"name": "anna", "password": "guess", "csrf": "x"}).encode()
    found.texts["sign in"] = fetched(f"{url}/sign-in", form, Content_Type="application/x-www-form-urlencoded")
    account.tokens.clear()  # the token is revoked
    for _ in range(100):
        if re.search(r'"status": "401"', (server._config.parent / "server.log").read_text(errors="replace")):
            break
        subprocess.run(["sleep", "0.1"], check=False)


def test_the_run_failed_at_each_place(lived: Lived) -> None:
    events = {json.loads(line)["event"] for line in lived.texts["log"].splitlines() if line.startswith("{")}
    assert {"login.refused", "delivery.refused", "call.refused", "request", "link", "visit", "limit.reached"} <= events
    assert '"status": "401"' in lived.texts["log"], "the revoked token was met"
    assert "alerts.email" in lived.texts["engine alerts"] or "did not take" in lived.texts["engine alerts"]
    assert len(lived.texts["table journal"]) > 100 and len(lived.texts["table intents"]) > 100


def test_no_planted_secret_is_found_anywhere_in_any_form(lived: Lived) -> None:
    assert len(lived.planted) == len(SECRETS) + 3
    for name, secret in lived.planted.items():
        forms = {secret, urllib.parse.quote(secret, safe=""), json.dumps(secret)[1:-1]}
        for where, text in lived.texts.items():
            assert not [one for one in forms if one in text], f"{name} is in {where}"


def test_what_is_looked_for_would_be_found(lived: Lived, tmp_path: Path) -> None:
    assert "Invoices" in lived.texts["table state"] + lived.texts["table snapshots"]
    assert "acme" in lived.texts["log"]
