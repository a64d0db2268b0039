from __future__ import annotations

from engine.store import Store

EMAIL = ("acme", "customers", 0)


def test_a_value_finds_every_record_that_some_holder_speaks_for(store: Store) -> None:
    with store.transaction() as tx:
        people = {"person/1": [("a@x.com", "7"), ("b@x.com", "7")], "person/2": [("a@x.com", "8")]}
        tx.matches.replace(*EMAIL, "target", people)
        tx.matches.replace(*EMAIL, "source", {"Customer/1": [("a@x.com", "1")]})
        assert tx.matches.hits(*EMAIL, "target", ["a@x.com", "b@x.com", "c@x.com"]) == {
            "a@x.com": {"7", "8"},
            "b@x.com": {"7"},
        }
        assert tx.matches.hits("acme", "customers", 1, "target", ["a@x.com"]) == {}


def test_two_holders_may_say_the_same_and_one_may_take_it_back(store: Store) -> None:
    with store.transaction() as tx:
        tx.matches.replace(*EMAIL, "target", {"person/1": [("a@x.com", "7")], "person/2": [("a@x.com", "7")]})
        tx.matches.replace(*EMAIL, "target", {"person/1": []})
        assert tx.matches.hits(*EMAIL, "target", ["a@x.com"]) == {"a@x.com": {"7"}}
        tx.matches.forget("acme", "customers", ["person/2"])
        assert tx.matches.hits(*EMAIL, "target", ["a@x.com"]) == {}


def test_values_too_long_for_an_index_and_odd_characters_match_themselves_only(store: Store) -> None:
    long, other, odd = "é" * 5000 + "1", "é" * 5000 + "2", "a\0b"
    with store.transaction() as tx:
        tx.matches.replace(*EMAIL, "source", {"1": [(long, "1"), (odd, "1")], "2": [(other, "2")]})
        assert tx.matches.hits(*EMAIL, "source", [long, odd]) == {long: {"1"}, odd: {"1"}}
