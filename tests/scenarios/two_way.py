"""Both simulators and the engine between them in one process, without a socket, on a clock that is moved by hand.

The Web Connector's calls reach the endpoint's `answer`, and the client's requests the simulated account, through
stand-ins for their sockets; everything above them is the real thing, so a schedule of a day takes a moment.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import io
import random
import shutil
import sqlite3
from collections.abc import Awaitable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import httpx

from connectors.pipedrive.connector import Pipedrive
from connectors.pipedrive.simulator.app import App
from connectors.pipedrive.simulator.faults import Faults as PipedriveFaults
from connectors.pipedrive.simulator.state import Account
from connectors.quickbooks_desktop.connector import QuickBooksDesktop
from connectors.quickbooks_desktop.simulator.company import Company
from connectors.quickbooks_desktop.simulator.faults import Faults as VisitFaults
from connectors.quickbooks_desktop.simulator.soap_client import SoapClient
from connectors.quickbooks_desktop.simulator.visit import VisitReport
from connectors.quickbooks_desktop.simulator.web_connector import WebConnector, _Visit
from engine.mapping.compiled import CompiledSet
from engine.mapping.compiler import compile_set
from engine.protocol import Endpoint, HttpRequest
from engine.registry import Registry
from engine.settings import ConnectionSettings
from engine.specs.presets import load_set
from engine.store.store import Store
from engine.sync import engine as opening
from engine.sync.connection import Connection
from engine.sync.engine import open_connection
from tests.scenarios.post import Post

ZONE = "America/New_York"
PASSWORD = "pass"
SETTINGS = {"stage": "Invoices / Sent", "first_invoice_date": "2026-01-01", "generic_product": "QuickBooks item"}
BEGIN = datetime(2026, 3, 2, 14, tzinfo=UTC)
SKEWS = (timedelta(), timedelta(minutes=5), timedelta(minutes=-5))
"""By how much another machine's clock is before the server's."""


class Killed(BaseException):
    """The server's process ended here; nothing after it happened."""


