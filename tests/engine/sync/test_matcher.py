"""Matching's rules: one unlinked hit links, none creates, everything else is a person's to decide."""

from __future__ import annotations

from engine.sync.matcher import PENDING, Tried, match


def tried(label: str, values: dict[str, set[str]], held_by: dict[str, set[str]] | None = None) -> Tried:
    holders = {value: {"me"} for value in values} | (held_by or {})
    return Tried(label, list(values), holders, values)


def test_the_first_key_that_hits_wins() -> None:
    result = match([tried("e-mail", {"a@x": {"1"}}), tried("name", {"acme": {"2"}})], {})
    assert (result.verdict, result.key, result.by) == ("link", "1", "e-mail")


def test_a_later_key_is_tried_only_where_no_earlier_one_hits() -> None:
    result = match([tried("e-mail", {"a@x": set()}), tried("name", {"acme": {"2"}})], {})
    assert (result.verdict, result.key) == ("link", "2")


def test_no_hit_creates() -> None:
    assert match([tried("e-mail", {})], {}).verdict == "create"


def test_several_targets_park_with_all_of_them_shown() -> None:
    result = match([tried("e-mail", {"a@x": {"1"}, "b@x": {"2"}})], {})
    assert (result.verdict, result.code, result.candidates) == ("park", "M101", ("1", "2"))


def test_several_addresses_of_one_record_that_hit_the_same_target_link() -> None:
    assert match([tried("e-mail", {"a@x": {"1"}, "b@x": {"1"}})], {}).key == "1"


def test_a_target_that_is_linked_already_parks() -> None:
    result = match([tried("name", {"acme": {"1"}})], {"1": "someone else"})
    assert (result.verdict, result.code) == ("park", "M102")


def test_a_value_that_several_source_records_hold_is_skipped_with_a_warning() -> None:
    shared = tried("e-mail", {"books@accountant": {"1"}}, {"books@accountant": {"me", "other"}})
    result = match([shared, tried("name", {"acme": {"2"}})], {})
    assert (result.verdict, result.key) == ("link", "2")
    assert "books@accountant" in result.warnings[0]


def test_if_only_a_shared_value_would_have_hit_it_parks_instead_of_creating() -> None:
    shared = tried("e-mail", {"books@accountant": {"1"}}, {"books@accountant": {"me", "other"}})
    result = match([shared, tried("name", {"acme": set()})], {})
    assert (result.verdict, result.code, result.candidates) == ("park", "M103", ("1",))


def test_a_shared_value_whose_target_is_linked_already_does_not_hinder_a_create() -> None:
    shared = tried("e-mail", {"books@accountant": {"1"}}, {"books@accountant": {"me", "other"}})
    assert match([shared], {"1": "other"}).verdict == "create"


def test_a_create_under_way_is_waited_for() -> None:
    assert match([tried("name", {"acme": {PENDING + "other"}})], {}).verdict == "wait"


def test_a_shared_value_whose_target_is_being_created_by_another_does_not_hinder_a_create() -> None:
    shared = tried("e-mail", {"books@accountant": {PENDING + "other"}}, {"books@accountant": {"me", "other"}})
    assert match([shared], {}).verdict == "create"
