"""What to ask QuickBooks for a query of the engine: the requests with their children in order. Pure.

Iterators and status codes are followed in reading. [facts 2.2, 2.3, 2.9; XSD]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from connectors.quickbooks_desktop.entities import Read, Source
from connectors.quickbooks_desktop.notation import read as shapes
from connectors.quickbooks_desktop.qbxml import Ask, Expected, Part, table
from connectors.quickbooks_desktop.windows import Window
from engine.protocol import Query

MOST_KEYS = 100
"""Ids in one request."""

DELETED_LIST = shapes("ListDelType text\nListID id\nTimeCreated datetime\nTimeDeleted datetime\nFullName text")
DELETED_TXN = shapes("TxnDelType text\nTxnID id\nTimeCreated datetime\nTimeDeleted datetime\nRefNumber text")


@dataclass(frozen=True, slots=True)
class Span:
    """Which records are asked for: those changed since a moment (wall-clock text), or those of a window; else all."""

    changed: str | None = None
    window: Window | None = None


def ask_span(
    source: Source, read: Read, query: Query, span: Span, page: int | None, iterator: str | None, id_: str
) -> Ask:
    """Records of a span, or their keys alone for an `all`; a page of an iterator if `page`."""
    attributes = {"requestID": id_}
    parts: list[Part] = []
    if page is not None:
        attributes["iterator"] = "Continue" if iterator else "Start"
        if iterator:
            attributes["iteratorID"] = iterator
        parts.append(("MaxReturned", str(page)))
    if iterator is None:  # an iterator keeps the filter it was started with [facts 2.3]
        parts += _filter(source, span)
    tail = [("IncludeRetElement", source.entity.key)] if query.kind == "all" else _tail(source, query)
    return Ask(f"{read.query}Query", (*parts, *tail), attributes)


def ask_keys(source: Source, read: Read, query: Query, keys: Sequence[str], id_: str) -> Ask:
    """Records of these keys, at most MOST_KEYS."""
    parts: list[Part] = [(source.entity.key, key) for key in keys]
    return Ask(f"{read.query}Query", (*parts, *_tail(source, query)), {"requestID": id_})


def ask_unpaid(source: Source, read: Read, id_: str) -> Ask:
    """The keys of all that QuickBooks holds as unpaid."""
    parts: list[Part] = [("PaidStatus", "NotPaidOnly"), ("IncludeRetElement", source.entity.key)]
    return Ask(f"{read.query}Query", tuple(parts), {"requestID": id_})


def expected_keys(source: Source, read: Read) -> Expected:
    """How to read keys and nothing else."""
    return Expected(f"{read.query}Query", {tag: table(source.shapes, (source.entity.key,)) for tag in read.answers})


def ask_gone(source: Source, query: Query, id_: str) -> Ask:
    """Keys of records that were deleted since the cursor; QuickBooks remembers 90 days. [facts 2.9]"""
    kind = "Txn" if source.is_transaction else "List"
    parts: list[Part] = [(f"{kind}DelType", name) for name in source.deleted]
    if query.cursor:
        parts.append(("DeletedDateRangeFilter", (("FromDeletedDate", query.cursor),)))
    return Ask(f"{kind}DeletedQuery", tuple(parts), {"requestID": id_})


def expected(source: Source, read: Read, query: Query) -> Expected:
    """How to read the answer to this."""
    if query.kind == "gone":
        txn = source.is_transaction
        return Expected(
            "TxnDeletedQuery" if txn else "ListDeletedQuery",
            {"TxnDeletedRet" if txn else "ListDeletedRet": table(DELETED_TXN if txn else DELETED_LIST)},
        )
    if query.kind == "all":
        return expected_keys(source, read)
    asked = source.asked(query.fields)
    return Expected(f"{read.query}Query", {tag: table(source.shapes, asked) for tag in read.answers})


def _filter(source: Source, span: Span) -> list[Part]:
    """Transactions know either a filter by change or one by date, not both; lists a filter by change."""
    window = span.window or Window()
    if not source.is_transaction:
        begin, end = span.changed or window.begin, window.end and _next(window.end)
        return [("ActiveStatus", "All"), *_range("ModifiedDate", begin, end)]
    if span.changed:
        return [("ModifiedDateRangeFilter", _range("ModifiedDate", span.changed, None))]
    dates = _range("TxnDate", window.begin, window.end)
    return [("TxnDateRangeFilter", dates)] if dates else []


def _range(word: str, begin: str | None, end: str | None) -> tuple[Part, ...]:
    ends = ((f"From{word}", begin), (f"To{word}", end))
    return tuple((name, value) for name, value in ends if value)


def _next(day: str) -> str:
    """Stamps of changes may be an hour off around a day's end, so windows overlap by a day. [facts 2.4]"""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def _tail(source: Source, query: Query) -> list[Part]:
    """What to include. Lines, links and custom fields cost QuickBooks time, so only where they are needed."""
    asked = source.asked(query.fields)
    parts: list[Part] = []
    if source.lines.intersection(asked):
        parts.append(("IncludeLineItems", "true"))
    if source.links.intersection(asked):
        parts.append(("IncludeLinkedTxns", "true"))
    parts += [("IncludeRetElement", name) for name in asked]
    if "DataExtRet" in asked:
        parts.append(("OwnerID", "0"))
    return parts
