"""qbXML on the wire: writes message sets, reads answers as a stream into plain records.

What to ask for is decided in queries; what an answer means for a reading, in reading. Nothing that QuickBooks says is
lost: elements that the catalogue doesn't know are kept under their own names. [facts 2.1, 2.2, 2.8]
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from io import BytesIO

from lxml import etree

from connectors.quickbooks_desktop import notation
from connectors.quickbooks_desktop.notation import Shape
from engine.protocol import Record

DEEPEST = 32
"""Elements inside elements; qbXML itself never goes beyond ten."""
MOST_ATTRIBUTES = 40
"""Of an answer's outer element; qbXML itself has no more than eight."""

Content = str | tuple["Part", ...]
Part = tuple[str, Content]
"""A child element: its name, and its text or its own children."""


class Unreadable(ValueError):
    """An answer that is not the qbXML it should be; `str()` is a plain sentence without its content."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request of a message set: `name` without Rq, its attributes, its children in qbXML's order."""

    name: str
    parts: tuple[Part, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)


def message_set(asks: Iterable[Ask], version: str, new: str = "", old: str = "") -> str:
    """The document for these requests. A failing one doesn't stop the others (continueOnError).

    US-ASCII with numeric references, since QuickBooks stores Latin-1 and chokes on other encodings. [facts 2.5]
    QuickBooks keeps the answer under the id `new`, forgets the one under `old`, or repeats it if they are the same.
    [facts 2.6]
    """
    root = etree.Element("QBXML")
    messages = etree.SubElement(root, "QBXMLMsgsRq", onError="continueOnError")
    if new:
        messages.set("newMessageSetID", new)
    if old:
        messages.set("oldMessageSetID", old)
    for ask in asks:
        element = etree.SubElement(messages, f"{ask.name}Rq", dict(ask.attributes))
        _append(element, ask.parts)
    body = etree.tostring(root, encoding="us-ascii", xml_declaration=False).decode("ascii")
    return f'<?xml version="1.0" encoding="utf-8"?><?qbxml version="{version}"?>{body}'


def _append(element: etree._Element, parts: tuple[Part, ...]) -> None:
    for name, content in parts:
        child = etree.SubElement(element, name)
        if isinstance(content, str):
            child.text = content
        else:
            _append(child, content)


# ----------------------------------------------------------------------------------------------------- reading
@dataclass(slots=True)
class Answer:
    """What QuickBooks said to one request."""

    request_id: str
    message: str
    """Its name without Rs."""
    code: int
    text: str
    iterator: str | None = None
    remaining: int | None = None
    """Records that the iterator still holds."""
    records: list[tuple[str, Record]] = field(default_factory=list)
    """Element name and record, in QuickBooks' order."""


@dataclass(frozen=True, slots=True)
class Table:
    """Shapes compiled for reading: elements by what becomes of their text, and the tables of those with children."""

    codes: Mapping[str, int]
    inside: Mapping[str, Table]
    blank: dict[str, None]
    lists: tuple[str, ...]
    """What is [] when it isn't there; what `blank` holds is None then."""
    numbered: tuple[str, ...]
    """Lines that take turns, so that each is given its Position."""


_TEXT, _NUMBER, _BOOLEAN, _INSIDE, _MANY = range(5)


@lru_cache(maxsize=256)
def table(shapes: tuple[Shape, ...], asked: tuple[str, ...] | None = None) -> Table:
    """The table for these shapes; only what was asked for (None: everything) is filled in when it isn't there."""
    filled = [shape for shape in shapes if (asked is None or shape.name in asked) and shape.word != "position"]
    return Table(
        codes={shape.name: _MANY if shape.many else _code(shape) for shape in shapes},
        inside={shape.name: table(shape.children) for shape in shapes if shape.word in notation.NESTED},
        blank={shape.name: None for shape in filled if not shape.many},
        lists=tuple(shape.name for shape in filled if shape.many),
        numbered=tuple(shape.name for shape in shapes if any(one.word == "position" for one in shape.children)),
    )


def _code(shape: Shape) -> int:
    if shape.word in notation.NESTED:
        return _INSIDE
    if shape.word in notation.NUMBERS:
        return _NUMBER
    return _BOOLEAN if shape.word == "boolean" else _TEXT


@dataclass(frozen=True, slots=True)
class Expected:
    """What a request will be answered with: its message without Rq, and a table for each element of a record."""

    message: str
    tables: Mapping[str, Table] = field(default_factory=dict)


