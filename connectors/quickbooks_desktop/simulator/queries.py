"""Answers the query messages: pages the records that `filters` picks, showing what was asked to be included."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from lxml import etree

from connectors.quickbooks_desktop.simulator import answers, filters, versions
from connectors.quickbooks_desktop.simulator.books import Deletion
from connectors.quickbooks_desktop.simulator.errors import StatusError
from connectors.quickbooks_desktop.simulator.records import ITEMS, TERMS, Record
from connectors.quickbooks_desktop.simulator.requests import ITERABLE
from connectors.quickbooks_desktop.simulator.values import read

if TYPE_CHECKING:
    from connectors.quickbooks_desktop.simulator.company import Company
    from connectors.quickbooks_desktop.simulator.qbxml_service import Session

REMEMBERED = timedelta(days=90)
"""How long deletions are told. [facts 2.9]"""

_LINES = {
    "Lines", "AppliedToTxnRet", "EstimateLineRet", "SalesOrderLineRet", "SalesReceiptLineRet", "CreditMemoLineRet",
    "ItemLineRet", "ExpenseLineRet", "PurchaseOrderLineRet", "JournalDebitLine", "JournalCreditLine",
}  # fmt: skip
"""What is only there with IncludeLineItems. [facts 3]"""


@dataclass(frozen=True)
class Answer:
    """Status and content of one message's answer."""

    code: int = 0
    severity: str = "Info"
    message: str = "Status OK"
    records: list[str] = field(default_factory=list)  # rendered XxxRet elements
    count: int | None = None
    remaining: int | None = None
    iterator_id: str | None = None


NO_MATCH = Answer(1, "Info", "A query request did not find a matching object in QuickBooks")
"""[samples/responses/made-CustomerQueryRs-empty-1-info.xml]"""


@dataclass
class Iteration:
    """An iterator: the query it belongs to and the records that remain, fixed when it was started. [assumed]"""

    query: str
    remaining: list[Record]


def run(session: "Session", message: etree._Element) -> Answer:
    """The answer to any query message; StatusError for what QuickBooks refuses."""
    company = session.company
    match str(message.tag):
        case "HostQueryRq":
            return _single("Host", company.facts.host(), message, session.version)
        case "CompanyQueryRq":
            data = _company_data(company, _texts(message, "OwnerID"))
            return _single("Company", company.facts.company(data), message, session.version)
        case "PreferencesQueryRq":
            told = company.facts.preferences(_home_currency(company))
            return _single("Preferences", told, message, session.version)
        case "TxnDeletedQueryRq":
            return _deleted(company, message, "Txn")
        case "ListDeletedQueryRq":
            return _deleted(company, message, "List")
        case "DataExtDefQueryRq":
            return _definitions(session, message)
        case name:
            return _records(session, message, _entities(name))


def _entities(query: str) -> tuple[str, ...]:
    kind = query.removesuffix("QueryRq")
    return {"Item": ITEMS, "Terms": TERMS}.get(kind, (kind,))


def _texts(message: etree._Element, name: str) -> list[str]:
    return [child.text or "" for child in message.findall(name)]


def _single(name: str, fields: dict[str, Any], message: etree._Element, version: str) -> Answer:
    told = versions.shown(name, fields, version)
    return Answer(records=[answers.xml(f"{name}Ret", told, _texts(message, "IncludeRetElement"))])


def _home_currency(company: "Company") -> dict[str, Any] | None:
    ident = company.books.views.home_currency
    if ident is None:
        return None
    return {"ListID": ident, "FullName": company.books.records.shelf("Currency")[ident].fields["Name"]}


def _company_data(company: "Company", owners: list[str]) -> list[dict[str, Any]]:
    return [
        {"OwnerID": owner, "DataExtName": name, "DataExtType": "STR255TYPE", "DataExtValue": value}
        for (owner, name), value in company.books.company_data.items()
        if owner.lower() in (asked.lower() for asked in owners)
    ]


# records, pages, iterators


def _records(session: "Session", message: etree._Element, entities: tuple[str, ...]) -> Answer:
    company = session.company
    if entities == ("Currency",) and not company.facts.multicurrency:
        # the list exists only where the feature is on [facts 2.10: 3250; assumed for this query]
        raise StatusError(3250, "This feature is not enabled or not available in this version of QuickBooks.")
    if message.get("iterator") is not None:
        return _iterate(session, message, entities)
    if message.get("iteratorID") is not None:
        raise StatusError(3391, "The iteratorID is only for Continue and Stop.")
    selection = filters.select(company.books, message, entities)
    found = selection.records[: _max_returned(message)]
    answer = _shape(session, message, found)
    if message.get("metaData") == "MetaDataOnly":
        answer = replace(answer, records=[], count=len(selection.records))
    elif message.get("metaData") == "MetaDataAndResponseData":
        answer = replace(answer, count=len(found))
    if selection.missing:
        text = (
            "The query request has not been fully completed. There was a required element "
            f'("{selection.missing[0]}") that could not be found in QuickBooks.'
        )
        return replace(answer, code=500, severity="Warn", message=text)
    return answer if selection.records else replace(NO_MATCH, count=answer.count)


def _max_returned(message: etree._Element) -> int | None:
    text = message.findtext("MaxReturned")
    if text is None:
        return None
    number = read("MaxReturned", text)
    if not isinstance(number, int) or number < 1:
        raise StatusError(
            3085, f'There was an error when converting the number value "{text}" in the field "MaxReturned".'
        )
    return number


