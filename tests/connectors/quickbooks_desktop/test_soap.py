"""The SOAP service at its edge: envelopes as the public schema has them, strangers and hostile bodies."""

from __future__ import annotations

import logging

import pytest
from lxml import etree

from connectors.quickbooks_desktop.connector import QuickBooksDesktop
from connectors.quickbooks_desktop.soap import OPERATIONS, Call, read_call, write_fault, write_result
from engine.protocol import Bounded, Endpoint, HttpRequest, Query
from tests.connectors.quickbooks_desktop.caller import SOAP, ask, call, envelope, hcp, login, post, tell
from tests.connectors.quickbooks_desktop.ports import Clock, MemoryState, MemoryWork, make_site


@pytest.fixture
def endpoint(clock: Clock) -> Endpoint:
    return QuickBooksDesktop.open(make_site(MemoryWork(Query("Customer")), clock))


@pytest.mark.reference
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_result_is_valid_by_the_public_schema(soap_schema: etree.XMLSchema, operation: str) -> None:
    results = {"authenticate": ("ticket", ""), "receiveResponseXML": 42}
    body = etree.fromstring(write_result(operation, results.get(operation, "text & <markup>"))).find(f"{{{SOAP}}}Body")
    assert body is not None
    soap_schema.assertValid(body[0])


def test_both_strings_of_a_login_are_written_even_if_they_are_empty() -> None:
    text = write_result("authenticate", ("", "")).decode()
    assert "<authenticateResult><string></string><string></string></authenticateResult>" in text


def test_a_plain_result_is_not_wrapped_and_qbxml_is_escaped_text() -> None:
    text = write_result("sendRequestXML", '<?xml version="1.0"?><QBXML>\x00</QBXML>').decode()
    assert '<sendRequestXMLResult>&lt;?xml version="1.0"?&gt;&lt;QBXML&gt;&lt;/QBXML&gt;</sendRequestXMLResult>' in text


@pytest.mark.parametrize(
    "inside",
    [
        "",
        "<ticket/><response/><hresult/><message/>",
        "<ticket></ticket><response></response>",
        "<!-- nothing --><ticket><!-- nothing --></ticket>",
    ],
)
def test_missing_empty_and_self_closed_arguments_are_alike(inside: str) -> None:
    nothing = {"ticket": "", "response": "", "hresult": "", "message": ""}
    assert read_call(envelope("receiveResponseXML", inside)) == Call("receiveResponseXML", nothing)


def test_only_local_names_count_so_rpc_style_is_understood() -> None:
    body = (
        f'<s:Envelope xmlns:s="{SOAP}"><s:Header><x/></s:Header><s:Body><q1:authenticate xmlns:q1="urn:other">'
        '<strPassword xmlns="">p &amp; q</strPassword><strUserName>u</strUserName></q1:authenticate></s:Body>'
        "</s:Envelope>"
    )
    assert read_call(body.encode()) == Call("authenticate", {"strUserName": "u", "strPassword": "p & q"})


def test_escaped_text_and_cdata_arrive_alike() -> None:
    escaped = read_call(envelope("receiveResponseXML", "<response>&lt;QBXML/&gt;</response>"))
    plain = read_call(envelope("receiveResponseXML", "<response><![CDATA[<QBXML/>]]></response>"))
    assert escaped == plain
    assert escaped.arguments["response"] == "<QBXML/>"


def test_an_answer_beyond_ten_megabytes_is_read() -> None:
    text = "x &lt; y\n" * 1_300_000
    read = read_call(envelope("receiveResponseXML", f"<response>{text}</response>")).arguments["response"]
    assert read == "x < y\n" * 1_300_000


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
HOSTILE = {
    "nothing": b"",
    "no XML": b"hello",
    "cut off": envelope("authenticate", "")[:-20],
    "entities": LAUGHS.encode() + envelope("getLastError", "<ticket>&b;</ticket>").split(b"?>", 1)[1],
    "external entity": b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
    "another root": b"<html><body/></html>",
    "empty body": f'<s:Envelope xmlns:s="{SOAP}"><s:Body/></s:Envelope>'.encode(),
    "two calls": envelope("serverVersion", "").replace(b"</soap:Body>", b"<clientVersion/></soap:Body>"),
    "unknown operation": envelope("dropTables", ""),
    "too deep": envelope("getLastError", "<ticket>" + "<a>" * 100_000),
    "many attributes": envelope("getLastError", "<ticket " + " ".join(f'a{n}=""' for n in range(100_000)) + "/>"),
    "many namespaces": envelope("getLastError", "<ticket " + " ".join(f'xmlns:a{n}="u"' for n in range(50)) + "/>"),
    "latin 1": envelope("getLastError", "<ticket>é</ticket>").decode().encode("latin-1"),
    "utf 16": envelope("getLastError", "").decode().encode("utf-16"),
    "zeros": b"\x00" * 1000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_gets_a_fault_that_gives_nothing_away(endpoint: Endpoint, name: str) -> None:
    response = post(endpoint, HOSTILE[name])
    assert response.status == 500
    assert response.headers["content-type"] == "text/xml; charset=utf-8"
    fault = etree.fromstring(response.body).find(f"{{{SOAP}}}Body/{{{SOAP}}}Fault")
    assert fault is not None and fault.findtext("faultcode") == "soap:Client"
    words = fault.findtext("faultstring") or ""
    assert words.endswith(".") and "lxml" not in words and "Traceback" not in words and "root:" not in words


def test_soap_1_2_gets_a_version_mismatch(endpoint: Endpoint) -> None:
    modern = envelope("serverVersion", "").replace(SOAP.encode(), b"http://www.w3.org/2003/05/soap-envelope")
    for body, kind in ((modern, "text/xml"), (envelope("serverVersion", ""), "application/soap+xml")):
        assert b"soap:VersionMismatch" in post(endpoint, body, kind).body


@pytest.mark.parametrize(
    "kind",
    ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""],
)
def test_only_xml_is_taken(endpoint: Endpoint, kind: str) -> None:
    refused = post(endpoint, envelope("serverVersion", ""), kind)
    assert refused.status == 500 and b"must be text/xml" in refused.body
    assert post(endpoint, envelope("serverVersion", ""), "text/xml").status == 200