def read_answers(text: str, expected: Mapping[str, Expected]) -> list[Answer]:
    """The answers in a response document, with the records of those that were expected (by requestID).

    Raises Unreadable for anything but well-formed qbXML without a document type.
    """
    source = BytesIO(document(text))
    messages = {f"{one.message}Rs" for one in expected.values()}
    tags = [*messages, *{tag for one in expected.values() for tag in one.tables}]
    answers: list[Answer] = []
    tables: Mapping[str, Table] = {}
    try:
        reading = etree.iterparse(
            source, events=("start", "end"), tag=tags, resolve_entities=False, no_network=True, load_dtd=False,
            huge_tree=False, remove_comments=True, remove_pis=True,
        )  # fmt: skip
        for event, element in reading:
            name = str(element.tag)
            if event == "start":
                if name in messages:
                    answers.append(_answer(element))
                    one = expected.get(answers[-1].request_id)
                    tables = one.tables if one is not None and f"{one.message}Rs" == name else {}
            elif name in tables and answers:
                record = _record(element, tables[name])
                if "DataExtRet" in record:
                    record.setdefault("custom", {})
                answers[-1].records.append((name, record))
                _forget(element)
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"QuickBooks' answer is not well-formed XML (line {error.lineno}).") from None
    if reading.root is None or reading.root.tag != "QBXML":
        raise Unreadable("QuickBooks' answer is not a qbXML document.")
    return answers


def parse_root(text: str) -> etree._Element:
    """The root of a small document, whatever it is; without entities, DTDs or network. Unreadable as above."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(document(text), parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"QuickBooks' answer is not well-formed XML (line {error.lineno}).") from None


def read_tree(text: str) -> Record:
    """A small document as nested dicts, everything text, repeated elements as lists; Unreadable as above."""
    root = parse_root(text)
    if root.tag != "QBXML":
        raise Unreadable("QuickBooks' answer is not a qbXML document.")
    inside = _unknown(root, DEEPEST)
    return inside if isinstance(inside, dict) else {}


def document(text: str) -> bytes:
    """A response as bytes for the parser, its XML declaration dropped: the text is decoded already."""
    if "<!DOCTYPE" in text:
        raise Unreadable("QuickBooks' answer has a document type, which qbXML never has.")
    return _DECLARATION.sub("", text, count=1).encode("utf-8", "surrogatepass")


_DECLARATION = re.compile(r"^\ufeff?\s*(?:<\?xml[^>]*\?>)?\s*")


def _answer(element: etree._Element) -> Answer:
    if len(element.attrib) > MOST_ATTRIBUTES:
        raise Unreadable("QuickBooks' answer has more attributes than qbXML ever has.")
    remaining = element.get("iteratorRemainingCount")
    code = element.get("statusCode", "")
    return Answer(
        request_id=element.get("requestID", ""),
        message=str(element.tag).removesuffix("Rs"),
        code=int(code) if code.isdecimal() else -1,
        text=(element.get("statusMessage") or "").strip(),
        iterator=element.get("iteratorID"),
        remaining=int(remaining) if remaining is not None and remaining.isdecimal() else None,
    )


def _forget(element: etree._Element) -> None:
    """Free a record that was read, so that a page of any size takes the memory of one record. [architecture, trap 7]"""
    element.clear()
    parent = element.getparent()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]


def _record(element: etree._Element, known: Table) -> Record:
    """A record, or an element inside one. The hottest loop of a visit: a look-up and an assignment per element."""
    record: Record = known.blank.copy()
    for name in known.lists:
        record[name] = []
    code_of = known.codes.get
    for child in element:
        name = child.tag
        code = code_of(name)
        if code == _TEXT:
            record[name] = child.text
        elif code == _NUMBER:
            text = child.text
            try:
                record[name] = Decimal(text) if text else None
            except InvalidOperation:  # QuickBooks sends no number: keep what it sends
                record[name] = text
        elif code == _INSIDE:
            record[name] = _record(child, known.inside[name])
        elif code == _BOOLEAN:
            text = child.text
            record[name] = text in _TRUE if text else None
        elif code == _MANY:
            record.setdefault(name, []).append(_record(child, known.inside[name]))
        else:
            _keep(record, name, _unknown(child, DEEPEST))
    if known.numbered:
        _number_lines(element, record, known.numbered)
    if "DataExtRet" in known.inside and (extensions := record.get("DataExtRet")):
        record["custom"] = _custom(extensions)
    return record


_TRUE = frozenset({"true", "1", "True"})


def _number_lines(element: etree._Element, record: Record, lines: tuple[str, ...]) -> None:
    """Give each line its place: two repeating elements take turns, which two lists cannot show."""
    queues = {name: iter(record.get(name) or ()) for name in lines}
    place = 0
    for child in element:
        if child.tag in queues:
            place += 1
            next(queues[child.tag])["Position"] = Decimal(place)


def _custom(extensions: Sequence[Record]) -> Record:
    """The public custom fields (owner 0, also when no owner is named) by name. [facts 2.8]"""
    return {one["DataExtName"]: one["DataExtValue"] for one in extensions if one.get("OwnerID") in (None, "0")}


def _unknown(element: etree._Element, deepest: int) -> object:
    """An element that the catalogue doesn't have: its text, or a dict of what is inside."""
    if not deepest:
        raise Unreadable("QuickBooks' answer is nested deeper than qbXML ever is.")
    if not len(element):
        return element.text or None
    inside: Record = {}
    for child in element:
        _keep(inside, str(child.tag), _unknown(child, deepest - 1))
    return inside


def _keep(record: Record, name: str, value: object) -> None:
    """Put a value beside what is there under its name."""
    if name not in record:
        record[name] = value
    elif isinstance(record[name], list):
        record[name].append(value)
    else:
        record[name] = [record[name], value]
