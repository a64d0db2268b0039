"""Lines with negative amounts that the system refuses: the sale keeps no lines of ours, and its value is sent."""

from __future__ import annotations

from decimal import Decimal

from engine.protocol import Failure, Write
from tests.engine.sync.conftest import World
from tests.engine.sync.test_way_of_a_record import bill, one_line

DISCOUNT = [
    {"no": "1", "qty": Decimal(1), "price": Decimal(30), "what": "a"},
    {"no": "2", "qty": Decimal(1), "price": Decimal(-5), "what": "discount"},
]


def refuses_negative_lines(write: Write) -> Failure | None:
    lines = (*write.add, *write.change)
    return Failure.REFUSED if any(one.values.get("price", 0) < 0 for one in lines) else None


def test_the_value_is_sent_where_negative_lines_are_refused_and_lines_come_back_once_they_can(world: World) -> None:
    world.crm.fail = refuses_negative_lines
    world.books.put("client", "c1", name="Acme")
    bill(world, "b1", lines=DISCOUNT, total=Decimal(25))
    world.settle()
    (sale,) = world.crm.of("sale").values()
    assert (sale["value"], sale.get("_lines")) == (Decimal(25), None)
    assert world.state("sales", "b1")[0] == "done"
    refused = [one for one in world.crm.writes if one.action == "children"]
    world.clock.on(minutes=5)
    bill(world, "b1", number="B1-x", lines=DISCOUNT, total=Decimal(25))
    world.settle()
    assert len([one for one in world.crm.writes if one.action == "children"]) == len(refused) == 1
    bill(world, "b1", lines=one_line("25"), total=Decimal(25))
    world.settle()
    (sale,) = world.crm.of("sale").values()
    assert [line["price"] for line in sale["_lines"].values()] == [Decimal(25)]


def test_lines_of_ours_are_taken_away_when_a_change_makes_them_refused(world: World) -> None:
    world.crm.fail = refuses_negative_lines
    world.books.put("client", "c1", name="Acme")
    bill(world, "b1")
    world.settle()
    world.clock.on(minutes=5)
    bill(world, "b1", lines=DISCOUNT, total=Decimal(25))
    world.settle()
    (sale,) = world.crm.of("sale").values()
    assert (sale["value"], sale["_lines"]) == (Decimal(25), {})


def test_other_refused_lines_park_the_bill(world: World) -> None:
    world.crm.fail = lambda write: Failure.REFUSED if write.action == "children" else None
    world.books.put("client", "c1", name="Acme")
    bill(world, "b1")
    world.settle()
    assert world.state("sales", "b1")[0] == "parked"
