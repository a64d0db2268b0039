"""Years of old records on their way into a small Pipedrive plan, lived through on one clock that jumps.

A system in memory hands over the old records, and new bills at its visits; the real engine and connector carry them
into the simulated account, without a socket and without sleeping. Another program spends from the same tokens. When
they are given anew, only the account knows.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from connectors.pipedrive.connector import Pipedrive, PipedriveEndpoint
from connectors.pipedrive.pace import Pace
from connectors.pipedrive.simulator.app import App
from connectors.pipedrive.simulator.faults import Faults
from connectors.pipedrive.simulator.state import Account
from engine.registry import Registry
from engine.settings import ConnectionSettings
from engine.store.store import Store
from engine.sync.connection import Connection
from engine.sync.engine import open_connection
from tests.engine.sync.memory import BOOKS, Clock, System, connector
from tests.scenarios.two_way import Wire

MAPPINGS = {
    "companies.yaml": """
mapping: companies
from: books.client
to: pipedrive.organization
match:
  - {source: name, target: name, as: company_name}
fields:
  name: name
""",
    "bills.yaml": """
mapping: bills
from: books.bill
to: pipedrive.deal
fields:
  title: number
  value: total
  currency: {value: USD}
  org_id: {from: client, via: companies, otherwise: wait}
""",
}
VISITS = timedelta(minutes=5)
LOOKS = timedelta(seconds=2)
"""How often the server asks an endpoint that has nothing to do."""
LATENCY = 0.1
"""Seconds of each request."""
DAY = timedelta(days=1)


class JumpingPace(Pace):
    """Waits by moving the world on."""

    def __init__(self, limit: int, world: World) -> None:
        super().__init__(limit)
        self._world = world

    def _now(self) -> float:
        return self._world.clock.now.timestamp()

    def _rest(self, seconds: float) -> None:
        self._world.advance(timedelta(seconds=seconds))


class SlowWire(Wire):
    """Each request takes its time; the moment of each deal's creation is kept."""

    def __init__(self, world: World, app: App) -> None:
        super().__init__(app)
        self._world = world

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._world.advance(timedelta(seconds=LATENCY))
        response = super().handle_request(request)
        if request.method == "POST" and request.url.path.endswith("/deals") and response.is_success:
            found = re.search(rb'"title": ?"([^"]+)"', request.content)
            assert found is not None
            self._world.made[found[1].decode()] = self._world.clock.now
        return response


