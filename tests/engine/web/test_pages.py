"""The status page: for people on this machine, and harmless whatever the data say."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from engine.errors import StoreUnavailable
from tests.engine.web.conftest import Browser
from tests.engine.web.doubles import Engine

FACTS = {
    "mappings": {
        "customers": {
            "states": {"parked": 2},
            "outcomes": {"created": 1212},
            "parked": {"Two organizations are called <b>Tally</b>": 2},
        }
    },
    "busy": 3,
    "tokens_spent": 40,
    "last_visits": {"shop": {"ended_at": datetime(2026, 1, 2, tzinfo=UTC), "message": "OK"}},
    "cents": Decimal("1.10"),
}


def test_the_page_tells_the_state_in_a_sentence_and_shows_reasons_as_text(engine: Engine, browser: Browser) -> None:
    engine.acme.facts = FACTS
    page = browser.ask("GET", "/").text
    assert "2 records need a person. 3 more are on their way." in page
    assert "1,212" in page
    assert "The Shop" in page
    assert "&lt;b&gt;Tally&lt;/b&gt;" in page
    assert "<b>Tally" not in page


def test_the_page_needs_nothing_from_elsewhere_and_nothing_inline(engine: Engine, browser: Browser) -> None:
    engine.acme.facts = FACTS
    page = browser.ask("GET", "/")
    assert not re.search(r"<script(?! src=\"/_/)|<style|style=| on[a-z]+=", page.text)
    assert not re.search(r'(?:href|src)="(?![/#])', page.text)
    for address in re.findall(r'(?:href|src)="(/_/[^"]+)"', page.text):
        assert browser.ask("GET", address).status == 200, address
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"


def test_the_data_are_the_same_as_json(engine: Engine, browser: Browser) -> None:
    engine.acme.facts = FACTS
    data = json.loads(browser.ask("GET", "/status.json").text)["connections"]["acme"]
    assert data["mappings"] == FACTS["mappings"]
    assert (data["cents"], data["last_visits"]["shop"]["ended_at"]) == ("1.10", "2026-01-02T00:00:00+00:00")


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "sync.example.com"},
        {"Host": "localhost.example.com"},
        {"X-Forwarded-For": "203.0.113.7"},
        {"Forwarded": "for=203.0.113.7"},
        {"Via": "1.1 proxy"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/status.json"])
def test_others_than_this_machine_are_refused_with_a_sentence(
    browser: Browser, path: str, headers: dict[str, str]
) -> None:
    answer = browser.ask("GET", path, headers=headers)
    assert answer.status == 403
    assert "own machine only" in answer.text


def test_a_connection_whose_state_cannot_be_read_is_shown_as_such(engine: Engine, browser: Browser) -> None:
    engine.acme.facts = StoreUnavailable("locked by another")
    page = browser.ask("GET", "/")
    assert page.status == 200
    assert "cannot be read now" in page.text
    assert "locked by another" not in page.text
