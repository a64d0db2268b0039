"""Custom fields by name over real HTTP: every type there and back, renamed ones followed."""

import logging
from decimal import Decimal
from typing import Any

import pytest

from engine.protocol import CustomField
from tests.connectors.pipedrive.conftest import Bench, Bencher, change, new

DUE = {"organization": (CustomField("Due date", "date"),)}
OPTIONS = ("a", "b")


@pytest.mark.parametrize(
    ("kind", "written", "stored"),
    [
        ("varchar", "x", "x"),
        ("varchar_auto", "x", "x"),
        ("text", "x\ny", "x\ny"),
        ("phone", "+1 212 555 0100", "+1 212 555 0100"),
        ("double", Decimal("0.10"), Decimal("0.1")),
        ("monetary", Decimal("12.50"), {"value": Decimal("12.5"), "currency": "USD"}),
        ("enum", "b", 2),
        ("set", ["b", "a"], [2, 1]),
        ("date", "2026-02-28", "2026-02-28"),
        ("user", "1", 1),
        ("org", "1", 1),
        ("people", "1", 1),
        ("time", "09:30", {"value": "09:30", "timezone_name": None}),
        ("daterange", "2026-01-01 - 2026-01-31", {"value": "2026-01-01", "until": "2026-01-31"}),
        ("timerange", "09:00 - 17:30", {"value": "09:00", "until": "17:30", "timezone_name": None}),
        ("address", "1 Main Street, Albany", "1 Main Street, Albany"),
    ],
)
@pytest.mark.parametrize("entity", ["deal", "lead"])
def test_a_value_of_each_type_goes_and_comes_back_in_the_shape_of_its_api(
    bench: Bench, entity: str, kind: str, written: Any, stored: Any
) -> None:
    bench.account.add_organization("Acme")
    bench.account.add_person("Ann")
    code = bench.account.add_field("deal", "Ours", kind, OPTIONS)["field_code"]
    link = {"org_id": "1"} if entity == "deal" else {"organization_id": "1"}
    made = bench.carry(new(entity, title="T", custom={"Ours": written}, **link))
    assert made.record["custom"]["Ours"] == written
    key = int(made.key) if entity == "deal" else made.key
    held = bench.account.record(entity, key)["custom_fields"][code]
    assert (held["value"] if kind == "address" else held) == stored
    cleared = bench.carry(change(entity, made.key, custom={"Ours": None}))
    assert cleared.record["custom"].get("Ours") is None
    assert code not in bench.account.record(entity, key)["custom_fields"]


@pytest.mark.parametrize(
    ("kind", "wrong", "example"),
    [
        ("daterange", "2026", "2026-01-01 - 2026-01-31"),
        ("timerange", "09:00", "09:00 - 17:30"),
        ("time", "half past nine", "09:30"),
        ("date", "1.2.2026", "2026-01-31"),
    ],
)
def test_what_a_type_cannot_hold_is_refused_with_an_example(bench: Bench, kind: str, wrong: str, example: str) -> None:
    bench.account.add_field("organization", "Season", kind)
    failed = bench.carry(new("organization", name="B", custom={"Season": wrong}))
    assert failed.field == "custom.Season" and example in failed.message


def rename(bench: Bench, before: str, after: str) -> None:
    with bench.account.changing():
        bench.account.fields.named("organization", before)["field_name"] = after


def names(bench: Bench) -> list[str]:
    return sorted(one["field_name"] for one in bench.account.fields.custom("organization").values())


def test_a_renamed_field_goes_on_being_filled_and_is_told_of(
    bench_of: Bencher, caplog: pytest.LogCaptureFixture
) -> None:
    bench = bench_of(custom_fields=DUE)
    made = bench.carry(new("organization", "cf/Customer/1", name="A", custom={"Due date": "2026-01-01"}))
    rename(bench, "Due date", "Deadline")
    rename(bench, "QuickBooks ID", "Do not touch")
    bench.clock.move(hours=25)
    with caplog.at_level(logging.WARNING):
        changed = bench.carry(change("organization", made.key, custom={"Due date": "2026-02-02"}))
    assert changed.record["custom"] == {"Due date": "2026-02-02"}
    assert changed.identity == ("cf/Customer/1",), "the identity field was renamed too"
    assert names(bench) == ["Deadline", "Do not touch"], "no second field was made"
    renamed = [one.__dict__["why"] for one in caplog.records if one.message == "field.renamed"]
    assert any("'Due date' of organization is called 'Deadline' in Pipedrive now" in one for one in renamed)
    told = [one.message for one in bench.endpoint.ping() if one.name == "fields"]
    assert len(told) == 2 and "Deadline" in "".join(told)


def test_the_new_name_in_the_mappings_ends_it(bench_of: Bencher) -> None:
    shared: dict[str, Any] = {}
    first = bench_of(custom_fields=DUE, shared=shared)
    made = first.carry(new("organization", name="A", custom={"Due date": "2026-01-01"}))
    rename(first, "Due date", "Deadline")
    first.clock.move(hours=25)
    renamed = {"organization": (CustomField("Deadline", "date"),)}
    second = bench_of(custom_fields=renamed, shared=shared, running=first.running)
    changed = second.carry(change("organization", made.key, custom={"Deadline": "2026-03-03"}))
    assert changed.record["custom"] == {"Deadline": "2026-03-03"}
    assert names(second) == ["Deadline", "QuickBooks ID"]


def test_a_field_that_another_process_has_just_made_is_known_at_once(bench_of: Bencher) -> None:
    shared: dict[str, Any] = {}
    first = bench_of(custom_fields=DUE, shared=shared)
    second = bench_of(custom_fields=DUE, shared=shared, running=first.running)
    assert second.read("organization") == {}, "and now it holds a list of fields that is younger than a minute"
    made = first.carry(new("organization", "cf/Customer/1", name="A", custom={"Due date": "2026-01-01"}))
    found = second.read("organization")[made.key]
    assert found.identity == ("cf/Customer/1",), "by which it is found where the answer to the first one is lost"
    assert found.record["custom"] == {"Due date": "2026-01-01"}


def test_a_list_that_was_asked_for_before_a_field_was_made_does_not_hide_it(bench_of: Bencher) -> None:
    shared: dict[str, Any] = {}
    first = bench_of(custom_fields=DUE, shared=shared)
    second = bench_of(custom_fields=DUE, shared=shared, running=first.running)
    assert second.read("organization") == {}
    send, made = second.endpoint._client.send, list[Any]()

    def slow(name: str, **given: Any) -> Any:
        """The answer to the list comes when the other process has made the field."""
        answer = send(name, **given)
        if name == "organization.fields" and not made:
            made.append(first.carry(new("organization", "cf/Customer/1", name="A", custom={"Due date": "2026-01-01"})))
        return answer

    second.endpoint._client.send = slow  # type: ignore[method-assign]
    second.clock.move(hours=25)
    found = second.read("organization")[made[0].key]
    assert found.identity == ("cf/Customer/1",)


def test_a_field_that_was_deleted_is_made_anew(bench_of: Bencher) -> None:
    bench = bench_of(custom_fields=DUE)
    made = bench.carry(new("organization", name="A", custom={"Due date": "2026-01-01"}))
    code = bench.account.fields.named("organization", "Due date")["field_code"]
    bench.account.delete_field("organization", code)
    bench.clock.move(hours=25)
    changed = bench.carry(change("organization", made.key, custom={"Due date": "2026-02-02"}))
    assert changed.record["custom"] == {"Due date": "2026-02-02"}
    assert bench.account.fields.named("organization", "Due date")["field_code"] != code
