"""Reads a qbXML request document and refuses what QuickBooks' own parser refuses, without executing anything.

Order and names are checked against the content models in `requests`; values are converted later, message by message,
since a bad value is a status code and a bad structure an HRESULT. [facts 2.1, 2.2]
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from lxml import etree

from connectors.quickbooks_desktop.simulator import requests, versions
from connectors.quickbooks_desktop.simulator.errors import HResult, unparsable
from connectors.quickbooks_desktop.simulator.values import storable

_DECLARATION = re.compile(r"<\?xml\s[^>]*\?>")
_MESSAGE_SET_ATTRIBUTES = {"onError", "newMessageSetID", "oldMessageSetID", "responseData"}
_MAX_REQUEST_ID = 50


@dataclass(frozen=True)
class Document:
    """A request document that has passed the parser."""

    version: str
    on_error: str  # stopOnError or continueOnError
    new_set: str | None
    old_set: str | None
    with_data: bool  # responseData is not includeNone
    messages: tuple[etree._Element, ...]
    body: bytes  # the messages in canonical form, for the checksum of message-set recovery


def parse(text: str) -> Document:
    """The document in `text`, or HResult 0x80040400 (0x80040423 for an unknown qbXML version)."""
    root = _root(text)
    version = _version(root)
    if root.tag != "QBXML" or root.attrib or len(list(_children(root))) != 1:
        raise unparsable("the root is QBXML with exactly one QBXMLMsgsRq")
    message_set = next(_children(root))
    if message_set.tag != "QBXMLMsgsRq":
        raise unparsable(f"QBXMLMsgsRq expected, found {message_set.tag}")
    attributes = {str(name): str(value) for name, value in message_set.attrib.items()}
    if unknown := set(attributes) - _MESSAGE_SET_ATTRIBUTES:
        raise unparsable(f"unknown attribute of QBXMLMsgsRq: {sorted(unknown)}")
    on_error = attributes.get("onError", "")
    if on_error not in ("stopOnError", "continueOnError"):  # rollbackOnError: refused by Desktop [facts 2.1]
        raise unparsable(f"onError must be stopOnError or continueOnError, not {on_error!r}")
    data = attributes.get("responseData", "includeAll")
    if data not in ("includeAll", "includeNone"):
        raise unparsable(f"responseData {data!r}")
    messages = tuple(_children(message_set))
    for message in messages:
        _check_message(message)
        versions.check(message, version)
    return Document(
        version=version,
        on_error=on_error,
        new_set=attributes.get("newMessageSetID"),
        old_set=attributes.get("oldMessageSetID"),
        with_data=data == "includeAll",
        messages=messages,
        body=b"".join(etree.tostring(m, method="c14n", with_tail=False) for m in messages),
    )


def _root(text: str) -> etree._Element:
    declaration = _DECLARATION.match(text)
    if declaration is None:
        raise unparsable("the document begins with <?xml ...?>, no blank or byte order mark before it")
    for character in text:
        if ord(character) > 0x7F and storable(character) == "?":
            raise unparsable(f"character U+{ord(character):04X} is outside Windows-1252")  # [facts 2.5]
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        # the text crossed a COM border: it is a string already, whatever encoding its declaration names
        root = etree.fromstring(text[declaration.end() :].lstrip().encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        raise unparsable(f"not well-formed: {error}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise unparsable("a document type is not allowed")
    return root


def _version(root: etree._Element) -> str:
    found = None
    for node in root.itersiblings(preceding=True):
        if isinstance(node, etree._ProcessingInstruction) and node.target == "qbxml":
            match = re.fullmatch(r'\s*version\s*=\s*["\'](\d+\.\d+)["\']\s*', node.text or "")
            found = match.group(1) if match else None
    if found is None:
        raise unparsable('the prolog needs <?qbxml version="13.0"?>')
    if found not in versions.VERSIONS:
        raise HResult(0x80040423, "The qbXML version requested is not supported or is unknown.")
    return found


def _children(element: etree._Element) -> Iterator[etree._Element]:
    """The child elements; text between them is an error, comments are not."""
    for piece in (element.text, *(child.tail for child in element)):
        if piece and piece.strip():
            raise unparsable(f"text {piece.strip()[:20]!r} inside {element.tag}")
    for child in element:
        if isinstance(child.tag, str):
            yield child


def _check_message(message: etree._Element) -> None:
    name = str(message.tag)
    model = requests.QUERIES.get(name) or requests.WRITES.get(name)
    if model is None:
        raise unparsable(f"unknown message {name}")
    _check_attributes(message, name)
    _check_order(message, model)
    for child in _children(message):
        _check(child, name)


def _check_attributes(message: etree._Element, name: str) -> None:
    allowed = {"requestID"}
    if name in requests.QUERIES and name not in requests.WITHOUT_METADATA:
        allowed.add("metaData")
    if name in requests.ITERABLE:
        allowed |= {"iterator", "iteratorID"}
    if unknown := set(map(str, message.attrib)) - allowed:
        raise unparsable(f"{name} has no attribute {sorted(unknown)}")
    if message.get("metaData", "NoMetaData") not in ("NoMetaData", "MetaDataOnly", "MetaDataAndResponseData"):
        raise unparsable(f"metaData of {name}")
    if message.get("iterator", "Start") not in ("Start", "Continue", "Stop"):
        raise unparsable(f"iterator of {name}")


def _check(element: etree._Element, parent: str) -> None:
    name = str(element.tag)
    allowed_here = {"defMacro"} if name.endswith("Add") and parent.endswith("Rq") else set()  # macros do nothing here
    if set(map(str, element.attrib)) - allowed_here:
        raise unparsable(f"unknown attribute of {parent}/{name}")
    model = requests.AGGREGATES.get(name) or (requests.REFERENCE if name.endswith("Ref") else None)
    if model is not None:
        _check_order(element, model)
        for child in _children(element):
            _check(child, name)
        return
    if len(element):
        if any(isinstance(child.tag, str) for child in element):
            raise unparsable(f"{parent}/{name} has no children")
        raise unparsable(f"comment inside {parent}/{name}")  # [assumed]
    text = element.text or ""
    allowed = requests.ENUMS.get(name)
    if allowed is not None and text and text not in allowed:
        raise unparsable(f"{parent}/{name} cannot be {text!r}")
    element.text = storable(text)  # numeric references outside Windows-1252 become '?' [facts 2.5]


def _check_order(element: etree._Element, model: str) -> None:
    names = "".join(f"{child.tag} " for child in _children(element))
    if not _pattern(model).fullmatch(names):
        raise unparsable(f"the children of {element.tag} are ({names.strip()}), wanted ({model})")


@cache
def _pattern(model: str) -> re.Pattern[str]:
    """A content model as a regular expression over child names, each followed by a blank."""
    return re.compile(re.sub(r"\w+", lambda name: f"(?:{name.group()} )", model).replace(",", ""))


def request_id(message: etree._Element) -> str | None:
    """The requestID to echo, or None; more than 50 characters are for the caller to refuse (1060, facts 2.1)."""
    value = message.get("requestID")
    return None if value is None else str(value)


def request_id_is_bad(message: etree._Element) -> bool:
    """Whether the requestID is longer than the 50 characters that QuickBooks takes. [facts 2.1]"""
    return len(request_id(message) or "") > _MAX_REQUEST_ID
