"""`via`: what becomes of a reference whose link is not there, for each `otherwise`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.sync.conftest import COMPANIES, SALES, World, opened
from tests.engine.sync.test_way_of_a_record import bill

LEFT_OUT = COMPANIES.replace("match:\n", "only: name != 'Nobody'\nmatch:\n", 1)


@pytest.fixture(params=["wait", "leave", "skip"])
def otherwise(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def referring(tmp_path: Path, url: str, otherwise: str) -> Iterator[World]:
    """Bills refer to clients with each `otherwise`; clients called Nobody are left out."""
    with opened(tmp_path, url, LEFT_OUT, SALES.replace("otherwise: wait", f"otherwise: {otherwise}")) as made:
        yield made


def companies_of_sales(world: World) -> list[str | None]:
    return [one.get("company") for one in world.crm.of("sale").values()]


def test_a_reference_that_is_linked_leads_to_its_target_whatever_otherwise_says(referring: World) -> None:
    referring.books.put("client", "c1", name="Acme")
    bill(referring, "b1")
    referring.settle()
    assert companies_of_sales(referring) == list(referring.crm.of("company"))


def test_a_reference_to_a_parked_record_waits_is_left_or_skips_and_follows_once_it_is_linked(
    referring: World, otherwise: str
) -> None:
    for key in ("x1", "x2"):
        referring.crm.put("company", key, name="Acme", mail=None)
    referring.books.put("client", "c1", name="Acme")
    bill(referring, "b1")
    referring.settle()
    state, reason = referring.state("sales", "b1")
    assert state == {"wait": "waiting", "leave": "done", "skip": "skipped"}[otherwise]
    if otherwise != "leave":
        assert "client Acme is parked: 2 records have the same" in str(reason)
    assert companies_of_sales(referring) == ([None] if otherwise == "leave" else [])
    referring.clock.on(minutes=5)
    referring.crm.put("company", "x2", name="Another")
    referring.books.put("client", "c1", name="Acme", town="Bayshore")
    referring.settle()
    assert companies_of_sales(referring) == ["x1"]


def test_a_reference_to_a_record_that_is_left_out_skips_with_that_reason(referring: World, otherwise: str) -> None:
    referring.books.put("client", "c1", name="Nobody")
    bill(referring, "b1")
    referring.settle()
    state, reason = referring.state("sales", "b1")
    assert state == ("done" if otherwise == "leave" else "skipped")
    if otherwise != "leave":
        assert "client Nobody is left out" in str(reason)


def test_a_reference_to_a_record_never_seen_is_asked_for_by_its_key_once(referring: World, otherwise: str) -> None:
    bill(referring, "b1", client="c9")
    referring.settle()
    asked = [one for one in referring.books.queries if one.kind == "keys" and one.entity == "client"]
    assert [one.keys for one in asked] == ([] if otherwise != "wait" else [("c9",)])
    state, reason = referring.state("sales", "b1")
    if otherwise == "wait":
        assert (state, reason) == ("skipped", "client c9 is not in the source system")
