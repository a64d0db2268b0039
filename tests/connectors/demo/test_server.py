"""The demo's server process: a port for it, what it says when it fails, and nothing left behind."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from connectors.demo.folder import write_folder
from connectors.demo.server import Server, ServerFailed, free_port


def test_a_port_that_was_asked_for_must_be_free() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError):
            free_port(taken.getsockname()[1])


def test_without_a_wish_there_is_always_a_port() -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", free_port()))


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    config = tmp_path / "engine.yaml"
    config.write_text("connections: {}\n", encoding="utf-8")
    server = Server(config, free_port(), {})
    with pytest.raises(ServerFailed, match=r"has ended by itself \(status 1\)(.|\n)*engine.yaml:1:14"):
        server.start()


def test_the_folder_is_a_user_s_own(tmp_path: Path) -> None:
    config = write_folder(tmp_path / "work", 8800, "hudsonvale", "http://127.0.0.1:1")
    assert "one_per: [CustomerRef.ListID, PONumber]" in (tmp_path / "work/mappings/invoices.yaml").read_text()
    assert "password" not in config.read_text().replace("password_hash", "")
    assert "${PIPEDRIVE_API_TOKEN}" in config.read_text()


def test_a_folder_with_an_old_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "engine.db").touch()
    with pytest.raises(FileExistsError, match="empty folder"):
        write_folder(tmp_path, 8800, "hudsonvale", "http://127.0.0.1:1")
