from __future__ import annotations

from datetime import timedelta

from engine.store import Store
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
