from __future__ import annotations

from datetime import timedelta

from engine.store import Store
from engine.store.wanted import Told
from tests.engine.store.conftest import NOW

CUSTOMER = ("acme", "quickbooks_desktop", "Customer")


def test_wanted_keys_are_handed_out_until_they_are_answered(store: Store) -> None:
    with store.transaction() as tx:
        tx.wanted.add(*CUSTOMER, ["b"], "a reference", NOW)
        tx.wanted.add(*CUSTOMER, ["a", "c"], "a reference", NOW + timedelta(seconds=1))
        assert tx.wanted.take(*CUSTOMER, 2, NOW) == ["b", "a"]
        assert tx.wanted.take(*CUSTOMER, 2) == ["b", "a"]
        tx.wanted.answered(*CUSTOMER, ["b", "a"])
        assert tx.wanted.take(*CUSTOMER, 2) == ["c"]
        tx.wanted.add("acme", "quickbooks_desktop", "Item", ["a"], "a line", NOW)
        assert tx.wanted.entities("acme", "quickbooks_desktop") == {"Customer": 1, "Item": 1}
        assert tx.wanted.count("acme", "quickbooks_desktop") == 2


def test_it_is_remembered_how_often_a_key_was_answered(store: Store) -> None:
    with store.transaction() as tx:
        tx.wanted.add(*CUSTOMER, ["a", "b"], "a reference", NOW)
        tx.wanted.answered(*CUSTOMER, ["a"])
        tx.wanted.answered(*CUSTOMER, ["a"])
        assert tx.wanted.tried(*CUSTOMER, ["a", "b", "never"]) == {"a": 1, "b": 0, "never": 0}
        tx.wanted.add(*CUSTOMER, ["a"], "again", NOW)
        assert tx.wanted.take(*CUSTOMER, 5) == ["a", "b"]
        tx.wanted.answered(*CUSTOMER, ["a"])
        assert tx.wanted.tried(*CUSTOMER, ["a"]) == {"a": 2}


def test_what_a_system_told_is_wanted_once_for_each_event(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.wanted.hint(*CUSTOMER, [Told("a", "e1"), Told("b", "e2")], NOW) == 2
        assert tx.wanted.hint(*CUSTOMER, [Told("a", "e1")], NOW) == 0, "heard before, not read yet"
        assert tx.wanted.take(*CUSTOMER, 5) == ["a", "b"]
        tx.wanted.answered(*CUSTOMER, ["a", "b"], NOW)
        assert tx.wanted.hint(*CUSTOMER, [Told("a", "e1")], NOW) == 0, "heard before, and read since"
        assert tx.wanted.hint(*CUSTOMER, [Told("a", "e3"), Told("b", "")], NOW) == 2


def test_an_answer_to_an_earlier_question_does_not_settle_what_was_told_since(store: Store) -> None:
    later = NOW + timedelta(seconds=1)
    with store.transaction() as tx:
        tx.wanted.hint(*CUSTOMER, [Told("a", "e1")], NOW)
        tx.wanted.hint(*CUSTOMER, [Told("a", "e2")], later)
        tx.wanted.answered(*CUSTOMER, ["a"], NOW)
        assert tx.wanted.take(*CUSTOMER, 5) == ["a"]
        tx.wanted.answered(*CUSTOMER, ["a"], later)
        assert tx.wanted.take(*CUSTOMER, 5) == []


def test_a_record_that_is_as_new_settles_what_was_told_of_it(store: Store) -> None:
    second = timedelta(seconds=1)
    with store.transaction() as tx:
        tx.wanted.hint(*CUSTOMER, [Told("a", "e1", NOW), Told("b", "e2", NOW + second), Told("c", "e3")], NOW)
        tx.wanted.settled(*CUSTOMER, dict.fromkeys("abcd", NOW))
        assert tx.wanted.take(*CUSTOMER, 5) == ["b", "c"]
        tx.wanted.settled(*CUSTOMER, dict.fromkeys("abcd", NOW + second))
        assert tx.wanted.take(*CUSTOMER, 5) == ["c"]


def test_of_two_words_about_one_record_the_stricter_and_the_earlier_count(store: Store) -> None:
    soon = NOW + timedelta(seconds=2)
    with store.transaction() as tx:
        tx.wanted.hint(*CUSTOMER, [Told("a", "echo", NOW, soon), Told("b", "echo", NOW, soon)], NOW)
        assert tx.wanted.take(*CUSTOMER, 5, ready=NOW) == []
        tx.wanted.hint(*CUSTOMER, [Told("a", "person", NOW + timedelta(microseconds=1))], NOW)
        assert tx.wanted.take(*CUSTOMER, 5, ready=NOW) == ["a"]
        tx.wanted.settled(*CUSTOMER, {"a": NOW, "b": NOW})
        assert tx.wanted.take(*CUSTOMER, 5, ready=soon) == ["a"]


def test_a_record_that_is_wanted_for_itself_is_read_whatever_was_told(store: Store) -> None:
    with store.transaction() as tx:
        tx.wanted.add(*CUSTOMER, ["a"], "a reference", NOW)
        tx.wanted.hint(*CUSTOMER, [Told("a", "echo", NOW, NOW + timedelta(hours=1))], NOW)
        tx.wanted.settled(*CUSTOMER, {"a": NOW})
        assert tx.wanted.take(*CUSTOMER, 5, ready=NOW) == ["a"]
