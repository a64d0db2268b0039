"""Which alerts stand, and what of them is news: from values alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.sync.alarms import Limits, Seen, Told, news, standing

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LIMITS = Limits()


def books(**more: Any) -> Seen:
    facts = {"calls_us": True, "visits_every": 300.0, **more.pop("facts", {})}
    return Seen("acme", "books", "The Books", facts, more.pop("last_visit", NOW - timedelta(minutes=4)), **more)


def kinds(*seen: Seen, told: tuple[str, ...] = (), now: datetime = NOW) -> list[str]:
    return [one.kind for one in standing(seen, told, LIMITS, now)]


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        (books(), []),
        (books(last_visit=NOW - timedelta(minutes=30)), []),
        (books(last_visit=NOW - timedelta(minutes=31)), ["no_visit"]),
        (books(last_visit=None), []),
        (books(last_visit=NOW - timedelta(days=1), facts={"visits_rest": True}), []),
        (books(facts={"failed_logins": 9}), []),
        (books(facts={"failed_logins": 10}), ["authentication"]),
        (books(facts={"stopped": "The token is not valid."}), ["authentication"]),
        (books(facts={"tokens_spent": 899, "tokens_limit": 1000}), []),
        (books(facts={"tokens_spent": 900, "tokens_limit": 1000}), ["budget"]),
        (books(facts={"tokens_spent": 0, "tokens_limit": 0}), []),
        (books(parked=1), ["parked"]),
    ],
)
def test_an_alert_stands_from_its_limit_on(seen: Seen, kind: list[str]) -> None:
    assert kinds(seen) == kind


def test_a_spent_budget_is_over_only_well_below_its_limit() -> None:
    at = [books(facts={"tokens_spent": spent, "tokens_limit": 1000}) for spent in (880, 849)]
    (key,) = [one.key for one in standing([books(facts={"tokens_spent": 950, "tokens_limit": 1000})], (), LIMITS, NOW)]
    assert [kinds(one, told=(key,)) for one in at] == [["budget"], []]


def test_sentences_say_what_happened_in_numbers_of_people() -> None:
    silent = books(last_visit=NOW - timedelta(hours=3))
    waiting = books(parked=3, reasons={"Two are called Tally": 2, "No e-mail": 1})
    (first, second) = standing([silent, waiting], (), LIMITS, NOW)
    assert first.sentence.startswith("The Books has not visited for 3 hours; it should every 5 minutes.")
    assert second.sentence.splitlines()[0] == "3 records wait for a person (`engine parked list`)."
    assert "       2  Two are called Tally" in second.sentence


def told_of(*seen: Seen, told: Told, now: datetime = NOW) -> tuple[list[str], Told]:
    found, after = news(standing(seen, told, LIMITS, now), told, LIMITS.digest, now)
    return [f"{one.event} {one.kind}" for one in found], after


def test_an_alert_is_told_once_until_it_is_over_and_then_that_it_is() -> None:
    silent = books(last_visit=NOW - timedelta(hours=3))
    first, told = told_of(silent, told={})
    again, told = told_of(silent, told=told, now=NOW + timedelta(days=3))
    over, told = told_of(books(), told=told)
    assert (first, again, over, told) == (["raised no_visit"], [], ["cleared no_visit"], {})


def test_of_what_is_parked_a_digest_comes_a_day_later_if_it_has_changed() -> None:
    one, two = books(parked=1, last_visit=None), books(parked=2, last_visit=None)
    _, told = told_of(one, told={})
    assert told_of(two, told=told, now=NOW + timedelta(hours=23))[0] == []
    assert told_of(one, told=told, now=NOW + timedelta(hours=25))[0] == []
    later, told = told_of(two, told=told, now=NOW + timedelta(hours=25))
    assert later == ["digest parked"]
    assert told_of(replace(two, parked=3), told=told, now=NOW + timedelta(hours=26))[0] == []


def test_the_same_trouble_of_two_connections_is_two_alerts() -> None:
    silent = books(last_visit=NOW - timedelta(hours=3))
    found, _ = told_of(silent, replace(silent, connection="other"), told={})
    assert found == ["raised no_visit"] * 2
