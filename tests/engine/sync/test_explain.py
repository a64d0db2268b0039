"""Every record can be asked why it is so, and every one that is not there why not."""

from __future__ import annotations

from engine.protocol import Failure
from engine.sync import words
from engine.sync.explain import Told, explain, find, readings, search, why
from tests.engine.sync.conftest import World
from tests.engine.sync.test_way_of_a_record import bill


def told(world: World, text: str) -> list[Told]:
    with world.store.reading() as tx:
        return [one for hit in find(tx, world.connection, text) for one in explain(tx, world.connection, hit)]


def test_a_record_is_found_by_its_key_its_name_and_from_the_other_side(world: World) -> None:
    world.books.put("client", "c9", name="Acme", town="Bayshore")
    world.settle()
    with world.store.reading() as tx:
        assert {(hit.entity, hit.key) for hit in find(tx, world.connection, "Acme")} == {
            ("client", "c9"), ("company", "c1"),
        }  # fmt: skip
    (by_key,) = told(world, "c9")
    assert (by_key.mapping, by_key.state, by_key.targets[0].key) == ("companies", "done", "c1")
    assert by_key == next(iter(told(world, "c1")))


def test_each_field_says_what_was_sent_what_is_there_and_by_which_rule(world: World) -> None:
    world.books.put("client", "c9", name="Acme", town="Bayshore")
    world.settle()
    world.crm.put("company", "c1", city="Lakeside")
    world.clock.on(minutes=5)
    world.books.put("client", "c9", name="Acme Two")
    world.settle()
    (one,) = told(world, "c9")
    city = next(row for row in one.fields if row.field == "city")
    assert (city.sent, city.now) == ("Bayshore", "Lakeside")
    assert city.rule.endswith("m0.yaml:13:3")
    assert [entry.step for entry in one.entries] == ["decide", "link", "decide", "link"]


def test_what_is_not_there_says_why_and_what_it_waits_for(world: World) -> None:
    world.books.put("client", "c9", name="Acme")
    for key in ("x1", "x2"):
        world.crm.put("company", key, name="ACME Inc.", mail=None)
    bill(world, "b1", client="c9")
    bill(world, "old", client="c9", day="2025-01-01")
    world.settle()
    (client,) = told(world, "c9")
    assert (client.state, client.code) == ("parked", "M101")
    by_name = next(one for one in client.tries if one.label == "name")
    assert (by_name.values, {hit.key for hit in by_name.hits}) == (("acme",), {"x1", "x2"})
    (sale,) = told(world, "b1")
    assert (sale.state, sale.waits) == ("waiting", (("companies", "c9"),))
    (older,) = told(world, "old")
    assert older.state == "skipped" and "2026-01-01" in older.reason


def test_a_part_of_a_name_or_number_finds_what_holds_it_without_regard_to_case_and_accents(world: World) -> None:
    world.books.put("client", "c9", name="Müller & Söhne")
    bill(world, "b1", number="INV-1042", client="c9")
    world.settle()
    with world.store.reading() as tx:

        def found(text: str) -> list[tuple[str, str]]:
            return [(hit.entity, hit.key) for hit in search(tx, world.connection, text, 10)]

        assert set(found("muller")) == {("client", "c9"), ("company", "c1")}
        assert set(found("SOHNE")) == set(found("muller"))
        assert found("inv-1042") == [("bill", "b1"), ("sale", "s2")]
        assert found("C9") == [("client", "c9")]
        assert found("  ") == []
        assert [hit.key for hit in find(tx, world.connection, "inv-1042")] == ["b1"]


def test_what_is_gone_is_still_found(world: World) -> None:
    world.books.put("client", "c9", name="Acme")
    world.settle()
    world.books.delete("client", "c9")
    world.settle()
    with world.store.reading() as tx:
        assert [(hit.key, hit.gone) for hit in find(tx, world.connection, "acme") if hit.entity == "client"] == [
            ("c9", "deleted")
        ]


def test_records_that_an_earlier_version_read_get_their_words_when_the_engine_opens(world: World) -> None:
    world.books.put("client", "c9", name="Acme")
    world.settle()
    with world.store.connect() as db:
        db.exec_driver_sql("UPDATE snapshots SET words = NULL")
    with world.store.reading() as tx:
        assert find(tx, world.connection, "acme") == []
    words.fill(world.store, world.connection)
    with world.store.reading() as tx:
        assert {hit.entity for hit in find(tx, world.connection, "acme")} == {"client", "company"}


def test_a_name_that_nobody_has_finds_nothing(world: World) -> None:
    world.settle()
    with world.store.reading() as tx:
        assert find(tx, world.connection, "Nobody") == []


def test_the_story_tells_what_was_read_what_was_sent_and_what_came_back(world: World) -> None:
    world.books.put("client", "c9", name="Acme", town="Bayshore")
    world.settle()
    (one,) = told(world, "c9")
    assert [event.heading for event in one.events] == ["Received", "Decided", "Linked"]
    decided = one.events[1]
    assert decided.request == "create company"
    town = next(line for line in decided.lines if line.field == "city")
    assert (town.read, town.there, town.ours, town.won, town.why) == (
        "Bayshore", None, "Bayshore", "ours is written", "new",
    )  # fmt: skip
    exchanged = {line.what: (line.sent, line.came) for line in decided.exchanges}
    assert exchanged["city"] == ("Bayshore", "Bayshore")
    assert exchanged["identity"][0] == "acme/client/c9"
    city = next(field for field in one.fields if field.field == "city")
    assert (city.read, city.won) == ("Bayshore", "ours is written")


def test_a_request_that_was_refused_tells_the_words(world: World) -> None:
    world.crm.fail = lambda write: Failure.REFUSED
    world.books.put("client", "c9", name="Acme")
    world.settle()
    (one,) = told(world, "c9")
    decided = next(event for event in one.events if event.step == "decide")
    assert decided.failed == "told to fail: refused"
    assert why(one).startswith("It waits for a person: told to fail: refused. The system did not take it")


def test_a_conflict_shows_both_sides(world: World) -> None:
    world.books.put("client", "c9", name="Acme", town="Bayshore")
    world.settle()
    world.crm.put("company", "c1", city="Lakeside")
    world.clock.on(minutes=5)
    world.books.put("client", "c9", town="Hilltop")
    world.settle()
    (one,) = told(world, "c9")
    line = next(line for line in one.events[-1].lines if line.field == "city")
    assert (line.there, line.ours, line.won) == ("Lakeside", "Hilltop", "a person decides")


def test_what_was_read_and_since_when_is_told_where_nothing_is_found(world: World) -> None:
    with world.store.reading() as tx:
        before = {one.entity: one.sentence for one in readings(tx, world.connection)}
    assert before["bill"] == "its first reading is not complete"
    world.settle()
    with world.store.reading() as tx:
        after = {one.entity: one.sentence for one in readings(tx, world.connection)}
    assert after["bill"].startswith("read completely by 2026-03-02") and "2026-01-01 or later" in after["bill"]
