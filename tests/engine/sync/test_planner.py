"""Plans over the little systems: what would be done is told, and nothing is."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.sync import holding
from engine.sync.plan import Change, Plan
from engine.sync.planner import plan
from tests.engine.sync.conftest import World


def bill(world: World, key: str = "b1", **values: object) -> None:
    lines = [{"no": "1", "qty": 2, "price": 30, "what": "Fence"}, {"no": "2", "qty": 1, "price": 40, "what": "Post"}]
    record = {
        "number": "100",
        "client": "c1",
        "order": "A",
        "total": 100,
        "open": 100,
        "day": "2026-02-01",
        "lines": lines,
    }
    world.books.put("bill", key, **{**record, **values})


@pytest.fixture
def held(world: World) -> World:
    """A connection on hold that has read a client with a bill and a receipt for it."""
    holding.hold(world.connection)
    world.books.put("client", "c1", name="Acme", town="Bayshore", mail="a@acme.example")
    world.books.put("receipt", "r1", day="2026-02-03", method="Check", parts=[{"bill": "b1", "amount": 10}])
    bill(world)
    for name in ("books", "crm", "books"):
        world.connection.endpoints[name].drain()
    return world


def told(made: Plan) -> list[tuple[str, str, list[str]]]:
    return [(one.mapping, one.outcome, [step.request["action"] for step in one.steps]) for one in made.changes]


def the(made: Plan, mapping: str) -> Change:
    (change,) = [one for one in made.changes if one.mapping == mapping]
    return change


def test_on_hold_both_systems_are_read_and_nothing_is_written(held: World) -> None:
    assert held.books.queries and held.crm.queries
    held.clock.on(minutes=10)
    held.connection.endpoints["crm"].drain()
    assert held.crm.writes == []
    assert held.connection.sites["crm"].work.waiting(held.clock.now.replace(year=2020)) == 0


def test_what_depends_on_records_still_to_be_made_is_planned_with_lines_and_notes(held: World) -> None:
    made = plan(held.connection)
    assert told(made) == [
        ("companies", "created", ["create"]),
        ("sales", "created", ["create", "children"]),
        ("memos", "created", ["create"]),
    ]
    create, lines = (step.request for step in the(made, "sales").steps)
    assert create["values"]["company"] == "new:companies/c1"
    assert lines["key"] == "new:sales/b1" and [one["values"]["product"] for one in lines["add"]] == ["Fence", "Post"]
    assert the(made, "memos").steps[0].request["values"]["words"] == "10 by Check; 100 100"


@pytest.mark.parametrize("every", [300, 600])
def test_a_visit_takes_as_long_as_it_is_waited_for(held: World, every: int, monkeypatch: pytest.MonkeyPatch) -> None:
    before = plan(held.connection)
    facts = {"calls_us": True, "visits_every": every}
    monkeypatch.setattr(held.connection.endpoints["crm"], "facts", lambda: facts)
    made = plan(held.connection)
    assert (made.costs["crm"].visits, before.costs["crm"].visits) == (1, 0)
    assert made.costs["crm"].seconds - before.costs["crm"].seconds == every
    assert made.costs["books"].seconds == before.costs["books"].seconds
    assert made.summary()["minutes"] == every / 60


def test_released_it_does_what_the_plan_said(held: World) -> None:
    made = plan(held.connection)
    holding.release(held.connection)
    held.settle()
    planned = [step.request for one in made.changes for step in one.steps]
    assert [(one.action, one.entity) for one in held.crm.writes] == [(one["action"], one["entity"]) for one in planned]
    again = plan(held.connection)
    assert again.changes == () and again.writes == 0


def test_planning_changes_neither_the_store_nor_the_systems(held: World, tmp_path: Path) -> None:
    before = everything(held), len(held.crm.queries), len(held.books.queries)
    plan(held.connection)
    assert (everything(held), len(held.crm.queries), len(held.books.queries)) == before


def everything(world: World) -> list[object]:
    """Every row of every table."""
    from engine.store.columns import metadata

    with world.store.connect(only_reading=True) as db:
        return [(table.name, sorted(map(repr, db.execute(table.select())))) for table in metadata.sorted_tables]


def test_each_field_is_told_as_it_is_and_as_it_would_be_with_its_rule(held: World) -> None:
    holding.release(held.connection)
    held.settle()
    holding.hold(held.connection)
    held.books.put("client", "c1", town="Lakeside")
    held.clock.on(minutes=5)
    held.connection.endpoints["books"].drain()
    change = the(plan(held.connection), "companies")
    (field,) = change.steps[0].fields
    assert (change.outcome, change.label, change.target_label) == ("updated", "Acme", "Acme")
    assert (field.field, field.old, field.new) == ("city", "Bayshore", "Lakeside")
    assert "m0.yaml:" in field.rule


def test_one_that_would_be_parked_says_so_and_what_waits_for_it_is_counted(world: World) -> None:
    holding.hold(world.connection)
    for key in ("x1", "x2"):
        world.crm.put("company", key, name="ACME Inc.", mail=None)
    world.books.put("client", "c1", name="Acme")
    bill(world)
    for name in ("books", "crm", "books"):
        world.connection.endpoints[name].drain()
    made = plan(world.connection)
    assert told(made) == [("companies", "parked", [])]
    assert the(made, "companies").code == "M101"
    assert made.left["sales"] == {"waits: client Acme is parked: 2 records have the same name": 1}


def test_before_everything_was_read_the_plan_says_what_it_does_not_know(world: World) -> None:
    holding.hold(world.connection)
    world.books.put("client", "c1", name="Acme")
    world.connection.endpoints["books"].drain()
    made = plan(world.connection)
    assert made.changes == ()
    assert any(note.startswith("crm has not been read completely: ") for note in made.notes)


def test_a_request_whose_answer_is_out_is_not_planned_a_second_time(held: World) -> None:
    holding.release(held.connection)
    work = held.connection.sites["crm"].work
    taken = work.take(50, stale_before=held.clock.now.replace(year=2020))
    assert [one.entity for one in taken] == ["company"]
    made = plan(held.connection)
    assert "companies" not in {one.mapping for one in made.changes}
    assert made.left["companies"] == {"under way just now": 1}


def test_a_saved_plan_comes_back_as_it_was(held: World, tmp_path: Path) -> None:
    made = plan(held.connection)
    made.save(tmp_path / "p.json")
    assert Plan.load(tmp_path / "p.json") == made
