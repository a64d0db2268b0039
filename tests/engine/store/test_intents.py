from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from engine.protocol import Write
from engine.store import Intent, Store
from tests.engine.store.conftest import NOW

LATER = NOW + timedelta(minutes=10)


def intent(*source_keys: str, ordinal: int = 0, mapping: str = "invoices") -> Intent:
    write = Write(
        uuid4().hex, "deal", "create", values={"value": Decimal("10.00"), "title": "007"}, identity=("f/Invoice/1",)
    )
    return Intent(write.id, mapping, source_keys, ordinal, write.pack(), {"hash": "h"}, "open", NOW)


def test_an_intent_and_its_request_come_back_as_they_were(store: Store) -> None:
    one = intent("1", "2")
    with store.transaction() as tx:
        tx.intents.add("acme", "pipedrive", [one])
    with store.reading() as tx:
        held = tx.intents.get("acme", one.id)
        assert held == replace(one, request=held.request if held else {})
        assert held and Write.unpack(held.request) == Write.unpack(one.request)
        assert tx.intents.get("other", one.id) is None


def test_what_has_no_known_outcome_is_listed_in_the_order_it_was_made(store: Store) -> None:
    first, second, other = intent("1"), intent("1", ordinal=1), intent("1", mapping="payments")
    with store.transaction() as tx:
        tx.intents.add("acme", "pipedrive", [second, first, other])
        assert {one.id for one in tx.intents.open("acme", "pipedrive")} == {first.id, second.id, other.id}
        assert [one.id for one in tx.intents.open("acme", "pipedrive", "invoices")] == [first.id, second.id]
        assert [one.id for one in tx.intents.open("acme", "pipedrive", "invoices", ["1"])] == [first.id, second.id]
        assert tx.intents.open("acme", "pipedrive", "invoices", ["2"]) == []
        assert tx.intents.open("acme", "quickbooks_desktop") == []


def test_an_answer_that_comes_twice_settles_once(store: Store) -> None:
    one = intent("1")
    with store.transaction() as tx:
        tx.intents.add("acme", "pipedrive", [one])
        assert tx.intents.finish("acme", one.id, "unknown", None, NOW)
        assert [held.state for held in tx.intents.open("acme", "pipedrive")] == ["unknown"]
        assert tx.intents.finish("acme", one.id, "done", {"key": "7"}, LATER)
        assert not tx.intents.finish("acme", one.id, "failed", {"message": "late"}, LATER)
        held = tx.intents.get("acme", one.id)
        assert held and (held.state, held.result, held.finished_at) == ("done", {"key": "7"}, LATER)
        assert tx.intents.open("acme", "pipedrive") == []


def test_open_intents_of_a_dead_worker_are_found_by_their_age(store: Store) -> None:
    old, young = intent("1"), replace(intent("2"), created_at=LATER)
    with store.transaction() as tx:
        tx.intents.add("acme", "pipedrive", [old, young])
        assert [one.id for one in tx.intents.expired("acme", "pipedrive", LATER, timedelta(minutes=10))] == [old.id]
        tx.intents.finish("acme", old.id, "unknown", None, LATER)
        assert tx.intents.expired("acme", "pipedrive", LATER, timedelta(minutes=10)) == []


def test_one_id_is_never_stored_twice(store: Store) -> None:
    one = intent("1")
    with pytest.raises(IntegrityError), store.transaction() as tx:
        tx.intents.add("acme", "pipedrive", [one])
        tx.intents.add("acme", "pipedrive", [one])


def test_settled_intents_are_forgotten_after_a_while_and_unsettled_ones_never(store: Store) -> None:
    settled, unsettled = intent("1"), intent("2")
    with store.transaction() as tx:
        tx.intents.add("acme", "pipedrive", [settled, unsettled])
        tx.intents.finish("acme", settled.id, "done", {}, NOW)
        assert tx.retention.forget("acme", "requests", NOW) == 0
        assert tx.retention.forget("acme", "requests", LATER) == 1
        assert [one.id for one in tx.intents.open("acme", "pipedrive")] == [unsettled.id]
