"""What a client owes changes with bills, and no system marks the client as changed for that."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.engine.sync.conftest import COMPANIES, SALES, World, opened

OWING = COMPANIES.replace("  name: name\n", "  name: name\n  owes: owed\n")


@pytest.fixture
def world(tmp_path: Path, url: str) -> Iterator[World]:
    """A client with a job, in step."""
    with opened(tmp_path, url, OWING, SALES) as made:
        made.books.put("client", "c1", name="Acme", mail="a@acme.example", owed=Decimal(0))
        made.books.put("client", "j1", name="Acme:Roof", parent="c1", owed=Decimal(0))
        made.settle()
        yield made


def bill(world: World, key: str, client: str, total: int) -> None:
    """A bill, which changes what the client and those above it owe without a mark on them."""
    world.books.put("bill", key, number=key, client=client, day="2026-03-01", total=Decimal(total), lines=[])
    for one in filter(None, (client, world.books.of("client")[client].get("parent"))):
        world.books.unseen("client", one, owed=Decimal(total))


def owes(world: World) -> list[Decimal | None]:
    return [one.get("owes") for one in world.crm.of("company").values()]


def test_a_new_bill_brings_the_clients_balance_along(world: World) -> None:
    bill(world, "b1", "c1", 70)
    world.settle()
    assert owes(world) == [Decimal(70)]


def test_a_bill_of_a_job_brings_the_balance_of_the_whole_client_along(world: World) -> None:
    bill(world, "b1", "j1", 30)
    world.settle()
    assert owes(world) == [Decimal(30)]


def test_nobody_asks_for_balances_that_no_mapping_reads(tmp_path: Path, url: str) -> None:
    with opened(tmp_path, url, COMPANIES, SALES) as world:
        world.books.put("client", "c1", name="Acme", mail="a@acme.example", owed=Decimal(0))
        world.settle()
        bill(world, "b1", "c1", 70)
        asked = len(world.books.queries)
        world.settle()
        assert not [one for one in world.books.queries[asked:] if one.kind == "keys" and one.entity == "client"]


def test_old_history_asks_for_no_balances(tmp_path: Path, url: str) -> None:
    with opened(tmp_path, url, OWING, SALES) as world:
        world.books.put("client", "c1", name="Acme", mail="a@acme.example", owed=Decimal(70))
        bill(world, "b1", "c1", 70)
        world.settle()
        assert owes(world) == [Decimal(70)]
        assert not [one for one in world.books.queries if one.kind == "keys" and one.entity == "client"]
