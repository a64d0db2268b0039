"""What seeded schedules of edits, cuts and lost answers found, each as small as it gets."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.protocol import Failed, Failure, Query, Write
from engine.store.store import Store
from tests.engine.sync.conftest import BACK, COMPANIES, SALES, World, build
from tests.engine.sync.test_way_of_a_record import bill, one_line


def lose_first(world: World, action: str, holding: str = "") -> list[str]:
    """The answer to the first such write is lost, though it was carried out."""
    lost: list[str] = []

    def lose(write: Write) -> bool:
        if write.action == action and not lost and any(holding in one.ref for one in write.add or ()):
            lost.append(write.id)
            return True
        return False

    world.crm.lose = lose
    return lost


def take_write(world: World) -> Write:
    """The next write, once what must be read first was read."""
    work = world.connection.endpoints["crm"].site.work  # type: ignore[attr-defined]
    carry: Any = world.connection.endpoints["crm"]._carry  # type: ignore[attr-defined]
    writes: list[Write] = []
    while not writes:
        for request in work.take(10, world.clock()):
            if isinstance(request, Write):
                writes.append(request)
            else:
                work.give(request, carry(request))
    return writes[0]


def drain(world: World, *systems: str) -> None:
    for system in systems:
        world.connection.endpoints[system].drain()


def test_a_bill_deleted_while_the_answer_about_its_lines_was_lost_still_loses_its_sale(world: World) -> None:
    lost = lose_first(world, "children")
    world.books.put("client", "c1", name="Acme")
    bill(world, "b1", order="P1")
    drain(world, "books", "crm")
    assert lost
    world.books.delete("bill", "b1")
    world.settle()
    world.clock.on(hours=1)
    world.settle()
    (sale,) = world.crm.of("sale").values()
    assert sale.get("status") == "lost"


def test_what_was_appended_is_not_appended_again_when_the_answer_was_lost(world: World) -> None:
    world.books.put("client", "c1", name="Acme")
    bill(world, "b1", order="PO-1")
    world.settle()
    world.clock.on(minutes=5)
    world.books.put("receipt", "r1", day="2026-02-03", method="Cash", parts=[{"bill": "b1", "amount": Decimal(20)}])
    world.settle()
    before = [one["words"] for one in world.crm.of("memo").values()]
    lost: list[str] = []
    world.crm.lose = lambda write: write.entity == "memo" and not lost and lost.append(write.id) is None
    world.books.put("receipt", "r1", parts=[])
    for _ in range(3):
        world.settle()
        world.clock.on(hours=1)
    assert lost and [one["words"] for one in world.crm.of("memo").values()] == [f"{before[0]} (taken back)"]


def test_a_look_that_began_before_the_write_was_sent_does_not_prove_that_it_was_not_carried_out(world: World) -> None:
    work = world.connection.endpoints["crm"].site.work  # type: ignore[attr-defined]
    carry: Any = world.connection.endpoints["crm"]._carry  # type: ignore[attr-defined]
    world.books.put("client", "c1", name="Acme")
    world.settle()
    world.clock.on(minutes=5)
    bill(world, "b1")
    drain(world, "books")
    write = take_write(world)
    look = Query("sale", id=world.clock().isoformat())  # taken with the write, and carried before it
    work.give(look, carry(look))
    carry(write)
    work.give(write, Failed(Failure.UNKNOWN, "the answer was lost"))
    world.clock.on(minutes=6)
    world.settle()
    assert len(world.crm.of("sale")) == 1


def test_another_bill_of_a_sale_waits_while_the_answer_about_its_lines_is_looked_up(world: World) -> None:
    world.books.put("client", "c1", name="Acme")
    bill(world, "b1", order="P1")
    world.settle()
    world.clock.on(minutes=5)
    lost = lose_first(world, "children", "b2")
    bill(world, "b2", order="P1")
    drain(world, "books", "crm")
    assert lost
    bill(world, "b1", order="P1", total=Decimal(40), lines=one_line("40"))
    world.clock.on(minutes=10)
    world.settle()
    (sale,) = world.crm.of("sale").values()
    assert (sale["value"], len(sale["_lines"])) == (Decimal(70), 3)


def test_keys_whose_reading_failed_are_asked_for_again(world: World) -> None:
    world.books.put("client", "c1", name="Acme")
    world.settle()
    with world.store.transaction() as tx:
        tx.wanted.add("acme", "books", "client", ["c1"], "touched", world.clock())
    work = world.connection.endpoints["books"].site.work  # type: ignore[attr-defined]
    old = world.clock.now.replace(year=2020)
    (query,) = work.take(0, old)
    assert query.keys == ("c1",)
    work.give(query, Failed(Failure.RETRY, "a passing fault"))
    world.clock.on(hours=1)
    assert [one.keys for one in work.take(0, old)] == [("c1",)]


def test_a_win_that_was_seen_just_before_our_own_write_still_flows_back(world: World, tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/both.db")
    connection = build(tmp_path / "both", store, world.clock, world.books, world.crm, [COMPANIES, SALES, BACK])
    both = World(world.books, world.crm, connection, world.clock, store)
    world.books.put("client", "c1", name="Acme")
    bill(both, "b1")
    both.settle()
    (key,) = both.crm.of("sale")
    both.clock.on(minutes=5)
    both.crm.put("sale", key, status="won")
    bill(both, "b1", number="B1 again")
    both.settle()
    assert both.crm.of("sale")[key]["title"] == "Bill B1 again"
    assert both.books.of("bill")["b1"]["memo"] == "[CRM: won, New]"
    store.close()


def test_taking_goes_on_where_what_was_due_settles_without_a_request(world: World) -> None:
    for number in range(5):
        world.books.put("client", f"old{number}", name=f"Old {number}", parent="nobody")
    world.books.put("client", "c1", name="Acme")
    work = world.connection.endpoints["crm"].site.work  # type: ignore[attr-defined]
    carry: Any = world.connection.endpoints["crm"]._carry  # type: ignore[attr-defined]
    drain(world, "books")
    taken: list[Write] = []
    while not taken and (requests := work.take(1, world.clock())):
        for request in requests:
            if isinstance(request, Write):
                taken.append(request)
            else:
                work.give(request, carry(request))
    assert [one.values["name"] for one in taken] == ["Acme"]
