"""Commands that open the engine: status, ping, qwc, store, and serve as a process of its own."""

from __future__ import annotations

import json
import signal
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from lxml import etree

from engine.cli.here import Here
from engine.store import Store
from engine.sync.crew import Crew
from tests.engine.cli.conftest import NOWHERE, Installation, running


def test_status_of_a_new_installation_says_what_comes_next(installed: Installation) -> None:
    result = installed.run("status")
    assert result.exit_code == 0, result.output
    assert "Nothing has been read yet" in result.output
    assert "customers" in result.output


def test_status_for_a_program_is_the_pages_data(installed: Installation) -> None:
    data = json.loads(installed.run("status", "--json").output)
    assert data["connections"]["acme"]["busy"] == 0


def test_ping_says_that_a_system_cannot_be_reached_and_ends_with_3(installed: Installation) -> None:
    installed.pipedrive_at(NOWHERE)
    result = installed.run("ping", "acme", "--json")
    data = json.loads(result.output)
    assert (result.exit_code, data["ok"]) == (3, False)
    assert [one for one in data["checks"] if one["system"] == "pipedrive" and not one["ok"]]
    words = installed.run("ping").output
    assert "acme, pipedrive\n  no  " in words
    assert "this server\n  ok  store: " in words
    assert "visits: It has never visited" in words


def test_an_unknown_connection_is_answered_with_the_known_ones(installed: Installation) -> None:
    result = installed.run("ping", "acne")
    assert result.exit_code == 1
    assert "There are: acme." in result.output


def test_the_qwc_file_names_our_address_and_keeps_its_ids(installed: Installation) -> None:
    first = installed.run("qwc", "acme")
    root = etree.fromstring(first.output.encode())
    assert root.findtext("AppURL") == "http://localhost:8800/acme/quickbooks_desktop"
    assert "scrypt" not in first.output
    assert installed.run("qwc", "acme", "-o", "acme.qwc").exit_code == 0
    assert (installed.folder / "acme.qwc").read_text("utf-8") == first.output


def test_the_store_can_be_upgraded_checked_and_copied(installed: Installation) -> None:
    assert installed.run("store", "upgrade").exit_code == 0
    assert installed.run("store", "backup", "copy.db").exit_code == 0
    assert (installed.folder / "copy.db").stat().st_size > 0
    assert json.loads(installed.run("store", "check", "--json").output) == {"ok": True, "damage": []}


def test_a_damaged_store_is_an_operational_error(installed: Installation) -> None:
    (installed.folder / "engine.db").write_bytes(b"not a database" * 1000)
    result = installed.run("status")
    assert result.exit_code == 3
    assert "Traceback" not in result.output


@pytest.mark.parametrize("signal_", [signal.SIGTERM, signal.SIGINT])
def test_the_server_serves_until_it_is_told_to_stop(installed: Installation, signal_: signal.Signals) -> None:
    installed.pipedrive_at(NOWHERE)
    with running(installed, "serve", "--port", "0") as (process, out, _):
        url = out.readline().split()[1]
        with urllib.request.urlopen(f"{url}/healthz", timeout=10) as answer:
            assert json.load(answer) == {"status": "ok"}
        with urllib.request.urlopen(f"{url}/acme/quickbooks_desktop?wsdl", timeout=10) as answer:
            port = url.rsplit(":", 1)[1]
            assert f"http://localhost:{port}/acme/quickbooks_desktop".encode() in answer.read()
        process.send_signal(signal_)
        assert process.wait(20) == 0


def test_no_secret_is_shown_when_the_settings_are_printed(installed: Installation) -> None:
    settings = Here(installed.config).settings()
    assert "t0ken-of-the-test" not in repr(settings)
    assert "t0ken-of-the-test" in settings.secrets


def test_a_resync_says_what_is_due_and_knows_the_mappings(installed: Installation) -> None:
    data = json.loads(installed.run("resync", "customers", "--json").output)
    assert data == {"mapping": "customers", "due": {"acme": 0}}
    result = installed.run("resync", "costumers")
    assert result.exit_code == 1
    assert "There are: customer_types, customers," in result.output


def test_the_store_moves_to_another_database_by_one_command(installed: Installation, tmp_path: Path) -> None:
    assert installed.run("store", "upgrade").exit_code == 0
    other = f"sqlite:///{tmp_path / 'moved.db'}"
    data = json.loads(installed.run("store", "copy", "--to", other, "--json").output)
    assert set(data["rows"]) == set(Store.tables()) - {"workers"}
    again = installed.run("store", "copy", "--to", f"sqlite:///{installed.folder / 'engine.db'}")
    assert (again.exit_code, "the store itself" in again.output) == (1, True)
    missing = installed.run("store", "copy", "--to", "postgresql://me:${NOBODY_SET_THIS}@127.0.0.1/x")
    assert (missing.exit_code, "NOBODY_SET_THIS is not set" in missing.output) == (1, True)


def test_a_store_that_a_server_uses_is_not_copied(installed: Installation, tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{installed.folder / 'engine.db'}")
    Crew(store, "elsewhere:1:a").beat(store.clock()())
    store.close()
    result = installed.run("store", "copy", "--to", f"sqlite:///{tmp_path / 'moved.db'}")
    assert result.exit_code == 1
    assert "in use by elsewhere:1:a" in result.output


def test_a_worker_works_until_it_is_told_to_stop(installed: Installation) -> None:
    installed.pipedrive_at(NOWHERE)
    with running(installed, "worker") as (process, out, _):
        assert out.readline().startswith("Working as ")
        store = Store.open(f"sqlite:///{installed.folder / 'engine.db'}")
        with store.reading() as tx:
            assert [one.calls for one in tx.workers.alive(store.clock()())] == [True]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        with store.reading() as tx:
            assert tx.workers.alive(store.clock()()) == []
        store.close()


def test_a_worker_shows_its_health_and_its_metrics_and_nothing_else(installed: Installation) -> None:
    installed.pipedrive_at(NOWHERE)
    with running(installed, "worker", "--port", "0") as (process, out, _):
        url = out.readline().split("watched at ")[1].split()[0]
        for path, said in (("healthz", b"ok"), ("readyz", b"ready"), ("metrics", b"engine_queue_rows")):
            with urllib.request.urlopen(f"{url}/{path}", timeout=10) as answer:
                assert said in answer.read()
                assert "content-security-policy" in answer.headers
        for path in ("", "status.json", "login", "acme/quickbooks_desktop/"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(f"{url}/{path}", timeout=10)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_a_server_without_its_secrets_comes_up_and_says_what_is_missing(
    installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIPEDRIVE_API_TOKEN")
    with running(installed, "serve", "--port", "0") as (process, out, err):
        url = out.readline().split()[1]
        with pytest.raises(urllib.error.HTTPError, match="503"):
            urllib.request.urlopen(f"{url}/readyz", timeout=10)
        with urllib.request.urlopen(f"{url}/setup", timeout=10) as answer:
            assert b"the environment variable PIPEDRIVE_API_TOKEN is not set" in answer.read()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert "/setup says what is missing." in err.read()


def test_a_server_whose_file_cannot_be_read_does_not_come_up(installed: Installation) -> None:
    installed.change("engine.yaml", "connections:", "conections:")
    result = installed.run("serve", "--port", "0")
    assert result.exit_code == 1
    assert "'conections' is not known here" in result.output