def test_long_bodies_are_refused_from_strangers_and_above_the_setting(clock: Clock) -> None:
    site = make_site(MemoryWork(Query("Customer")), clock, largest_answer_mb=6)
    endpoint = QuickBooksDesktop.open(site)
    long = envelope("receiveResponseXML", f"<response>{'x' * 5_000_000}</response>")
    assert b"too large" in post(endpoint, long).body
    login(endpoint)
    assert post(endpoint, long).status == 200
    assert b"too large" in post(endpoint, long + b" " * 1_000_000).body
    assert b"too large" in post(endpoint, envelope("getLastError", f"<ticket>{'x' * 5_000_000}</ticket>")).body


def test_a_stranger_s_long_body_is_not_even_read(clock: Clock) -> None:
    endpoint = QuickBooksDesktop.open(make_site(MemoryWork(Query("Customer")), clock, largest_answer_mb=200))
    assert isinstance(endpoint, Bounded)
    assert endpoint.longest_body() == 4 * 1024 * 1024
    login(endpoint)
    assert endpoint.longest_body() > 200_000_000, "what the settings allow passes the server too"


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("HEAD", 200), ("PUT", 405), ("DELETE", 405)])
def test_a_plain_get_is_answered_since_the_web_connector_looks_before_it_adds(
    endpoint: Endpoint, method: str, status: int
) -> None:
    for path in ("", "/"):
        response = endpoint.answer(HttpRequest(method, path, {}, b""))
        assert response.status == status
        assert bool(response.body) == (method == "GET")


def test_other_paths_are_not_served(endpoint: Endpoint) -> None:
    assert endpoint.answer(HttpRequest("GET", "/admin", {}, b"")).status == 404


def test_an_unknown_ticket_is_told_so_in_protocol(endpoint: Endpoint) -> None:
    for ticket in ("", "guess"):
        assert ask(endpoint, ticket, hcp()) == ""
        assert tell(endpoint, ticket, "<QBXML/>") < 0
        assert "not known here any more" in call(endpoint, "getLastError", ticket)
        assert call(endpoint, "connectionError", ticket, "0x80040408", "Could not start QuickBooks.") == "done"
        assert call(endpoint, "closeConnection", ticket) == "OK"


def test_old_web_connectors_are_asked_to_upgrade_and_new_ones_go_on(endpoint: Endpoint) -> None:
    assert call(endpoint, "clientVersion", "1.5.0.30").startswith("E:")
    for version in ("2.0.0.10", "2.10.0.1", "34.0.10020.79", "", "nonsense"):
        assert call(endpoint, "clientVersion", version) == ""
    assert call(endpoint, "serverVersion", "").startswith("ml-connector")


class Broken(MemoryState):
    """A store that fails."""

    def get(self, key: str) -> object:
        raise RuntimeError("secret path /var/db")

    put = change = get  # type: ignore[assignment]


def test_an_error_inside_is_answered_in_protocol_and_logged(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    endpoint = QuickBooksDesktop.open(make_site(MemoryWork(), clock, Broken(clock)))
    with caplog.at_level(logging.ERROR, "engine.connectors.quickbooks_desktop"):
        assert call(endpoint, "authenticate", "acme", "hunter2") == ["", "busy"]
        assert ask(endpoint, "t") == ""
        assert tell(endpoint, "t", "<QBXML/>") == -1
        assert "internal error" in call(endpoint, "getLastError", "t")
        assert call(endpoint, "connectionError", "t", "", "") == "done"
        assert "internal error" in call(endpoint, "closeConnection", "t")
    assert len(caplog.records) == 6
    assert "hunter2" not in caplog.text + str([vars(one) for one in caplog.records])


def test_a_fault_is_soap_1_1() -> None:
    text = write_fault("No <way>.").decode()
    assert (
        "<soap:Fault><faultcode>soap:Client</faultcode><faultstring>No &lt;way&gt;.</faultstring></soap:Fault>" in text
    )
