"""The day's tokens: the reserve, hourly portions for old history, and the hour of the reset, which must be learnt."""

from datetime import UTC, datetime, timedelta

from connectors.pipedrive import reset
from connectors.pipedrive.budget import HOUR, Budget
from connectors.pipedrive.history import History
from connectors.pipedrive.quota import KEPT
from connectors.pipedrive.settings import Settings
from engine.protocol import Write
from tests.connectors.pipedrive.conftest import Bench, Bencher, new
from tests.connectors.pipedrive.ports import MemoryState

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def budget_of(clock: Clock, state: MemoryState | None = None) -> Budget:
    """Of 30,000 tokens 24,000 are ours, and 3,600 of these kept from old history."""
    settings = Settings.of({"company": "acme", "api_token": "t"})
    return Budget(settings, state or MemoryState(clock), clock)


def at(hour: int, minute: int = 0, day: int = 22) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


# -------------------------------------------------------------------------------------------- learning the reset
def test_a_reset_that_a_header_told_between_two_quarters_is_known_at_once() -> None:
    held = reset.learn(None, at(4, 50), at(5, 5), sure=True)
    assert reset.last(held, at(4, 59)) == at(5, day=21)
    assert reset.last(held, at(23)) == at(5)


def test_a_wide_gap_is_narrowed_by_the_next_sighting() -> None:
    held = reset.learn(None, at(1), at(9), sure=True)
    assert reset.last(held, at(12)) is None
    held = reset.learn(held, at(4, 50, day=23), at(11, day=23), sure=True)
    held = reset.learn(held, at(0, day=24), at(5, 5, day=24), sure=True)
    assert reset.last(held, at(12, day=24)) == at(5, day=24)


def test_the_end_of_a_refusal_counts_once_it_was_seen_on_two_days() -> None:
    held = reset.learn(None, at(4, 50), at(5, 5), sure=False)
    assert reset.last(held, at(12)) is None
    assert reset.last(reset.learn(held, at(4, 50), at(5, 5), sure=False), at(12)) is None
    held = reset.learn(held, at(4, 55, day=23), at(5, 10, day=23), sure=False)
    assert reset.last(held, at(12, day=23)) == at(5, day=23)


def test_a_sighting_that_contradicts_what_was_learnt_begins_anew() -> None:
    held = reset.learn(None, at(4, 50), at(5, 5), sure=True)
    held = reset.learn(held, at(5, 50, day=23), at(6, 5, day=23), sure=True)
    assert reset.last(held, at(12, day=23)) == at(6, day=23)


def test_what_is_left_going_up_tells_the_reset_and_other_processes_know_it_too() -> None:
    clock = Clock()
    state = MemoryState(clock)
    budget, other = budget_of(clock, state), budget_of(clock, state)
    clock.now = at(4, 55)
    budget.heard(30_000, 3_000)
    clock.now = at(5, 5)
    budget.heard(30_000, 29_900)
    assert budget.began() == at(5)
    other.refresh()
    assert other.ends() == at(5, day=23)


def test_once_a_reset_was_seen_in_some_hour_portions_are_smaller_until_its_quarter_is_known() -> None:
    clock = Clock()
    budget = budget_of(clock)
    clock.now = at(4, 8)
    budget.heard(30_000, 9_000)
    clock.now = at(5, 7)
    budget.heard(30_000, 29_000)
    assert budget.began() is None and budget.next_portion() == at(5, 22) and budget.portion() == 816 // 4
    clock.now = at(4, 52, day=23)
    budget.heard(30_000, 9_000)
    clock.now = at(5, 7, day=23)
    budget.heard(30_000, 29_000)
    assert budget.began() == at(5, day=23)


def test_tokens_that_were_bought_are_no_reset() -> None:
    clock = Clock()
    budget = budget_of(clock)
    budget.heard(30_000, 3_000)
    clock.now += timedelta(minutes=5)
    budget.heard(40_000, 13_000)
    assert budget.began() is None and budget.total == 40_000


