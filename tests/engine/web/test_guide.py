"""How far a set-up is, and what comes next, follows from the facts alone."""

from __future__ import annotations

from dataclasses import replace

from engine.sync.checks import Checked
from engine.web.guide import Facts, System, first_open, progress, steps
from engine.web.installation import Secret

MISSING = Secret(("connections", "acme", "till", "api_token"), "${TOKEN}", "not set", False, "secrets/TOKEN")
BOOKS = System("books", "Books", (), (), gives_file=True)
TILL = System("till", "Till", (), (), gives_file=False, hooks=True)
NEW = Facts("acme", True, "", "http://localhost:8800", False, (TILL, BOOKS), False, 0, 0)
WELL = (Checked("store", True, "sound"),)


def states(facts: Facts) -> dict[str, str]:
    return {one.name: one.state for one in steps(facts)}


def test_a_missing_secret_is_to_do_and_all_that_needs_it_waits() -> None:
    till = replace(TILL, secrets=(MISSING,))
    facts = replace(NEW, open=False, problem="api_token is missing", systems=(till, BOOKS))
    found = states(facts)
    assert found["access-till"] == "todo"
    assert (found["check"], found["go"], found["mappings"]) == ("todo", "todo", "done")
    assert next(first_open(steps(facts))).words == "Still to be given: api token."


def test_what_else_keeps_the_server_from_working_stands_at_the_mappings() -> None:
    facts = replace(NEW, open=False, problem="customers.yaml:3 is wrong.")
    (step,) = (one for one in steps(facts) if one.name == "mappings")
    assert (step.state, step.words) == ("failed", "customers.yaml:3 is wrong.")


def test_a_check_that_fails_is_shown_with_its_cure_at_the_system_and_at_the_checks() -> None:
    refused = Checked("account", False, "The token is not valid. Make a new one.", "acme", "till")
    facts = replace(NEW, server_checks=WELL, systems=(replace(TILL, checks=(refused,)), BOOKS))
    found = {one.name: one for one in steps(facts)}
    assert found["access-till"].state == found["check"].state == "failed"
    assert found["check"].words == "The token is not valid. Make a new one."


def test_who_visits_us_is_not_expected_to_answer_before_it_has() -> None:
    never = Checked("company", False, "The Web Connector has not visited yet.", "acme", "books")
    books = replace(BOOKS, checks=(never,))
    facts = replace(NEW, server_checks=WELL, systems=(replace(TILL, checks=()), books))
    assert states(facts)["check"] == "done"
    assert states(replace(facts, systems=(TILL, replace(books, visit="just now"))))["check"] == "failed"


def test_an_address_that_the_other_side_would_not_take_fails_before_anybody_tries() -> None:
    books = replace(BOOKS, file_problem="It takes https only.")
    assert states(replace(NEW, systems=(TILL, books)))["visit"] == "failed"


def test_a_connection_on_hold_waits_for_a_persons_word_and_one_that_writes_is_through() -> None:
    books = replace(BOOKS, visit="just now")
    hooked = replace(TILL, checks=(Checked("webhooks", True, "3 are in place.", "acme", "till"),))
    held = replace(NEW, systems=(hooked, books), server_checks=WELL, held=True, records=5)
    assert [one.name for one in first_open(steps(held))] == ["plan", "go"]
    done, of = progress(steps(replace(held, held=False, links=5)))
    assert done == of


def test_an_access_that_a_person_grants_needs_a_key_first_and_then_the_person() -> None:
    till = replace(TILL, key_missing=True)
    facts = replace(NEW, open=False, problem="There is no key to encrypt them.", systems=(till, BOOKS))
    assert (states(facts)["access-till"], states(facts)["mappings"]) == ("todo", "done")
    till = replace(TILL, connects=True, stopped="Nobody has connected the account.")
    (step,) = (one for one in steps(replace(NEW, systems=(till, BOOKS))) if one.name == "access-till")
    assert (step.state, step.words) == ("todo", "Nobody has connected the account.")
    assert states(replace(NEW, systems=(replace(TILL, connects=True), BOOKS)))["access-till"] == "done"
