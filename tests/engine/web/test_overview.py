"""What the status page says follows from the data alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.web.addresses import on_loopback
from engine.web.overview import SHOWN, overview
from engine.web.words import ago, clock_time, shown

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
VISITED = {
    "last_visits": {"shop": {"ended_at": (NOW - timedelta(minutes=3)).isoformat()}},
    "systems": {"shop": {"calls_us": True}},
}


@pytest.mark.parametrize(
    ("status", "mood", "sentence"),
    [
        ({}, "new", "Nothing has been read yet. `engine ping` says whether the systems can be reached."),
        (VISITED, "well", "In step. Nothing is due."),
        ({**VISITED, "busy": 1}, "busy", "1 record is on its way."),
        ({**VISITED, "busy": 1200}, "busy", "1,200 records are on their way."),
        ({**VISITED, "busy": 3, "for_visit": 3}, "busy", "3 changes wait for the next visit from The Shop."),
        (
            {**VISITED, "busy": 3, "for_visit": 1},
            "busy",
            "2 records are on their way. 1 change waits for the next visit from The Shop.",
        ),
        ({"mappings": {"a": {"parked": {"why": 1}}}}, "person", "1 record needs a person."),
        ({"mappings": {"a": {"waiting": {"why": 2}}}}, "busy", "In step, but 2 records wait."),
        ({**VISITED, "stopped": "The API token is not valid."}, "person", "The API token is not valid."),
    ],
)
def test_the_sentence_says_what_is_to_do(status: dict[str, Any], mood: str, sentence: str) -> None:
    one = overview("acme", status, NOW, {"shop": "The Shop"})
    assert (one.mood, one.sentence) == (mood, sentence)


def test_a_visit_is_told_by_the_systems_title_and_age() -> None:
    visit = overview("acme", VISITED, NOW, {"shop": "The Shop"}).visits[0]
    assert (visit.system, visit.ago) == ("The Shop", "3 minutes ago")


def test_most_frequent_reasons_come_first_and_many_are_counted_together() -> None:
    reasons = {f"reason {number}": number for number in range(1, SHOWN + 4)}
    listed = overview("acme", {"mappings": {"a": {"waiting": reasons}}}, NOW, {}).rows[0].reasons
    assert listed[0].count == SHOWN + 3
    assert (listed[-1].text, listed[-1].count) == ("for 3 other reasons", 1 + 2 + 3)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "just now"), (59, "just now"), (60, "1 minute ago"), (7_200, "2 hours ago"), (86_400, "1 day ago")],
)
def test_ages_are_told_in_the_words_of_a_person(seconds: int, words: str) -> None:
    assert ago(NOW, NOW - timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("client", "host", "here"),
    [
        ("127.0.0.1", "localhost:8800", True),
        ("::1", "[::1]:8800", True),
        ("::ffff:127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "", False),
        ("127.0.0.1", "evil.example", False),
        ("192.168.1.5", "localhost", False),
        ("", "localhost", False),
    ],
)
def test_only_this_machine_by_its_own_name_is_here(client: str, host: str, here: bool) -> None:
    assert on_loopback(client, {"host": host}) is here


def test_what_an_older_version_of_a_mapping_decided_is_counted_with_the_cure() -> None:
    (row,) = overview("acme", {"mappings": {"customers": {"states": {"done": 5}, "outdated": 3}}}, NOW, {}).rows
    (reason,) = row.reasons
    assert (reason.count, reason.text) == (
        3,
        "mapped by an older version; `engine resync customers` maps them again",
    )


def test_what_the_systems_have_to_say_besides_is_told() -> None:
    status = {"systems": {"shop": {"forecast": "Through in 4 days.", "notes": ["Webhooks are off."]}, "till": {}}}
    assert overview("acme", status, NOW, {}).notes == ("Through in 4 days.", "Webhooks are off.")


def systems(**facts: Any) -> tuple[str, ...]:
    """What is said of a system that visits us and of one that is called."""
    last = {"shop": {"ended_at": NOW - timedelta(minutes=3)}, "till": {"ended_at": NOW}}
    status = {"zone": "America/New_York", "last_visits": last, "systems": {
        "shop": {"calls_us": True, "visits_every": 300} | facts.get("shop", {}),
        "till": facts.get("till", {}),
    }}  # fmt: skip
    return overview("acme", status, NOW, {"shop": "The Shop", "till": "The Till"}).systems


def test_each_system_says_when_it_came_when_it_will_be_next_and_what_waits_for_it() -> None:
    assert systems() == ("The Shop last visited 3 minutes ago; next about 07:02.", "The Till was last asked just now.")
    tomorrow = {"due": 12, "waits_until": NOW + timedelta(hours=20)}
    assert systems(till=tomorrow)[1].endswith("; 12 changes wait for tomorrow's budget, about tomorrow 03:00.")
    assert systems(till={"due": 1})[1].endswith("; 1 change waits for their turn.")


def test_a_visit_that_did_not_come_is_said_to_have_been_expected_and_a_quiet_span_is_waited_out() -> None:
    assert "was expected about 06:58" in systems(shop={"visits_every": 60})[0]
    assert "next about 09:00" in systems(shop={"quiet_until": NOW + timedelta(hours=2)})[0]


def test_what_flowed_today_is_a_sentence() -> None:
    mappings = {"a": {"today": {"created": 2, "parked": 1}}, "b": {"today": {"created": 1200}}}
    assert overview("acme", {"mappings": mappings}, NOW, {}).flowed == "Today: 1,202 created, 1 parked."
    assert overview("acme", {"mappings": {"a": {}}}, NOW, {}).flowed == "Nothing has flowed today yet."


def test_a_moment_is_told_by_the_clock_of_the_connections_zone() -> None:
    zone = ZoneInfo("America/New_York")
    moments = [NOW, NOW + timedelta(hours=20), NOW - timedelta(days=1), NOW + timedelta(days=9)]
    assert [clock_time(one, NOW, zone) for one in moments] == [
        "07:00", "tomorrow 03:00", "yesterday 07:00", "10 March 08:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "nothing"), ("", "nothing"), (False, "no"), (Decimal("0.00"), "0.00"), ([1, "a"], "1, a"), ({}, "nothing"),
     ({"city": "Albany", "zip": None}, "city: Albany")],
)  # fmt: skip
def test_a_value_is_shown_as_people_read_it(value: Any, words: str) -> None:
    assert shown(value) == words
