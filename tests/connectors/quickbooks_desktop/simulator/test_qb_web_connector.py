"""The Web Connector over real HTTP: the order of calls, what it refuses to believe, faults, .qwc files, the command."""

import re

import pytest
from click.testing import CliRunner
from lxml import etree

from connectors.quickbooks_desktop.simulator.cli import simulator
from connectors.quickbooks_desktop.simulator.faults import Faults
from connectors.quickbooks_desktop.simulator.soap_client import QbwcError
from connectors.quickbooks_desktop.simulator.web_connector import WebConnector

HOST = (
    '<?xml version="1.0"?><?qbxml version="13.0"?><QBXML><QBXMLMsgsRq onError="stopOnError"><HostQueryRq />'
    "</QBXMLMsgsRq></QBXML>"
)


@pytest.fixture
def faults():
    return Faults()


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def connector(server, company, faults, pauses):
    return WebConnector(server.url, "user", "secret", company, faults=faults, sleep=pauses.append, timeout=5)


NORMAL = ["serverVersion", "clientVersion", "authenticate", "sendRequestXML", "receiveResponseXML"]


def test_a_normal_visit_calls_in_the_real_order(server, connector):
    server.answers["sendRequestXML"] = [HOST]
    server.answers["receiveResponseXML"] = ["40", "100"]
    report = connector.visit()
    assert report.methods == [*NORMAL, "sendRequestXML", "receiveResponseXML", "closeConnection"]
    assert (report.outcome, report.progress, report.status, report.ok) == ("done", [40, 100], "OK", True)
    assert report.requests == [HOST, HOST]
    assert server.arguments("authenticate") == {"strUserName": "user", "strPassword": "secret"}
    first, second = (server.arguments("sendRequestXML", n) for n in (0, 1))
    hcp = etree.fromstring(first["strHCPResponse"].encode())[0]
    assert [child.tag for child in hcp] == ["HostQueryRs", "CompanyQueryRs", "PreferencesQueryRs"]
    assert second["strHCPResponse"] == ""
    assert (first["qbXMLMajorVers"], first["qbXMLMinorVers"], first["qbXMLCountry"]) == ("13", "0", "US")
    answer = server.arguments("receiveResponseXML")
    assert "<ProductName>" in answer["response"]
    assert (answer["hresult"], answer["message"]) == ("", "")


def test_the_headers_are_those_of_the_dotnet_client(server, connector):
    connector.visit()
    headers = server.headers[2]
    assert headers["SOAPAction"] == '"http://developer.intuit.com/authenticate"'
    assert headers["Content-Type"] == "text/xml; charset=utf-8"
    assert headers["User-Agent"].startswith("Mozilla/4.0 (compatible; MSIE 6.0; MS Web Services Client Protocol")
    assert "Accept-Encoding" not in headers


@pytest.mark.reference
def test_every_body_of_a_visit_is_valid_by_the_wsdl(reference, server, connector, faults):
    schema = etree.XMLSchema(etree.parse(reference / "wsdl" / "qbwc-messages.xsd"))
    faults.modal_dialog()
    server.answers["connectionError"] = [""]
    server.answers["sendRequestXML"] = [HOST, ""]
    server.answers["receiveResponseXML"] = ["50"]
    report = connector.visit()
    assert report.outcome == "done"
    assert len({child.tag for child in server.received}) == 8
    for call in server.received:
        schema.assertValid(call)


@pytest.mark.parametrize(
    ("strings", "outcome"),
    [(["", "nvu"], "refused"), (["", "none"], "no work"), (["t", "NONE"], "no work"), (["t", "busy"], "busy"),
     (["t", "", "60"], "postponed")],
)  # fmt: skip
def test_without_work_the_visit_closes_at_once(server, connector, strings, outcome):
    server.answers["authenticate"] = [strings]
    report = connector.visit()
    assert (report.outcome, report.methods[3:]) == (outcome, ["closeConnection"])


@pytest.mark.parametrize(("answer", "goes_on"), [("W:old", True), ("E:too old", False), ("O:3.0", False)])
def test_client_version_may_warn_or_stop(server, connector, answer, goes_on):
    server.answers["clientVersion"] = [answer]
    report = connector.visit()
    assert ("authenticate" in report.methods) is goes_on
    assert [error.number for error in report.errors] == ([] if goes_on else [1037])


def test_an_empty_request_and_noop_ask_getlasterror(server, connector, pauses):
    server.answers["sendRequestXML"] = ["NoOp", HOST, ""]
    server.answers["receiveResponseXML"] = ["50"]
    server.answers["getLastError"] = ["NoOp", "nothing more"]
    report = connector.visit()
    assert report.methods[3:] == [
        "sendRequestXML", "getLastError", "sendRequestXML", "receiveResponseXML", "sendRequestXML", "getLastError",
        "closeConnection",
    ]  # fmt: skip
    assert (pauses, report.last_error) == ([5.0], "nothing more")


