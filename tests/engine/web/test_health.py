"""Liveness and readiness: told to everybody, and no more than that."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.settings import MetricsSettings
from engine.store.migrations import HEAD
from engine.web import health
from engine.web.server import Server
from tests.engine.web.conftest import Browser
from tests.engine.web.doubles import Engine, settings

ELSEWHERE = {"Host": "sync.example.com"}


@pytest.fixture(autouse=True)
def looked_at_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LASTS", 0.0)


def spoil(engine: Engine) -> None:
    """Another version's server has upgraded the store."""
    with engine.store.connect() as db:
        db.exec_driver_sql("UPDATE alembic_version SET version_num = 'of tomorrow'")


def test_who_lives_says_so_to_everybody_whatever_the_store_says(engine: Engine, browser: Browser) -> None:
    spoil(engine)
    answer = browser.ask("GET", "/healthz", headers=ELSEWHERE)
    assert (answer.status, json.loads(answer.text)) == (200, {"status": "ok"})


def test_who_cannot_work_says_why_on_this_machine_only(engine: Engine, browser: Browser) -> None:
    assert json.loads(browser.ask("GET", "/readyz", headers=ELSEWHERE).text) == {"status": "ready"}
    spoil(engine)
    here, elsewhere = browser.ask("GET", "/readyz"), browser.ask("GET", "/readyz", headers=ELSEWHERE)
    assert (here.status, elsewhere.status) == (503, 503)
    assert "another schema" in json.loads(here.text)["because"][0]
    assert json.loads(elsewhere.text) == {"status": "unready"}


def test_a_store_that_is_away_makes_unready_and_one_that_is_back_ready(engine: Engine, browser: Browser) -> None:
    database = Path(str(engine.store._url.database))
    engine.store.close()
    moved = database.rename(database.with_name("moved.db"))
    database.mkdir()
    assert browser.ask("GET", "/readyz").status == 503
    database.rmdir()
    moved.rename(database)
    assert browser.ask("GET", "/readyz").status == 200


def test_a_server_that_stops_is_not_ready_at_once(engine: Engine, browser: Browser) -> None:
    assert json.loads(browser.ask("GET", "/readyz").text) == {"status": "ready"}
    engine.stopping.set()
    answer = browser.ask("GET", "/readyz")
    assert (answer.status, json.loads(answer.text)["because"]) == (503, ["The server is stopping."])


def test_asking_over_and_over_costs_one_look(engine: Engine, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LASTS", 60.0)
    assert browser.ask("GET", "/readyz").status == 200
    spoil(engine)
    assert browser.ask("GET", "/readyz").status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        (ELSEWHERE, 401),
        ({"X-Forwarded-For": "203.0.113.7"}, 401),
        ({**ELSEWHERE, "Authorization": "Bearer long-and-random"}, 200),
        ({**ELSEWHERE, "Authorization": "bearer long-and-random"}, 200),
        ({**ELSEWHERE, "Authorization": "Bearer long-and-randon"}, 401),
        ({**ELSEWHERE, "Authorization": "Bearer "}, 401),
        ({**ELSEWHERE, "Authorization": "Basic long-and-random"}, 401),
        ({**ELSEWHERE, "Authorization": "Bearer \xe9"}, 401),
    ],
)
def test_metrics_are_for_this_machine_and_for_who_has_the_token(
    engine: Engine, headers: dict[str, str], status: int
) -> None:
    engine.acme.facts = {}
    server = Server(engine, settings(MetricsSettings("long-and-random")))
    asker = Browser(int(server.start().rsplit(":", 1)[1]))
    try:
        answer = asker.ask("GET", "/metrics", headers=headers)
        assert (answer.status, "engine_queue_rows" in answer.text) == (status, status == 200)
    finally:
        server.stop()


def test_without_a_token_metrics_are_for_this_machine_alone(browser: Browser) -> None:
    assert browser.ask("GET", "/metrics").status == 200
    for given in ("Bearer ", "Bearer None", "Bearer x"):
        assert browser.ask("GET", "/metrics", headers={**ELSEWHERE, "Authorization": given}).status == 403


def test_the_schema_that_is_ready_is_the_newest(engine: Engine) -> None:
    assert not engine.store.is_behind()
    with engine.store.connect(only_reading=True) as db:
        assert db.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == HEAD
