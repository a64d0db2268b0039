"""What just happened goes before old history, and takes along what it needs of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from engine.protocol import Query, Write
from tests.engine.sync.conftest import World


def test_a_first_reading_is_old_history_and_what_comes_later_is_urgent(world: World) -> None:
    for number in range(3):
        world.books.put("client", f"c{number}", name=f"Client {number}", mail=f"{number}@x.example")
    world.connection.endpoints["books"].drain()
    work = world.connection.sites["crm"].work
    assert work.backlog() == {"company": 3}
    assert not urgent(world), "only old history was there"
    world.clock.on(minutes=1)
    world.books.put("client", "c9", name="Newcomer", mail="9@x.example")
    world.connection.endpoints["books"].drain()
    assert [one.values["name"] for one in urgent(world)] == ["Newcomer"]
    assert work.backlog() == {"company": 3}


def test_what_an_urgent_record_waits_for_is_urgent_too_and_what_it_wakes_keeps_its_place(world: World) -> None:
    for number in range(3):
        world.books.put("client", f"c{number}", name=f"Client {number}", mail=f"{number}@x.example")
    bill(world, "b0", "c1")
    world.connection.endpoints["books"].drain()
    assert world.connection.sites["crm"].work.backlog() == {"company": 3, "sale": 1, "sale.items": 1}
    world.clock.on(minutes=1)
    bill(world, "b1", "c1")
    world.connection.endpoints["books"].drain()
    made = urgent(world)
    assert [one.values.get("name") or one.values["title"] for one in made] == ["Client 1", "Bill B1"]
    assert world.connection.sites["crm"].work.backlog() == {"company": 2, "sale": 1, "sale.items": 1}


def bill(world: World, key: str, client: str) -> None:
    line = {"no": "1", "qty": Decimal(1), "price": Decimal(10), "what": "a"}
    world.books.put(
        "bill", key, number=key.upper(), client=client, order=None, total=Decimal(10), open=Decimal(10),
        day="2026-02-01", void=False, lines=[line],
    )  # fmt: skip


def urgent(world: World) -> list[Write]:
    """Carries what is urgent until nothing comes; the records that were made."""
    work: Any = world.connection.sites["crm"].work
    endpoint: Any = world.connection.endpoints["crm"]
    made = []
    while requests := work.take(50, world.clock.now, urgent_only=True):
        for request in requests:
            work.give(request, endpoint._carry(request))
            if not isinstance(request, Query) and request.action == "create":
                made.append(request)
    return made
