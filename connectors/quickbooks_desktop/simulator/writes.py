"""Carries out the write messages: reads their values, checks lengths, EditSequence and locks, and calls the rules."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lxml import etree

from connectors.quickbooks_desktop.simulator import answers, queries
from connectors.quickbooks_desktop.simulator.books import CustomField
from connectors.quickbooks_desktop.simulator.errors import StatusError, not_found
from connectors.quickbooks_desktop.simulator.queries import Answer
from connectors.quickbooks_desktop.simulator.records import ITEMS, TRANSACTIONS, Record
from connectors.quickbooks_desktop.simulator.requests import AGGREGATES, LENGTHS
from connectors.quickbooks_desktop.simulator.values import read

if TYPE_CHECKING:
    from connectors.quickbooks_desktop.simulator.company import Company

_REPEATED = {"ShipToAddress", "AdditionalContactRef"}
_NOT_SIMULATED = {
    "Contacts", "ContactsMod", "AdditionalNotes", "AdditionalNotesMod", "OpenBalance", "OpenBalanceDate", "SetCredit",
    "LinkToTxnID", "LinkToTxn", "PriceLevelRef", "OptionForPriceRuleConflict", "InventorySiteRef",
    "InventorySiteLocationRef", "SerialNumber", "LotNumber", "OverrideItemAccountRef", "OverrideUOMSetRef", "DataExt",
}  # fmt: skip
_LINES = {"InvoiceLineAdd", "InvoiceLineMod", "InvoiceLineGroupAdd", "InvoiceLineGroupMod"}


def run(company: "Company", message: etree._Element) -> Answer:
    """The answer to a write message; StatusError for what QuickBooks refuses, and then nothing was changed."""
    return WRITERS[str(message.tag)](company, message)


def fields_of(element: etree._Element) -> dict[str, Any]:
    """The values of a write's aggregate: leaves read (None for an empty one, which clears), aggregates nested, lines
    under `Lines` in their order. StatusError 3000-3085."""
    fields: dict[str, Any] = {}
    for child in element:
        name = str(child.tag)
        if name in _NOT_SIMULATED:
            raise StatusError(1030, f"The simulator does not carry out {element.tag}/{name}.")
        if name in _LINES:
            fields.setdefault("Lines", []).append(_line(child))
        elif name in _REPEATED:
            fields.setdefault(name, []).append(fields_of(child))
        elif name in AGGREGATES or name.endswith("Ref"):
            fields[name] = fields_of(child)
        else:
            fields[name] = _leaf(str(element.tag), name, child.text or "")
    return fields


def _line(element: etree._Element) -> dict[str, Any]:
    line = fields_of(element)
    if "Lines" in line:  # the members of a group
        line["InvoiceLineRet"] = line.pop("Lines")
    return line


def _leaf(parent: str, name: str, text: str) -> Any:
    longest = LENGTHS.get(f"{parent}/{name}", LENGTHS.get(name))
    if longest is not None and len(text) > longest and not parent.endswith("Ref"):
        raise StatusError(
            3070, f'The string "{text[:40]}..." in the field "{name}" is too long. Its maximum length is {longest}.'
        )
    return read(name, text)


def _moment(company: "Company", record: Record | None = None) -> datetime:
    now = company.books.at(None)
    return now if record is None else max(now, record.modified)


def _customer_add(company: "Company", message: etree._Element) -> Answer:
    fields = fields_of(message[0])
    return _result(company, message, "Customer", company.add("Customer", **{"JobStatus": "None"} | fields))


def _customer_mod(company: "Company", message: etree._Element) -> Answer:
    fields = fields_of(message[0])
    record = _modifiable(company, ("Customer",), str(fields.pop("ListID")), fields.pop("EditSequence"))
    company.edit("Customer", record.id, at=_moment(company, record), **fields)
    return _result(company, message, "Customer", record.id)


def _invoice_add(company: "Company", message: etree._Element) -> Answer:
    fields = fields_of(message[0])
    lines = fields.pop("Lines", [])
    invoice = company.sales.add_invoice(fields, lines, _moment(company))
    return _result(company, message, "Invoice", invoice.id)


def _invoice_mod(company: "Company", message: etree._Element) -> Answer:
    """Without lines the lines stay; with any, those not named go. [facts 2.7]"""
    fields = fields_of(message[0])
    record = _modifiable(company, ("Invoice",), str(fields.pop("TxnID")), fields.pop("EditSequence"))
    lines = fields.pop("Lines", None)
    company.edit("Invoice", record.id, lines=lines, at=_moment(company, record), **fields)
    return _result(company, message, "Invoice", record.id)


def _modifiable(company: "Company", entities: tuple[str, ...], ident: str, edit_sequence: object) -> Record:
    """The record, if a program may change it now; the order of the checks is assumed."""
    record = company.books.records.require(entities, ident)
    if ident in company.books.in_use:
        raise StatusError(3175, f'Object "{ident}" is in use by another user.')
    _check_closed(company, record)
    if str(edit_sequence) != record.edit_sequence:
        raise StatusError(3200, f'The provided edit sequence "{edit_sequence}" is out-of-date. ')
    return record


def _check_closed(company: "Company", record: Record) -> None:
    closing = company.facts.closing_date
    if closing is not None and record.entity in TRANSACTIONS and str(record.fields["TxnDate"]) <= closing:
        raise StatusError(
            3171, "An attempt was made to modify a transaction with a date on or before the closing date."
        )


def _result(company: "Company", message: etree._Element, entity: str, ident: str) -> Answer:
    """The whole record as it is now, with its lines; links and custom fields are for queries. [assumed]"""
    shown = queries.included(company.record(entity, ident), lines=True, links=False, owners=set())
    only = [child.text or "" for child in message.findall("IncludeRetElement")]
    return Answer(records=[answers.xml(f"{entity}Ret", shown, only)])


# custom fields


def _data_ext_mod(company: "Company", message: etree._Element) -> Answer:
    """Sets a custom field's value; needs no EditSequence, but changes it. [facts 2.7, 2.8; the bump: assumed]"""
    fields = fields_of(message[0])
    owner, name, value = str(fields["OwnerID"]), str(fields["DataExtName"]), fields["DataExtValue"]
    if fields.get("OtherDataExtType"):
        return _company_data(company, owner, name, value)
    if fields.get("TxnLineID"):
        raise StatusError(1030, "The simulator keeps no custom fields of lines.")
    record, holder = _holder(company, fields)
    definition = _definition(company, owner, name, record, holder)
    if definition.kind == "STR255TYPE" and len(str(value or "")) > 255:
        raise StatusError(3070, f'The string in the field "{name}" is too long. Its maximum length is 255.')
    if record.id in company.books.in_use:
        raise StatusError(3175, f'Object "{record.id}" is in use by another user.')
    _check_closed(company, record)
    if owner != "0" and (owner, name) not in record.custom:  # the first private value is a DataExtAdd [facts 2.8]
        raise StatusError(3120, f'Object "{name}" specified in the request cannot be found.')
    company.set_custom(record.entity, record.id, name, value, owner=owner, at=_moment(company, record))
    return _data_ext(owner, name, definition.kind, value)