def test_an_hour_at_which_nothing_was_given_anew_is_forgotten() -> None:
    clock = Clock()
    budget = budget_of(clock)
    for moment, left in ((at(4, 55), 3_000), (at(5, 5), 29_900), (at(4, 55, day=23), 2_000), (at(5, 5, day=23), 1_990)):
        clock.now = moment
        budget.heard(30_000, left)
    assert budget.began() is None, "summer time moved it"


# ---------------------------------------------------------------------------------------------- days and shares
def test_after_the_reset_is_learnt_the_day_goes_from_reset_to_reset() -> None:
    clock = Clock()
    budget = budget_of(clock)
    clock.now = at(4, 50)
    budget.spend(24_000)
    assert budget.free() == 0 and budget.wait(10) > timedelta(hours=23)
    budget.heard(30_000, 2_000)
    clock.now = at(5, 5)
    budget.heard(30_000, 29_999)
    assert (budget.spent, budget.free()) == (0, 24_000)
    budget.spend(24_000)
    assert budget.wait(10) == at(5, day=23) - clock.now


def test_spending_within_the_clocks_slack_of_the_reset_counts_for_the_new_day() -> None:
    clock = Clock()
    budget = budget_of(clock)
    budget.heard(30_000, 2_000)
    budget._reset = reset.learn(None, at(4, 50), at(5, 5), sure=True)
    clock.now = at(4, 59)
    budget.spend(100)
    clock.now = at(5, 10)
    assert budget.spent == 100


