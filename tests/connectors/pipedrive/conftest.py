"""A simulated account over real HTTP and an endpoint that works with it (see `judged` for who checks the traffic)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from connectors.pipedrive.connector import Pipedrive, PipedriveEndpoint
from connectors.pipedrive.simulator import Account, RunningSimulator, serve
from engine.protocol import CustomField, Query, Request, Site, Write
from tests.connectors.pipedrive.ports import Clock, MemoryState, MemoryWork, make_site

TOKEN = "3f1c9a-secret-token"


@dataclass
class Bench:
    """One connection at work with a simulated account."""

    account: Account
    running: RunningSimulator
    endpoint: PipedriveEndpoint
    site: Site
    work: MemoryWork
    clock: Clock

    def carry(self, *requests: Request) -> Any:
        """Drains these requests; what came of the last one."""
        self.work.add(*requests)
        self.endpoint.drain()
        return self.work.result(requests[-1])

    def read(self, entity: str, **query: Any) -> Any:
        """The records of one query, with their keys."""
        asked = Query(entity, **query)
        self.carry(asked)
        return {found.key: found for page in self.work.pages(asked) for found in page.found}


Bencher = Callable[..., Bench]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bench_of(clock: Clock) -> Iterator[Bencher]:
    """Makes benches: `account` options by name, `settings`, `custom_fields`, `shared` scopes, `running` to join one."""
    opened: list[PipedriveEndpoint] = []
    started: list[RunningSimulator] = []

    def make(
        *,
        custom_fields: Mapping[str, tuple[CustomField, ...]] | None = None,
        shared: dict[str, MemoryState] | None = None,
        running: RunningSimulator | None = None,
        burst: int | None = None,
        plan: str = "growth",
        follows: tuple[str, ...] = (),
        mirrors: tuple[str, ...] = (),
        **settings: Any,
    ) -> Bench:
        if running is None:
            account = Account(plan=plan, seed=7, token=TOKEN, clock=clock)
            account.limits.burst = burst
            running = serve(account)
            started.append(running)
        block = {"company": "acme", "api_token": TOKEN, "url": running.url, "plan": plan, **settings}
        site = make_site(block, clock, custom_fields, shared, follows, mirrors)
        endpoint = Pipedrive.open(site)
        assert isinstance(endpoint, PipedriveEndpoint) and isinstance(site.work, MemoryWork)
        opened.append(endpoint)
        return Bench(running.account, running, endpoint, site, site.work, clock)

    yield make
    for endpoint in opened:
        endpoint.close()
    for one in started:
        one.stop()


@pytest.fixture
def bench(bench_of: Bencher) -> Bench:
    return bench_of()


def new(entity: str, *identity: str, **values: Any) -> Write:
    """A create; `custom` is a dict by name."""
    return _write("create", entity, None, identity, values)


def change(entity: str, key: str, *identity: str, **values: Any) -> Write:
    """An update; `custom` is a dict by name."""
    return _write("update", entity, key, identity, values)


def _write(action: Any, entity: str, key: str | None, identity: tuple[str, ...], values: dict[str, Any]) -> Write:
    custom = {f"custom.{name}": value for name, value in values.pop("custom", {}).items()}
    name = f"{action} {entity} {key} {values} {custom}"
    return Write(name, entity, action, key, {**values, **custom}, identity)
