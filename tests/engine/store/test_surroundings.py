"""A full disk, a held lock, a damaged file, a server that goes away: a sentence, and nothing acknowledged is lost."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest

from engine.errors import StoreUnavailable
from engine.store import Snapshot, Store
from tests.engine.store.conftest import NOW
from tests.postgres import new_store

CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ml-connector'"
DEALS = ("acme", "pipedrive", "deal")


def put(store: Store, number: int, size: int = 100) -> None:
    with store.transaction() as tx:
        tx.snapshots.put(*DEALS, [Snapshot(f"{number:06}", {"text": "x" * size}, "h", NOW)])


def keys(store: Store) -> list[str]:
    with store.reading() as tx:
        return list(tx.snapshots.keys(*DEALS))


def test_a_full_database_is_said_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/engine.db")
    with store.connect() as db:
        pages = db.exec_driver_sql("PRAGMA page_count").scalar()
        db.exec_driver_sql(f"PRAGMA max_page_count = {int(pages or 0) + 20}")
    with pytest.raises(StoreUnavailable, match=r"full.*Make room on the disk"):
        for number in range(100):
            put(store, number, 5_000)
    written = keys(store)
    with store.connect() as db:
        db.exec_driver_sql("PRAGMA max_page_count = 1000000")
    put(store, 999)
    assert keys(store) == [*written, "000999"] and len(written) > 3
    store.close()


def test_a_full_disk_is_said_and_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """The file may not grow beyond a megabyte: the system answers as a full disk does."""
    script = (
        "import resource, signal, sys\n"
        "from engine.errors import StoreUnavailable\nfrom engine.store import Snapshot, Store\n"
        "from tests.engine.store.test_surroundings import put\n"
        "store = Store.open(sys.argv[1])\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n"
        "for number in range(1000):\n"
        "    try:\n        put(store, number, 20_000)\n"
        "    except StoreUnavailable as error:\n        print(error); break\n"
        "    print('kept', number)\n"
    )
    url = f"sqlite:///{tmp_path}/engine.db"
    done = subprocess.run([sys.executable, "-c", script, url], capture_output=True, text=True, check=False, timeout=60)
    *kept, said = done.stdout.splitlines()
    assert done.returncode == 0 and len(kept) > 5, done.stderr
    assert "cannot be used now" in said and "has room" in said
    store = Store.open(url)  # the disk has room again
    assert keys(store) == [f"{int(line.split()[1]):06}" for line in kept]
    put(store, 2_000)
    assert store.check() == []
    store.close()


def test_a_backup_onto_a_full_disk_leaves_no_half_copy(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/engine.db")
    put(store, 1, 3_000_000)
    store.close()
    script = (
        "import pathlib, resource, signal, sys\nfrom engine.store import Store\n"
        "store = Store.open(sys.argv[1])\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n"
        "store.backup(pathlib.Path(sys.argv[2]))\n"
    )
    command = [sys.executable, "-c", script, f"sqlite:///{tmp_path}/engine.db", str(tmp_path / "copy.db")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "cannot be written" in done.stderr
    assert sorted(one.name for one in tmp_path.iterdir() if "copy" in one.name) == []


def test_a_store_that_was_held_by_another_program_goes_on_when_that_lets_go(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/engine.db")
    other = sqlite3.connect(tmp_path / "engine.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.5, other.rollback)
    release.start()
    put(store, 1)
    release.join()
    other.close()
    assert keys(store) == ["000001"]
    store.close()


def test_a_damaged_file_stops_with_the_next_step_and_the_backup_opens(tmp_path: Path) -> None:
    file = tmp_path / "engine.db"
    store = Store.open(f"sqlite:///{file}")
    for number in range(200):
        put(store, number, 2_000)
    store.backup(tmp_path / "copy.db")
    store.close()
    content = bytearray(file.read_bytes())
    for at in range(8_192, len(content), 4_096):
        content[at : at + 200] = b"\xff" * 200
    file.write_bytes(content)
    with pytest.raises(StoreUnavailable, match=r"damaged.*Restore the latest backup"):
        damaged = Store(f"sqlite:///{file}")
        try:
            keys(damaged)
            put(damaged, 1)
        finally:
            damaged.close()
    copy = Store.open(f"sqlite:///{tmp_path}/copy.db")
    assert len(keys(copy)) == 200 and copy.check() == []
    copy.close()


def test_a_database_server_that_ends_our_connections_is_asked_again(postgres: str, tmp_path: Path) -> None:
    database = new_store(tmp_path, "postgresql")
    store = Store.open(database)
    put(store, 1)
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute(CUT)
    put(store, 2)
    assert keys(store)[-2:] == ["000001", "000002"]
    with (
        pytest.raises(StoreUnavailable),
        store.transaction() as tx,
        psycopg.connect(database, autocommit=True) as admin,
    ):
        tx.snapshots.put(*DEALS, [Snapshot("000003", {}, "h", NOW)])
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ml-connector'")
        tx.snapshots.put(*DEALS, [Snapshot("000004", {}, "h", NOW)])
    assert keys(store)[-2:] == ["000001", "000002"]
    store.close()
