"""Moving a store to another database: everything, or nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.errors import UserError
from engine.store import Entry, Store
from engine.store.migrations import HEAD
from tests.engine.store.conftest import NOW
from tests.engine.store.released import held, leave


@pytest.fixture
def full(tmp_path: Path) -> Store:
    """A SQLite store with a row in every table."""
    leave(f"sqlite:///{tmp_path}/full.db", "0001")
    store = Store.open(f"sqlite:///{tmp_path}/full.db")
    with store.transaction() as tx:
        tx.journal.add("acme", [Entry(NOW, "customers", str(number), "decide") for number in range(2_500)])
    return store


def test_every_row_of_every_table_arrives(full: Store, empty: str) -> None:
    target = Store.open(empty)
    rows = dict(full.copy(target))
    before, after = held(full), held(target)
    assert rows["journal"] == 2_501
    assert set(before) == set(rows) | {"workers"}
    key = repr
    for table in rows:
        plain = [{**row, **({"open": bool(row["open"])} if "open" in row else {})} for row in before[table]]
        found = [{**row, **({"open": bool(row["open"])} if "open" in row else {})} for row in after[table]]
        assert sorted(map(key, found)) == sorted(map(key, plain)), table
    assert target.check() == []
    with target.transaction() as tx:  # and it goes on where the other one stopped
        tx.journal.add("acme", [Entry(NOW, "customers", "new", "decide")])
    with target.reading() as tx:
        assert [one.source_key for one in tx.journal.story("acme", "customers", "new", 9)] == ["new"]
    target.close()
    full.close()


def test_a_store_that_has_rows_is_refused_and_stays_as_it_is(full: Store, url: str) -> None:
    target = Store.open(url)
    with target.transaction() as tx:
        tx.visits.put("other", "books", "t", {}, NOW)
    with pytest.raises(UserError, match="visits has rows"):
        list(full.copy(target))
    with target.connect(only_reading=True) as db:
        assert db.execute(sa.text("SELECT count(*) FROM journal")).scalar_one() == 0
    target.close()
    full.close()


def test_a_copy_that_breaks_off_leaves_nothing(full: Store, empty: str) -> None:
    target = Store.open(empty)
    with pytest.raises(LookupError):
        for table, _ in full.copy(target):
            if table == "links":
                raise LookupError
    target.close()
    target = Store.open(empty)
    assert {table for table, rows in held(target).items() if rows} == set()
    target.close()
    full.close()


def test_the_copy_is_of_one_moment_though_others_write(full: Store, tmp_path: Path) -> None:
    target = Store.open(f"sqlite:///{tmp_path}/second.db")
    for number, _ in enumerate(full.copy(target)):
        if number == 0:
            with full.transaction() as tx:
                tx.journal.add("acme", [Entry(NOW, "customers", "late", "decide")])
    with target.reading() as tx:
        assert tx.journal.story("acme", "customers", "late", 9) == []
    target.close()
    full.close()
    assert sqlite3.connect(tmp_path / "second.db").execute("SELECT * FROM alembic_version").fetchall() == [(HEAD,)]
