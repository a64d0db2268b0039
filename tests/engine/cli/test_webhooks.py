"""`engine webhooks`: list, sync and remove against a simulated account."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from connectors.pipedrive.simulator import Account, RunningSimulator, serve
from tests.engine.cli.conftest import NOWHERE, Installation

WEBHOOK = "webhook: {user: pd, password: long}"


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    with serve(Account(token="t0ken-of-the-test")) as running:
        yield running


@pytest.fixture
def hooked(installed: Installation, simulator: RunningSimulator) -> Installation:
    """An installation whose account is the simulated one, with webhooks configured."""
    installed.pipedrive_at(simulator.url, WEBHOOK)
    return installed


def test_sync_makes_what_the_built_in_set_needs_and_says_so(hooked: Installation, simulator: RunningSimulator) -> None:
    result = hooked.run("webhooks", "sync")
    assert result.exit_code == 0, result.output
    assert "*.deal" in result.output and "made" in result.output
    data = json.loads(hooked.run("webhooks", "list", "acme", "--json").output)
    assert data["ok"] and {one["what"] for one in data["webhooks"]} >= {"*.deal", "delete.organization"}
    assert {one["url"] for one in data["webhooks"]} == {"http://localhost:8800/acme/pipedrive/webhook"}
    assert len(simulator.account.tables["webhook"]) == len(data["webhooks"])
    assert "long" not in result.output + json.dumps(data)


def test_remove_removes_them_and_an_empty_list_says_so(hooked: Installation, simulator: RunningSimulator) -> None:
    hooked.run("webhooks", "sync")
    assert hooked.run("webhooks", "remove", "acme").exit_code == 0
    assert len(simulator.account.tables["webhook"]) == 0
    assert "There are no webhooks." in hooked.run("webhooks", "list").output


def test_a_connection_without_the_setting_is_told_what_to_write(installed: Installation) -> None:
    result = installed.run("webhooks", "sync")
    assert result.exit_code == 1
    assert "no `webhook`" in result.output and "docs/pipedrive.md" in result.output


def test_an_account_that_does_not_answer_ends_with_3(installed: Installation) -> None:
    installed.pipedrive_at(NOWHERE, WEBHOOK)
    result = installed.run("webhooks", "sync")
    assert result.exit_code == 3
    assert "cannot be reached" in result.output
