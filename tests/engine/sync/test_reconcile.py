"""How two records stand to each other, and sums that add up: pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from engine.errors import UserError
from engine.sync.differ import Three
from engine.sync.reconcile import (
    KINDS,
    Amount,
    Difference,
    Finding,
    Month,
    Tally,
    compare,
    is_wrong,
    local_day,
    verdict,
    verdict_alone,
)

NEW_YORK, AUCKLAND = ZoneInfo("America/New_York"), ZoneInfo("Pacific/Auckland")


@dataclass
class Rule:
    where: str = ""
    write: str = "always"
    on_link: str = "leave"
    conflicts: str = "source_wins"
    rewritten: bool = False
    own_line: bool = False


def whys(
    drafted: Any, sent: Any, seen: Any, now: Any, *, rule: Rule | None = None, again: Any = None, was: Any = None
) -> list[str]:
    three = Three({"f": sent}, {"f": seen}, {"f": now}, {"f": was} if was is not None else {})
    found = compare({"f": drafted}, {"f": again} if again is not None else {}, {"f": rule or Rule()}, three, {})
    return [one.why for one in found]


# ------------------------------------------------------------------------------------------------------- the fields
def test_what_both_sides_say_is_equal_whatever_was_sent() -> None:
    assert whys("new", "old", "old", "new") == []
    assert whys(Decimal("1.10"), Decimal("1.1"), Decimal("1.1"), Decimal("1.100")) == []


def test_a_source_that_changed_since_we_wrote_is_stale() -> None:
    assert whys("new", "old", "old", "old") == ["stale"]
    assert whys("new", "old", "old", "edited") == ["stale"]


def test_a_target_that_changed_since_we_wrote_is_edited() -> None:
    assert whys("ours", "ours", "ours", "theirs") == ["edited"]
    assert whys("ours", "ours", "ours", None) == ["edited"]


def test_a_value_from_before_the_link_is_kept() -> None:
    assert whys("ours", "ours", "theirs", "theirs") == ["kept"]


def test_nothing_to_carry_over_differs_from_nothing() -> None:
    assert whys(None, None, None, "the account's own") == []
    assert whys(None, "x", "x", "x") == ["stale"]


def test_what_is_written_once_belongs_to_the_target_afterwards() -> None:
    assert whys("Sent", "Sent", "Sent", "Paid", rule=Rule(write="once")) == []


def test_what_a_system_rewrites_is_compared_with_what_was_sent_and_with_what_it_made_of_it() -> None:
    rewritten = Rule(rewritten=True)
    assert whys("12 Main St", "12 Main St", "12 Main Street", "12 Main Street", rule=rewritten) == []
    assert whys("13 Main St", "12 Main St", "12 Main Street", "12 Main Street", rule=rewritten) == ["stale"]
    assert whys("12 Main St", "12 Main St", "12 Main Street", "Elsewhere", rule=rewritten) == ["edited"]


def test_a_text_of_its_day_is_stale_only_if_what_it_is_written_from_has_changed() -> None:
    amount = [Decimal(10)]
    assert whys("still open 5", "still open 7", "still open 7", "still open 7", again=amount, was=amount) == []
    assert whys("a", "b", "b", "b", again=[Decimal(11)], was=amount) == ["stale"]
    assert whys("a", "b", "b", "edited", again=amount, was=amount) == ["edited"]


def test_a_total_that_follows_its_lines_is_compared_with_what_the_lines_add_up_to() -> None:
    def of(drafted: int, now: int, lines: int) -> list[str]:
        three = Three({}, {}, {"value": Decimal(now)})
        return [one.why for one in compare({"value": Decimal(drafted)}, {}, {}, three, {"value": Decimal(lines)})]

    assert of(100, 100, 100) == []
    assert of(100, 90, 100) == ["edited"]
    assert of(120, 100, 100) == ["stale"]


# ------------------------------------------------------------------------------------------------------ the verdict
STALE, EDITED, KEPT = (Difference("f", 1, 2, why) for why in ("stale", "edited", "kept"))


def test_a_stale_field_differs_unless_something_explains_it() -> None:
    assert verdict([STALE, EDITED], "done", touched=False) == "differs"
    assert verdict([STALE], None, touched=False) == "differs"
    assert verdict([STALE], "due", touched=False) == "waiting"
    assert verdict([STALE], "parked", touched=False) == "parked"
    assert verdict([STALE], "done", touched=True) == "waiting"


def test_an_edit_and_a_kept_value_are_kinds_of_their_own_whatever_waits() -> None:
    assert verdict([EDITED, KEPT], "due", touched=False) == "edited"
    assert verdict([KEPT], "parked", touched=False) == "kept"
    assert verdict([], "parked", touched=True) == "equal"


def test_a_record_that_is_here_only_is_explained_by_a_rule_before_all_else() -> None:
    assert verdict_alone("since: it is old", "parked", touched=False) == "left_out"
    assert verdict_alone(None, "parked", touched=False) == "parked"
    assert verdict_alone(None, "waiting", touched=False) == "waiting"
    assert verdict_alone(None, "done", touched=False) == "only_here"
    assert verdict_alone(None, None, touched=False) == "only_here"


def test_an_edit_must_be_looked_at_where_it_changes_the_amount() -> None:
    usd = [(Amount("USD", Decimal(one)),) for one in (10, 12)]
    assert is_wrong("edited", Finding("edited", here=usd[0], there=usd[1]).rule)
    assert not is_wrong("edited", Finding("edited", here=usd[0], there=usd[0]).rule)


# -------------------------------------------------------------------------------------------------------- the month
def test_a_month_has_its_first_and_its_last_day_and_no_other_months() -> None:
    february = Month.of("2028-02")
    assert [february.has(day, NEW_YORK) for day in ("2028-01-31", "2028-02-01", "2028-02-29", "2028-03-01")] == [
        False, True, True, False,
    ]  # fmt: skip
    assert str(Month.of("2026-12").last) == "2026-12-31"


def test_a_moment_belongs_to_the_month_of_its_day_in_the_companys_zone() -> None:
    late = "2026-11-01T02:30:00Z"
    assert Month.of("2026-10").has(late, NEW_YORK)
    assert Month.of("2026-11").has(late, AUCKLAND)
    assert local_day("2026-10-31 11:30:00", AUCKLAND) == Month.of("2026-11").first


def test_a_date_has_no_zone() -> None:
    for zone in (NEW_YORK, AUCKLAND):
        assert Month.of("2026-10").has("2026-10-31", zone)


@pytest.mark.parametrize("text", ["2026-13", "October", "2026-1", "", "2026-10-01"])
def test_what_is_no_month_is_refused_with_the_form_of_one(text: str) -> None:
    with pytest.raises(UserError, match="2026-10"):
        Month.of(text)


# --------------------------------------------------------------------------------------------------------- the sums
AMOUNTS = st.builds(
    Amount, st.sampled_from(["USD", "CAD"]), st.none() | st.decimals(-(10**9), 10**9, places=2, allow_nan=False)
)
FINDINGS = st.builds(
    Finding,
    kind=st.sampled_from(list(KINDS)),
    reason=st.sampled_from(["since: its date is before 2026", "only: it does not hold that x", ""]),
    here=st.lists(AMOUNTS, max_size=3).map(tuple),
    there=st.lists(AMOUNTS, max_size=1).map(tuple),
)


@given(st.lists(FINDINGS))
def test_from_one_sides_total_the_kinds_lead_to_the_others(findings: list[Finding]) -> None:
    tally = Tally()
    for one in findings:
        tally.add(one)
    tally = Tally.unpack(tally.pack())
    for currency in tally.lines:
        total, kinds = tally.total(currency), [line for _, line in tally.ordered(currency)]
        here = [one.value or 0 for finding in findings for one in finding.here if one.currency == currency]
        there = [one.value or 0 for finding in findings for one in finding.there if one.currency == currency]
        assert (total.here, total.sum_here) == (len(here), sum(here))
        assert total.here + sum(one.count for one in kinds) == total.there == len(there)
        assert total.sum_here + sum(one.difference for one in kinds) == total.sum_there == sum(there)
