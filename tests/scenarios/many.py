"""Many companies on one server: a Web Connector and a Pipedrive account for each, some of them slow or broken.

The server is a process of its own. All simulated accounts are reached at one address and told apart by their token.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import uvicorn

from connectors.demo.server import Server, free_port
from connectors.pipedrive.simulator.app import App
from connectors.pipedrive.simulator.faults import Faults
from connectors.pipedrive.simulator.state import Account
from connectors.quickbooks_desktop.simulator.company import Company
from connectors.quickbooks_desktop.simulator.web_connector import WebConnector
from tests.postgres import new_store

PASSWORD = "correct horse"
HEAD = """store: {store}
server: {{url: "http://localhost:{port}", port: {port}}}
log: {{level: warning}}
connections:
"""
ONE = """  {name}:
    mappings: preset:default
    zone: America/New_York
    settings: {{stage: Invoices / Sent, first_invoice_date: "2020-01-01", generic_product: QuickBooks item}}
    quickbooks_desktop: {{user: acme, password_hash: "{hash}", every: 5 minutes, currency: USD}}
    pipedrive: {{company: {name}, api_token: {token}, url: "{url}", plan: ultimate}}
"""


def password_hash(cost: int) -> str:
    """What `engine password` makes of PASSWORD, with this cost."""
    digest = hashlib.scrypt(PASSWORD.encode(), salt=b"salt of the test", n=cost, r=8, p=1, maxmem=2**28, dklen=32)
    encoded = [base64.urlsafe_b64encode(one).decode().rstrip("=") for one in (b"salt of the test", digest)]
    return f"scrypt${cost}$8$1${'$'.join(encoded)}"


def small_company(number: int) -> Company:
    """One customer with an open invoice of one line."""
    at = datetime.now(UTC) - timedelta(days=30)
    company = Company(f"Company {number}", zone="America/New_York", opened=at - timedelta(days=1))
    company.add_item("ItemService", "Work", price=Decimal("85.00"), description="Work, per hour", at=at)
    name = f"Customer {number}"
    key = company.add_customer(name, CompanyName=name, Email=f"c{number}@x.example", at=at)
    company.add_invoice(key, [{"ItemRef": "Work", "Quantity": Decimal(1)}], at=at)
    return company


class Accounts:
    """Every company's Pipedrive behind one address. Those in `slow` take that many seconds for an answer."""

    def __init__(self, count: int) -> None:
        self.apps: dict[str, App] = {}
        for number in range(count):
            account = Account(company=f"c{number}", plan="ultimate", seed=number)
            account.add_pipeline("Invoices", ["New", "Sent", "Paid"])
            self.apps[account.token] = App(account, Faults())
        self.slow: dict[str, float] = {}
        self.asked: Counter[str] = Counter()

    @property
    def tokens(self) -> list[str]:
        return list(self.apps)

    async def __call__(
        self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        token = dict(scope["headers"]).get(b"x-api-token", b"").decode()
        self.asked[token] += 1
        if token in self.slow:
            await asyncio.sleep(self.slow[token])
        await self.apps[token](scope, receive, send)

    @contextmanager
    def served(self) -> Iterator[str]:
        """Their address."""
        listening = socket.create_server(("127.0.0.1", 0), backlog=512)
        config = uvicorn.Config(self, lifespan="off", log_level="critical", access_log=False, ws="none", loop="asyncio",
                                http="h11", timeout_graceful_shutdown=1)  # fmt: skip
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield "http://{}:{}".format(*listening.getsockname())
        finally:
            server.should_exit = True
            thread.join(10)
            listening.close()


@dataclass
class Many:
    """The companies at work."""

    server: Server
    accounts: Accounts
    companies: list[Company]
    calls: list[float] = field(default_factory=list)
    """Seconds of each SOAP call."""
    refused: list[str] = field(default_factory=list)
    visits: int = 0

    def visit(self, number: int) -> None:
        """One visit of one company."""
        url = f"{self.server.url}/c{number}/quickbooks_desktop"
        connector = WebConnector(url, "acme", PASSWORD, self.companies[number], told=self._told, sleep=lambda _: None)
        report = connector.visit()
        self.visits += 1
        if not report.ok:
            self.refused.append(f"c{number}: {report.summary()}")

    def visit_all(self, seconds: float, rounds: int = 1, seed: int = 1, threads: int = 16) -> None:
        """Each company visits once within each `seconds`, at a moment of its own."""
        draw = random.Random(seed)
        moments = [(draw.random() * seconds, number) for number in range(len(self.companies))]
        plan = sorted((at + seconds * turn, number) for at, number in moments for turn in range(rounds))
        began = time.monotonic()
        with ThreadPoolExecutor(threads) as pool:
            for at, number in plan:
                time.sleep(max(0.0, began + at - time.monotonic()))
                pool.submit(self.visit, number).add_done_callback(lambda done: done.result())

    def _told(self, line: str) -> None:
        self.calls.append(float(line.rsplit("(", 1)[1].split(" ")[0]) / 1000)

    def deals(self, number: int) -> int:
        """How many deals a company's account has."""
        return len(self.accounts.apps[self.accounts.tokens[number]].account.records("deal"))

    def until(self, reached: Callable[[], bool], patience: float) -> float:
        """Wait until that is so; how many seconds it took."""
        began = time.monotonic()
        while not reached():
            assert time.monotonic() - began < patience, "not reached"
            self.server.check()
            time.sleep(0.1)
        return time.monotonic() - began

    def process(self) -> dict[str, float]:
        """Memory in MB, threads and processor seconds of the server."""
        assert self.server._process is not None
        status = Path(f"/proc/{self.server._process.pid}/status").read_text()
        facts = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        ticks = Path(f"/proc/{self.server._process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
        return {"memory": int(facts["VmRSS"].split()[0]) / 1024, "threads": int(facts["Threads"]),
                "cpu": sum(map(int, ticks)) / 100}  # fmt: skip


@contextmanager
def many(folder: Path, count: int, cost: int = 2**14) -> Iterator[Many]:
    """A server with so many companies, none of which has visited yet. `cost` is that of the passwords' hashes."""
    accounts = Accounts(count)
    port, hashed = free_port(), password_hash(cost)
    with accounts.served() as url:
        names = {"hash": hashed, "url": url}
        blocks = (ONE.format(name=f"c{number}", token=token, **names) for number, token in enumerate(accounts.tokens))
        config = folder / "engine.yaml"
        config.write_text(HEAD.format(store=new_store(folder), port=port) + "".join(blocks))
        server = Server(config, port, {})
        server.start(patience=120)
        try:
            yield Many(server, accounts, [small_company(number) for number in range(count)])
        finally:
            server.stop()
