"""Calls that come late, twice, too early or from nowhere are answered in protocol; nothing is lost or doubled."""

from __future__ import annotations

import pytest

from engine.protocol import Query, Write
from tests.connectors.quickbooks_desktop.ports import Clock, MemoryState
from tests.connectors.quickbooks_desktop.test_writing import Shop

CALLS = ("sendRequestXML", "receiveResponseXML", "getLastError", "closeConnection")


@pytest.fixture
def shop(clock: Clock, state: MemoryState) -> Shop:
    made = Shop(clock, state)
    made.work.when_given = made.decide_again
    return made


def due(shop: Shop) -> Write:
    """A reading and a write."""
    shop.work.due.append(Query("Customer", "changed", ("FullName",), id="q"))
    return shop.memo("New")


def settles(shop: Shop) -> None:
    """Later visits, without faults, bring everything to its end, once."""
    assert shop.faults.pending() == 0, "the fault happened"
    for _ in range(3):
        shop.clock.move(minutes=10)
        assert shop.visit().outcome in ("done", "no work")
    memos = [state.get("Memo") for _, state in shop.company.history(shop.invoice)]
    assert memos == ["Old", "New"], "written once"
    assert [one.record["FullName"] for one in shop.work.found("Customer")][-1:] == ["Smith"]


@pytest.mark.parametrize("call", ["serverVersion", "clientVersion", "authenticate", *CALLS[:2], "closeConnection"])
def test_an_answer_after_the_web_connector_gave_up_is_as_a_lost_one(shop: Shop, call: str) -> None:
    write = due(shop)
    shop.faults.add(f"timeout@{call}")
    report = shop.visit(write)
    assert (report.outcome, "timed out" in str(report.errors[0])) == ("cut", True)
    settles(shop)


def test_a_request_before_the_password_gets_nothing(shop: Shop) -> None:
    write = due(shop)
    shop.faults.add("early-send")
    report = shop.visit(write)
    assert (report.misplaced, report.outcome) == ([""], "done")
    settles(shop)


@pytest.mark.parametrize("request_", [1, 2, 3, 4])
def test_an_answer_that_comes_twice_counts_once(shop: Shop, request_: int) -> None:
    write = due(shop)
    shop.faults.add(f"receive-twice@{request_}")
    report = shop.visit(write)
    assert len(report.misplaced) == 1 and -1 <= int(report.misplaced[0]) <= 100
    settles(shop)


def test_a_connection_that_is_closed_twice_is_closed(shop: Shop) -> None:
    write = due(shop)
    shop.faults.add("close-twice")
    report = shop.visit(write)
    assert report.outcome == "done" and report.misplaced[0].startswith("OK")
    settles(shop)


@pytest.mark.parametrize("call", ["sendRequestXML", "receiveResponseXML", "closeConnection"])
def test_a_ticket_that_nobody_gave_is_told_so_and_changes_nothing(shop: Shop, call: str) -> None:
    write = due(shop)
    shop.faults.add(f"unknown-ticket@{call}")
    report = shop.visit(write)
    assert not report.errors, "answered in protocol"
    settles(shop)


def test_other_kinds_of_faults_say_where_they_may_strike() -> None:
    from connectors.quickbooks_desktop.simulator.faults import parse_fault

    for spec in ("close-twice@2", "early-send@authenticate", "receive-twice@authenticate"):
        with pytest.raises(ValueError, match=r"once|not at a call"):
            parse_fault(spec)
