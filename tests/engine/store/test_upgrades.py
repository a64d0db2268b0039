from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from engine.errors import StoreUnavailable
from engine.store import Store, upgrades
from engine.store.migrations import HEAD
from tests.engine.store.released import REVISIONS, ROWS, as_then, held, leave


def test_an_empty_database_gets_the_schema_and_keeps_it(empty: str) -> None:
    store = Store(empty)
    assert store.upgrade() is None
    assert store.upgrade() == HEAD
    assert store.check() == []
    store.close()


def test_the_migrations_and_the_tables_in_the_code_agree_and_the_check_would_see_it_if_not(empty: str) -> None:
    store = Store.open(empty)
    with store.connect() as db:
        db.exec_driver_sql("ALTER TABLE journal ADD COLUMN extra INTEGER")
        db.exec_driver_sql("DROP INDEX links_by_target")
        if db.dialect.name == "postgresql":
            db.exec_driver_sql('ALTER TABLE visits ALTER COLUMN ticket TYPE text COLLATE "default"')
    problems = " ".join(store.check())
    store.close()
    assert "extra" in problems
    assert "links_by_target" in problems
    assert ("'ticket'" in problems) == empty.startswith("postgresql")


def test_the_head_that_the_code_names_is_the_last_migration() -> None:
    assert ScriptDirectory.from_config(upgrades.config()).get_heads() == [HEAD]


def test_processes_that_start_together_upgrade_once(empty: str) -> None:
    script = "import sys; from engine.store import Store; print(Store.open(sys.argv[1]).check())"
    several = [subprocess.Popen([sys.executable, "-c", script, empty], stdout=subprocess.PIPE) for _ in range(3)]
    assert [one.communicate(timeout=60)[0] for one in several] == [b"[]\n"] * 3


def test_a_store_of_a_newer_version_is_left_alone(empty: str) -> None:
    store = Store.open(empty)
    with store.connect() as db:
        db.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreUnavailable, match="newer than this version"):
        store.upgrade()
    assert "9999" in store.check()[0]
    store.close()


def test_a_migration_that_fails_leaves_the_store_as_it_was(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise LookupError

    monkeypatch.setattr("alembic.op.create_index", fail)
    store = Store(empty)
    with pytest.raises(LookupError):
        store.upgrade()
    with store.connect() as db:
        assert upgrades.revision(db) is None
    monkeypatch.undo()
    assert store.upgrade() is None
    assert store.check() == []
    store.close()


@pytest.mark.parametrize("revision", [one for one in REVISIONS if one != HEAD])
def test_a_store_of_any_earlier_version_is_brought_forward_with_all_that_it_holds(empty: str, revision: str) -> None:
    before = leave(empty, revision)
    assert all(before[table] for table, _ in ROWS["0001"]), "what the first version had is there in every later one"
    store = Store(empty)
    assert store.upgrade() == revision
    assert store.check() == []
    after = held(store)
    store.close()
    assert as_then(before, after) == before


def test_an_older_sqlite_store_is_copied_before_it_is_upgraded(tmp_path: Path) -> None:
    rows = leave(f"sqlite:///{tmp_path}/engine.db", "0001")
    Store.open(f"sqlite:///{tmp_path}/engine.db").close()
    copy = Store(f"sqlite:///{tmp_path}/engine.db.before-{HEAD}-was-0001")
    with copy.connect(only_reading=True) as db:
        assert upgrades.revision(db) == "0001"
    assert held(copy) == rows
    copy.close()