def test_a_negative_progress_asks_getlasterror_and_closes(server, connector):
    server.answers["sendRequestXML"] = [HOST]
    server.answers["receiveResponseXML"] = ["-1"]
    server.answers["getLastError"] = ["could not read that"]
    report = connector.visit()
    assert report.methods[5:] == ["getLastError", "closeConnection"]
    assert (report.outcome, report.last_error, report.ok) == ("stopped", "could not read that", False)


def test_a_request_that_quickbooks_cannot_parse_comes_back_as_hresult(server, connector):
    server.answers["sendRequestXML"] = ["<QBXML />"]
    report = connector.visit()
    answer = server.arguments("receiveResponseXML")
    assert (answer["response"], answer["hresult"]) == ("", "0x80040400")
    assert report.hresults == ["0x80040400"]


# what it does not believe

XML = {"Content-Type": "text/xml; charset=utf-8"}
AUTH = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    '<authenticateResponse xmlns="http://developer.intuit.com/"><authenticateResult>{0}</authenticateResult>'
    "</authenticateResponse></soap:Body></soap:Envelope>"
)
GOOD = AUTH.format("<string>t</string><string>none</string>")
UNBELIEVABLE = {
    "a redirect": (302, {"Location": "/"}, ""),
    "a compressed answer": (200, XML | {"Content-Encoding": "gzip"}, GOOD),
    "another content type": (200, {"Content-Type": "application/json"}, GOOD),
    "another charset": (200, {"Content-Type": "text/xml; charset=latin-1"}, GOOD),
    "a byte order mark": (200, XML, "\ufeff" + GOOD),
    "a page of HTML": (500, {"Content-Type": "text/html"}, "<html>sorry</html>"),
    "a fault": (500, XML, '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultstring>no</faultstring></s:Fault></s:Body></s:Envelope>'),
    "SOAP 1.2": (200, XML, GOOD.replace("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")),
    "another namespace": (200, XML, GOOD.replace("developer.intuit.com/", "developer.intuit.com")),
    "one string only": (200, XML, AUTH.format("<string>t</string>")),
    "strings without namespace": (200, XML, AUTH.format('<string xmlns="">t</string><string xmlns="">none</string>')),
    "not well-formed": (200, XML, GOOD[:-3]),
}  # fmt: skip


@pytest.mark.parametrize("answer", UNBELIEVABLE.values(), ids=UNBELIEVABLE)
def test_an_answer_that_dotnet_would_not_believe_ends_the_visit(server, connector, answer):
    status, headers, body = answer
    server.answers["authenticate"] = [(status, headers, body.encode())]
    report = connector.visit()
    assert [error.number for error in report.errors] == [1012]
    assert report.methods == ["serverVersion", "clientVersion", "authenticate"]


def test_the_same_answer_without_a_flaw_is_believed(server, connector):
    server.answers["authenticate"] = [(200, XML, GOOD.encode())]
    assert connector.visit().outcome == "no work"


def test_a_plain_result_wrapped_in_string_and_progress_without_a_number_are_refused(server, connector):
    wrapped = GOOD.replace("authenticate", "sendRequestXML")
    server.answers["sendRequestXML"] = [(200, XML, wrapped.encode())]
    assert [error.number for error in connector.visit().errors] == [1041]
    server.answers["sendRequestXML"] = [HOST]
    server.answers["receiveResponseXML"] = ["all of it"]
    assert [error.number for error in connector.visit().errors] == [1042]


def test_a_server_that_is_not_there_is_an_error_not_an_exception(company):
    report = WebConnector("http://127.0.0.1:9/none", "u", "p", company, timeout=2).visit()
    assert (report.outcome, report.errors[0].number) == ("error", 1085)


# faults


def test_a_modal_dialog_is_told_and_tried_again_at_most_twice(server, connector, faults):
    faults.modal_dialog(times=5)
    server.answers["connectionError"] = [""]
    report = connector.visit()
    assert report.methods[3:] == ["connectionError"] * 3
    assert server.arguments("connectionError")["hresult"] == "0x80040414"
    assert (report.outcome, faults.pending()) == ("not opened", 2)


def test_done_stops_the_tries_and_another_file_is_told(server, connector, company):
    server.answers["connectionError"] = ["Done"]
    server.answers["authenticate"] = [["ticket-1", r"C:\other.qbw"]]
    report = connector.visit()
    assert (report.methods[3:], report.hresults) == (["connectionError"], ["0x8004040A"])
    server.answers["connectionError"] = [company.facts.path.upper()]
    assert connector.visit().outcome == "done"


def test_processing_can_throw_be_slow_or_lose_half_its_answer(server, connector, faults, pauses):
    faults.process_raises(0x80040402, request=1)
    faults.truncated_answer(request=2)
    faults.slow_answer(30, request=3)
    server.answers["sendRequestXML"] = [HOST]
    server.answers["receiveResponseXML"] = ["1", "2", "100"]
    report = connector.visit()
    assert server.arguments("receiveResponseXML", 0)["hresult"] == "0x80040402"
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(server.arguments("receiveResponseXML", 1)["response"].encode())
    assert server.arguments("receiveResponseXML", 2)["response"].endswith("</QBXML>\n")
    assert (pauses, faults.pending(), len(report.responses)) == ([30], 0, 3)


