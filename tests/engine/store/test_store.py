from __future__ import annotations

import logging
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from engine.errors import InvalidSettings, StoreUnavailable, UserError
from engine.store import Intent, Snapshot, Store
from tests.engine.store.conftest import NOW

DEALS = ("acme", "pipedrive", "deal")


def put(store: Store, key: str = "1") -> None:
    with store.transaction() as tx:
        tx.snapshots.put(*DEALS, [Snapshot(key, {"id": key}, "h", NOW)])


def count(store: Store) -> int:
    with store.reading() as tx:
        return tx.snapshots.count(*DEALS)


def test_a_transaction_that_raises_leaves_nothing(store: Store) -> None:
    with pytest.raises(LookupError), store.transaction() as tx:
        tx.snapshots.put(*DEALS, [Snapshot("1", {}, "h", NOW)])
        tx.work.mark("acme", "deals", [("1", None)], 0, NOW)
        raise LookupError
    assert count(store) == 0
    with store.reading() as tx:
        assert tx.work.counts("acme") == {}


def test_a_process_that_is_killed_leaves_what_was_committed_and_nothing_else(url: str, store: Store) -> None:
    script = (
        "import sys, time; from datetime import UTC, datetime; from engine.store import Intent, Snapshot, Store\n"
        "store, now = Store.open(sys.argv[1]), datetime.now(UTC)\n"
        "def put(tx, key): tx.snapshots.put('acme', 'pipedrive', 'deal', [Snapshot(key, {}, 'h', now)])\n"
        "with store.transaction() as tx: put(tx, 'kept')\n"
        "with store.transaction() as tx: put(tx, 'lost'); print('now', flush=True); time.sleep(60)"
    )
    victim = subprocess.Popen([sys.executable, "-c", script, url], stdout=subprocess.PIPE)
    assert victim.stdout and victim.stdout.readline() == b"now\n"
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    victim.stdout.close()
    put(store, "next")
    with store.reading() as tx:
        assert list(tx.snapshots.keys(*DEALS)) == ["kept", "next"]


def test_a_reader_neither_waits_for_a_writer_nor_sees_half_of_what_it_does(store: Store) -> None:
    with store.transaction() as tx:
        tx.snapshots.put(*DEALS, [Snapshot("1", {}, "h", NOW)])
        assert count(store) == 0
    assert count(store) == 1


def test_a_reader_sees_one_moment_while_others_write(store: Store) -> None:
    put(store, "1")
    with store.reading() as tx:
        before = tx.snapshots.count(*DEALS)
        put(store, "2")
        assert tx.snapshots.count(*DEALS) == before
    assert count(store) == 2


def test_a_reading_transaction_cannot_write(store: Store) -> None:
    with pytest.raises(StoreUnavailable, match="read"), store.reading() as tx:
        tx.snapshots.put(*DEALS, [Snapshot("1", {}, "h", NOW)])
    put(store)
    assert count(store) == 1


def test_a_second_transaction_in_one_thread_is_a_defect_that_says_so(store: Store) -> None:
    with store.transaction(), pytest.raises(RuntimeError, match="open in this thread"):
        put(store)
    put(store)


def test_transactions_of_many_threads_take_turns(store: Store) -> None:
    threads = [threading.Thread(target=put, args=(store, str(number))) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(store) == 20


def test_stored_values_reach_neither_the_log_nor_an_error(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "sqlalchemy.engine")
    store = Store.open(url)
    store.state("acme", lambda: NOW).put("token", "s3cret")
    intent = Intent("1", "invoices", ("1",), 0, {"token": "s3cret"}, {}, "open", NOW)
    with pytest.raises(IntegrityError) as caught, store.transaction() as tx:
        tx.intents.add("acme", "pipedrive", [intent, intent])
    store.close()
    assert "INSERT INTO intents" in caplog.text
    assert "s3cret" not in caplog.text
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    ["sqlite://", "sqlite:///:memory:", "mysql://host/x", "engine.db", "sqlite:///file:x?mode=memory&uri=true"],
)
def test_an_address_that_names_no_lasting_database_is_refused(address: str) -> None:
    with pytest.raises(InvalidSettings, match="store"):
        Store.open(address)


def test_a_password_is_shown_by_neither_repr_nor_error() -> None:
    address = "postgresql://engine:s3cret@127.0.0.1:1/engine"
    assert "s3cret" not in repr(Store(address))
    with pytest.raises(StoreUnavailable) as caught:
        Store.open(address)
    assert "s3cret" not in str(caught.value)
    assert "Check that the database server runs" in str(caught.value)


def test_a_folder_that_is_not_there_is_named_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"nowhere.*Check that its folder exists"):
        Store.open(f"sqlite:///{tmp_path}/nowhere/engine.db")


def test_a_file_that_is_no_database_is_called_damaged(tmp_path: Path) -> None:
    file = tmp_path / "engine.db"
    file.write_text("This is a letter, not a database. " * 100)
    with pytest.raises(StoreUnavailable, match=r"damaged.*backup"):
        Store.open(f"sqlite:///{file}")


def test_a_store_that_another_program_holds_is_locked_and_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.store.database.BUSY_SECONDS", 0.1)
    store = Store.open(f"sqlite:///{tmp_path}/engine.db")
    other = sqlite3.connect(tmp_path / "engine.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match=r"locked.*Another program"):
        put(store)
    other.close()
    put(store)
    assert count(store) == 1
    store.close()


def test_a_backup_is_a_whole_store_that_only_its_owner_may_read(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/engine.db")
    put(store)
    with store.transaction() as tx:
        tx.snapshots.put(*DEALS, [Snapshot("2", {}, "h", NOW)])
        store.backup(tmp_path / "copy.db")
    with pytest.raises(UserError, match="there already"):
        store.backup(tmp_path / "copy.db")
    store.close()
    copy = Store.open(f"sqlite:///{tmp_path}/copy.db")
    assert count(copy) == 1
    assert copy.check() == []
    copy.close()
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("engine.db", "copy.db")}
    assert modes == {0o600}


def test_a_backup_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/engine.db")
    with pytest.raises(StoreUnavailable, match="Check that its folder exists"):
        store.backup(tmp_path / "nowhere" / "copy.db")
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable):
        store.backup(tmp_path / "file" / "copy.db")
    store.close()


def test_a_damaged_page_is_found_by_the_check(tmp_path: Path) -> None:
    file = tmp_path / "engine.db"
    store = Store.open(f"sqlite:///{file}")
    with store.transaction() as tx:
        tx.snapshots.put(*DEALS, [Snapshot(f"{number}", {"text": "x" * 500}, "h", NOW) for number in range(500)])
    store.close()
    content = bytearray(file.read_bytes())
    middle = content.index(b"x" * 400) // 4096 * 4096
    content[middle : middle + 64] = b"\xff" * 64
    file.write_bytes(content)
    store = Store(f"sqlite:///{file}")
    try:
        problems = store.check()
    except StoreUnavailable as error:
        problems = [str(error)]
    store.close()
    assert problems