def _iterate(session: "Session", message: etree._Element, entities: tuple[str, ...]) -> Answer:
    """Start needs MaxReturned (which excludes ids); Continue and Stop need a living iteratorID of this session and
    query, else 3391. [facts 2.3; the code 3150 for the missing MaxReturned: (mem)]"""
    query, act, ident = str(message.tag), message.get("iterator"), message.get("iteratorID")
    assert query in ITERABLE  # the grammar has seen to it
    size = _max_returned(message)
    if act in ("Start", "Continue") and size is None:
        raise StatusError(3150, 'There is a missing element: "MaxReturned".')
    if act == "Start":
        selection = filters.select(session.company.books, message, entities)
        if not selection.records:
            return replace(NO_MATCH, remaining=0)
        ident = session.new_iterator_id()
        session.iterators[ident] = Iteration(query, selection.records)
    iteration = session.iterators.get(str(ident))
    if iteration is None or iteration.query != query:
        raise StatusError(3391, f'The iteratorID "{ident}" is not valid.')
    if act == "Stop":
        del session.iterators[str(ident)]
        return Answer(remaining=0, iterator_id=str(ident))
    page, iteration.remaining = iteration.remaining[:size], iteration.remaining[size:]
    alive = [record for record in page if session.company.books.records.get((record.entity,), record.id) is record]
    if not iteration.remaining:
        del session.iterators[str(ident)]
    answer = _shape(session, message, alive)
    return replace(answer, remaining=len(iteration.remaining), iterator_id=str(ident))


def _shape(session: "Session", message: etree._Element, found: list[Record]) -> Answer:
    only = _texts(message, "IncludeRetElement")
    owners = {owner.lower() for owner in _texts(message, "OwnerID")}
    lines = message.findtext("IncludeLineItems") in ("true", "1")
    links = message.findtext("IncludeLinkedTxns") in ("true", "1")
    views = session.company.books.views
    rendered = []
    for record in found:
        fields = included(views.full(record), lines=lines, links=links, owners=owners)
        told = versions.shown(record.entity, fields, session.version)
        rendered.append(answers.xml(f"{record.entity}Ret", told, only))
    return Answer(records=rendered)


def included(fields: dict[str, Any], *, lines: bool, links: bool, owners: set[str]) -> dict[str, Any]:
    """The fields of a record that a query with these includes gets; custom fields only by OwnerID. [facts 2.8, 3]"""
    shown = {
        name: value
        for name, value in fields.items()
        if (lines or name not in _LINES) and (links or name != "LinkedTxn") and name != "DataExtRet"
    }
    if owners and "DataExtRet" in fields:
        shown["DataExtRet"] = [ext for ext in fields["DataExtRet"] if ext["OwnerID"].lower() in owners]
    return shown


# deletions and definitions


def _deleted(company: "Company", message: etree._Element, kind: str) -> Answer:
    wall = company.books.wall
    kinds = set(_texts(message, f"{kind}DelType"))
    begin, end = filters.moments(wall, message.find("DeletedDateRangeFilter"), "Deleted")
    oldest = company.books.at(None) - REMEMBERED
    only = _texts(message, "IncludeRetElement")

    def asked(deletion: Deletion) -> bool:
        day: datetime = wall.wall(deletion.deleted)
        in_range = (begin is None or begin <= day) and (end is None or day <= end)
        return deletion.entity in kinds and deletion.deleted >= oldest and in_range

    rendered = []
    for deletion in filter(asked, company.books.deletions):
        fields = {
            f"{kind}DelType": deletion.entity,
            f"{kind}ID": deletion.id,
            "TimeCreated": wall.stamp(deletion.created),
            "TimeDeleted": wall.stamp(deletion.deleted),
            "RefNumber" if kind == "Txn" else "FullName": deletion.name,
        }
        rendered.append(answers.xml(f"{kind}DeletedRet", fields, only))
    return _counted(message, rendered)


def _definitions(session: "Session", message: etree._Element) -> Answer:
    """Without OwnerID or AssignToObject nothing is found. [facts 2.8]"""
    owners = {owner.lower() for owner in _texts(message, "OwnerID")}
    objects = set(_texts(message, "AssignToObject"))
    only = _texts(message, "IncludeRetElement")
    rendered = []
    for definition in session.company.books.custom_fields:
        if definition.owner.lower() not in owners and not objects & set(definition.entities):
            continue
        fields = {
            "OwnerID": definition.owner,
            "DataExtID": definition.number,
            "DataExtName": definition.name,
            "DataExtType": definition.kind,
            "AssignToObject": list(definition.entities),
            "DataExtListRequire": False,
            "DataExtTxnRequire": False,
            "DataExtFormatString": "none",  # required by the XSD, never seen filled [assumed]
        }
        told = versions.shown("DataExtDef", fields, session.version)
        rendered.append(answers.xml("DataExtDefRet", told, only))
    return _counted(message, rendered)


def _counted(message: etree._Element, rendered: list[str]) -> Answer:
    meta = message.get("metaData", "NoMetaData")
    count = None if meta == "NoMetaData" else len(rendered)
    if not rendered:
        return replace(NO_MATCH, count=count)
    return Answer(records=[] if meta == "MetaDataOnly" else rendered, count=count)
