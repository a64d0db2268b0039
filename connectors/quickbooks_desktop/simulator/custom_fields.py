"""Carries out DataExtAdd, DataExtMod and DataExtDel: the values of custom fields, which have no EditSequence.

A change of a value changes the record's TimeModified and EditSequence. [facts 2.7, 2.8; the bump: assumed]
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from lxml import etree

from connectors.quickbooks_desktop.simulator import answers
from connectors.quickbooks_desktop.simulator.aggregates import fields_of
from connectors.quickbooks_desktop.simulator.books import CustomField
from connectors.quickbooks_desktop.simulator.errors import StatusError, not_found
from connectors.quickbooks_desktop.simulator.locks import check_free
from connectors.quickbooks_desktop.simulator.queries import Answer
from connectors.quickbooks_desktop.simulator.records import ITEMS, TRANSACTIONS, Record

if TYPE_CHECKING:
    from connectors.quickbooks_desktop.simulator.company import Company

_LONGEST = 255  # of a value of type STR255TYPE, by its name


def add(company: "Company", message: etree._Element) -> Answer:
    """The first value of a private field; 3100 where the object has one already. [facts 2.8; the code: assumed]"""
    return _write(company, message, first=True)


def modify(company: "Company", message: etree._Element) -> Answer:
    """Sets a public value whether or not there is one, and a private one where there is. [facts 2.8]"""
    return _write(company, message, first=False)


def delete(company: "Company", message: etree._Element) -> Answer:
    """Takes a value away; 3120 where there is none. [facts 2.8: it clears; the code: assumed]"""
    fields = fields_of(message[0])
    owner, name = str(fields["OwnerID"]), str(fields["DataExtName"])
    if fields.get("OtherDataExtType"):
        if company.books.company_data.pop((owner, name), None) is None:
            raise _unknown(name)
        return _deleted(company, fields, company.books.at(None))
    record, holder = _holder(company, fields)
    _definition(company, owner, name, record, holder)
    check_free(company, record)
    if (owner, name) not in record.custom:
        raise _unknown(name)
    moment = max(company.books.at(None), record.modified)
    company.set_custom(record.entity, record.id, name, None, owner=owner, at=moment)
    return _deleted(company, fields, moment)


def _write(company: "Company", message: etree._Element, *, first: bool) -> Answer:
    fields = fields_of(message[0])
    owner, name, value = str(fields["OwnerID"]), str(fields["DataExtName"]), fields["DataExtValue"]
    if fields.get("OtherDataExtType"):
        _check_first(first, (owner, name) in company.books.company_data, owner, name)
        company.books.company_data[(owner, name)] = str(value or "")
        return _data_ext(owner, name, "STR255TYPE", value)
    record, holder = _holder(company, fields)
    definition = _definition(company, owner, name, record, holder)
    if definition.kind == "STR255TYPE" and len(str(value or "")) > _LONGEST:
        raise StatusError(3070, f'The string in the field "{name}" is too long. Its maximum length is {_LONGEST}.')
    check_free(company, record)
    _check_first(first, (owner, name) in record.custom, owner, name)
    moment = max(company.books.at(None), record.modified)
    company.set_custom(record.entity, record.id, name, value, owner=owner, at=moment)
    return _data_ext(owner, name, definition.kind, value)


def _check_first(first: bool, there: bool, owner: str, name: str) -> None:
    if first and there:
        raise StatusError(3100, f'The name "{name}" of the data extension is already in use.')
    if not first and not there and owner != "0":
        raise _unknown(name)


def _unknown(name: str) -> StatusError:
    return StatusError(3120, f'Object "{name}" specified in the request cannot be found.')


def _holder(company: "Company", fields: dict[str, Any]) -> tuple[Record, str]:
    """The record, and the kind of object whose definitions count for it."""
    records = company.books.records
    if (kind := fields.get("ListDataExtType")) is not None:
        entities = ITEMS if kind == "Item" else (str(kind),)
        record = records.resolve(entities, fields["ListObjRef"])
        if record is None:
            raise not_found(str(fields["ListObjRef"].get("ListID") or fields["ListObjRef"].get("FullName")))
        return record, str(kind)
    if fields.get("TxnLineID"):
        raise StatusError(1030, "The simulator keeps no custom fields of lines.")
    entity = str(fields["TxnDataExtType"])
    if entity not in TRANSACTIONS:
        raise not_found(str(fields["TxnID"]))
    holder = "Vendor" if entity in ("Bill", "PurchaseOrder", "BillPaymentCheck") else "Customer"
    return records.require((entity,), str(fields["TxnID"])), holder


def _definition(company: "Company", owner: str, name: str, record: Record, holder: str) -> CustomField:
    """The field's definition, if this object can hold it; 3120 unknown, 3351 on the wrong kind. [facts 2.8, 2.10]"""
    known = [d for d in company.books.custom_fields if d.owner.lower() == owner.lower() and d.name == name]
    if not known:
        raise _unknown(name)
    definition = known[0]
    on_transaction = record.entity in TRANSACTIONS
    if holder not in definition.entities or (on_transaction and not definition.on_transactions):
        raise StatusError(3351, f'The custom field "{name}" cannot be used with {record.entity}.')
    return definition


def _data_ext(owner: str, name: str, kind: str, value: object) -> Answer:
    """DataExtRet names neither the object nor its id: only the requestID tells whose it is. [XSD]"""
    text = answers.xml(
        "DataExtRet", {"OwnerID": owner, "DataExtName": name, "DataExtType": kind, "DataExtValue": value}
    )
    if value is None:  # XSD wants the element, QuickBooks shows it empty [assumed]
        text = text.replace("</DataExtRet>", "<DataExtValue></DataExtValue></DataExtRet>")
    return Answer(records=[text])


def _deleted(company: "Company", fields: dict[str, Any], moment: datetime) -> Answer:
    shown = fields | {"TimeDeleted": company.books.wall.stamp(moment)}
    if (reference := shown.get("ListObjRef")) is not None:
        shown["ListObjRef"] = {key: value for key, value in reference.items() if value is not None}
    return Answer(records=[answers.xml("DataExtDelRet", shown)])
