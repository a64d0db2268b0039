"""What a row waits for may come between its look and its waiting: then nobody would wake it, so it looks again."""

from __future__ import annotations

import pytest

from engine.store.cursors import Cursor
from engine.sync.batch import Batch
from engine.sync.receiver import FIRST_READING, waiting_for
from engine.sync.settling import settle
from engine.sync.unit import waiting
from tests.engine.sync.conftest import World

COMPANY = ("crm", "company")


@pytest.mark.parametrize(("came", "state"), [(True, "due"), (False, "waiting")])
def test_a_first_reading_that_ends_between_look_and_wait_is_noticed(world: World, came: bool, state: str) -> None:
    world.books.put("client", "c1", name="Acme", mail="a@acme.example")
    world.connection.endpoints["books"].drain()
    mapping, now = world.connection.compiled.mappings["companies"], world.clock()
    with world.store.transaction() as tx:
        row = tx.work.get("acme", "companies", ["c1"])["c1"]
        batch = Batch(tx, world.connection, now)
        assert not batch.was_read(COMPANY)
        if came:  # as another process commits it at this moment
            tx.cursors.put("acme", *COMPANY, "changed", Cursor("1", now, now))
        settle(batch, mapping, [row], [waiting("not read yet", [(waiting_for(COMPANY), FIRST_READING)])])
    assert world.state("companies", "c1")[0] == state
