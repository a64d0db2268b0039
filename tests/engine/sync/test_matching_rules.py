"""Matching never guesses: each of its rules, between two systems."""

from __future__ import annotations

from tests.engine.sync.conftest import World


def test_an_address_that_several_clients_hold_is_skipped_with_a_warning_and_the_next_key_decides(world: World) -> None:
    world.crm.put("company", "x1", name="Bolt", mail=None)
    for key, name in (("c1", "Acme"), ("c2", "Bolt")):
        world.books.put("client", key, name=name, mail="tax@advisor.example")
    world.settle()
    assert world.crm.identity[("company", "x1")] == ("acme/client/c2",)
    assert len(world.crm.of("company")) == 2
    with world.store.reading() as tx:
        warned = [str(one.detail) for one in tx.journal.story("acme", "companies", "c2", 10) if one.step == "decide"]
    assert any("tax@advisor.example" in one for one in warned)


def test_if_only_a_shared_address_would_have_hit_the_client_parks_instead_of_being_made_anew(world: World) -> None:
    world.crm.put("company", "x1", name="Somebody", mail="tax@advisor.example")
    for key, name in (("c1", "Acme"), ("c2", "Bolt")):
        world.books.put("client", key, name=name, mail="tax@advisor.example")
    world.settle()
    assert [world.state("companies", key)[0] for key in ("c1", "c2")] == ["parked", "parked"]
    assert world.crm.writes == []


def test_a_job_with_its_parents_address_does_not_make_it_a_shared_one(world: World) -> None:
    world.crm.put("company", "x1", name="Somebody", mail="a@acme.example")
    world.books.put("client", "c1", name="Acme", mail="a@acme.example")
    world.books.put("client", "c2", name="Acme:Job", mail="a@acme.example", parent="c1")
    world.settle()
    assert world.crm.identity[("company", "x1")] == ("acme/client/c1",)
    assert len(world.crm.of("company")) == 1


def test_a_client_that_is_gone_does_not_make_an_address_a_shared_one(world: World) -> None:
    world.books.put("client", "c1", name="Acme", mail="a@acme.example")
    world.settle()
    world.books.delete("client", "c1")
    world.settle()
    world.crm.put("company", "x1", name="Somebody", mail="b@acme.example")
    world.books.put("client", "c2", name="Acme", mail="b@acme.example")
    world.settle()
    assert world.crm.identity[("company", "x1")] == ("acme/client/c2",)


def test_a_company_that_is_linked_to_another_client_parks_the_newcomer_with_both_shown(world: World) -> None:
    world.books.put("client", "c1", name="Acme", mail="a@acme.example")
    world.settle()
    (company,) = world.crm.of("company")
    world.crm.put("company", company, mail="b@acme.example")  # a person's edit
    world.books.put("client", "c2", name="Bolt", mail="B@Acme.example")
    world.settle()
    assert world.state("companies", "c2")[0] == "parked"
    with world.store.reading() as tx:
        (candidate,) = tx.work.get("acme", "companies", ["c2"])["c2"].detail["candidates"]
    assert (candidate["label"], candidate["linked"]) == ("Acme", "c1")


def test_clients_of_one_name_are_two_companies_once_the_one_they_could_have_been_is_taken(world: World) -> None:
    world.books.put("client", "c1", name="Acme", mail=None)
    world.settle()
    world.books.put("client", "c2", name="ACME, Inc.", mail=None)
    world.settle()
    assert sorted(one["name"] for one in world.crm.of("company").values()) == ["ACME, Inc.", "Acme"]


def test_nothing_is_matched_before_both_sides_were_read_whole(world: World) -> None:
    world.books.put("client", "c1", name="Acme")
    world.crm.put("company", "x1", name="Acme", mail=None)
    world.connection.endpoints["books"].drain()  # the books alone: what the CRM holds is not known yet
    with world.store.reading() as tx:
        assert tx.work.get("acme", "companies", ["c1"])["c1"].state == "due"
    world.settle()
    assert list(world.crm.of("company")) == ["x1"]
