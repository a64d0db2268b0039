"""An account is connected by OAuth2 as a user does it, and the server works with it: command, browser, store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from click.testing import CliRunner

from connectors.pipedrive.simulator.scopes import SCOPES
from engine.cli.main import main
from engine.passwords import hash_password
from engine.vault import new_key
from tests.scenarios.served import Served, running

APP, SECRET = "app-of-acme", "s3cret-of-the-app"
OAUTH = '{{client_id: app-of-acme, client_secret: "${{CLIENT_SECRET}}", url: "{url}"}}'


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("ENGINE_KEY", new_key())
    monkeypatch.setenv("CLIENT_SECRET", SECRET)
    monkeypatch.setenv("QBWC_PASSWORD_HASH", hash_password("unused"))
    file = f"sqlite:///{tmp_path}/work/engine.db"  # which is looked through for secrets
    with running(tmp_path / "work", customers=2, oauth=OAUTH, store=file) as served:
        served.account.add_app(APP, SECRET, f"{_home(served)}/acme/pipedrive/oauth/callback", SCOPES)
        yield served


def _home(served: Served) -> str:
    return f"http://localhost:{urlsplit(served.server.url).port}"


def command(served: Served, *words: str) -> dict[str, object]:
    """What a command of the person at the server's computer says."""
    result = CliRunner().invoke(main, ["--config", str(served.folder / "engine.yaml"), *words, "--json"])
    assert result.stdout, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


def test_a_person_connects_the_account_and_a_visit_fills_it(served: Served) -> None:
    assert served.visit().ok
    served.until(lambda one: "engine connect" in str(one.status().get("stopped")))
    with httpx.Client(verify=False, timeout=10) as browser:
        asked = browser.get(str(command(served, "connect", "acme")["link"]))
        assert asked.status_code == 303
        page = asked.headers["location"]
        assert "Allow and install" in browser.get(page).text
        gone = browser.post(page, data={"answer": "allow"}).headers["location"]
        thief = httpx.get(gone, verify=False)
        assert thief.status_code == 403 and "Nothing was connected" in thief.text
        assert browser.get(gone).status_code == 403, "the thief used it up, and got nothing"

        page = browser.get(str(command(served, "connect", "acme")["link"])).headers["location"]
        back = browser.get(browser.post(page, data={"answer": "allow"}).headers["location"])
        assert back.status_code == 200 and "Connected" in back.text
        assert "default-src 'self'" in back.headers["content-security-policy"]
    served.until(lambda one: one.account.records("organization"), patience=90)
    mappings = served.settle()["mappings"]
    assert [name for name, one in mappings.items() if one["parked"]] == []
    checks = {one["name"]: one for one in command(served, "ping", "acme")["checks"]}  # type: ignore[attr-defined]
    assert checks["account"]["ok"] and checks["access"]["ok"] and checks["scopes"]["ok"], checks

    apps = served.account.apps
    secrets = [*apps.bearers, *apps.refreshes, *apps.codes, SECRET]
    served.server.stop()
    files = [path for path in served.folder.rglob("*") if path.is_file()]
    assert any(path.name == "engine.db" for path in files) and len(secrets) >= 3
    for path in files:
        content = path.read_bytes()
        assert not [one for one in secrets if one.encode() in content], path
