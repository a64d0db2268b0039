"""The product as it runs for a user: `engine serve` as a process, a company file and a Pipedrive account around it."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import connectors.demo.server
from connectors.demo.server import Server, password_hash
from connectors.pipedrive.simulator.deliveries import Deliveries
from connectors.pipedrive.simulator.faults import Faults
from connectors.pipedrive.simulator.server import serve
from connectors.pipedrive.simulator.state import Account
from connectors.quickbooks_desktop.simulator.company import Company
from connectors.quickbooks_desktop.simulator.sample_company import sample_company
from connectors.quickbooks_desktop.simulator.visit import VisitReport
from connectors.quickbooks_desktop.simulator.web_connector import WebConnector
from tests.faults.clock import BEGIN, Clock
from tests.postgres import new_store

ROOT = Path(__file__).resolve().parents[2]
USER, PASSWORD = "acme", "correct horse"

ENGINE_YAML = """
store: {store}
{keys}
server: {{url: "http://localhost:{port}", port: {port}}}
log: {log}
alerts: {alerts}
connections:
  acme:
    mappings: {mappings}
    zone: America/New_York
    settings: {settings}
    quickbooks_desktop: {{user: acme, password_hash: "${{QBWC_PASSWORD_HASH}}", every: 5 minutes, currency: USD}}
    pipedrive: {{company: acme, {let_in}, plan: ultimate, {told}}}
"""

BY_TOKEN = 'api_token: "${{PIPEDRIVE_API_TOKEN}}", url: "{url}"'
POLLED = "poll: 1 second"
TOLD = "webhook: {user: pipedrive, password: long and random}"
"""Changes are told by webhooks, and polled once an hour."""

SETTINGS = '{stage: Invoices / Sent, first_invoice_date: "2020-01-01", generic_product: QuickBooks item}'


@dataclass
class Served:
    """A running server with what it talks to."""

    server: Server
    company: Company
    account: Account
    faults: Faults
    folder: Path
    soap: str
    store: str
    """Its store's address."""

    def visit(self, **options: Any) -> VisitReport:
        """One visit of the Web Connector."""
        login = {"username": USER, "password": PASSWORD, **options}
        return WebConnector(self.soap, company=self.company, sleep=lambda seconds: None, **login).visit()

    def status(self) -> dict[str, Any]:
        """What the status page knows of the connection."""
        found: dict[str, Any] = self.server.status()["connections"]["acme"]
        return found

    def settle(self, patience: float = 60) -> dict[str, Any]:
        """Wait until nothing is due or under way but what the next visit is for; what the status says then."""
        deadline = time.monotonic() + patience
        quiet = 0
        while time.monotonic() < deadline:
            status = self.status()
            quiet = quiet + 1 if status["busy"] == status["for_visit"] else 0
            if quiet > 2:
                return status
            time.sleep(0.1)
        raise AssertionError(f"it does not settle: {self.status()}")

    def until(self, reached: Any, patience: float = 60) -> None:
        """Wait until `reached(self)`."""
        deadline = time.monotonic() + patience
        while not reached(self):
            assert time.monotonic() < deadline, f"not reached: {self.status()}"
            time.sleep(0.05)

    def log(self) -> str:
        """What the server logged."""
        return (self.folder / "server.log").read_text(errors="replace")


def by_clock(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Servers run by this clock from now on; it shows the real time, until it is put forward."""
    clock = Clock(folder / "clock")
    clock.on(datetime.now(UTC) - BEGIN)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    clocked = (sys.executable, "-m", "tests.scenarios.clocked", str(folder / "clock"))
    monkeypatch.setattr(connectors.demo.server, "ENGINE", clocked)
    return clock


@contextmanager
def running(
    folder: Path,
    *,
    customers: int = 4,
    token: str | None = None,
    mappings: Path | None = None,
    webhooks: bool = False,
    oauth: str | None = None,
    store: str | None = None,
    log: str = "{level: info}",
    alerts: str = "{}",
) -> Iterator[Served]:
    """A server over a small company and an account whose pipeline has the stage that the settings name.

    `mappings` is a folder to be used in place of the built-in set. With `webhooks` the account tells its changes.
    `oauth`: the app's settings, in place of a token.
    `store` is its address; by default of the kind that ENGINE_TEST_STORE says.
    """
    company = sample_company(seed=3, customers=customers)
    account = Account(company="acme", plan="ultimate", seed=5)
    account.add_pipeline("Invoices", ["New", "Sent", "Paid"])
    faults = Faults()
    with serve(account, faults=faults) as pipedrive, Deliveries(account) if webhooks else nullcontext():
        port = _port()
        folder.mkdir(exist_ok=True)
        config = folder / "engine.yaml"
        let_in = BY_TOKEN if oauth is None else f"oauth: {oauth}"
        words = {
            "let_in": let_in.format(url=pipedrive.url),
            "keys": 'encryption_keys: ["${ENGINE_KEY}"]' if oauth else "",
            "log": log,
            "alerts": alerts,
        }
        store = store or new_store(folder)
        words |= {
            "store": store,
            "mappings": mappings or "preset:default",
            "settings": "{}" if mappings else SETTINGS,
        }
        config.write_text(ENGINE_YAML.format(port=port, url=pipedrive.url, told=TOLD if webhooks else POLLED, **words))
        secrets = {"QBWC_PASSWORD_HASH": password_hash(PASSWORD), "PIPEDRIVE_API_TOKEN": token or account.token}
        server = Server(config, port, secrets)
        server.start()
        try:
            soap = f"{server.url}/acme/quickbooks_desktop/"
            yield Served(server, company, account, faults, folder, soap, store)
        finally:
            server.stop()


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
