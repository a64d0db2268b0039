"""Writes a company to a JSON file and reads it back, exactly; Decimals and times are tagged, never floats."""

import json
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from connectors.quickbooks_desktop.simulator.books import Clock, CustomField, Deletion
from connectors.quickbooks_desktop.simulator.file_facts import FileFacts
from connectors.quickbooks_desktop.simulator.records import ENTITIES, Record

if TYPE_CHECKING:
    from connectors.quickbooks_desktop.simulator.company import Company

C = TypeVar("C", bound="Company")
FORMAT = "quickbooks-simulator/1"


def write(company: "Company", path: Path) -> None:
    """The company as JSON; a crash while writing leaves the old file whole."""
    books = company.books
    content = {
        "format": FORMAT,
        "zone": books.wall.zone.key,
        "facts": asdict(company.facts),
        "payment_touches_invoice": company.sales.payment_touches_invoice,
        "flatten_line_breaks": books.flatten_line_breaks,
        "home_currency": books.views.home_currency,
        "counters": books.records.counters(),
        "records": [_record(record) for record in books.records.all(ENTITIES)],
        "deletions": [asdict(deletion) for deletion in books.deletions],
        "custom_fields": [asdict(custom) for custom in books.custom_fields],
        "company_data": _pairs(books.company_data),
        "history": {txn: [[at, state] for at, state in states] for txn, states in books.history.items()},
        "message_sets": company.message_sets.stored(),
    }
    temporary = path.with_suffix(path.suffix + ".new")
    temporary.write_text(json.dumps(content, default=_tag), encoding="utf-8")
    temporary.replace(path)


def _record(record: Record) -> dict[str, Any]:
    return {
        "entity": record.entity,
        "id": record.id,
        "created": record.created,
        "modified": record.modified,
        "fields": record.fields,
        "txn_number": record.txn_number,
        "lines": record.lines,
        "applied": record.applied,
        "custom": _pairs(record.custom),
    }


def _pairs(values: dict[tuple[str, str], str]) -> list[list[str]]:
    return [[owner, name, value] for (owner, name), value in values.items()]


def _tag(value: object) -> dict[str, str]:
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, datetime):
        return {"$time": value.isoformat()}
    raise TypeError(f"{value!r} has no place in a saved company")


def _untag(value: dict[str, Any]) -> Any:
    if len(value) == 1:
        if "$decimal" in value:
            return Decimal(value["$decimal"])
        if "$time" in value:
            return datetime.fromisoformat(value["$time"])
    return value


def read(kind: type[C], path: Path, clock: Clock) -> C:
    """The company that `write` wrote."""
    content = json.loads(path.read_text(encoding="utf-8"), object_hook=_untag)
    if content.get("format") != FORMAT:
        raise ValueError(f"{path} is not a saved company ({FORMAT})")
    company = kind(clock=clock, zone=content["zone"], payment_touches_invoice=content["payment_touches_invoice"])
    facts = content["facts"]
    company.facts = FileFacts(**facts | {"versions": tuple(facts["versions"])})
    books = company.books
    for record in list(books.records.all(ENTITIES)):  # what every new file has is in the dump as well
        books.records.remove(record)
    for saved in content["records"]:
        record = Record(**saved | {"custom": _unpaired(saved["custom"]), "applied": {}})
        books.records.put(record)
        books.ledger.apply(record, saved["applied"])
    books.records.restore_counters(content["counters"])
    books.flatten_line_breaks = content["flatten_line_breaks"]
    books.views.home_currency = content["home_currency"]
    books.deletions = [Deletion(**deletion) for deletion in content["deletions"]]
    books.custom_fields = [
        CustomField(**custom | {"entities": tuple(custom["entities"])}) for custom in content["custom_fields"]
    ]
    books.views.custom_types = {(custom.owner, custom.name): custom.kind for custom in books.custom_fields}
    books.company_data = _unpaired(content["company_data"])
    books.history = {txn: [(at, state) for at, state in states] for txn, states in content["history"].items()}
    company.message_sets.restore(content["message_sets"])
    return company


def _unpaired(values: list[list[str]]) -> dict[tuple[str, str], str]:
    return {(owner, name): value for owner, name, value in values}
