"""Requests reach their endpoint untouched, within bounds, and nothing of a failure gets out."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from engine.errors import StoreUnavailable
from engine.protocol import HttpRequest, HttpResponse
from engine.web import bodies
from engine.web.doors import SHARE, THREADS
from engine.web.server import Server
from tests.engine.web.conftest import Browser
from tests.engine.web.doubles import Acme, Engine, Shop, settings


@pytest.mark.parametrize(("path", "rest"), [("/acme/shop", ""), ("/acme/shop/", "/"), ("/acme/shop/a/b%20c", "/a/b c")])
def test_the_endpoint_sees_what_follows_its_address(engine: Engine, browser: Browser, path: str, rest: str) -> None:
    answer = browser.ask("POST", f"{path}?wsdl", b"<x/>", {"Content-Type": "text/xml", "SOAPAction": '"a"'})
    asked = engine.acme.shop.asked[-1]
    assert (asked.method, asked.path, asked.query, asked.body, asked.client) == (
        "POST",
        rest,
        "wsdl",
        b"<x/>",
        "127.0.0.1",
    )
    assert asked.headers["soapaction"] == '"a"'
    assert (answer.status, answer.text) == (200, "well")


def test_an_answer_is_neither_compressed_nor_redirected(engine: Engine, browser: Browser) -> None:
    engine.acme.shop.response = HttpResponse(200, b"x" * 100_000, {"content-type": "text/xml; charset=utf-8"})
    answer = browser.ask("POST", "/acme/shop", b"", {"Accept-Encoding": "gzip, deflate"})
    assert "content-encoding" not in answer.headers
    assert answer.headers["content-length"] == "100000"
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"


def test_head_is_answered_without_a_body(browser: Browser) -> None:
    answer = browser.ask("HEAD", "/acme/shop")
    assert (answer.status, answer.text) == (200, "")


@pytest.mark.parametrize("path", ["/acme/other", "/other/shop", "/acme", "/acme/", "/nothing"])
def test_where_nothing_is_served_the_answer_is_404(browser: Browser, path: str) -> None:
    assert browser.ask("POST", path).status == 404


class BigShop(Shop):
    """One that takes more."""

    def longest_body(self) -> int:
        return 3 * bodies.MIB


@pytest.mark.parametrize("content_type", ["application/json", "text/xml; charset=utf-8"])
@pytest.mark.parametrize(("shop", "limit"), [(Shop, bodies.MIB), (BigShop, 3 * bodies.MIB)])
def test_a_body_at_the_limit_passes_and_one_byte_more_does_not(
    engine: Engine, browser: Browser, content_type: str, shop: type[Shop], limit: int
) -> None:
    engine.acme.shop = shop()
    assert browser.ask("POST", "/acme/shop", b"x" * limit, {"Content-Type": content_type}).status == 200
    answer = browser.ask("POST", "/acme/shop", b"x" * (limit + 1), {"Content-Type": content_type})
    assert (answer.status, len(engine.acme.shop.asked)) == (413, 1)
    assert "longer than" in answer.text


def test_whether_more_is_taken_is_not_asked_for_what_is_short_anyway(
    engine: Engine, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer lies in the store, whose troubles shall not keep an endpoint from answering in its own words."""
    engine.acme.shop = BigShop()
    monkeypatch.setattr(BigShop, "longest_body", lambda self: 1 / 0)
    assert browser.ask("POST", "/acme/shop", b"x" * bodies.MIB).status == 200
    assert browser.ask("POST", "/acme/shop", b"x" * (bodies.MIB + 1)).status == 500


def test_a_body_of_unknown_length_is_counted_as_it_comes(engine: Engine, browser: Browser) -> None:
    chunks = (b"x" * 65_536 for _ in range(17))
    answer = browser.ask("POST", "/acme/shop", chunks)  # no length known: sent in chunks
    assert (answer.status, engine.acme.shop.asked) == (413, [])


def test_a_client_that_asks_first_is_refused_before_it_sends(browser: Browser) -> None:
    headers = {"Content-Length": str(10**9), "Expect": "100-continue"}
    assert browser.ask("POST", "/acme/shop", None, headers).status == 413


def test_a_body_that_never_comes_is_given_up(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies.read_body, "__defaults__", (0.05,))
    assert browser.ask("POST", "/acme/shop", None, {"Content-Length": "5"}).status == 408


@pytest.mark.parametrize(
    ("error", "status"), [(StoreUnavailable("locked by /secret/path"), 503), (ValueError("inner words"), 500)]
)
def test_a_failing_endpoint_tells_the_caller_nothing_of_its_inside(
    engine: Engine, browser: Browser, error: Exception, status: int, caplog: Any
) -> None:
    engine.acme.shop.response = error
    answer = browser.ask("POST", "/acme/shop")
    assert answer.status == status
    assert str(error) not in answer.text
    assert str(error) in caplog.text + "".join(str(one.__dict__.get("why")) for one in caplog.records)


class Held(Shop):
    """Answers nothing before it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may = threading.Event()

    def answer(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request)
        assert self.may.wait(30)
        return self.response


def test_a_connection_whose_calls_hang_keeps_no_other_waiting(engine: Engine) -> None:
    shop = Held()

    class Two(Engine):
        @property
        def connections(self) -> dict[str, Acme]:
            return {"acme": self.acme, "other": other}

    other = Acme()
    server = Server(Two(engine.store, engine.folder, Acme(shop)), settings())  # type: ignore[arg-type]
    browser = Browser(int(server.start().rsplit(":", 1)[1]))
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            hanging = [pool.submit(browser.ask, "POST", "/acme/shop") for _ in range(THREADS)]
            while len(shop.asked) < SHARE:
                time.sleep(0.01)
            assert browser.ask("POST", "/other/shop").status == 200
            assert len(shop.asked) <= SHARE
            shop.may.set()
            assert {one.result().status for one in hanging} == {200}
        assert len(shop.asked) == THREADS, "they only waited"
    finally:
        shop.may.set()
        server.stop()
