"""The server comes up on a free port, starts the sender with it, and stops both."""

from __future__ import annotations

import re
import socket
import threading
from datetime import timedelta
from http.client import HTTPConnection
from typing import Any

import pytest

from engine.protocol import HttpRequest, HttpResponse
from engine.registry import Registry
from engine.settings import settings_schema
from engine.web.app import create_app
from engine.web.server import AddressTaken, Server
from tests.engine.web.doubles import Engine, settings


class Sender:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def start(self) -> None:
        self.calls.append("start")

    def stop(self, timeout: timedelta) -> None:
        self.calls.append("stop")


def test_the_sender_starts_before_and_stops_after_the_server(engine: Engine) -> None:
    sender, urls = Sender(), []
    server = Server(engine, settings(), sender=sender, ready=urls.append)
    assert [server.start()] == urls
    assert sender.calls == ["start"]
    server.stop()
    assert sender.calls == ["start", "stop"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(server.url.rsplit(":", 1)[1])), timeout=2)


def test_a_running_request_is_finished_before_the_server_stops(engine: Engine) -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(_request: HttpRequest) -> HttpResponse:
        entered.set()
        leave.wait(5)
        return HttpResponse(200, b"done")

    engine.acme.shop.answer = slow  # type: ignore[method-assign]
    server = Server(engine, settings())
    connection = HTTPConnection("127.0.0.1", int(server.start().rsplit(":", 1)[1]), timeout=10)
    connection.request("POST", "/acme/shop")
    assert entered.wait(5)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    leave.set()
    assert connection.getresponse().read() == b"done"
    connection.close()
    stopping.join(10)
    assert not stopping.is_alive()


def test_no_connection_can_be_called_like_an_address_of_ours(engine: Engine) -> None:
    """Its endpoints would stand where a page does."""
    rule = settings_schema(Registry.of())["properties"]["connections"]["propertyNames"]
    app: Any = create_app(engine, settings())
    first = {route.path.split("/")[1] for route in app.app.routes}
    words = {one for one in first if re.fullmatch(rule["pattern"], one)}
    assert {"healthz", "sign-in"} <= words <= {*rule["not"]["enum"]}


def test_an_address_in_use_is_said_in_words(engine: Engine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(AddressTaken, match="choose another port"):
        Server(engine, settings(port=other.getsockname()[1]))


def test_an_address_of_another_machine_is_said_in_words(engine: Engine) -> None:
    with pytest.raises(AddressTaken):
        Server(engine, settings(host="192.0.2.1"))