@pytest.mark.parametrize(
    ("plan", "outcome", "served"),
    [(("cut_before", "receiveResponseXML"), "cut", 4), (("cut_after", "receiveResponseXML"), "cut", 5),
     (("abandon_after", 4), "abandoned", 4)],
)  # fmt: skip
def test_a_visit_can_break_off_anywhere(server, connector, faults, plan, outcome, served):
    server.answers["sendRequestXML"] = [HOST]
    getattr(faults, plan[0])(plan[1])
    report = connector.visit()
    assert (report.outcome, len(server.received), "closeConnection" in report.methods) == (outcome, served, False)
    assert connector.visit().outcome == "done"


def test_iterators_die_with_the_visit(server, connector, company):
    company.add_customer("Other")
    start = HOST.replace(
        "<HostQueryRq />", '<CustomerQueryRq iterator="Start"><MaxReturned>1</MaxReturned></CustomerQueryRq>'
    )
    server.answers["sendRequestXML"] = [start]
    ident = re.search(r'iteratorID="([^"]+)"', connector.visit().responses[0])[1]
    server.answers["sendRequestXML"] = [start.replace('"Start"', f'"Continue" iteratorID="{ident}"')]
    assert 'statusCode="3391"' in connector.visit().responses[0]


# .qwc files


def qwc(url: str, **changes: str | None) -> str:
    elements = {
        "AppName": "Sync", "AppID": "", "AppURL": url, "AppDescription": "d", "AppSupport": url, "UserName": "acme",
        "OwnerID": "{57F3B9B1-86F1-4fcc-B1EE-566DE1813D20}", "FileID": "{90A44FB5-33D9-4815-AC85-BC87A7E7D1EB}",
        "QBType": "QBFS", "Style": "Document",
    } | changes  # fmt: skip
    inside = "".join(f"<{name}>{text}</{name}>" for name, text in elements.items() if text is not None)
    return (
        f'<?xml version="1.0"?><QBWCXML>{inside}<Scheduler><RunEveryNMinutes>5</RunEveryNMinutes></Scheduler></QBWCXML>'
    )


def test_a_qwc_file_is_added_and_its_file_id_is_in_the_first_answer(server, connector):
    application = connector.add(qwc(server.url))
    assert (application.every_seconds, connector.username) == (300, "acme")
    connector.visit()
    assert application.file_id in server.arguments("sendRequestXML")["strHCPResponse"]


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"AppURL": "http://sync.example.com/", "AppSupport": "http://sync.example.com/"}, 1010),
        ({"AppURL": "https://10.0.0.7/"}, 1001),
        ({"AppSupport": "https://10.0.0.7/"}, 1002),
        ({"AppSupport": "https://other.example.com/"}, 1000),
        ({"UserName": None}, 1051),
        ({"QBType": "QBPOS"}, 1051),
        ({"OwnerID": "57F3B9B1"}, 1039),
        ({"PersonalDataPrep": "pdpOptional"}, 1051),
        ({"IsReadOnly": "true"}, 1039),
    ],
)
def test_a_qwc_file_that_breaks_a_rule_is_refused_with_its_number(server, connector, changes, number):
    with pytest.raises(QbwcError) as caught:
        connector.add(qwc(server.url, **changes))
    assert caught.value.number == number


def test_an_address_that_does_not_answer_200_and_a_changed_pair_are_refused(server, connector):
    connector.add(qwc(server.url))
    with pytest.raises(QbwcError, match="QBWC1039"):
        connector.add(qwc(server.url, FileID="{00000000-33D9-4815-AC85-BC87A7E7D1EB}"))
    server.get_status = 404
    with pytest.raises(QbwcError, match="QBWC1048"):
        connector.add(qwc(server.url))


@pytest.mark.reference
def test_intuits_own_qwc_files_are_readable(reference):
    from connectors.quickbooks_desktop.simulator import qwc_file

    for path in sorted((reference / "qwc").glob("*.qwc")):
        assert qwc_file.read(path.read_text(encoding="utf-8")).user


# the command


def test_the_command_visits_as_often_as_told_and_keeps_its_company(server, tmp_path):
    file = tmp_path / "company.json"
    arguments = [
        "--url",
        server.url,
        "--user",
        "u",
        "--password",
        "p",
        "--every",
        "0",
        "--customers",
        "3",
        "--file",
        str(file),
    ]
    result = CliRunner().invoke(simulator, [*arguments, "--visits", "2"])
    assert (result.exit_code, result.output.count("server says 'OK'")) == (0, 2)
    server.answers["authenticate"] = [["", "nvu"]]
    assert CliRunner().invoke(simulator, [*arguments, "--visits", "1"]).exit_code == 1
    assert file.exists()
