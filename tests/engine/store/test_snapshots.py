from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from engine.store import Snapshot, Store
from tests.engine.store.conftest import NOW

DEALS = ("acme", "pipedrive", "deal")


def snapshot(key: str, *identity: str, gone: str | None = None) -> Snapshot:
    return Snapshot(key, {"id": key, "value": Decimal("1.10")}, f"hash {key}", NOW, gone, identity)


def test_a_snapshot_comes_back_as_it_was_put(store: Store) -> None:
    record = {
        "RefNumber": "007",
        "Rate": "1E5",
        "Total": Decimal("1.10"),
        "Lines": [{"Quantity": Decimal("5")}],
        "Memo": None,
    }
    there = Snapshot("8000000E-1700000014", record, "h", NOW, None, ("file/Customer/1", "file/Customer/2"))
    with store.transaction() as tx:
        tx.snapshots.put(*DEALS, [there])
    with store.reading() as tx:
        held = tx.snapshots.get(*DEALS, ["8000000E-1700000014", "absent"])
    assert held == {there.key: there}
    assert isinstance(held[there.key].record["Lines"][0]["Quantity"], Decimal)
    assert held[there.key].read_at.utcoffset() == timedelta(0)


def test_times_of_other_zones_are_the_same_moments_and_times_without_a_zone_are_refused(store: Store) -> None:
    moment = datetime(2026, 3, 8, 3, 30, tzinfo=timezone(timedelta(hours=-4)))
    with store.transaction() as tx:
        tx.snapshots.put(*DEALS, [Snapshot("1", {}, "h", moment)])
        assert tx.snapshots.get(*DEALS, ["1"])["1"].read_at == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
    with pytest.raises(Exception, match="no time zone"), store.transaction() as tx:
        tx.snapshots.put(*DEALS, [Snapshot("1", {}, "h", datetime(2026, 3, 8))])


def test_of_several_snapshots_with_one_key_the_last_counts(store: Store) -> None:
    with store.transaction() as tx:
        tx.snapshots.put(*DEALS, [snapshot("1", "old"), Snapshot("1", {"id": "new"}, "h", NOW)])
        tx.snapshots.put(*DEALS, [])
        assert tx.snapshots.get(*DEALS, ["1"])["1"].record == {"id": "new"}
        assert tx.snapshots.by_identity(*DEALS, ["old"]) == {}


def test_more_keys_than_one_statement_takes_are_found(store: Store) -> None:
    keys = [f"{number:05}" for number in range(1234)]
    with store.transaction() as tx:
        tx.snapshots.put(*DEALS, [snapshot(key) for key in keys])
        assert sorted(tx.snapshots.get(*DEALS, [*keys, *keys])) == keys
        assert list(tx.snapshots.keys(*DEALS)) == keys
        assert tx.snapshots.count(*DEALS) == 1234


def test_only_what_was_there_and_not_gone_before_becomes_gone(store: Store) -> None:
    with store.transaction() as tx:
        tx.snapshots.put(*DEALS, [snapshot("1"), snapshot("2"), snapshot("3", gone="deleted")])
        marked = [("2", "merged"), ("3", "merged"), ("4", "deleted")]
        assert tx.snapshots.gone(*DEALS, marked, NOW + timedelta(hours=1)) == ["2"]
        assert tx.snapshots.gone(*DEALS, marked, NOW + timedelta(hours=2)) == []
        held = tx.snapshots.get(*DEALS, ["1", "2", "3", "4"])
        assert {key: one.gone for key, one in held.items()} == {"1": None, "2": "merged", "3": "deleted"}
        assert held["2"].read_at == NOW + timedelta(hours=1)
        assert list(tx.snapshots.keys(*DEALS)) == ["1"]
        assert tx.snapshots.count(*DEALS) == 1


def test_a_sweep_pages_in_the_byte_order_of_keys_on_either_database(store: Store) -> None:
    keys = ["a", "B", "10", "9", "é", "Z-1", "z_1"]
    with store.transaction() as tx:
        tx.snapshots.put(*DEALS, [snapshot(key) for key in keys])
        seen: list[str] = []
        while page := tx.snapshots.page(*DEALS, seen[-1] if seen else "", 2):
            seen += [one.key for one in page]
    assert seen == sorted(keys)


def test_an_identity_line_finds_the_living_records_that_carry_it(store: Store) -> None:
    with store.transaction() as tx:
        tx.snapshots.put(*DEALS, [snapshot("2", "a", "b"), snapshot("1", "a"), snapshot("3", "a", gone="deleted")])
        assert tx.snapshots.by_identity(*DEALS, ["a", "b", "c"]) == {"a": ["1", "2"], "b": ["2"]}
        assert tx.snapshots.by_identity("acme", "pipedrive", "organization", ["a"]) == {}
        tx.snapshots.put(*DEALS, [snapshot("2", "b")])
        assert tx.snapshots.by_identity(*DEALS, ["a", "b"]) == {"a": ["1"], "b": ["2"]}


def test_characters_that_postgresql_cannot_keep_spoil_nothing(store: Store) -> None:
    with store.transaction() as tx:
        tx.snapshots.put(*DEALS, [Snapshot("1", {"name": "a\0b \ud83d"}, "h", NOW, None, ("line\0",))])
        assert tx.snapshots.get(*DEALS, ["1"])["1"].record == {"name": "a\0b ?"}
        assert tx.snapshots.by_identity(*DEALS, ["line\0"]) == {"line\0": ["1"]}


def test_a_record_is_found_by_its_words_the_nearest_first_and_those_that_hold_them_last(store: Store) -> None:
    def named(key: str, words: str | None) -> Snapshot:
        return Snapshot(key, {"id": key}, "h", NOW, words=words)

    with store.transaction() as tx:
        tx.snapshots.put(
            *DEALS,
            [
                named("1", "great acme\n1"), named("2", "acme & sons\n2"), named("3", "acme\n3"), named("4", None),
                named("5", "a%me\n5"), named("6", "x" * 3000),
            ],
        )  # fmt: skip
        found = tx.snapshots.named
        assert [key for *_, key in found("acme", "acme", 10)] == ["3", "2", "1"]
        assert [key for *_, key in found("acme", "acme", 2)] == ["3", "2"]
        assert found("acme", "a%m", 10) == [("pipedrive", "deal", "5")]
        assert found("other", "acme", 10) == []
        assert [one.key for *_, one in tx.snapshots.wordless("acme", 10)] == ["4"]
