"""TLS by our own certificate, or by a proxy whose word is only taken where engine.yaml names it."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InvalidSettings
from engine.settings import Settings
from engine.web.certificates import Certificate
from engine.web.server import Server
from tests.engine.web.certificates import make
from tests.engine.web.doubles import Engine, settings, signed_in_by
from tests.engine.web.test_sign_in import Visitor

SHOP = "/acme/shop"


@contextmanager
def serving(engine: Engine, chosen: Settings) -> Iterator[Server]:
    server = Server(engine, chosen)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def port(server: Server) -> int:
    return int(server.url.rsplit(":", 1)[1])


def over_tls(server: Server, chain: Path, path: str = SHOP, **options: Any) -> HTTPResponse:
    """An answer that a real TLS client gets which trusts this certificate alone."""
    context = ssl.create_default_context(cafile=str(chain))
    for name, value in options.items():
        setattr(context, name, value)
    connection = HTTPSConnection("127.0.0.1", port(server), timeout=10, context=context)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer
    finally:
        connection.close()


def test_a_client_that_trusts_the_certificate_gets_through_and_nobody_without_tls(
    engine: Engine, tmp_path: Path
) -> None:
    chain, key = make(tmp_path)
    with serving(engine, settings(tls=(chain, key))) as server:
        assert server.url.startswith("https://")
        answer = over_tls(server, chain)
        assert answer.status == 200
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        connection = HTTPConnection("127.0.0.1", port(server), timeout=10)
        with pytest.raises(OSError):
            connection.request("GET", SHOP)
            connection.getresponse()
        connection.close()
        other, _ = make(tmp_path / "..", "other.example.com")
        with pytest.raises(ssl.SSLCertVerificationError):
            over_tls(server, other)


def test_older_tls_is_not_spoken(engine: Engine, tmp_path: Path) -> None:
    chain, key = make(tmp_path)
    with serving(engine, settings(tls=(chain, key))) as server:
        old = {"minimum_version": ssl.TLSVersion.TLSv1_1, "maximum_version": ssl.TLSVersion.TLSv1_1}
        with pytest.warns(DeprecationWarning), pytest.raises(ssl.SSLError):
            over_tls(server, chain, **old)
        assert over_tls(server, chain, maximum_version=ssl.TLSVersion.TLSv1_2).status == 200


def test_a_session_cookie_of_https_never_travels_without(engine: Engine, tmp_path: Path) -> None:
    chain, key = make(tmp_path)
    with serving(engine, signed_in_by(settings(tls=(chain, key)))) as server:
        cookie = over_tls(server, chain, "/sign-in").headers["set-cookie"]
        assert "secure" in cookie.lower() and "httponly" in cookie.lower() and "samesite=lax" in cookie.lower()


def test_a_renewed_certificate_is_shown_without_a_restart(engine: Engine, tmp_path: Path) -> None:
    certificate = Certificate(*make(tmp_path))
    before = (tmp_path / "chain.pem").read_text()
    renewed, key = make(tmp_path)
    certificate.renew()
    with serving_context(certificate.context) as address:
        assert before != renewed.read_text() == ssl.get_server_certificate(address, timeout=10)
        key.write_text("half written")
        certificate.renew()
        assert ssl.get_server_certificate(address, timeout=10) == renewed.read_text()


@contextmanager
def serving_context(context: ssl.SSLContext) -> Iterator[tuple[str, int]]:
    """Anything that shakes hands with this context."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield ("127.0.0.1", server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@pytest.mark.parametrize("broken", ["missing", "empty", "of another"])
def test_files_that_are_no_certificate_with_its_key_are_said_before_anything_starts(
    engine: Engine, tmp_path: Path, broken: str
) -> None:
    chain, key = make(tmp_path)
    if broken == "missing":
        key.unlink()
    elif broken == "empty":
        chain.write_text("")
    else:
        kept = chain.read_text()
        make(tmp_path)
        chain.write_text(kept)
    with pytest.raises(InvalidSettings, match=r"There is no file|no certificate with its key"):
        Server(engine, settings(tls=(chain, key)))


class Proxy(BaseHTTPRequestHandler):
    """Passes requests on and says for whom, as nginx and its like do."""

    target = 0
    adds: dict[str, str] = {}  # noqa: RUF012 - set by the test
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        length = int(self.headers.get("content-length", 0))
        connection = HTTPConnection("127.0.0.1", self.target, timeout=10)
        headers = {**dict(self.headers.items()), **self.adds}
        connection.request(self.command, self.path, self.rfile.read(length), headers)
        answer = connection.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "date", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        connection.close()

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def proxied(server: Server, **adds: str) -> Iterator[int]:
    """The port of a proxy in front of the server."""
    kind = type("Here", (Proxy,), {"target": port(server), "adds": {"X-Forwarded-For": "203.0.113.7", **adds}})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, daemon=True)
        thread.start()
        yield proxy.server_port
        proxy.shutdown()
        thread.join(5)


PUBLIC = {"public": "https://sync.example.com"}
ABROAD = {"Host": "sync.example.com"}


def test_behind_a_named_proxy_a_user_signs_in_and_his_cookie_is_secure(engine: Engine) -> None:
    with (
        serving(engine, signed_in_by(settings(proxies=("127.0.0.1",), **PUBLIC))) as server,
        proxied(server, **{"X-Forwarded-Proto": "https"}) as through,
    ):
        visitor = Visitor(through, ABROAD)
        assert visitor.sign_in("anna", "correct horse").status == 303
        assert "secure" in visitor.last_cookie.lower()
        assert visitor.get("/").status == 200
        shop = visitor.get(SHOP)
        assert (shop.status, engine.acme.shop.asked[-1].client) == (200, "203.0.113.7")


@pytest.mark.parametrize(
    ("named", "told"),
    [((), "https"), (("127.0.0.1",), "http"), (("192.0.2.1",), "https")],
    ids=["nobody is named", "the visitor spoke plain http", "another is named"],
)
def test_otherwise_no_password_is_taken_through_a_proxy(engine: Engine, named: tuple[str, ...], told: str) -> None:
    with (
        serving(engine, signed_in_by(settings(proxies=named, **PUBLIC))) as server,
        proxied(server, **{"X-Forwarded-Proto": told}) as through,
    ):
        answer = Visitor(through, ABROAD).get("/sign-in")
        assert answer.status == 403
        assert "password would travel readable" in answer.text
        assert "<form" not in answer.text


def test_whom_an_unnamed_proxy_speaks_for_is_not_believed(engine: Engine) -> None:
    with serving(engine, settings()) as server, proxied(server) as through:
        assert Visitor(through, {}).get(SHOP).status == 200
        assert engine.acme.shop.asked[-1].client == "127.0.0.1"