def test_old_history_never_touches_the_reserve_and_gets_a_fair_part_of_each_hour() -> None:
    clock = Clock()
    budget = budget_of(clock)
    assert (budget.limit, budget.reserve, budget.portion()) == (24_000, 3_600, 20_400 // 25)
    with budget.old_history() as bill:
        budget.spend(816)
    assert (bill.tokens, budget.portion()) == (816, 0)
    assert budget.next_portion() == NOW + timedelta(minutes=7)
    spent = 816
    for _ in range(40):
        clock.now += HOUR
        with budget.old_history():
            if portion := budget.portion():
                budget.spend(portion)
        spent = budget._state.spent("history_tokens", timedelta(days=1))
        assert spent <= 20_400 and budget.free() >= 3_600
    assert spent > 19_000


def test_what_is_left_of_a_known_day_is_spread_to_its_end() -> None:
    clock = Clock()
    budget = budget_of(clock)
    budget._reset = reset.learn(None, at(4, 50), at(5, 5), sure=True)
    clock.now = at(23, 30)  # 5 of 24 hours and a half are left
    assert budget.portion() == 20_400 // 6
    with budget.old_history():
        budget.spend(3_400)
    clock.now = at(0, 10, day=23)
    assert budget.portion() == 17_000 // 5


def test_old_history_leaves_the_reserve_of_what_others_left() -> None:
    clock = Clock()
    budget = budget_of(clock)
    budget.heard(30_000, 3_700)
    assert (budget.portion(), budget.free()) == (100, 3_700)


# --------------------------------------------------------------------------------------------------- the sender
def test_urgent_writes_go_while_old_ones_wait_for_their_hour(bench_of: Bencher) -> None:
    bench = bench_of(plan="lite", share=0.1)  # 3,000 tokens, 102 an hour for old history
    old = [new("organization", name=f"Old {number}") for number in range(500)]
    bench.work.add(*old)
    bench.work.old += old
    again = bench.endpoint.drain()
    made = len(bench.account.records("organization"))
    assert 10 < made < 25 and again is not None and again <= HOUR
    assert "old records wait" in bench.work.visits[-1]["message"]
    urgent = new("organization", name="Urgent")
    bench.work.add(urgent)
    bench.endpoint.drain()
    assert bench.work.written(urgent)
    assert len(bench.account.records("organization")) == made + 1
    bench.clock.move(hours=1)
    bench.endpoint.drain()
    assert made + 10 < len(bench.account.records("organization")) < 50


def test_old_history_that_fits_into_today_goes_at_once(bench_of: Bencher) -> None:
    bench = bench_of(plan="lite", share=0.1)
    old = [new("organization", name=f"Old {number}") for number in range(100)]
    bench.work.add(*old)
    bench.work.old += old
    assert "less than an hour" in bench.endpoint.facts()["forecast"]
    bench.endpoint.drain()
    assert len(bench.account.records("organization")) == 100


def test_the_forecast_is_made_of_measured_prices(bench: Bench) -> None:
    facts = bench.endpoint.facts()
    assert facts["tokens_reserve"] == int(facts["tokens_limit"] * 0.15) and "forecast" not in facts
    history = History(bench.site.state, bench.endpoint._client.budget)
    backlog = {"deal": 1_000, "deal.products": 1_000}
    assert history.tokens(backlog) == 1_000 * (5 + 15)
    for _ in range(200):
        history.paid("deal", 5)
        history.paid("deal.products", 25)
    history.looked(400)
    history.keep()
    assert abs(history.tokens(backlog) - 1_000 * (5 + 25) - 2_000) < 1_500
    told = History(bench.site.state, bench.endpoint._client.budget).facts(backlog)
    assert told["backlog"] == 1_000 and "1,000 old records wait" in told["forecast"]


# ------------------------------------------------------------------------------------------- the other refusals
def test_the_days_429_stops_all_until_the_reset_and_its_end_teaches_the_hour(bench_of: Bencher) -> None:
    bench = bench_of(plan="lite", share=1)
    bench.account.switches.token_headers = False
    # Looks every quarter of an hour that fall on the quarters themselves could never tell two neighbours apart.
    bench.clock.move(minutes=(5 - bench.clock().minute) % 15)
    bench.carry(new("organization", name="first"))
    hours = []
    for _ in range(3):
        limits = bench.account.limits
        limits.spend(limits.remaining(bench.clock()), bench.clock())  # another program takes everything
        write = new("organization", name=f"One {len(hours)}")
        bench.work.add(write)
        bench.endpoint.drain()  # may meet the refusal before it takes the write: the token's user is asked for daily
        assert "today" in bench.work.visits[-1]["message"]
        for _ in range(150):
            bench.clock.move(minutes=10, seconds=1)
            bench.work.due[:] = [write]
            bench.endpoint.drain()
            if bench.account.records("organization")[-1]["name"] == write.values["name"]:
                break
        hours.append(bench.endpoint._client.budget.began())
        bench.clock.move(hours=3)
    known = hours[-1]
    assert hours[0] is None and known is not None
    assert (known.hour, known.minute) == (limits.reset_hour, 0)


def test_after_a_pause_one_request_goes_first_and_the_edge_is_never_met(bench_of: Bencher) -> None:
    bench = bench_of(plan="lite", parallel=4)
    bench.account.switches.token_headers = False
    bench.carry(new("organization", name="first"))
    limits = bench.account.limits
    limits.patience = 4  # as many as are under way when the first refusal comes
    for _ in range(4):
        limits.spend(limits.remaining(bench.clock()), bench.clock())
        bench.work.add(*(new("organization", name=f"{bench.clock().isoformat()} {number}") for number in range(16)))
        bench.clock.move(minutes=16)
        bench.endpoint.drain()
    assert limits._callers[bench.account.token].blocked_until == 0, "an edge block"


def test_creations_stop_before_the_users_requests_of_the_day_are_used_up(bench_of: Bencher) -> None:
    bench = bench_of(parallel=1)
    bench.account.switches.daily_writes_limit = KEPT + 5
    writes: list[Write] = [new("organization", name=f"Customer {number}") for number in range(12)]
    bench.work.add(*writes)
    bench.endpoint.drain()
    assert len(bench.account.records("organization")) == 5
    assert {one.status for one in bench.account.ledger.entries} == {200}
    bench.clock.move(days=1)
    assert bench.carry(new("organization", name="Tomorrow's"))
    assert len(bench.account.records("organization")) == 6


def test_places_that_others_take_in_the_window_are_left_to_them(bench_of: Bencher) -> None:
    bench = bench_of(burst=40)
    pace = bench.endpoint._client.pace
    pace.heard(40, 10, 2)
    assert pace._others[0] == 30
    with pace.place():
        pace.heard(40, 9, 2)
    assert pace._others[0] == 30
