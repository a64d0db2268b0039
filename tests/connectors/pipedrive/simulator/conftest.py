"""A running simulator, a clock that moves by hand, and a client (see `judged` for who checks its traffic)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connectors.pipedrive.simulator import Account, RunningSimulator, serve


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 12, 0, 0, 250_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def account(clock: Clock) -> Account:
    account = Account(plan="growth", seed=7, token="token-of-the-admin", clock=clock)
    account.limits.burst = None  # tests of the limits set it back
    return account


@pytest.fixture(scope="session")
def server() -> Iterator[RunningSimulator]:
    with serve(Account()) as running:
        yield running


@pytest.fixture
def running(server: RunningSimulator, account: Account) -> RunningSimulator:
    """The simulator with this test's account behind it, and no faults."""
    server.use(account)
    return server


@pytest.fixture
def client(running: RunningSimulator, account: Account) -> Iterator[httpx.Client]:
    """Speaks to the simulator."""
    headers = {"x-api-token": account.token}
    # No certificates: loading them takes longer than most tests.
    with httpx.Client(base_url=running.url, headers=headers, timeout=5, verify=False) as client:
        yield client
