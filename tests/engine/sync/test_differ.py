"""The three-way table of the design, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from engine.mapping.draft import MISSING
from engine.sync.differ import Three, diff_children, diff_linked, diff_new
from engine.sync.values import at, is_empty, replaced, same


@dataclass(frozen=True)
class Rule:
    where: str = "m.yaml:1:1"
    write: str = "follow"
    on_link: str = "leave"
    conflicts: str = "source_wins"
    rewritten: bool = False
    own_line: bool = False


@dataclass(frozen=True)
class Drafted:
    key: str
    values: dict[str, Any]


def verdict(drafted: Any, sent: Any, seen: Any, now: Any, rule: Rule | None = None) -> str | None:
    base = {} if sent is MISSING else {"name": sent}
    three = Three(base, {} if seen is MISSING else {"name": seen}, {"name": now})
    fields = diff_linked({"name": drafted}, {}, {"name": rule or Rule()}, three).fields
    return fields[0].verdict if fields else None


@pytest.mark.parametrize(
    ("drafted", "sent", "seen", "now", "rule", "expected"),
    [
        ("a", "a", "a", "a person's", Rule(), None),
        ("b", "a", "a", "a", Rule(), "write"),
        ("b", "a", "a", "b", Rule(), "adopt"),
        ("b", "a", "a", "c", Rule(), "write"),
        ("b", "a", "a", "c", Rule(conflicts="target_wins"), "keep"),
        ("b", "a", "a", "c", Rule(conflicts="park"), "conflict"),
        ("b", MISSING, MISSING, None, Rule(), "write"),
        ("b", MISSING, MISSING, "", Rule(), "write"),
        ("b", MISSING, MISSING, "c", Rule(), "keep"),
        ("b", MISSING, MISSING, "c", Rule(on_link="overwrite"), "write"),
        ("b", MISSING, MISSING, "b", Rule(), "adopt"),
        (None, MISSING, MISSING, None, Rule(), "adopt"),
        ("b", "a", "a", "a", Rule(write="once"), "keep"),
        ("b", "a", "a", "a", Rule(write="if_empty"), "keep"),
        ("b", "a", None, None, Rule(write="if_empty"), "write"),
        ("b", "a", "A!", "rewritten by them", Rule(rewritten=True), "write"),
        (None, "a", "a", "a", Rule(), "write"),
    ],
)
def test_each_row_of_the_table_has_its_verdict(
    drafted: Any, sent: Any, seen: Any, now: Any, rule: Rule, expected: str | None
) -> None:
    assert verdict(drafted, sent, seen, now, rule) == expected


def test_a_base_is_kept_for_a_field_that_was_left_so_that_the_next_change_is_an_ordinary_one() -> None:
    first = diff_linked({"name": "b"}, {}, {"name": Rule()}, Three({}, {}, {"name": "person's"}))
    assert first.writes == {}
    assert first.sent == {"name": "b"}
    later = diff_linked(
        {"name": "c"}, {}, {"name": Rule()}, Three(first.sent, {"name": "person's"}, {"name": "person's"})
    )
    assert later.writes == {"name": "c"}


def test_a_conflict_leaves_the_base_as_it_was_so_that_it_is_asked_again() -> None:
    three = Three({"name": "a"}, {"name": "a"}, {"name": "c"})
    diff = diff_linked({"name": "b"}, {}, {"name": Rule(conflicts="park")}, three)
    assert diff.sent == {"name": "a"}
    assert [one.path for one in diff.conflicts] == ["name"]


def test_a_field_with_again_when_is_written_only_when_what_it_watches_changes() -> None:
    rules, three = {"text": Rule(rewritten=True)}, Three({"text": "x"}, {}, {"text": "y"}, {"text": [Decimal("1.0")]})
    assert diff_linked({"text": "new words"}, {"text": [Decimal("1.00")]}, rules, three).writes == {}
    assert diff_linked({"text": "new words"}, {"text": [Decimal(2)]}, rules, three).writes == {"text": "new words"}


def test_a_new_record_is_sent_everything_that_is_not_empty() -> None:
    diff = diff_new({"name": "a", "note": None, "custom.X": ""}, {}, {})
    assert diff.writes == {"name": "a"}
    assert diff.sent == {"name": "a", "note": None, "custom.X": ""}


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (Decimal("1.10"), Decimal("1.1"), True),
        (1, Decimal("1.00"), True),
        ("", None, True),
        ("0000-00-00", None, True),
        ("007", "7", False),
        ("1.10", Decimal("1.10"), False),
        (True, 1, False),
        ({"a": 1, "b": None}, {"a": Decimal(1)}, True),
        (["a"], ["a", "b"], False),
    ],
)
def test_values_are_compared_by_what_they_mean(one: Any, other: Any, alike: bool) -> None:
    if alike:
        assert same(one, other)
    elif one is not True:
        assert not same(one, other)


def test_a_custom_field_that_a_record_lacks_is_empty_and_another_field_is_missing() -> None:
    assert at({"custom": {}}, "custom.Due date") is None
    assert at({}, "name") is MISSING
    assert is_empty(MISSING)
    assert replaced({"custom": {"A": 1}, "n": 1}, {"custom.B": 2, "n": 3}) == {"custom": {"A": 1, "B": 2}, "n": 3}


def test_children_of_ours_are_added_changed_and_removed_by_our_key() -> None:
    base = {"a": {"key": "1", "sent": {"price": Decimal("2.0"), "what": "x"}}, "b": {"key": "2", "sent": {}}}
    diff = diff_children(
        [Drafted("a", {"price": Decimal(3), "what": "x"}), Drafted("c", {"price": None, "q": 1})], base
    )
    assert diff.change == {"a": ("1", {"price": Decimal(3)})}
    assert diff.add == {"c": {"q": 1}}
    assert diff.remove == {"b": "2"}
    assert not diff_children([Drafted("a", {"price": Decimal(2), "what": "x"}), Drafted("b", {})], base)
