"""Makes one SOAP call as the Web Connector makes it, and believes no answer that its .NET client would not believe.

Sends the envelope and headers of a real 2.2.0.71 and reads the answer strictly: SOAP 1.1 document/literal, target
namespace, plain results as text, no redirect, no compression. [facts 1.1, 1.2]
"""

import http.client
import ssl
import time
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit
from xml.sax.saxutils import escape

from lxml import etree

NAMESPACE = "http://developer.intuit.com/"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
USER_AGENT = "Mozilla/4.0 (compatible; MSIE 6.0; MS Web Services Client Protocol 4.0.30319.42000)"
_XSI_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_REUSE_SECONDS = 2.0  # a kept connection older than this may be closing at the other end

NUMBERS = {
    "serverVersion": 1085, "clientVersion": 1036, "authenticate": 1012, "sendRequestXML": 1041,
    "receiveResponseXML": 1042, "getLastError": 1043, "closeConnection": 1044, "connectionError": 1045,
}  # fmt: skip
"""Method -> the QBWC number that users see when the call fails. [facts 1.6; serverVersion: assumed]"""


class QbwcError(Exception):
    """Something that the Web Connector shows to its user as `QBWC1012: ...`."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(f"QBWC{number}: {text}")
        self.number = number
        self.text = text


@dataclass(frozen=True)
class Reply:
    """A believed answer: the result's text ('' where it is empty, nil or missing), or the strings of an array."""

    status: int
    text: str = ""
    strings: tuple[str, ...] = ()


def envelope(method: str, arguments: tuple[tuple[str, str], ...]) -> bytes:
    """The request: prefix `soap`, xsi and xsd declared on the envelope, default namespace on the method element, no
    header; an empty argument is self-closed, as .NET writes it. [facts 1.1: qbws issue 10]"""
    inner = "".join(f"<{name}>{escape(text)}</{name}>" if text else f"<{name} />" for name, text in arguments)
    call = f'<{method} xmlns="{NAMESPACE}">{inner}</{method}>' if inner else f'<{method} xmlns="{NAMESPACE}" />'
    return (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{ENVELOPE}" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
        f"<soap:Body>{call}</soap:Body></soap:Envelope>"
    ).encode()


