"""Carries out the Add and Mod messages: reads their values, checks lengths, EditSequence and locks, calls the rules."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from lxml import etree

from connectors.quickbooks_desktop.simulator import answers, custom_fields, queries, removals, versions
from connectors.quickbooks_desktop.simulator.aggregates import fields_of
from connectors.quickbooks_desktop.simulator.locks import check_parties, modifiable
from connectors.quickbooks_desktop.simulator.queries import Answer
from connectors.quickbooks_desktop.simulator.records import Record

if TYPE_CHECKING:
    from connectors.quickbooks_desktop.simulator.company import Company

Writer = Callable[["Company", etree._Element], "tuple[str, str] | Answer"]
"""Gives the entity and id of what was written, to be shown, or an answer of its own."""


def run(company: "Company", message: etree._Element, version: str) -> Answer:
    """The answer to a write message; StatusError for what QuickBooks refuses, and then nothing was changed."""
    entity_and_id = WRITERS[str(message.tag)](company, message)
    if isinstance(entity_and_id, Answer):
        return entity_and_id
    return _result(company, message, *entity_and_id, version)


def _moment(company: "Company", record: Record) -> datetime:
    return max(company.books.at(None), record.modified)


def _customer_add(company: "Company", message: etree._Element) -> tuple[str, str]:
    fields = fields_of(message[0])
    return "Customer", company.add("Customer", **{"JobStatus": "None"} | fields)


def _customer_mod(company: "Company", message: etree._Element) -> tuple[str, str]:
    fields = fields_of(message[0])
    record = modifiable(company, ("Customer",), str(fields.pop("ListID")), fields.pop("EditSequence"))
    company.edit("Customer", record.id, at=_moment(company, record), **fields)
    return "Customer", record.id


def _sale_add(entity: str, company: "Company", message: etree._Element) -> tuple[str, str]:
    fields = fields_of(message[0])
    lines, moment = fields.pop("Lines", []), company.books.at(None)
    check_parties(company, entity, fields)
    if entity == "Invoice":
        ident = company.sales.add_invoice(fields, lines, moment).id
    else:
        ident = company.orders.add(entity, fields, lines, moment).id
    return entity, ident


def _sale_mod(entity: str, company: "Company", message: etree._Element) -> tuple[str, str]:
    """Without lines the lines stay; with any, those not named go. [facts 2.7]"""
    fields = fields_of(message[0])
    record = modifiable(company, (entity,), str(fields.pop("TxnID")), fields.pop("EditSequence"))
    check_parties(company, entity, record.fields | fields)
    lines = fields.pop("Lines", None)
    company.edit(entity, record.id, lines=lines, at=_moment(company, record), **fields)
    return entity, record.id


def _result(company: "Company", message: etree._Element, entity: str, ident: str, version: str) -> Answer:
    """The whole record as it is now, with its lines; links and custom fields are for queries. [assumed]"""
    shown = queries.included(company.record(entity, ident), lines=True, links=False, owners=set())
    only = [child.text or "" for child in message.findall("IncludeRetElement")]
    return Answer(records=[answers.xml(f"{entity}Ret", versions.shown(entity, shown, version), only)])


WRITERS: dict[str, Writer] = {
    "CustomerAddRq": _customer_add,
    "CustomerModRq": _customer_mod,
    **{f"{kind}AddRq": partial(_sale_add, kind) for kind in answers.GROUPED},
    **{f"{kind}ModRq": partial(_sale_mod, kind) for kind in answers.GROUPED},
    "DataExtAddRq": custom_fields.add,
    "DataExtModRq": custom_fields.modify,
    "DataExtDelRq": custom_fields.delete,
    "TxnVoidRq": removals.void,
    "TxnDelRq": removals.delete_transaction,
    "ListDelRq": removals.delete_list_object,
}
