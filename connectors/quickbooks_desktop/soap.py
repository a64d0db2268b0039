"""SOAP 1.1 envelopes of the Web Connector's protocol: reads a call, writes a result or a fault.

What a call means is left to operations. Read with a parser that builds no tree, takes no document type and goes no
deeper and no wider than the protocol does. [facts 1.1, 1.2: WSDL; GUIDE ch.5]
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

NAMESPACE = "http://developer.intuit.com/"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
CONTENT_TYPE = "text/xml; charset=utf-8"
DEEPEST = 8
"""Elements inside elements: an envelope needs four, RPC style five."""
MOST_ATTRIBUTES = 40
"""Of one element, namespaces among them: serialisers write a handful."""

OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "serverVersion": ("strVersion",),
    "clientVersion": ("strVersion",),
    "authenticate": ("strUserName", "strPassword"),
    "sendRequestXML": (
        "ticket", "strHCPResponse", "strCompanyFileName", "qbXMLCountry", "qbXMLMajorVers", "qbXMLMinorVers",
    ),
    "receiveResponseXML": ("ticket", "response", "hresult", "message"),
    "connectionError": ("ticket", "hresult", "message"),
    "getLastError": ("ticket",),
    "closeConnection": ("ticket",),
}  # fmt: skip
"""The operations with their arguments, in their order. [WSDL]"""

INTEGERS = frozenset({"qbXMLMajorVers", "qbXMLMinorVers"})
"""Arguments that are xs:int and required; all others are optional strings."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call: the operation and every argument it has, "" where the caller left it out or empty."""

    operation: str
    arguments: Mapping[str, str]


class Refused(Exception):
    """A request that is no call of ours. `code` is the SOAP fault code: Client, Server or VersionMismatch."""

    def __init__(self, message: str, code: str = "Client") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


def read_call(body: bytes) -> Call:
    """The call in an envelope, found by local names only; raises Refused with a sentence for the caller."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("The request is not UTF-8 text.") from None
    text = _DECLARATION.sub("", text, count=1)
    target = _Envelope()
    parser = etree.XMLParser(target=target, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        etree.fromstring(text.encode("utf-8"), parser)
    except etree.XMLSyntaxError:
        raise Refused("The request is not well-formed XML.") from None
    if target.operation is None:
        raise Refused("The SOAP body is empty.")
    names = OPERATIONS.get(target.operation)
    if names is None:
        raise Refused("There is no such operation here.")
    return Call(target.operation, {name: "".join(target.arguments.get(name, ())) for name in names})


_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


class _Envelope:
    """Takes the parser's events: Envelope, Body, the operation, its arguments' text."""

    def __init__(self) -> None:
        self.operation: str | None = None
        self.arguments: dict[str, list[str]] = {}
        self._path: list[str] = []
        self._text: list[str] | None = None

    def doctype(self, *_: Any) -> None:
        raise Refused("A document type is not allowed.")

    def start(self, tag: Any, attrib: Any, nsmap: Any = None) -> None:
        namespace, _, name = str(tag).rpartition("}")
        depth = len(self._path)
        if depth >= DEEPEST:
            raise Refused("The request is nested too deeply.")
        if len(attrib) + len(nsmap or ()) > MOST_ATTRIBUTES:
            raise Refused("An element of the request has too many attributes.")
        if depth == 0:
            if name != "Envelope":
                raise Refused("The request is not a SOAP envelope.")
            if namespace[1:] != ENVELOPE:
                raise Refused("Only SOAP 1.1 is spoken here.", "VersionMismatch")
        elif depth == 2 and self._path[1] == "Body":
            if self.operation is not None:
                raise Refused("The SOAP body holds more than one call.")
            self.operation = name
        elif depth == 3 and self._path[1] == "Body":
            self._text = self.arguments.setdefault(name, [])
        self._path.append(name)

    def data(self, data: str | bytes) -> None:
        if self._text is not None and len(self._path) == 4:
            self._text.append(str(data))

    def end(self, tag: Any) -> None:
        self._path.pop()
        if len(self._path) <= 3:
            self._text = None

    def comment(self, text: str | bytes) -> None:
        """Comments say nothing."""

    def pi(self, target: str | bytes, data: str | bytes | None = None) -> None:
        """Neither do processing instructions."""

    def close(self) -> None:
        """The parser wants it."""


def write_result(operation: str, result: str | int | Sequence[str]) -> bytes:
    """The envelope that answers a call. Only a sequence is an array of <string>, each written even if empty.

    Serialisers that drop empty strings make the Web Connector fail with QBWC1012. [facts 1.3]
    """
    if isinstance(result, str | int):
        inside = _text(str(result))
    else:
        inside = "".join(f"<string>{_text(one)}</string>" for one in result)
    return _envelope(
        f'<{operation}Response xmlns="{NAMESPACE}"><{operation}Result>{inside}</{operation}Result>'
        f"</{operation}Response>"
    )


def write_fault(message: str, code: str = "Client") -> bytes:
    """A SOAP 1.1 fault; goes with HTTP status 500. [SOAP 1.1, 6.2]"""
    return _envelope(
        f"<soap:Fault><faultcode>soap:{code}</faultcode><faultstring>{_text(message)}</faultstring></soap:Fault>"
    )


def _envelope(body: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{ENVELOPE}"><soap:Body>{body}</soap:Body></soap:Envelope>'
    ).encode()


def _text(text: str) -> str:
    return escape(_FORBIDDEN.sub("", text))


_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot carry, not even as references."""
