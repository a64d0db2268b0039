"""A SOAP client that nobody here wrote plays a visit: by the public description of the service, and by ours."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import zeep

from connectors.quickbooks_desktop.connector import QuickBooksDesktop
from engine.protocol import Endpoint, HttpRequest, HttpResponse, Query
from tests.connectors.quickbooks_desktop.caller import FILE, answers, empty, hcp
from tests.connectors.quickbooks_desktop.ports import PASSWORD, Clock, MemoryWork, make_site
from tests.connectors.quickbooks_desktop.server import serve


class Addressed:
    """An endpoint that is opened once its address is known."""

    def __init__(self) -> None:
        self.endpoint: Endpoint | None = None

    def answer(self, request: HttpRequest) -> HttpResponse:
        assert self.endpoint is not None
        return self.endpoint.answer(request)


@pytest.fixture
def work() -> MemoryWork:
    return MemoryWork(Query("Terms"), Query("Customer", cursor="2026-03-01T00:00:00"))


@pytest.fixture
def url(work: MemoryWork, clock: Clock) -> Iterator[str]:
    late = Addressed()
    with serve(late) as url:  # type: ignore[arg-type]
        late.endpoint = QuickBooksDesktop.open(replace(make_site(work, clock), url=url))
        yield url


def play(service: Any, work: MemoryWork) -> None:
    assert service.serverVersion().startswith("ml-connector")
    assert service.clientVersion("2.3.0.215") in (None, "")
    assert service.authenticate("acme", "wrong") == [None, "nvu"]
    ticket, file = service.authenticate("acme", PASSWORD)
    assert file is None
    first = service.sendRequestXML(ticket, hcp(), FILE, "US", 13, 0)
    assert 0 <= service.receiveResponseXML(ticket, answers(first, empty), "", "") < 100
    second = service.sendRequestXML(ticket, "", FILE, "US", 13, 0)
    assert service.receiveResponseXML(ticket, answers(second, empty), "", "") == 100
    assert "Nothing to do" in service.getLastError(ticket)
    assert service.closeConnection(ticket).startswith("OK")
    assert service.connectionError("", "0x80040408", "Could not start QuickBooks.") == "done"
    assert work.due == []


@pytest.mark.reference
def test_zeep_plays_a_visit_by_the_public_description(reference: Path, url: str, work: MemoryWork) -> None:
    client = zeep.Client(str(reference / "wsdl" / "QBWebConnectorSvc.wsdl"))
    with client.transport.session:
        play(client.create_service("{http://developer.intuit.com/}QBWebConnectorSvcSoap", url), work)


def test_zeep_plays_a_visit_by_our_own_description(url: str, work: MemoryWork) -> None:
    client = zeep.Client(f"{url}?wsdl")
    with client.transport.session:
        play(client.service, work)


def test_answers_have_a_length_and_neither_encoding_nor_redirect(url: str) -> None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=5)
    try:
        for method in ("GET", "HEAD"):
            connection.request(method, parts.path, headers={"Accept-Encoding": "gzip"})
            response = connection.getresponse()
            response.read()
            assert response.status == 200
            assert response.getheader("content-encoding") is None
    finally:
        connection.close()
