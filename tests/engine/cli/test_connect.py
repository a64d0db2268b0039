"""`engine key` and `engine connect`: a key, a link that works once, and what is said where nothing can be connected."""

from __future__ import annotations

import json

import pytest

from engine.cli.main import main
from engine.vault import Vault
from tests.engine.cli.conftest import Installation

TOKEN = '      api_token: "${PIPEDRIVE_API_TOKEN}"\n'
OAUTH = '      oauth: {client_id: app, client_secret: "${CLIENT_SECRET}"}\n'


@pytest.fixture
def by_app(installed: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """An installation that is let in by OAuth2."""
    monkeypatch.setenv("ENGINE_KEY", str(json.loads(installed.run("key", "--json").output)["key"]))
    monkeypatch.setenv("CLIENT_SECRET", "s3cret-of-the-app")
    installed.change("engine.yaml", TOKEN, OAUTH)
    installed.change("engine.yaml", "# encryption_keys:", "encryption_keys:")
    return installed


def test_a_key_is_one(installed: Installation) -> None:
    made = installed.run("key").output.strip()
    assert Vault([made]).open(Vault([made]).seal("x")) == "x"


def test_a_link_is_printed_with_the_callback_that_the_app_needs(by_app: Installation) -> None:
    assert by_app.run("validate").exit_code == 0
    result = by_app.run("connect", "acme")
    assert result.exit_code == 0, result.output
    assert "http://localhost:8800/acme/pipedrive/oauth/callback" in result.output
    assert "http://localhost:8800/acme/pipedrive/oauth/connect?ticket=" in result.output
    told = json.loads(by_app.run("connect", "acme", "--json").output)
    assert told["link"] not in result.output and told["system"] == "pipedrive"


def test_what_is_not_connected_can_be_removed_without_harm(by_app: Installation) -> None:
    assert by_app.run("connect", "acme", "--remove").output == "There was none.\n"


def test_a_connection_with_a_token_has_nothing_to_connect(installed: Installation) -> None:
    result = installed.run("connect", "acme")
    assert result.exit_code == 1 and "API token" in result.output


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (TOKEN, TOKEN + OAUTH, "Keep 'api_token' or 'oauth', not both."),
        (TOKEN, "", "The key 'api_token' is missing."),
        (TOKEN, "      oauth: {client_id: app}\n", "The key 'client_secret' is missing."),
    ],
)
def test_a_token_and_an_app_or_neither_is_told_with_its_place(
    installed: Installation, old: str, new: str, said: str
) -> None:
    installed.change("engine.yaml", old, new)
    result = installed.run("validate")
    assert result.exit_code == 1 and said in result.output and "engine.yaml:" in result.output


def test_an_app_without_a_key_is_told_to_make_one(by_app: Installation) -> None:
    by_app.change("engine.yaml", "encryption_keys:", "# encryption_keys:")
    result = by_app.run("ping")
    assert result.exit_code == 1 and "`engine key`" in result.output


def test_a_key_that_is_none_is_told_and_not_shown(by_app: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE_KEY", "much-too-short")
    result = by_app.run("ping")
    assert result.exit_code == 1 and "`engine key`" in result.output and "much-too-short" not in result.output
    by_app.change("engine.yaml", '"${ENGINE_KEY}"', "written-out")
    result = by_app.run("ping")
    assert result.exit_code == 1 and "written-out" not in result.output


def test_both_commands_have_examples() -> None:
    for name in ("key", "connect"):
        assert "Example" in str(main.commands[name].help)
