"""Burst windows, the daily budget, and what answers instead when a caller does not stop."""

import httpx
import pytest

from connectors.pipedrive.simulator import Account
from connectors.pipedrive.simulator.limits import Limits

from .conftest import Clock

PATH = "/api/v2/organizations"


@pytest.fixture
def account(account: Account) -> Account:
    account.limits.burst = 20
    return account


def statuses(client: httpx.Client, path: str, times: int) -> list[int]:
    return [client.get(path).status_code for _ in range(times)]


def test_the_budget_is_plan_times_seats() -> None:
    assert [Limits(plan, 2).budget for plan in ("lite", "growth", "premium", "ultimate")] == [
        60_000,
        120_000,
        300_000,
        420_000,
    ]
    assert [Limits(plan).burst for plan in ("lite", "growth", "premium", "ultimate")] == [20, 40, 100, 120]
    with pytest.raises(ValueError, match="unknown plan 'gold': one of lite"):
        Limits("gold")


def test_a_burst_is_refused_until_its_two_seconds_have_rolled_by(client: httpx.Client, clock: Clock) -> None:
    first = client.get(PATH)
    assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]) == ("20", "19")
    clock.move(seconds=1)
    assert statuses(client, PATH, 20) == [200] * 19 + [429]
    clock.move(seconds=1)
    refused = client.get(PATH), client.get(PATH)
    assert [answer.status_code for answer in refused] == [200, 429]
    assert refused[1].headers["x-ratelimit-remaining"] == "0" and refused[1].headers["x-ratelimit-reset"] == "1"
    assert "retry-after" not in refused[1].headers
    assert refused[1].json()["error"] == "request over limit"


def test_each_token_has_its_own_window(client: httpx.Client, account: Account) -> None:
    account.add_token("another", 1)
    assert statuses(client, PATH, 21)[-1] == 429
    assert client.get(PATH, headers={"x-api-token": "another"}).status_code == 200


def test_searching_has_a_narrower_window(client: httpx.Client) -> None:
    assert statuses(client, f"{PATH}/search?term=acme", 11) == [200] * 10 + [429]
    assert client.get(PATH).status_code == 200


def test_who_goes_on_after_429_meets_html(client: httpx.Client, account: Account, clock: Clock) -> None:
    answers = statuses(client, PATH, 20 + account.limits.patience + 1)
    assert answers[20:] == [429] * account.limits.patience + [403]
    clock.move(seconds=3)
    page = client.get(PATH)
    assert page.status_code == 403 and page.headers["content-type"].startswith("text/html")
    clock.move(seconds=account.limits.edge_seconds)
    assert client.get(PATH).status_code == 200


def test_the_days_tokens_run_out_and_come_back_at_a_hidden_hour(
    client: httpx.Client, account: Account, clock: Clock
) -> None:
    account.limits.spend(account.limits.budget - 12, clock())
    full = client.get(PATH)
    assert full.headers["x-daily-ratelimit-token-limit"] == "60000"
    assert full.headers["x-daily-ratelimit-token-remaining"] == "2"
    empty = client.post(PATH, json={"name": "x"})
    assert (empty.status_code, account.records("organization")) == (429, [])
    assert int(empty.headers["x-ratelimit-remaining"]) > 0
    assert client.get("/api/v2/deals/1").status_code == 404
    hours = 0
    while client.get(PATH).status_code == 429:
        clock.move(hours=1)
        hours += 1
    assert clock().hour == account.limits.reset_hour and 1 <= hours <= 24


def test_reset_hours_differ_between_accounts() -> None:
    assert len({Limits(seed=seed).reset_hour for seed in range(40)}) > 10


def test_what_people_do_in_the_app_costs_nothing(account: Account) -> None:
    account.add_organization("Acme")
    account.edit("organization", 1, name="Acme Inc")
    assert account.limits.spent == account.ledger.spent == 0


def test_failed_requests_cost_and_limited_ones_do_not(client: httpx.Client, account: Account) -> None:
    client.post(PATH, json={})
    assert account.ledger.spent == account.limits.spent == 5
    statuses(client, "/api/v2/deals/1", 20)
    assert account.ledger.spent == 5 + 19
    client.get(PATH, headers={"x-api-token": "wrong"})
    assert account.ledger.requests == 21


def test_the_token_headers_can_be_missing(client: httpx.Client, account: Account) -> None:
    account.switches.token_headers = False
    assert "x-daily-ratelimit-token-remaining" not in client.get(PATH).headers


def test_posts_are_counted_down_by_the_old_header(client: httpx.Client, account: Account) -> None:
    account.switches.daily_writes_limit = 2
    left = [client.post(PATH, json={"name": "x"}) for _ in range(3)]
    assert [answer.headers["x-daily-requests-left"] for answer in left] == ["1", "0", "0"]
    assert [answer.status_code for answer in left] == [200, 200, 429]
    assert "x-daily-requests-left" not in client.get(PATH).headers