@dataclass
class Clock:
    """Moves when it is told to, and a little with every look."""

    now: datetime = BEGIN

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def on(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass(frozen=True)
class Skewed:
    """The same clock on a machine that goes wrong by so much."""

    clock: Clock
    by: timedelta

    def __call__(self) -> datetime:
        return self.clock() + self.by


class Books:
    """A company whose history is told by the server's clock, for judges that compare moments of both."""

    def __init__(self, company: Company, wrong_by: timedelta) -> None:
        self._company, self._wrong_by = company, wrong_by

    def __getattr__(self, name: str) -> Any:
        return getattr(self._company, name)

    def history(self, txn_id: str) -> list[tuple[datetime, dict[str, Any]]]:
        return [(at - self._wrong_by, state) for at, state in self._company.history(txn_id)]

    def balance_at(self, txn_id: str, moment: datetime) -> Decimal | None:
        return self._company.balance_at(txn_id, moment + self._wrong_by)


class Wire(httpx.BaseTransport):
    """Carries the client's requests to the simulated account; with `kill_after` the process dies at one of them."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.kill_after: int | None = None
        self.dead = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.dead:
            raise Killed
        response = self._carried(request)
        if self.kill_after is not None:
            self.kill_after -= 1
            self.dead = self.kill_after < 0
        if self.dead:
            raise Killed
        return response

    def _carried(self, request: httpx.Request) -> httpx.Response:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": request.read(), "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {
            "type": "http", "method": request.method, "path": request.url.path, "query_string": request.url.query,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
        }  # fmt: skip
        try:
            _run(self._app(scope, receive, send))  # type: ignore[arg-type]
        except ConnectionResetError as error:
            raise httpx.ReadError(str(error), request=request) from None
        headers = [(name.decode(), value.decode()) for name, value in sent[0]["headers"]]
        return httpx.Response(sent[0]["status"], headers=headers, content=sent[1]["body"])


def _run(waiting: Awaitable[None]) -> None:
    """Run what never really waits."""
    try:
        waiting.__await__().__next__()
    except StopIteration:
        return
    raise AssertionError("the simulator waits for something")


class LocalSoap(SoapClient):
    """The Web Connector's client, as strict as ever, on the endpoint itself."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__("http://here/")
        self._endpoint = endpoint

    def _post(self, method: str, body: bytes) -> tuple[int, http.client.HTTPMessage, bytes]:
        asked = HttpRequest("POST", "", {"content-type": "text/xml; charset=utf-8"}, body, client="127.0.0.1")
        response = self._endpoint.answer(asked)
        lines = "".join(f"{name}: {value}\r\n" for name, value in response.headers.items())
        return response.status, http.client.parse_headers(io.BytesIO(f"{lines}\r\n".encode())), response.body


@cache
def registry() -> Registry:
    """Both connectors."""
    return Registry.of(QuickBooksDesktop, Pipedrive)


@cache
def compiled(mappings: str) -> CompiledSet:
    """The mappings in a folder, for both connectors."""
    made = load_set(Path(mappings))
    settings = {name: value for name, value in SETTINGS.items() if name in made.settings}
    return compile_set(made, registry().catalogues, settings)


def _cheap_hash() -> str:
    """A password's hash that takes no time; how strong it is, is tested elsewhere."""
    salt = b"salt"
    digest = hashlib.scrypt(PASSWORD.encode(), salt=salt, n=2, r=1, p=1, dklen=32)
    return "$".join(
        ["scrypt", "2", "1", "1", *(base64.urlsafe_b64encode(one).decode().rstrip("=") for one in (salt, digest))]
    )


@dataclass
class TwoWay:
    """A company, an account, and the engine that keeps them in step."""

    file: Path
    clock: Clock
    company: Company
    account: Account
    mappings: str
    told: bool = False
    """The account tells its changes by webhooks, and is polled once an hour."""
    wrong_by: timedelta = timedelta()
    """By how much the QuickBooks computer's clock is before the server's."""
    visit_faults: VisitFaults = field(default_factory=VisitFaults)
    pipedrive_faults: PipedriveFaults = field(default_factory=PipedriveFaults)
    poll: str = "30 seconds"
    store: Store = field(init=False)
    connection: Connection = field(init=False)
    wire: Wire = field(init=False)
    post: Post = field(init=False)

    def __post_init__(self) -> None:
        self.post = Post(self.account)
        self.store = Store.open(f"sqlite:///{self.file}")
        self.wire = Wire(App(self.account, self.pipedrive_faults))
        self.start()

    def start(self) -> None:
        """Open the connection as a new process does."""
        blocks: dict[str, Any] = {
            "quickbooks_desktop": {"user": "acme", "password_hash": _cheap_hash(), "currency": "USD"},
            "pipedrive": {
                "company": "acme", "api_token": self.account.token, "plan": "ultimate", "parallel": 1,
                "url": "http://localhost:2",
                **({"webhook": {"user": "us", "password": "long"}} if self.told else {"poll": self.poll}),
            },
        }  # fmt: skip
        settings = ConnectionSettings("acme", self.mappings, ZoneInfo(ZONE), SETTINGS, blocks)
        client = httpx.Client
        with (  # neither compiling nor certificates are what these worlds try, and both take longer than a visit
            patch.object(httpx, "Client", lambda **given: client(**{**given, "transport": self.wire})),
            patch.object(opening, "compile_set", lambda *given: compiled(self.mappings)),
        ):
            self.connection = open_connection(settings, "http://localhost:1", registry(), self.store, self.clock)

    def visit(self) -> VisitReport:
        """One visit of the Web Connector."""
        quickbooks = self.connection.endpoints["quickbooks_desktop"]
        connector = WebConnector(
            "http://here/", "acme", PASSWORD, self.company, faults=self.visit_faults,
            sleep=lambda seconds: self.clock.on(seconds=seconds),
        )  # fmt: skip
        visit = _Visit(connector)
        visit._soap = LocalSoap(quickbooks)
        return visit.run()

    def drain(self, kill_after: int | None = None) -> None:
        """One drain towards Pipedrive; with `kill_after` the process dies after so many requests and one more that
        is carried out, and starts again."""
        self.wire.kill_after = kill_after
        try:
            self.connection.endpoints["pipedrive"].drain()
        except Killed:
            self.connection.close()
            self.wire.dead = False
            self.start()
        finally:
            self.wire.kill_after = None

    @property
    def books(self) -> Books:
        """The company as the judges look at it."""
        return Books(self.company, self.wrong_by)

    def knows(self, entity: str, key: str) -> bool:
        """Whether the engine has linked this record of Pipedrive."""
        with self.store.reading() as tx:
            return bool(tx.links.by_target("acme", ("pipedrive", entity), [key]))

    def settle(self, rounds: int = 40) -> None:
        """Visits and drains without faults, until one round writes nothing and nothing is due."""
        self.clock.on(hours=3 if self.told else 0)  # what no webhook told is read by then
        for _ in range(rounds):
            before = self._marks()
            self.clock.on(minutes=6)
            self.visit()
            self.drain()
            if self._marks() == before and self.connection.status()["busy"] == 0:
                return
        raise AssertionError(f"it does not settle: {self.connection.status()['mappings']}")

    def _marks(self) -> tuple[int, list[str]]:
        edits = [one["EditSequence"] for entity in ("Customer", "Invoice") for one in self.company.records(entity)]
        return len(self.account.ledger.writes), edits

    def close(self) -> None:
        self.connection.close()
        self.store.close()


@dataclass(frozen=True)
class Beginning:
    """Both systems and the store at one moment, as files: many schedules may begin from here."""

    folder: Path
    at: datetime

    @classmethod
    def of(cls, folder: Path, world: TwoWay) -> Beginning:
        """Keep what this world came to. Its store must be SQLite, and nobody may work with it any more."""
        folder.mkdir()
        world.company.dump(folder / "company.json")
        world.account.save(folder / "account.json")
        with closing(sqlite3.connect(world.file)) as source, closing(sqlite3.connect(folder / "engine.db")) as copy:
            source.backup(copy)
        return cls(folder, world.clock.now)

    @contextmanager
    def world(self, folder: Path, mappings: str, draw: random.Random | None = None) -> Iterator[TwoWay]:
        """A world that goes on from here. A draw sets the machines' clocks wrong, and decides who tells of changes."""
        theirs, wrong_by = (draw.choice(SKEWS), draw.choice(SKEWS)) if draw else (timedelta(), timedelta())
        told = draw is not None and draw.random() < 0.5
        folder.mkdir()  # only now: a draw of hypothesis' may end the day
        shutil.copy(self.folder / "engine.db", folder / "engine.db")
        clock = Clock(self.at + 2 * max(SKEWS))  # whoever is behind, has not yet been there before
        company = Company.load(self.folder / "company.json", clock=Skewed(clock, wrong_by))
        account = Account.load((self.folder / "account.json").read_bytes(), clock=Skewed(clock, theirs))
        account.limits.burst = None
        world = TwoWay(folder / "engine.db", clock, company, account, mappings, told, wrong_by)
        try:
            yield world
        finally:
            world.close()
            shutil.rmtree(folder)


def nothing_yet(folder: Path, mappings: str) -> TwoWay:
    """An empty company, an account with the pipeline that the settings name, and an empty store in `folder`."""
    clock = Clock()
    company = Company("Acme", clock=clock, zone=ZONE, multicurrency=True, opened=BEGIN - timedelta(days=60))
    account = Account(company="acme", plan="ultimate", seed=5, clock=clock)
    account.limits.burst = None
    account.add_pipeline("Invoices", ["New", "Sent", "Paid"])
    return TwoWay(folder / "engine.db", clock, company, account, mappings)
