"""Plays a caller of the SOAP service: single calls, and whole visits against scripted answers of QuickBooks."""

from __future__ import annotations

from collections.abc import Callable
from xml.sax.saxutils import escape

from lxml import etree

from connectors.quickbooks_desktop.soap import NAMESPACE, OPERATIONS
from engine.protocol import Endpoint, HttpRequest, HttpResponse
from tests.connectors.quickbooks_desktop.ports import PASSWORD

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
HCP = (
    '<?xml version="1.0" ?><QBXML><QBXMLMsgsRs><HostQueryRs requestID="0" statusCode="0" statusSeverity="Info">'
    "<HostRet><ProductName>QuickBooks Pro 2024</ProductName><SupportedQBXMLVersion>12.0</SupportedQBXMLVersion>"
    "<SupportedQBXMLVersion>13.0</SupportedQBXMLVersion><SupportedQBXMLVersion>16.0</SupportedQBXMLVersion></HostRet>"
    '</HostQueryRs><CompanyQueryRs requestID="1" statusCode="0" statusSeverity="Info"><CompanyRet>'
    "<IsSampleCompany>false</IsSampleCompany><CompanyName>{name}</CompanyName></CompanyRet></CompanyQueryRs>"
    '<PreferencesQueryRs requestID="2" statusCode="0" statusSeverity="Info"><PreferencesRet>{preferences}'
    "</PreferencesRet></PreferencesQueryRs></QBXMLMsgsRs></QBXML>"
)
FILE = r"C:\QuickBooks\Acme.qbw"


def envelope(operation: str, inside: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{SOAP}" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body>'
        f'<{operation} xmlns="{NAMESPACE}">{inside}</{operation}></soap:Body></soap:Envelope>'
    ).encode()


def post(
    endpoint: Endpoint, body: bytes, content_type: str = "text/xml; charset=utf-8", client: str = "c"
) -> HttpResponse:
    return endpoint.answer(HttpRequest("POST", "", {"content-type": content_type}, body, client=client))


def call(endpoint: Endpoint, operation: str, *arguments: str, client: str = "c") -> str | list[str]:
    """The result of one operation, read strictly."""
    names = OPERATIONS[operation]
    inside = "".join(f"<{name}>{escape(one)}</{name}>" for name, one in zip(names, arguments, strict=True))
    response = post(endpoint, envelope(operation, inside), client=client)
    assert response.status == 200, response.body
    assert response.headers["content-type"] == "text/xml; charset=utf-8"
    body = etree.fromstring(response.body).find(f"{{{SOAP}}}Body")
    assert body is not None
    result = body[0].find(f"{{{NAMESPACE}}}{operation}Result")
    assert body[0].tag == f"{{{NAMESPACE}}}{operation}Response" and result is not None
    return [child.text or "" for child in result] if operation == "authenticate" else result.text or ""


def login(endpoint: Endpoint, client: str = "c") -> str:
    """A ticket."""
    ticket, file = call(endpoint, "authenticate", "acme", PASSWORD, client=client)
    assert (bool(ticket), file) == (True, "")
    return ticket


def hcp(name: str = "Acme Inc", preferences: str = "") -> str:
    return HCP.format(name=name, preferences=preferences)


def ask(endpoint: Endpoint, ticket: str, first: str = "", file: str = FILE) -> str:
    """sendRequestXML; the request must be there to be parsed."""
    return str(call(endpoint, "sendRequestXML", ticket, first, file, "US", "16", "0"))


def tell(endpoint: Endpoint, ticket: str, response: str, hresult: str = "", message: str = "") -> int:
    """receiveResponseXML."""
    return int(str(call(endpoint, "receiveResponseXML", ticket, response, hresult, message)))


Answer = Callable[[etree._Element], str]
"""What QuickBooks answers to one request element."""


def answers(request: str, answer: Answer) -> str:
    """The response document to a request document."""
    asked = etree.fromstring(request.encode()).find("QBXMLMsgsRq")
    assert asked is not None and asked.get("onError") == "continueOnError"
    inside = "".join(answer(one) for one in asked)
    return f'<?xml version="1.0" ?><QBXML><QBXMLMsgsRs>{inside}</QBXMLMsgsRs></QBXML>'


def rs(request: etree._Element, inside: str = "", code: int = 0, message: str = "", **attributes: object) -> str:
    """The answer element to a request element."""
    said = "".join(f' {name}="{value}"' for name, value in attributes.items())
    severity = "Info" if code < 500 else "Warn" if code < 1000 else "Error"
    name = str(request.tag).removesuffix("Rq")
    return (
        f'<{name}Rs requestID="{request.get("requestID")}" statusCode="{code}" statusSeverity="{severity}" '
        f'statusMessage="{escape(message, {chr(34): "&quot;"})}"{said}>{inside}</{name}Rs>'
    )


def empty(request: etree._Element) -> str:
    return rs(request, code=1, message="A query request did not find a matching object in QuickBooks")


def visit(endpoint: Endpoint, answer: Answer, most: int = 50) -> tuple[list[str], int, str]:
    """A whole visit: the requests, the last progress, and what closeConnection said."""
    ticket = login(endpoint)
    requests: list[str] = []
    progress = 0
    while 0 <= progress < 100:
        request = ask(endpoint, ticket, "" if requests else hcp())
        if not request:
            break
        requests.append(request)
        assert len(requests) <= most, "the visit goes on for ever"
        progress = tell(endpoint, ticket, answers(request, answer))
    return requests, progress, str(call(endpoint, "closeConnection", ticket))
