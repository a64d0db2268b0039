"""A write without an answer may still be carried out: until it can be there, nobody looks or writes again."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from engine.protocol import Failed, Failure
from tests.engine.sync.conftest import World
from tests.engine.sync.test_found_by_schedules import drain, take_write
from tests.engine.sync.test_way_of_a_record import bill, one_line

LATE = timedelta(minutes=1)


def test_what_is_carried_out_half_a_minute_after_we_stopped_waiting_is_not_made_again(world: World) -> None:
    crm = world.connection.endpoints["crm"]
    world.books.put("client", "c1", name="Acme")
    world.settle()
    world.clock.on(minutes=5)
    bill(world, "b1")
    drain(world, "books")
    write = take_write(world)
    crm.site.work.give(write, Failed(Failure.UNKNOWN, "no answer", again_after=LATE))  # type: ignore[attr-defined]
    asked = len(world.crm.queries)
    bill(world, "b1", total=Decimal(40), lines=one_line("40"))  # which makes its row due at once
    for _ in range(5):
        world.clock.on(seconds=5)
        drain(world, "books", "crm")
    assert (world.crm.of("sale"), len(world.crm.queries) - asked) == ({}, 0), "nobody looks while it may not be there"
    crm._carry(write)  # type: ignore[attr-defined]
    world.clock.on(minutes=10)
    world.settle()
    (sale,) = world.crm.of("sale").values()
    assert sale["value"] == Decimal(40)
