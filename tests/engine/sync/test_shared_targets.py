"""A memo names every bill of its sale: it waits for those that are just about to join, and for no others."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from engine.protocol import Failure, Write
from tests.engine.sync.conftest import COMPANIES, MEMOS, SALES, World, opened
from tests.engine.sync.test_explain import told
from tests.engine.sync.test_way_of_a_record import bill

BY_ORDER = SALES.replace("one_per: [client, order]", "one_per: [order]")


@pytest.fixture
def world(tmp_path: Path, url: str) -> Iterator[World]:
    """One bill of the order P1 has its sale."""
    with opened(tmp_path, url, COMPANIES, BY_ORDER, MEMOS) as made:
        made.books.put("client", "c1", name="Acme", mail="a@acme.example")
        bill(made, "b1", order="P1")
        made.settle()
        yield made


def receipt(world: World) -> None:
    world.books.put("receipt", "r1", day="2026-02-03", method="Cash", parts=[{"bill": "b1", "amount": Decimal(20)}])


def client_to_be_decided_about(world: World) -> None:
    """c2, of which nobody but a person can say which company it is."""
    for key in ("x", "y"):
        world.crm.put("company", key, name="Twin")
    world.settle()
    world.books.put("client", "c2", name="Twin")


def memos(world: World) -> list[str]:
    return [one["words"] for one in world.crm.of("memo").values()]


def test_a_memo_waits_for_a_bill_that_joins_its_sale_a_moment_later(world: World) -> None:
    failed: list[str] = []

    def fail(write: Write) -> Failure | None:
        if write.entity == "sale" and len(failed) < 2:
            failed.append(write.id)
            return Failure.RETRY
        return None

    world.crm.fail = fail
    bill(world, "b2", order="P1")
    receipt(world)
    for name in ("books", "crm"):
        world.connection.endpoints[name].drain()
    assert failed and not memos(world)
    state, reason = world.state("memos", "r1")
    assert (state, reason) == ("waiting", "bill B2 has no sale yet, and will share this one")
    (memo,) = [one for one in told(world, "r1") if one.mapping == "memos"]
    assert memo.waits == (("sales", "b2"),)
    world.settle()
    assert memos(world) == ["20 by Cash; B1 30 B2 30"]


def test_a_memo_does_not_wait_for_a_bill_that_is_parked(world: World) -> None:
    world.crm.fail = lambda write: Failure.REFUSED if write.entity == "sale" else None
    bill(world, "b2", order="P1")
    receipt(world)
    world.settle()
    assert world.state("sales", "b2")[0] == "parked"
    assert memos(world) == ["20 by Cash; B1 30"]


def test_a_memo_waits_no_longer_once_what_its_neighbour_waits_for_is_parked(world: World) -> None:
    client_to_be_decided_about(world)
    bill(world, "b2", order="P1", client="c2")
    receipt(world)
    world.settle()
    assert world.state("companies", "c2")[0] == "parked"
    assert world.state("sales", "b2")[0] == "waiting"
    assert memos(world) == ["20 by Cash; B1 30"]


def test_a_memo_waits_no_longer_for_a_bill_that_is_left_out_once_more(world: World) -> None:
    world.books.put("client", "c2", name="Other")
    bill(world, "b2", order="P1", client="c2", void=True)
    world.settle()
    assert world.state("sales", "b2")[0] == "skipped"
    bill(world, "b2", order="P1", client="c2", void=True, total=Decimal(31))
    receipt(world)
    world.settle()
    assert memos(world) == ["20 by Cash; B1 30"]


def test_a_bill_that_waits_is_not_taken_for_done_with_its_neighbour_that_has_nothing_to_do(world: World) -> None:
    client_to_be_decided_about(world)
    bill(world, "b1", order="P1", note="of no interest")
    bill(world, "b2", order="P1", client="c2")
    world.settle()
    assert world.state("sales", "b1")[0] == "done"
    assert world.state("sales", "b2")[0] == "waiting"
    world.books.put("client", "c2", name="Another")
    world.settle()
    assert world.state("sales", "b2")[0] == "done"
    assert [one["value"] for one in world.crm.of("sale").values()] == [Decimal(60)]
