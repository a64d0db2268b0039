"""Tokens and requests a second: never overrun, never overspent, and pauses that everybody heeds."""

import threading
import time
from datetime import timedelta

from connectors.pipedrive import pace as pacing
from connectors.pipedrive.pace import Pace
from engine.protocol import Failure, Query
from tests.connectors.pipedrive.conftest import Bencher, new
from tests.connectors.pipedrive.ports import MemoryState


def test_the_burst_window_is_never_overrun_by_parallel_writes(bench_of: Bencher) -> None:
    bench = bench_of(plan="lite", burst=20, parallel=8, share=1)
    writes = [new("organization", name=f"Customer {number}") for number in range(48)]
    bench.work.add(*writes)
    bench.endpoint.drain()
    assert all(bench.work.written(one) for one in writes)
    statuses = {one.status for one in bench.account.ledger.entries}
    assert statuses == {200}, "the window was overrun"


def test_two_endpoints_of_one_token_share_a_window() -> None:
    one, two, other = Pace.of("u", "t", 20), Pace.of("u", "t", 20), Pace.of("u", "another", 20)
    assert one is two and one is not other


def test_a_place_is_held_until_two_seconds_after_the_answer() -> None:
    pace = Pace(1)
    with pace.place():
        time.sleep(0.2)
    answered = time.monotonic()
    with pace.place():
        assert time.monotonic() - answered >= pacing.WINDOW


def test_the_days_share_is_never_overspent_and_the_rest_is_handed_back(bench_of: Bencher) -> None:
    bench = bench_of(plan="lite", share=0.002)  # 60 tokens: the user 2, the fields 10 and 5, and eight customers
    writes = [new("organization", "cf/1", name=f"Customer {number}") for number in range(20)]
    bench.work.add(*writes)
    again = bench.endpoint.drain()
    assert bench.account.ledger.spent <= 60
    assert 0 < len(bench.account.records("organization")) < 20
    assert bench.work.most_taken == 1, "more was taken than there were tokens for"
    assert again == bench.endpoint._account.poll  # the wait is a day; polling is never rarer than the setting says
    assert len(bench.work.due) == 20 - len(bench.account.records("organization"))


def test_tokens_come_back_when_the_oldest_spending_is_a_day_old(bench_of: Bencher) -> None:
    bench = bench_of(plan="lite", share=0.001, poll="2 days")  # 30 tokens
    bench.carry(new("organization", name="A"))
    bench.clock.move(hours=5)
    wait = bench.endpoint._client.budget.wait(30)
    assert timedelta(hours=18, minutes=58) < wait <= timedelta(hours=19, minutes=1)
    bench.clock.move(hours=19.1)
    assert bench.endpoint._client.budget.free() == 30


def test_two_connections_of_one_company_spend_from_one_share(bench_of: Bencher) -> None:
    shared: dict[str, MemoryState] = {}
    first = bench_of(plan="lite", share=0.001, shared=shared)
    second = bench_of(plan="lite", share=0.001, shared=shared, running=first.running)
    for number in range(10):
        for bench in (first, second):
            bench.work.add(new("organization", name=f"Customer {number}"))
    threads = [threading.Thread(target=one.endpoint.drain) for one in (first, second)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert 20 <= first.account.ledger.spent <= 30


def test_a_header_that_says_what_others_left_is_believed(bench_of: Bencher) -> None:
    bench = bench_of(plan="lite")
    bench.account.limits.spend(30_000 - 20, bench.clock())  # another program's
    bench.work.add(*(new("organization", name=f"Customer {number}") for number in range(20)))
    bench.endpoint.drain()
    assert bench.account.limits.remaining(bench.clock()) >= 0
    assert {one.status for one in bench.account.ledger.entries} == {200}, "something was sent that could not be paid"


def test_a_429_hands_everything_back_and_stops_all_that_share_the_company(bench_of: Bencher) -> None:
    shared: dict[str, MemoryState] = {}
    bench = bench_of(shared=shared, parallel=1)
    other = bench_of(shared=shared, running=bench.running)
    bench.carry(new("organization", name="first"))
    bench.running.faults.add("429@POST *")
    writes = [new("organization", name=f"Customer {number}") for number in range(5)]
    bench.work.add(*writes)
    mark = bench.account.ledger.mark()
    again = bench.endpoint.drain()
    assert {bench.work.failed(one).failure for one in writes} == {Failure.UNSENT}
    assert again is not None and timedelta(0) < again <= timedelta(seconds=30)
    other.work.add(new("organization", name="too early"))
    assert other.endpoint.drain() is not None and bench.account.ledger.since(mark).requests == 0
    bench.clock.move(seconds=31)
    bench.work.add(*writes)
    bench.endpoint.drain()
    assert all(bench.work.written(one) for one in writes)


def test_html_from_the_edge_pauses_for_minutes_and_longer_when_it_goes_on(bench_of: Bencher) -> None:
    bench = bench_of(parallel=1)
    bench.carry(new("organization", name="first"))
    limits = bench.account.limits
    bench.account.switches.token_headers = False
    limits.patience, limits.edge_seconds = 0, 0
    pauses = []
    for number in range(2):
        bench.clock.move(minutes=20)  # what a header said of the tokens left is forgotten
        limits.spend(limits.budget, bench.clock())
        write = new("organization", name=f"Customer {number}")
        bench.carry(write)
        assert bench.work.failed(write).failure is Failure.UNSENT
        pause = bench.endpoint._client.pause.left()
        assert pause is not None
        pauses.append(pause)
    assert pauses[0] > timedelta(minutes=4) and pauses[1] > pauses[0] * 1.5


def test_only_one_drain_of_a_connection_reads(bench_of: Bencher) -> None:
    bench = bench_of()
    bench.site.state.put("reading", {"owner": "another", "until": "2999-01-01T00:00:00+00:00"})
    query, write = Query("organization"), new("organization", name="A")
    bench.work.add(query, write)
    again = bench.endpoint.drain()
    assert bench.work.written(write) and bench.work.pages(query) == []
    assert again is not None and again < timedelta(seconds=10)


def test_nothing_due_costs_nothing(bench_of: Bencher) -> None:
    bench = bench_of(poll="7 minutes")
    assert bench.endpoint.drain() == timedelta(minutes=7)
    assert bench.account.ledger.requests == 0
