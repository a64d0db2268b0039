"""Who may visit, and when: passwords, lock-out, tickets, one visit at a time."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from connectors.quickbooks_desktop.connector import QuickBooksDesktop
from connectors.quickbooks_desktop.simulator.company import Company
from connectors.quickbooks_desktop.simulator.web_connector import WebConnector
from engine import lockout, passwords
from engine.errors import InvalidSettings
from engine.protocol import Endpoint, Page, Query
from tests.connectors.quickbooks_desktop.caller import answers, ask, call, empty, hcp, login, tell
from tests.connectors.quickbooks_desktop.ports import HASH, PASSWORD, Clock, MemoryState, MemoryWork, make_site
from tests.connectors.quickbooks_desktop.server import serve


def test_a_hash_fits_its_password_and_no_other() -> None:
    first, second = passwords.hash_password("pässword"), passwords.hash_password("pässword")
    assert first != second, "salted"
    assert first.startswith("scrypt$16384$8$1$")
    assert passwords.verify("pässword", first)
    assert not passwords.verify("password", first)


@pytest.mark.parametrize(
    "hashed",
    [
        "",
        "plain",
        "scrypt$1$1$1$a$b",
        "scrypt$16384$8$1$$",
        "scrypt$3$8$1$c2FsdA$aGFzaA",
        f"scrypt$1073741824$8$1${'A' * 22}${'A' * 43}",
    ],
)
def test_what_is_no_hash_fits_nothing_and_stops_the_settings(hashed: str, clock: Clock) -> None:
    assert not passwords.verify("", hashed)
    with pytest.raises(InvalidSettings):
        QuickBooksDesktop.open(make_site(MemoryWork(), clock, password_hash=hashed))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"user": ""}, "'user'"),
        ({"usr": "x"}, "'usr'"),
        ({"every": "often"}, "often"),
        ({"every": "0 minutes"}, "0 min"),
        ({"quiet": "22-5"}, "22-5"),
        ({"quiet": "05:00-05:00"}, "05:00"),
    ],
)
def test_settings_that_cannot_be_used_are_named(clock: Clock, settings: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidSettings, match=words):
        QuickBooksDesktop.open(make_site(MemoryWork(), clock, **settings))


def test_a_wrong_user_or_password_is_nvu_and_leaves_no_session(clock: Clock, state: MemoryState) -> None:
    endpoint = QuickBooksDesktop.open(make_site(MemoryWork(Query("Customer")), clock, state))
    assert call(endpoint, "authenticate", "acme", "wrong") == ["", "nvu"]
    assert call(endpoint, "authenticate", "someone", PASSWORD) == ["", "nvu"]
    assert call(endpoint, "authenticate", "", "") == ["", "nvu"]
    assert state.get("session") is None


def test_a_guesser_is_locked_out_for_longer_each_time_and_others_are_not(clock: Clock) -> None:
    endpoint = QuickBooksDesktop.open(make_site(MemoryWork(Query("Customer")), clock))
    for _ in range(lockout.FREE):
        call(endpoint, "authenticate", "acme", "wrong", client="guesser")
    assert call(endpoint, "authenticate", "acme", PASSWORD, client="guesser") == ["", "nvu"]
    assert login(endpoint, client="office")
    clock.move(minutes=4)
    assert call(endpoint, "authenticate", "acme", "wrong", client="guesser") == ["", "nvu"]
    clock.move(seconds=90)
    assert call(endpoint, "authenticate", "acme", PASSWORD, client="guesser") == ["", "nvu"], "two minutes by now"
    clock.move(seconds=31)
    assert login(endpoint, client="guesser")
    assert lockout.pause(1000) == timedelta(hours=1)


def test_neither_password_nor_ticket_is_stored_or_logged(
    clock: Clock, state: MemoryState, caplog: pytest.LogCaptureFixture
) -> None:
    site = make_site(MemoryWork(Query("Customer")), clock, state)
    endpoint = QuickBooksDesktop.open(site)
    with caplog.at_level(logging.DEBUG):
        call(endpoint, "authenticate", "acme", "hunter2")
        ticket = login(endpoint)
        ask(endpoint, ticket, hcp())
    for secret in (PASSWORD, "hunter2", ticket, HASH):
        assert secret not in state.text()
        assert secret not in caplog.text + str([vars(one) for one in caplog.records])
    assert HASH not in repr(endpoint._settings)  # type: ignore[attr-defined]


def test_a_visit_without_work_is_told_so_and_still_seen(clock: Clock) -> None:
    work = MemoryWork()
    endpoint = QuickBooksDesktop.open(make_site(work, clock))
    ticket, word = call(endpoint, "authenticate", "acme", PASSWORD)
    assert word == "none"
    assert call(endpoint, "closeConnection", ticket) == "Nothing to do. The next visit is planned for 10:05."
    assert call(endpoint, "closeConnection", "") == "OK"
    assert [(visit["started_at"], visit["requests"]) for visit in work.visits] == [(clock.now, 0)]


def test_the_company_file_of_the_settings_is_named_at_login(clock: Clock) -> None:
    path = r"C:\QuickBooks\Acme.qbw"
    endpoint = QuickBooksDesktop.open(make_site(MemoryWork(Query("Customer")), clock, company_file=path))
    assert call(endpoint, "authenticate", "acme", PASSWORD)[1] == path


def test_a_second_visit_waits_while_a_request_is_out_and_then_takes_over(clock: Clock, state: MemoryState) -> None:
    work = MemoryWork(Query("Customer"))
    endpoint = QuickBooksDesktop.open(make_site(work, clock, state))
    first = login(endpoint)
    request = ask(endpoint, first, hcp())
    clock.move(minutes=2)
    assert call(endpoint, "authenticate", "acme", PASSWORD) == ["", "busy"]
    clock.move(minutes=2)
    second = login(endpoint)
    assert second != first
    assert tell(endpoint, first, answers(request, empty)) == -1, "the late answer is not believed"
    assert work.results == []
    assert "broke off" in work.visits[0]["message"]
    assert ask(endpoint, second, hcp()) == request


def test_a_visit_that_left_without_a_request_out_is_replaced_at_once(clock: Clock) -> None:
    endpoint = QuickBooksDesktop.open(make_site(MemoryWork(Query("Customer")), clock))
    assert login(endpoint) != login(endpoint)


def test_a_ticket_expires(clock: Clock) -> None:
    endpoint = QuickBooksDesktop.open(make_site(MemoryWork(Query("Customer")), clock))
    ticket = login(endpoint)
    clock.move(minutes=59)
    assert ask(endpoint, ticket, hcp())
    clock.move(minutes=61)
    assert ask(endpoint, ticket) == ""


def test_another_process_goes_on_with_the_visit(clock: Clock, state: MemoryState) -> None:
    work = MemoryWork(Query("PaymentMethod"), Query("Terms"))

    def process() -> Endpoint:
        return QuickBooksDesktop.open(make_site(work, clock, state))

    ticket = login(process())
    request = ask(process(), ticket, hcp())
    assert tell(process(), ticket, answers(request, empty)) == 100
    assert str(call(process(), "closeConnection", ticket)).startswith("OK")
    assert all(isinstance(result, Page) and result.done for _, result in work.results)
    assert len(work.results) == 2


@pytest.mark.parametrize(
    ("settings", "pace"),
    [
        ({}, []),
        ({"at_most_every": "2 minutes"}, ["0", "120"]),
        ({"quiet": "09:30-10:30"}, ["1800"]),
        ({"quiet": "22:00-10:00"}, []),
        ({"quiet": "22:00-10:01", "at_most_every": "1 hour"}, ["60", "3600"]),
        ({"quiet": "10:00-09:00"}, [str(23 * 3600)]),
    ],
)
def test_settings_put_a_visit_off_and_keep_visits_apart(
    clock: Clock, settings: dict[str, str], pace: list[str]
) -> None:
    """It is ten o'clock in New York."""
    endpoint = QuickBooksDesktop.open(make_site(MemoryWork(Query("Terms")), clock, **settings))
    ticket, word, *told = call(endpoint, "authenticate", "acme", PASSWORD)
    assert (bool(ticket), word, told) == (True, "", pace)


def test_a_visit_in_quiet_hours_is_put_off_and_says_until_when_and_one_that_a_person_starts_goes_on(
    clock: Clock, state: MemoryState
) -> None:
    work = MemoryWork(Query("Terms"))
    endpoint = QuickBooksDesktop.open(make_site(work, clock, state, quiet="09:30-10:30"))
    with serve(endpoint) as url:
        report = WebConnector(url, "acme", PASSWORD, Company(clock=clock)).visit()
    assert (report.outcome, report.status, report.requests) == ("postponed", "OK: put off until 10:30.", [])
    ticket, *_ = call(endpoint, "authenticate", "acme", PASSWORD)
    request = ask(endpoint, str(ticket), hcp())
    assert tell(endpoint, str(ticket), answers(request, empty)) == 100 and not work.due
    clock.move(minutes=31)
    work.due = [Query("Terms")]
    with serve(endpoint) as url:
        assert WebConnector(url, "acme", PASSWORD, Company(clock=clock)).visit().outcome == "done"
