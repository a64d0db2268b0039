"""What goes wrong around a running server has a clear answer or a waiting state, and loses nothing."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.scenarios.served import Served, running

SOAP = (
    '<?xml version="1.0"?>{doctype}<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    '<{method} xmlns="http://developer.intuit.com/">{arguments}</{method}></soap:Body></soap:Envelope>'
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with running(tmp_path_factory.mktemp("troubles") / "work", customers=2) as one:
        yield one


def post(served: Served, body: bytes) -> tuple[int, bytes]:
    target = urlsplit(served.soap)
    assert target.hostname is not None
    connection = http.client.HTTPConnection(target.hostname, target.port, timeout=30)
    try:
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"x"'}
        try:
            connection.request("POST", target.path, body, headers)
        except (BrokenPipeError, ConnectionResetError):
            pass  # An answer may come before the whole of a body that is too long was sent.
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_wrong_password_gets_nvu_and_nothing_else(served: Served) -> None:
    report = served.visit(password="never-to-be-logged")
    assert report.outcome == "refused"
    assert report.requests == []
    assert "never-to-be-logged" not in served.log()


def test_an_unknown_ticket_gets_an_answer_in_protocol_and_no_data(served: Served) -> None:
    body = SOAP.format(doctype="", method="sendRequestXML", arguments="<ticket>made-up</ticket>"
                       "<qbXMLMajorVers>13</qbXMLMajorVers><qbXMLMinorVers>0</qbXMLMinorVers>")  # fmt: skip
    status, answer = post(served, body.encode())
    assert status == 200
    assert b"<QBXML>" not in answer
    assert b"sendRequestXMLResponse" in answer


@pytest.mark.parametrize(
    "body",
    [
        b"<soap:Envelope",
        b"",
        SOAP.format(
            doctype='<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>',
            method="clientVersion",
            arguments="<strVersion>&e;</strVersion>",
        ).encode(),
    ],
    ids=["malformed", "empty", "doctype"],
)
def test_xml_that_is_broken_or_dangerous_gets_a_fault_without_internals(served: Served, body: bytes) -> None:
    status, answer = post(served, body)
    assert status in (400, 500)
    assert b"Traceback" not in answer
    assert b"lxml" not in answer


def test_a_body_of_a_hundred_megabytes_is_refused_and_the_server_goes_on(served: Served) -> None:
    status, _ = post(served, b"x" * 100_000_000)
    assert status == 413
    assert served.server.status()


def test_a_body_of_fifty_megabytes_gets_a_clear_answer_and_the_server_goes_on(served: Served) -> None:
    filler = "<strVersion>" + "x" * 50_000_000 + "</strVersion>"
    status, answer = post(served, SOAP.format(doctype="", method="clientVersion", arguments=filler).encode())
    assert status in (400, 413, 500)
    assert len(answer) < 10_000
    assert served.server.status()


@pytest.mark.parametrize(
    "fault", ["429*3", "500@POST /*#2*2", "cut-after@POST /organizations", "cut-after@POST /deals*2"]
)
def test_pipedrives_passing_faults_lose_and_double_nothing(tmp_path: Path, fault: str) -> None:
    with running(tmp_path / "work", customers=2) as served:
        served.faults.add(fault)
        assert served.visit().ok
        served.settle(90)
        roots = [one for one in served.company.records("Customer") if not one.get("ParentRef")]
        assert len(served.account.records("organization")) == len(roots)
        assert len(served.account.records("deal")) == len(served.company.records("Invoice"))


def test_an_expired_token_says_what_to_do_and_nothing_is_lost_when_it_is_renewed(tmp_path: Path) -> None:
    with running(tmp_path / "work", customers=2) as served:
        token = served.account.token
        owner = served.account.tokens.pop(token)
        assert served.visit().ok
        served.until(lambda one: "token" in str(one.status()["last_visits"]["pipedrive"]))
        assert served.account.records("organization") == []
        served.account.tokens[token] = owner
        served.server.stop()
        served.server.start()
        served.settle(90)
        assert len(served.account.records("deal")) == len(served.company.records("Invoice"))
