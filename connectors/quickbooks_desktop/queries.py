"""What to ask QuickBooks for a query of the engine: the requests with their children in order. Pure.

Iterators and status codes are followed in reading. [facts 2.2, 2.3, 2.9; XSD]
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.quickbooks_desktop.entities import Read, Source
from connectors.quickbooks_desktop.notation import read as shapes
from connectors.quickbooks_desktop.qbxml import Ask, Expected, Part, table
from engine.protocol import Query

MOST_KEYS = 100
"""Ids in one request."""

DELETED_LIST = shapes("ListDelType text\nListID id\nTimeCreated datetime\nTimeDeleted datetime\nFullName text")
DELETED_TXN = shapes("TxnDelType text\nTxnID id\nTimeCreated datetime\nTimeDeleted datetime\nRefNumber text")


def ask_changed(source: Source, read: Read, query: Query, page: int | None, iterator: str | None, id_: str) -> Ask:
    """Records changed since the cursor, or all of them (transactions from `since`); a page of an iterator if `page`."""
    attributes = {"requestID": id_}
    parts: list[Part] = []
    if page is not None:
        attributes["iterator"] = "Continue" if iterator else "Start"
        if iterator:
            attributes["iteratorID"] = iterator
        parts.append(("MaxReturned", str(page)))
    if iterator is None:  # an iterator keeps the filter it was started with [facts 2.3]
        parts += _filter(source, query)
    return Ask(f"{read.query}Query", (*parts, *_tail(source, query)), attributes)


def ask_keys(source: Source, read: Read, query: Query, keys: Sequence[str], id_: str) -> Ask:
    """Records of these keys, at most MOST_KEYS."""
    parts: list[Part] = [(source.entity.key, key) for key in keys]
    return Ask(f"{read.query}Query", (*parts, *_tail(source, query)), {"requestID": id_})


def ask_unpaid(source: Source, read: Read, id_: str) -> Ask:
    """The keys of all that QuickBooks holds as unpaid."""
    parts: list[Part] = [("PaidStatus", "NotPaidOnly"), ("IncludeRetElement", source.entity.key)]
    return Ask(f"{read.query}Query", tuple(parts), {"requestID": id_})


def expected_unpaid(source: Source, read: Read) -> Expected:
    """How to read the answer to that: keys and nothing else."""
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
    asked = source.asked(query.fields)
    return Expected(f"{read.query}Query", {tag: table(source.shapes, asked) for tag in read.answers})


def _filter(source: Source, query: Query) -> list[Part]:
    """Transactions know either a filter by change or one by date, not both; lists a filter by change."""
    if not source.is_transaction:
        since: list[Part] = [("FromModifiedDate", query.cursor)] if query.cursor else []
        return [("ActiveStatus", "All"), *since]
    if query.cursor:
        return [("ModifiedDateRangeFilter", (("FromModifiedDate", query.cursor),))]
    if query.since:
        return [("TxnDateRangeFilter", (("FromTxnDate", query.since),))]
    return []


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
