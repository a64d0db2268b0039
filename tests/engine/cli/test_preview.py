"""`engine preview` shows what a mapping makes of one record, and how."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue
from threading import Thread

from click.testing import CliRunner, Result

from engine.cli.main import main
from engine.store.snapshots import Snapshot
from engine.store.store import Store
from tests.engine.cli.conftest import Installation

CUSTOMER = "ListID: 8000000E-1700000014\nFullName: Acme\nEmail: A@x.example\nIsActive: true\n"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["preview", *arguments])


def customer(folder: Path, text: str = CUSTOMER) -> str:
    (folder / "customer.yaml").write_text(text)
    return str(folder / "customer.yaml")


def test_a_record_from_a_file_is_shown_with_rule_input_steps_output_and_type(tmp_path: Path) -> None:
    result = run("customers", "--record", customer(tmp_path), "--set", "preset:default")
    assert result.exit_code == 0
    assert "custom.Email = 'a@x.example'  text\n" in result.output
    assert "preset:default/customers.yaml:15:3  'A@x.example' -> first_email 'a@x.example'" in result.output


def test_a_program_reads_the_same(tmp_path: Path) -> None:
    data = json.loads(run("customers", "--record", customer(tmp_path), "--set", "preset:default", "--json").output)
    (draft,) = data["drafts"]
    (email,) = [one for one in draft["fields"] if one["field"] == "custom.Email"]
    assert draft["key"] == "8000000E-1700000014"
    assert email["steps"] == [{"step": "first_email", "value": "a@x.example"}] and email["type"] == "text"


def test_a_record_that_would_park_says_why_and_where(tmp_path: Path) -> None:
    long = customer(tmp_path, f"ListID: C1\nIsActive: true\nFullName: {'A' * 300}\n")
    result = run("customers", "--record", long, "--set", "preset:default")
    assert result.exit_code == 1 and "parks: name: " in result.output and "customers.yaml:11:3" in result.output


def test_a_misspelt_field_of_the_record_is_found(tmp_path: Path) -> None:
    result = run("customers", "--record", customer(tmp_path, "ListID: C1\nFulName: A\n"), "--set", "preset:default")
    assert result.exit_code == 1 and "Did you mean 'FullName'?" in result.output


def test_a_record_with_links_is_resolved(tmp_path: Path) -> None:
    text = "record: {TxnID: T1, Total: 1, IsPaid: true, CustomerRef: {ListID: C1}}\nlinks: {customers: {C1: '7'}}\n"
    result = run("invoices", "--record", customer(tmp_path, text), "--set", "preset:default")
    assert result.exit_code == 0 and "'C1' -> via customers '7'" in result.output


def test_a_record_of_the_store_is_shown_by_its_id(installed: Installation) -> None:
    record = {"ListID": "C1", "FullName": "Lee", "CompanyName": None, "IsActive": True}
    now = datetime(2026, 7, 1, tzinfo=UTC)
    store = Store.open(f"sqlite:///{installed.folder}/engine.db")
    with store.transaction() as tx:
        tx.snapshots.put("acme", "quickbooks_desktop", "Customer", [Snapshot("C1", record, "h", now)])
    store.close()
    result = installed.run("preview", "customers", "--record", "C1")
    assert result.exit_code == 0, result.output
    assert "name = 'Lee'" in result.output and "custom.Phone = left alone" in result.output


def test_a_record_that_is_not_held_is_an_error_in_words(installed: Installation) -> None:
    result = installed.run("preview", "customers", "--record", "C9")
    assert result.exit_code == 1 and "The store holds no quickbooks_desktop.Customer C9." in result.output


def test_an_unknown_mapping_names_the_nearest(tmp_path: Path) -> None:
    result = run("customer", "--record", customer(tmp_path), "--set", "preset:default")
    assert result.exit_code == 1 and "Did you mean 'customers'?" in result.output


def test_watching_shows_it_again_after_a_save_and_survives_a_mistake(tmp_path: Path) -> None:
    path = customer(tmp_path)
    command = [sys.executable, "-m", "engine.cli.main", "preview", "customers", "--record", path,
               "--set", "preset:default", "--watch"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        lines: Queue[str] = Queue()
        assert process.stdout is not None
        Thread(target=lambda out: [lines.put(line) for line in out], args=(process.stdout,), daemon=True).start()

        def until(part: str) -> None:
            while part not in lines.get(timeout=20):
                pass

        try:
            until("custom.Active")
            customer(tmp_path, CUSTOMER.replace("Acme", "Bcme"))
            until("name = 'Bcme'")
            until("custom.Active")
            customer(tmp_path, "ListID: [\n")
            until("E101")
            customer(tmp_path, CUSTOMER.replace("Acme", "Ccme"))
            until("name = 'Ccme'")
        finally:
            process.terminate()
