"""Our line in somebody else's text: found by its mark, everything else untouched."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from engine.sync.own_line import Doubled, own, placed

LINE = "Pipedrive: Won, Invoices / Sent"


def test_an_empty_text_becomes_the_line() -> None:
    assert placed(None, LINE) == placed(" ", LINE) == "[Pipedrive: Won, Invoices / Sent]"


def test_the_line_is_added_below_others_words() -> None:
    assert placed("call Bob", LINE) == "call Bob\n[Pipedrive: Won, Invoices / Sent]"


def test_the_line_is_replaced_where_it_stands_also_where_line_breaks_were_flattened() -> None:
    assert placed("call Bob [Pipedrive: Open, A / B] at noon", LINE) == f"call Bob [{LINE}] at noon"
    assert own("call Bob [Pipedrive: Open, A / B] at noon", LINE) == "Pipedrive: Open, A / B"


def test_other_brackets_are_not_ours() -> None:
    assert own("[draft] [Pipedrive] see", LINE) is None


def test_two_lines_of_ours_are_a_persons_to_decide() -> None:
    with pytest.raises(Doubled):
        placed("[Pipedrive: a] [Pipedrive: b]", LINE)


@given(st.text(alphabet=st.characters(exclude_characters="[]")), st.text(alphabet="abc:[] "), st.text(alphabet="xy []"))
def test_what_is_placed_is_found_and_placed_again_changes_nothing(others: str, first: str, second: str) -> None:
    once = placed(others, f"Pipedrive: {first}")
    twice = placed(once, f"Pipedrive: {second}")
    assert own(twice, "Pipedrive: x") is not None
    assert placed(twice, f"Pipedrive: {second}") == twice
    assert twice.startswith(others.rstrip())
