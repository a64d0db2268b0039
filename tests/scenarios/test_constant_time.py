"""Every secret that a caller brings is compared in constant time: where that comparison says no, nobody gets in.

A clock is no judge of nanoseconds on a busy machine, so each place is shown to leave its decision to `compare_digest`.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest

from connectors.pipedrive.webhook_proof import Proof
from connectors.quickbooks_desktop.connector import QuickBooksDesktop
from engine import passwords
from engine.protocol import Query
from engine.settings import MetricsSettings
from engine.store.store import Store
from engine.web.server import Server
from tests.connectors.quickbooks_desktop.caller import ask, call, hcp
from tests.connectors.quickbooks_desktop.ports import HASH, PASSWORD, Clock, MemoryWork, make_site
from tests.engine.web.conftest import Browser
from tests.engine.web.doubles import PASSWORD as USERS_PASSWORD, Engine, settings, signed_in_by
from tests.engine.web.test_sign_in import Visitor

NOW = datetime(2026, 11, 20, tzinfo=UTC)
BODY = b"{}"

LetIn = Callable[[], bool]
Refuse = Callable[[], None]


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Refuse:
    """From now on no two texts are equal."""
    return lambda: monkeypatch.setattr(hmac, "compare_digest", lambda *_: False)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[int]:
    """The port of a server with users and a token of metrics."""
    store = Store.open(f"sqlite:///{tmp_path}/engine.db")
    server = Server(Engine(store, tmp_path), signed_in_by(settings(MetricsSettings("long and random"))))
    yield int(server.start().rsplit(":", 1)[1])
    server.stop()
    store.close()


def basic() -> bool:
    pair = base64.b64encode(b"pipedrive:long and random").decode()
    proof = Proof.of({"user": "pipedrive", "password": "long and random"})
    return not proof.objections({"authorization": f"Basic {pair}"}, BODY, NOW)


def signature() -> bool:
    signed = hmac.digest(b"s3cret", BODY, "sha256").hex()
    return not Proof.of({"hmac": {"secret": "s3cret"}}).objections({"x-signature": signed}, BODY, NOW)


def password() -> bool:
    return passwords.verify(PASSWORD, HASH)


@pytest.mark.parametrize("let_in", [basic, signature, password])
def test_a_webhook_s_proof_and_every_password_are_compared_in_constant_time(let_in: LetIn, refuse: Refuse) -> None:
    assert let_in()
    refuse()
    assert not let_in()


def test_the_web_connector_s_user_and_tickets_are_compared_in_constant_time(
    monkeypatch: pytest.MonkeyPatch, refuse: Refuse
) -> None:
    endpoint = QuickBooksDesktop.open(make_site(MemoryWork(Query("Customer")), Clock()))
    ticket = call(endpoint, "authenticate", "acme", PASSWORD)[0]
    assert "<QBXML>" in ask(endpoint, ticket, hcp())
    monkeypatch.setattr(passwords, "verify", lambda *_: True)
    refuse()
    assert ask(endpoint, ticket, hcp()) == ""
    assert call(endpoint, "authenticate", "acme", PASSWORD) == ["", "nvu"], "the user's name alone decides here"


def test_the_token_of_metrics_is_compared_in_constant_time(served: int, refuse: Refuse) -> None:
    headers = {"Host": "sync.example.com", "Authorization": "Bearer long and random"}
    assert Browser(served).ask("GET", "/metrics", headers=headers).status == 200
    refuse()
    assert Browser(served).ask("GET", "/metrics", headers=headers).status == 401


def test_sessions_and_the_tokens_of_forms_are_compared_in_constant_time(
    served: int, monkeypatch: pytest.MonkeyPatch, refuse: Refuse
) -> None:
    visitor = Visitor(served, {})
    assert visitor.sign_in("anna", USERS_PASSWORD).status == 303
    assert visitor.get("/").status == 200
    kept = visitor.cookie
    right = hmac.compare_digest

    def but_for_forms(one: str | bytes, other: str | bytes) -> bool:
        return one != visitor.token.encode() and right(one, other)  # type: ignore[arg-type]

    monkeypatch.setattr(hmac, "compare_digest", but_for_forms)
    form = {"Cookie": kept, "Content-Type": "application/x-www-form-urlencoded"}
    out = Browser(served).ask("POST", "/sign-out", urlencode({"csrf": visitor.token}), form)
    assert out.status == 403, "a form's token"
    refuse()
    visitor.cookie = kept
    assert visitor.get("/").status == 303, "a session's cookie"
