"""Carries out TxnVoid, TxnDel and ListDel; none of them wants an EditSequence. [XSD]"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lxml import etree

from connectors.quickbooks_desktop.simulator import answers
from connectors.quickbooks_desktop.simulator.errors import StatusError, not_found
from connectors.quickbooks_desktop.simulator.locks import check_free
from connectors.quickbooks_desktop.simulator.queries import Answer
from connectors.quickbooks_desktop.simulator.records import LISTS, TRANSACTIONS, Record
from connectors.quickbooks_desktop.simulator.values import read

if TYPE_CHECKING:
    from connectors.quickbooks_desktop.simulator.company import Company


def void(company: "Company", message: etree._Element) -> Answer:
    """Amounts become zero; payments, estimates and orders cannot be voided so. [OPS: TxnVoidType]"""
    record = _asked(company, message, "TxnVoidType", "TxnID", TRANSACTIONS)
    check_free(company, record)
    moment = max(company.books.at(None), record.modified)
    company.void(record.entity, record.id, at=moment)
    wall = company.books.wall
    fields = {
        "TxnVoidType": record.entity,
        "TxnID": record.id,
        "TimeCreated": wall.stamp(record.created),
        "TimeModified": wall.stamp(record.modified),
        "RefNumber": record.fields.get("RefNumber"),
    }
    return _told(fields)


def delete_transaction(company: "Company", message: etree._Element) -> Answer:
    """The transaction vanishes; 3161 on or before the closing date. [facts 2.10 (mem)]"""
    record = _asked(company, message, "TxnDelType", "TxnID", TRANSACTIONS)
    check_free(company, record, closed=3161)
    moment = max(company.books.at(None), record.modified)
    company.delete_transaction(record.id, at=moment)
    fields = {
        "TxnDelType": record.entity,
        "TxnID": record.id,
        "TimeDeleted": company.books.wall.stamp(moment),
        "RefNumber": record.fields.get("RefNumber"),
    }
    return _told(fields)


def delete_list_object(company: "Company", message: etree._Element) -> Answer:
    """The object vanishes; 3160 where something refers to it. [facts 2.10]"""
    record = _asked(company, message, "ListDelType", "ListID", LISTS)
    check_free(company, record)
    name = company.books.records.full_name(record)
    moment = max(company.books.at(None), record.modified)
    company.delete(record.entity, record.id, at=moment)
    fields = {
        "ListDelType": record.entity,
        "ListID": record.id,
        "TimeDeleted": company.books.wall.stamp(moment),
        "FullName": name,
    }
    return _told(fields)


def _asked(company: "Company", message: etree._Element, kind: str, name: str, known: tuple[str, ...]) -> Record:
    entity, ident = message.findtext(kind) or "", message.findtext(name) or ""
    read(name, ident)  # 3000 for what cannot be an id
    if entity not in known:
        raise not_found(ident) if entity else StatusError(3150, f'There is a missing element: "{kind}".')
    return company.books.records.require((entity,), ident)


def _told(fields: Mapping[str, str | None]) -> Answer:
    """These answers hold their elements directly, in no XxxRet. [XSD]"""
    text = answers.xml("x", fields)
    return Answer(records=[text.removeprefix("<x>").removesuffix("</x>")])