@dataclass
class World:
    """`clients` and `bills`: old ones. `tokens` a day of the whole company, of which others spend a part."""

    folder: Path
    clients: int
    bills: int
    tokens: int = 30_000
    headers: bool = True
    seed: int = 0
    clock: Clock = field(default_factory=Clock)
    made: dict[str, datetime] = field(default_factory=dict)
    """Title -> when its deal was made."""
    due: dict[str, datetime] = field(default_factory=dict)
    """New bills -> when a person wrote them."""
    learnt: datetime | None = None
    others: int = 0
    connection: Connection = field(init=False)
    endpoint: PipedriveEndpoint = field(init=False)
    account: Account = field(init=False)

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)
        self.began = self.clock.now
        self.account = Account(plan="lite", seed=self.seed, clock=lambda: self.clock.now)
        self.account.limits.top_up = self.tokens - self.account.limits.budget
        self.account.switches.token_headers = self.headers
        self.books = System(self.clock)
        for number in range(self.clients):
            self.books.put("client", f"c{number}", name=f"Client {number}")
        for number in range(self.bills):
            self._bill(f"old {number}", number % self.clients)
        self.store = Store.open(f"sqlite:///{self.folder}/engine.db")
        self._open()
        self._other_at = self.clock.now
        self._bill_at = self.clock.now + timedelta(hours=self.draw.uniform(0.5, 2))
        self._visit_at: datetime | None = None
        self._visited = False

    def _open(self) -> None:
        where = self.folder / "mappings"
        where.mkdir()
        for name, text in MAPPINGS.items():
            (where / name).write_text(text)
        block = {
            "company": "acme", "api_token": self.account.token, "plan": "lite", "parallel": 1, "poll": "1 hour",
            "top_ups": self.account.limits.top_up,
        }  # fmt: skip
        settings = ConnectionSettings("acme", str(where), ZoneInfo("UTC"), {}, {"books": {}, "pipedrive": block})
        registry = Registry.of(connector("books", BOOKS, self.books), Pipedrive)
        self.connection = open_connection(settings, "http://localhost:1", registry, self.store, self.clock)
        endpoint = self.connection.endpoints["pipedrive"]
        assert isinstance(endpoint, PipedriveEndpoint)
        self.endpoint, client = endpoint, endpoint._client
        before = client._http
        wire = SlowWire(self, App(self.account, Faults()))
        client._http = httpx.Client(base_url=before.base_url, headers=before.headers, transport=wire, trust_env=False)
        client.pace = JumpingPace(20, self)
        before.close()

    def _bill(self, number: str, client: int) -> None:
        self.books.put(
            "bill", number, number=number, client=f"c{client}", order=None, total=Decimal(client + 1), open=Decimal(0),
            day="2025-05-05", void=False, lines=[],
        )  # fmt: skip

    # ------------------------------------------------------------------------------------------------ the clock
    def advance(self, by: timedelta) -> None:
        """Moves the clock, and does on the way what others do then."""
        until = self.clock.now + by
        while (at := self._next()) <= until:
            self.clock.now = max(at, self.clock.now)
            self._happen(at)
        self.clock.now = until

    def _next(self) -> datetime:
        return min(at for at in (self._other_at, self._bill_at, self._visit_at) if at is not None)

    def _happen(self, at: datetime) -> None:
        if at == self._visit_at:
            self._visit_at, self._visited = None, True
            self.connection.endpoints["books"].drain()
        elif at == self._bill_at:
            number = f"new {len(self.due)}"
            self._bill(number, self.draw.randrange(self.clients))
            self.due[number] = at
            self._visit_at = self.began + ((at - self.began) // VISITS + 1) * VISITS
            self._bill_at = at + timedelta(hours=self.draw.uniform(1, 4))
        else:
            limits = self.account.limits
            spent = min(limits.remaining(self.clock.now), self.draw.randrange(self.tokens // 80))
            limits.spend(spent, self.clock.now)
            self.others += spent
            self._other_at = at + timedelta(hours=1)

    def run(self, most: timedelta) -> timedelta:
        """Lives until all old records are through; how long that was."""
        self.connection.endpoints["books"].drain()
        while self.old_left():
            assert self.clock.now - self.began < most, self.endpoint.facts()
            pause = self.endpoint.drain()
            assert pause is not None
            if self.learnt is None and self.endpoint._client.budget.began() is not None:
                self.learnt = self.clock.now
            if self._visited:  # during the drain: the server asks again soon, whatever the endpoint proposed
                pause = min(pause, LOOKS)
            self._visited = False
            happens = self._next() - self.clock.now
            self.advance(pause if pause < happens else happens + LOOKS * self.draw.random())
        return self.clock.now - self.began

    def old_left(self) -> bool:
        """Whether old records wait."""
        return bool(self.connection.sites["pipedrive"].work.backlog())

    def close(self) -> None:
        self.connection.close()
        self.store.close()

    # ------------------------------------------------------------------------------------------------ the judge
    def share(self) -> int:
        """What is ours of a day."""
        return int(self.tokens * 0.8)

    def by_reset(self) -> dict[int, int]:
        """Our tokens of each day from reset to reset, by the account's own ledger."""
        days: dict[int, int] = {}
        for one in self.account.ledger.entries:
            day = int((one.at.timestamp() - self.account.limits.reset_hour * 3600) // 86_400)
            days[day] = days.get(day, 0) + one.tokens
        return days

    def rolling(self) -> Iterator[int]:
        """Our tokens of the 24 hours up to each request, until the hour of the reset was learnt."""
        entries = [one for one in self.account.ledger.entries if self.learnt is None or one.at <= self.learnt]
        first, total = 0, 0
        for one in entries:
            total += one.tokens
            while entries[first].at <= one.at - DAY:
                total -= entries[first].tokens
                first += 1
            yield total

    def refusals(self) -> dict[int, int]:
        """How often each refusal was answered, by status."""
        found: dict[int, int] = {}
        for one in self.account.ledger.entries:
            if not one.ok:
                found[one.status] = found.get(one.status, 0) + 1
        return found

    def waits(self) -> list[float]:
        """Seconds from the writing of each new bill to its deal, the longest last; the very last may be on its way."""
        assert len(self.made) >= len(self.due) - 1
        return sorted((self.made[one] - at).total_seconds() for one, at in self.due.items() if one in self.made)

    def facts(self) -> dict[str, Any]:
        """For the report of a benchmark."""
        waits = self.waits()
        return {
            "new_bills": len(waits), "longest_day": max(self.by_reset().values()), "share": self.share(),
            "others": self.others, "p95_seconds": round(waits[int(len(waits) * 0.95)], 1), "refusals": self.refusals(),
            "requests": self.account.ledger.requests, "tokens": self.account.ledger.spent,
            "reset_learnt_after": None if self.learnt is None else str(self.learnt - self.began),
        }  # fmt: skip