def _holder(company: "Company", fields: dict[str, Any]) -> tuple[Record, str]:
    """The record, and the kind of object whose definitions count for it."""
    records = company.books.records
    if (kind := fields.get("ListDataExtType")) is not None:
        entities = ITEMS if kind == "Item" else (str(kind),)
        record = records.resolve(entities, fields["ListObjRef"])
        if record is None:
            raise not_found(str(fields["ListObjRef"].get("ListID") or fields["ListObjRef"].get("FullName")))
        return record, str(kind)
    entity = str(fields["TxnDataExtType"])
    if entity not in TRANSACTIONS:
        raise not_found(str(fields["TxnID"]))
    return records.require((entity,), str(fields["TxnID"])), "Vendor" if entity in (
        "Bill",
        "PurchaseOrder",
    ) else "Customer"


def _definition(company: "Company", owner: str, name: str, record: Record, holder: str) -> CustomField:
    """The field's definition, if this object can hold it; 3120 unknown, 3351 on the wrong kind. [facts 2.8, 2.10]"""
    known = [d for d in company.books.custom_fields if d.owner.lower() == owner.lower() and d.name == name]
    if not known:
        raise StatusError(3120, f'Object "{name}" specified in the request cannot be found.')
    definition = known[0]
    on_transaction = record.entity in TRANSACTIONS
    if holder not in definition.entities or (on_transaction and not definition.on_transactions):
        raise StatusError(3351, f'The custom field "{name}" cannot be used with {record.entity}.')
    return definition


def _company_data(company: "Company", owner: str, name: str, value: object) -> Answer:
    if (owner, name) not in company.books.company_data:
        raise StatusError(3120, f'Object "{name}" specified in the request cannot be found.')
    company.books.company_data[(owner, name)] = str(value or "")
    return _data_ext(owner, name, "STR255TYPE", value)


def _data_ext(owner: str, name: str, kind: str, value: object) -> Answer:
    fields = {"OwnerID": owner, "DataExtName": name, "DataExtType": kind, "DataExtValue": value}
    if value is None:  # XSD wants the element, QuickBooks shows it empty [assumed]
        text = answers.xml("DataExtRet", fields).replace("</DataExtRet>", "<DataExtValue></DataExtValue></DataExtRet>")
        return Answer(records=[text])
    return Answer(records=[answers.xml("DataExtRet", fields)])


WRITERS: dict[str, Callable[["Company", etree._Element], Answer]] = {
    "CustomerAddRq": _customer_add,
    "CustomerModRq": _customer_mod,
    "InvoiceAddRq": _invoice_add,
    "InvoiceModRq": _invoice_mod,
    "DataExtModRq": _data_ext_mod,
}
