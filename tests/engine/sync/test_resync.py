"""A mapping was edited: what changes from now on follows it at once, what was decided before when it is told to."""

from __future__ import annotations

from pathlib import Path

from engine.protocol import Failure
from engine.sync.resync import resync
from tests.engine.sync.conftest import COMPANIES, World, build

EDITED = COMPANIES.replace("  name: name\n  mail", "  name: {template: 'The {{ name }}'}\n  mail")


def edited(world: World, folder: Path) -> World:
    connection = build(folder, world.store, world.clock, world.books, world.crm, [EDITED])
    return World(world.books, world.crm, connection, world.clock, world.store)


def test_new_changes_use_the_new_version_and_older_records_wait_for_a_resync(world: World, tmp_path: Path) -> None:
    world.books.put("client", "c1", name="Acme")
    world.books.put("client", "c2", name="Bolt")
    world.settle()
    after = edited(world, tmp_path / "edited")
    after.clock.on(minutes=5)
    after.books.put("client", "c2", name="Bolt and Sons")
    after.settle()
    assert sorted(one["name"] for one in after.crm.of("company").values()) == ["Acme", "The Bolt and Sons"]
    assert resync(after.connection, "companies") == 1
    after.settle()
    assert sorted(one["name"] for one in after.crm.of("company").values()) == ["The Acme", "The Bolt and Sons"]
    assert resync(after.connection, "companies") == 0


def test_a_resync_of_everything_writes_nothing_where_nothing_differs(world: World) -> None:
    world.books.put("client", "c1", name="Acme")
    world.settle()
    before = len(world.crm.writes)
    assert resync(world.connection, "companies", everything=True) == 1
    world.settle()
    assert len(world.crm.writes) == before


def test_an_edit_cures_a_parked_record_with_a_resync(world: World, tmp_path: Path) -> None:
    world.crm.fail = lambda write: None if str(write.values["name"]).startswith("The ") else Failure.REFUSED
    world.books.put("client", "c1", name="Acme")
    world.settle()
    assert world.state("companies", "c1")[0] == "parked"
    after = edited(world, tmp_path / "edited")
    assert resync(after.connection, "companies") == 1
    after.settle()
    assert [one["name"] for one in after.crm.of("company").values()] == ["The Acme"]
