"""Reading: every page, only what changed, and keys at the lowest price."""

from datetime import datetime, timedelta

from engine.protocol import Query
from tests.connectors.pipedrive.conftest import Bench


def test_all_pages_are_walked_and_only_the_last_says_done(bench: Bench) -> None:
    for number in range(1_100):
        bench.account.add_organization(f"Customer {number}")
    query = Query("organization", fields=("name",))
    bench.carry(query)
    pages = bench.work.pages(query)
    assert [(len(one.found), one.done) for one in pages] == [(500, False), (500, False), (100, True)]
    assert len({found.key for page in pages for found in page.found}) == 1_100
    assert bench.account.ledger.by_operation["v2 GET /organizations"] == (3, 30)


def test_the_cursor_reaches_back_two_minutes_before_the_start_and_brings_only_changes(bench: Bench) -> None:
    bench.account.add_organization("old")
    bench.clock.move(minutes=10)
    first = Query("organization")
    before = bench.clock()
    bench.carry(first)
    cursor = bench.work.pages(first)[-1].cursor
    assert cursor is not None and "." not in cursor
    started = datetime.fromisoformat(cursor) + timedelta(minutes=2)
    assert started <= before
    bench.clock.move(minutes=10)
    bench.account.add_organization("new")
    changed = bench.read("organization", cursor=bench_cursor(bench), id="second")
    assert [one.record["name"] for one in changed.values()] == ["new"]


def bench_cursor(bench: Bench) -> str:
    return (bench.clock() - timedelta(minutes=2)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_keys_are_read_a_hundred_a_call_where_that_is_cheaper_and_singly_where_not(bench: Bench) -> None:
    keys = tuple(str(bench.account.add_organization(f"C{number}")["id"]) for number in range(150))
    bench.read("organization", kind="keys", keys=keys[:1])
    mark = bench.account.ledger.mark()
    assert set(bench.read("organization", kind="keys", keys=keys)) == set(keys)
    assert bench.account.ledger.since(mark).spent == 20
    mark = bench.account.ledger.mark()
    bench.read("organization", kind="keys", keys=keys[:4])
    assert bench.account.ledger.since(mark).spent == 4


def test_deals_that_are_archived_or_deleted_are_found_by_key_with_their_flags(bench: Bench) -> None:
    org = bench.account.add_organization("A")["id"]
    keys = [str(bench.account.add_deal(f"D{number}", org_id=org)["id"]) for number in range(12)]
    bench.account.archive_deal(int(keys[0]))
    bench.account.remove("deal", int(keys[1]))
    query = Query("deal", "keys", keys=(*keys, "9999", "no id"))
    bench.carry(query)
    found = {one.key: one.record for page in bench.work.pages(query) for one in page.found}
    assert found[keys[0]]["is_archived"] is True and found[keys[1]]["is_deleted"] is True
    assert set(found) == set(keys)
    assert [key for page in bench.work.pages(query) for key in page.missing] == ["9999", "no id"]


def test_only_the_fields_that_were_asked_for_come_and_empty_ones_are_none(bench: Bench) -> None:
    bench.account.add_organization("A")
    record = bench.read("organization", fields=("name", "address", "label_ids"))["1"].record
    assert record == {"id": "1", "name": "A", "address": None, "label_ids": []}


def test_users_pipelines_stages_and_currencies_can_be_read(bench: Bench) -> None:
    bench.account.add_user("Bob", "bob@acme.example")
    assert {one.record["email"] for one in bench.read("user").values()} == {"admin@acme.example", "bob@acme.example"}
    assert {one.record["name"] for one in bench.read("pipeline").values()} == {"Pipeline"}
    assert all(one.record["pipeline_id"] == "1" for one in bench.read("stage").values())
    assert "USD" in bench.read("currency")
    assert set(bench.read("currency", kind="keys", keys=("EUR",), id="one")) == {"EUR"}
    assert set(bench.read("user", kind="keys", keys=("2",), id="one")) == {"2"}


def test_notes_are_paged_by_offset_and_read_by_their_changes(bench: Bench) -> None:
    org = bench.account.add_organization("A")["id"]
    for number in range(520):
        bench.account.add_note(f"<p>{number}</p>", org_id=org)
    assert len(bench.read("note")) == 520
    bench.clock.move(minutes=10)
    assert bench.read("note", cursor=bench_cursor(bench), id="later") == {}
