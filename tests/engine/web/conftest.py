"""A real server on a free port."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from engine.store.store import Store
from engine.web.server import Server
from tests.engine.web.doubles import Engine, settings


class Browser:
    """Asks the server over HTTP; every answer is read whole."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()


class Answer:
    """Status, headers and text."""

    def __init__(self, response: HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.text = response.read().decode()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    store = Store.open(f"sqlite:///{tmp_path}/engine.db")
    yield Engine(store, tmp_path)
    store.close()


@pytest.fixture
def browser(engine: Engine) -> Iterator[Browser]:
    server = Server(engine, settings())
    url = server.start()
    yield Browser(int(url.rsplit(":", 1)[1]))
    server.stop()