class SoapClient:
    """One SOAP address, with a kept connection. `timeout` in seconds: .NET's default is 100. [facts 1.1 (mem)]"""

    def __init__(self, url: str, *, timeout: float = 100.0, ssl_context: ssl.SSLContext | None = None) -> None:
        self.url = url
        self._timeout = timeout
        self._ssl_context = ssl_context
        self._connection: http.client.HTTPConnection | None = None
        self._used = 0.0

    def call(self, method: str, *arguments: tuple[str, str]) -> Reply:
        """The answer; QbwcError with the method's number if there is none or it cannot be believed."""
        try:
            status, headers, body = self._post(method, envelope(method, arguments))
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise QbwcError(NUMBERS[method], f"{method}: {type(error).__name__}: {error}") from None
        try:
            return _reply(method, status, headers, body)
        except _Unbelievable as error:
            self.close()
            raise QbwcError(NUMBERS[method], f"{method}: {error}") from None

    def get(self, url: str) -> int:
        """The status of a plain GET, as the Web Connector makes when an application is added; OSError if none."""
        connection = connect(urlsplit(url), self._timeout, self._ssl_context)
        try:
            connection.request("GET", path_of(urlsplit(url)), headers={"User-Agent": USER_AGENT})
            return connection.getresponse().status
        finally:
            connection.close()

    def close(self) -> None:
        """Ends the kept connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _post(self, method: str, body: bytes) -> tuple[int, http.client.HTTPMessage, bytes]:
        target = urlsplit(self.url)
        if self._connection is None or time.monotonic() - self._used > _REUSE_SECONDS:
            self.close()
            self._connection = connect(target, self._timeout, self._ssl_context)
        connection = self._connection
        connection.putrequest("POST", path_of(target), skip_accept_encoding=True)  # asks for no compression
        connection.putheader("User-Agent", USER_AGENT)
        connection.putheader("Content-Type", "text/xml; charset=utf-8")
        connection.putheader("SOAPAction", f'"{NAMESPACE}{method}"')
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        content = response.read()
        self._used = time.monotonic()
        return response.status, response.headers, content


class _Unbelievable(Exception):
    """Why an answer is not believed."""


def connect(target: SplitResult, timeout: float, context: ssl.SSLContext | None) -> http.client.HTTPConnection:
    """A connection to the host of a URL, with TLS for https."""
    if target.scheme == "https":
        return http.client.HTTPSConnection(
            target.hostname or "", target.port, timeout=timeout, context=context or ssl.create_default_context()
        )
    return http.client.HTTPConnection(target.hostname or "", target.port, timeout=timeout)


def path_of(target: SplitResult) -> str:
    """Path and query of a URL, as they stand in the request line."""
    return (target.path or "/") + (f"?{target.query}" if target.query else "")


def _reply(method: str, status: int, headers: http.client.HTTPMessage, body: bytes) -> Reply:
    if 300 <= status < 400:
        raise _Unbelievable(f"the server redirects ({status}); the Web Connector does not follow")
    if status not in (200, 500):
        raise _Unbelievable(f"HTTP status {status}")
    if headers.get("Content-Encoding", "identity") != "identity":
        raise _Unbelievable(f"the answer is compressed ({headers['Content-Encoding']}), which nobody asked for")
    _check_type(headers.get("Content-Type", ""))
    root = _parse(body)
    if root.tag != f"{{{ENVELOPE}}}Envelope":
        raise _Unbelievable(f"not a SOAP 1.1 envelope: {root.tag}")
    bodies = [child for child in root if child.tag == f"{{{ENVELOPE}}}Body"]
    if len(bodies) != 1:
        raise _Unbelievable("the envelope needs one Body")
    contents = [child for child in bodies[0] if isinstance(child.tag, str)]
    if len(contents) != 1:
        raise _Unbelievable("the Body needs one element")
    if contents[0].tag == f"{{{ENVELOPE}}}Fault":
        raise _Unbelievable(f"SOAP fault: {contents[0].findtext('faultstring')}")
    if status != 200:
        raise _Unbelievable("HTTP status 500 without a SOAP fault")
    return _result(method, contents[0])


def _check_type(content_type: str) -> None:
    kind, _, parameters = content_type.partition(";")
    if kind.strip().lower() != "text/xml":
        raise _Unbelievable(f"Content-Type {content_type!r}; wanted text/xml; charset=utf-8")
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() != "utf-8":
            raise _Unbelievable(f"charset {value}")


def _parse(body: bytes) -> etree._Element:
    if not body.startswith(b"<"):
        raise _Unbelievable(f"something stands before the XML: {body[:20]!r}")  # [facts 4.13: BOM, HTML error]
    try:
        return etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    except etree.XMLSyntaxError as error:
        raise _Unbelievable(f"not well-formed: {error}") from None


def _result(method: str, response: etree._Element) -> Reply:
    if response.tag != f"{{{NAMESPACE}}}{method}Response":
        raise _Unbelievable(f"{response.tag} instead of {{{NAMESPACE}}}{method}Response")
    children = [child for child in response if isinstance(child.tag, str)]
    if len(children) > 1 or (children and children[0].tag != f"{{{NAMESPACE}}}{method}Result"):
        raise _Unbelievable(f"{method}Response holds {[child.tag for child in children]}")
    if not children:
        if method in ("receiveResponseXML", "authenticate"):
            raise _Unbelievable(f"{method}Result is missing")
        return Reply(200)
    result = children[0]
    if method == "authenticate":
        return Reply(200, strings=_strings(result))
    if len(result):
        raise _Unbelievable(f"{method}Result holds elements; it is plain text")  # [facts 1.1: a common copy error]
    return Reply(200, "" if result.get(_XSI_NIL) == "true" else result.text or "")


def _strings(result: etree._Element) -> tuple[str, ...]:
    """The array of authenticate: at least two <string>, the second even if empty. [facts 1.3]"""
    strings = []
    for child in result:
        if child.tag != f"{{{NAMESPACE}}}string" or len(child):
            raise _Unbelievable(f"authenticateResult holds {child.tag}")
        strings.append(child.text or "")
    if len(strings) < 2:
        raise _Unbelievable("Index was outside the bounds of the array.")
    return tuple(strings)
