"""What a person decides about parked records, and what comes of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import engine.sync
from engine.errors import UserError
from engine.protocol import Failure
from engine.sync import parked
from engine.sync.candidates import candidates
from tests.engine.sync.conftest import World
from tests.engine.sync.test_way_of_a_record import bill


@pytest.fixture
def doubtful(world: World) -> World:
    """A client that could be either of two companies."""
    for key in ("x1", "x2"):
        world.crm.put("company", key, name="ACME Inc.", mail=None, city="Filled")
    world.books.put("client", "c1", name="Acme", town="Bayshore", mail="a@acme.example")
    world.settle()
    return world


def act(world: World, what: str, *more: str) -> None:
    with world.store.transaction() as tx:
        state: parked.State = "ignored" if what == "unignore" else "parked"
        row = parked.row_of(tx, world.connection, "c1", None, state)
        if what == "link":
            parked.link(tx, world.connection, row, more[0], "jane", world.clock())
        else:
            getattr(parked, what)(tx, world.connection, [row], "jane", world.clock())


def test_what_is_parked_is_shown_by_cause_with_its_advice(doubtful: World) -> None:
    with doubtful.store.reading() as tx:
        (cause,) = parked.causes(tx, doubtful.connection)
    assert (cause.code, [row.source_key for row in cause.rows]) == ("M101", ["c1"])
    assert cause.advice.startswith("Several records match.")


def test_a_linked_one_is_that_record_and_what_was_filled_there_stays(doubtful: World) -> None:
    act(doubtful, "link", "x2")
    doubtful.settle()
    assert doubtful.state("companies", "c1")[0] == "done"
    assert doubtful.crm.of("company")["x2"] == {"name": "ACME Inc.", "mail": "a@acme.example", "city": "Filled"}
    assert doubtful.crm.identity[("company", "x2")] == ("acme/client/c1",)
    assert len(doubtful.crm.of("company")) == 2
    with doubtful.store.reading() as tx:
        words = [one.reason for one in tx.journal.story("acme", "companies", "c1", 10)]
    assert "linked to company x2 by jane" in words


def test_a_skipped_one_rests_until_it_changes(doubtful: World) -> None:
    act(doubtful, "skip")
    doubtful.settle()
    assert doubtful.state("companies", "c1") == ("skipped", "skipped by jane")
    doubtful.books.put("client", "c1", town="Lakeside")
    doubtful.settle()
    assert doubtful.state("companies", "c1")[0] == "parked"


def test_an_ignored_one_rests_whatever_happens_to_it_until_that_is_taken_back(doubtful: World) -> None:
    act(doubtful, "ignore")
    doubtful.books.put("client", "c1", town="Lakeside")
    bill(doubtful, "b1", client="c1")
    doubtful.settle()
    assert doubtful.state("companies", "c1") == ("ignored", "ignored by jane")
    state, reason = doubtful.state("sales", "b1")
    assert (state, reason) == ("skipped", "client Acme is left out: ignored by jane")
    with doubtful.store.reading() as tx:
        assert parked.causes(tx, doubtful.connection) == []
        (cause,) = parked.causes(tx, doubtful.connection, state="ignored")
        assert (cause.code, cause.rows[0].detail["was"]) == ("M101", "2 records have the same name")
    doubtful.crm.put("company", "x2", name="Another")
    doubtful.clock.on(minutes=5)
    act(doubtful, "unignore")
    doubtful.settle()
    assert doubtful.crm.identity[("company", "x1")] == ("acme/client/c1",)
    assert doubtful.state("sales", "b1")[0] == "done"
    with doubtful.store.reading() as tx:
        words = [one.reason for one in tx.journal.story("acme", "companies", "c1", 10)]
    assert {"ignored by jane", "no longer ignored, by jane"} <= set(words)


def test_a_resync_leaves_an_ignored_one_alone(doubtful: World) -> None:
    act(doubtful, "ignore")
    with doubtful.store.transaction() as tx:
        assert tx.versions.resync("acme", "companies", None, 0, doubtful.clock()) == 0


def test_a_retried_one_is_decided_on_what_is_true_now(doubtful: World) -> None:
    doubtful.crm.put("company", "x2", name="Another")
    doubtful.clock.on(minutes=5)
    act(doubtful, "retry")
    doubtful.settle()
    assert doubtful.crm.identity[("company", "x1")] == ("acme/client/c1",)


def test_a_target_that_is_not_there_or_taken_is_refused(doubtful: World) -> None:
    with pytest.raises(UserError, match="There is no company x9"):
        act(doubtful, "link", "x9")
    act(doubtful, "link", "x2")
    doubtful.settle()
    doubtful.books.put("client", "c2", name="Bolt")
    doubtful.crm.fail = lambda write: Failure.REFUSED
    doubtful.settle()
    with doubtful.store.transaction() as tx, pytest.raises(UserError, match="belongs to client c1 already"):
        row = parked.row_of(tx, doubtful.connection, "c2")
        parked.link(tx, doubtful.connection, row, "x2", "jane", doubtful.clock())


def test_one_that_moved_meanwhile_is_not_touched(doubtful: World) -> None:
    act(doubtful, "link", "x2")
    with pytest.raises(UserError, match="is not parked any more"):
        act(doubtful, "skip")


def test_every_code_that_the_engine_parks_with_has_its_advice() -> None:
    folder = Path(str(engine.sync.__file__)).parent
    used = {code for file in folder.glob("*.py") for code in re.findall(r'"(M1\d\d)"', file.read_text("utf-8"))}
    assert used == {code for code in parked.CAUSES if code[0] == "M"}
    assert {f"W{failure}" for failure in (Failure.GONE, Failure.REFUSED, Failure.RETRY)} <= parked.CAUSES.keys()


def test_candidates_are_shown_with_what_they_are_found_by_and_what_matched(world: World) -> None:
    world.crm.put("company", "x1", name="ACME Inc.", mail="A@acme.example")
    world.crm.put("company", "x2", name="Other", mail="a@acme.example")
    world.books.put("client", "c1", name="Acme", mail="a@acme.example")
    world.settle()
    with world.store.reading() as tx:
        row = parked.row_of(tx, world.connection, "c1")
        first, second = candidates(tx, world.connection, row)
    assert [(one.key, one.label, one.linked) for one in (first, second)] == [
        ("x1", "ACME Inc.", ""),
        ("x2", "Other", ""),
    ]
    assert [(one.label, one.values, one.matched) for one in first.traits] == [
        ("e-mail", ("a@acme.example",), ("a@acme.example",)), ("name", ("acme",), ("acme",)),
    ]  # fmt: skip
    assert [(one.label, one.matched) for one in second.traits] == [("e-mail", ("a@acme.example",)), ("name", ())]


def test_a_candidate_that_belongs_to_another_one_names_it(world: World) -> None:
    world.books.put("client", "c1", name="Acme", mail="a@acme.example")
    world.settle()
    world.books.put("client", "c2", name="Acme Too", mail="b@acme.example")
    world.crm.put("company", "c1", mail="b@acme.example")
    world.clock.on(minutes=5)
    world.settle()
    with world.store.reading() as tx:
        row = parked.row_of(tx, world.connection, "c2")
        assert [(one.key, one.linked) for one in candidates(tx, world.connection, row)] == [("c1", "Acme")]
