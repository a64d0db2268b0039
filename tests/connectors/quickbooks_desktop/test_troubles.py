"""Error cycles: what QuickBooks and the Web Connector report, and what becomes of a visit then."""

from __future__ import annotations

import pytest

from connectors.quickbooks_desktop import pages, status
from connectors.quickbooks_desktop.connector import QuickBooksDesktop
from engine.protocol import Endpoint, Failure, Query
from tests.connectors.quickbooks_desktop.caller import answers, ask, call, empty, hcp, login, tell, visit
from tests.connectors.quickbooks_desktop.ports import Clock, MemoryState, MemoryWork, make_site


def opened(work: MemoryWork, clock: Clock, state: MemoryState | None = None, **settings: object) -> Endpoint:
    return QuickBooksDesktop.open(make_site(work, clock, state, **settings))


def test_an_hresult_fails_what_was_out_and_ends_the_visit_with_the_action(clock: Clock) -> None:
    work = MemoryWork(Query("Terms"), Query("PaymentMethod"), Query("Customer"))
    endpoint = opened(work, clock)
    ticket = login(endpoint)
    ask(endpoint, ticket, hcp())
    assert tell(endpoint, ticket, "", "0x80040414", "A modal dialog box is showing in QuickBooks.") < 0
    words = call(endpoint, "getLastError", ticket)
    assert "Close it" in words and "modal dialog box" in words
    assert [one.failure for one in work.failures] == [Failure.RETRY, Failure.RETRY]
    assert tell(endpoint, ticket, "") < 0, "a second answer changes nothing"
    assert ask(endpoint, ticket) == ""
    assert call(endpoint, "closeConnection", ticket) == words


def test_a_set_that_cannot_be_parsed_is_sent_one_by_one_until_the_culprit_is_found(clock: Clock) -> None:
    work = MemoryWork(Query("Terms"), Query("PaymentMethod"), Query("CustomerType"))
    endpoint = opened(work, clock)
    ticket = login(endpoint)
    sizes = []
    progress, first = 0, hcp()
    while 0 <= progress < 100:
        request = ask(endpoint, ticket, first)
        first = ""
        sizes.append(request.count("QueryRq "))
        if "PaymentMethodQueryRq" in request:
            progress = tell(endpoint, ticket, "", "0x80040400", "QuickBooks found an error when parsing.")
        else:
            progress = tell(endpoint, ticket, answers(request, empty))
    assert sizes == [3, 1, 1, 1]
    assert progress == 100
    assert [(one.failure, one.code) for one in work.failures] == [(Failure.REFUSED, "0x80040400")]
    assert len(work.pages("Terms")) == len(work.pages("CustomerType")) == 1


def test_a_connection_error_stops_with_a_sentence_that_is_kept(clock: Clock, state: MemoryState) -> None:
    work = MemoryWork(Query("Terms"))
    endpoint = opened(work, clock, state)
    ticket = login(endpoint)
    assert call(endpoint, "connectionError", ticket, "0x8004040A", "Another company is open.") == "done"
    assert call(endpoint, "closeConnection", ticket) == "OK"
    assert "Another company file is open" in work.visits[0]["message"]
    (check,) = [one for one in endpoint.ping() if one.name == "last visit"]
    assert (check.ok, "Another company file" in check.message) == (False, True)
    visit(endpoint, empty)
    assert all(one.ok for one in endpoint.ping() if one.name == "last visit")


def test_a_call_that_failed_makes_the_next_page_smaller(clock: Clock, state: MemoryState) -> None:
    endpoint = opened(MemoryWork(Query("Customer")), clock, state)
    ticket = login(endpoint)
    ask(endpoint, ticket, hcp())
    assert tell(endpoint, ticket, "", "0x80040402", "unexpected") < 0
    assert pages.page_size(state, {}, "Customer") == 50


@pytest.mark.parametrize("text", ["0x80040414", "0X80040414", "80040414", "-2147220460"])
def test_an_hresult_is_understood_however_it_is_written(text: str) -> None:
    assert "dialog box" in status.call_failed(text, "").message


def test_a_lock_is_told_from_a_refusal_where_one_number_means_both() -> None:
    assert status.failed(3180, "The object is locked by another user.", "Invoice").failure is Failure.RETRY
    assert status.failed(3180, "Credit limit exceeded.", "Invoice").failure is Failure.REFUSED
    assert status.failed(-1, "", "Invoice").failure is Failure.RETRY
