"""Records between the wire's shape and the engine's, by the catalogue's types. Pure; names of the account come in.

The engine's shape: ids are text, numbers Decimal, empty dates None, moments RFC 3339 with Z, custom fields under
`custom` by name. Traps kept here: `0000-00-00` is an empty date [facts: Pipedrive 4], v1 writes moments without a zone
(UTC) and flags as 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from engine.protocol import Entity, Field, Record

from . import custom
from .custom import money, one_line
from .entities import is_key, sent_as, takes_null
from .fields import AccountField
from .status import refused
from .wire import number

AMOUNTS = frozenset({"value", "price", "cost", "direct_cost", "item_price", "sum", "amount"})
"""Numbers that Pipedrive keeps with two decimals."""
_EMPTY_DATES = ("", "0000-00-00", "0000-00-00 00:00:00")
_TRUE, _FALSE = (True, 1, "1"), (False, 0, "0", None)


# ---------------------------------------------------------------------------------------------- wire -> engine
def read(fields: Iterable[Field], raw: Mapping[str, Any], wanted: Collection[str] = ()) -> Record:
    """The catalogued fields of an answer. A wanted one that is not in it is None ([] for a list)."""
    return {
        one.name: _read_field(one, raw.get(one.name))
        for one in fields
        if one.derived is None and one.related is None and (not wanted or one.name in wanted)
    }


def _read_field(field: Field, value: Any) -> Any:
    if field.many:
        return [_read_value(field, one) for one in value or ()]
    return _read_value(field, value)


def _read_value(field: Field, value: Any) -> Any:
    if value is None:
        return None
    match field.type:
        case "id":
            return str(value)
        case "number":
            return number(value)
        case "boolean":
            return value in _TRUE
        case "date":
            return None if value in _EMPTY_DATES else str(value)[:10]
        case "datetime":
            return _moment(str(value))
        case "address":
            return value.get("value") if isinstance(value, dict) else value
        case "object":
            return read(field.fields, value)
    return value if value != "" else None


def _moment(text: str) -> str | None:
    """v1's `2026-01-31 12:00:00` (UTC) and v2's form alike as v2's; without fractions."""
    if text in _EMPTY_DATES:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return written_moment(at if at.tzinfo else at.replace(tzinfo=UTC))


def read_custom(fields: Mapping[str, AccountField], raw: Mapping[str, Any], hidden: str) -> Record:
    """Custom fields by name, all of them, empty ones None. Raises custom.UnknownOption."""
    return {name: custom.read(field, raw.get(field.code)) for name, field in fields.items() if field.code != hidden}


def derive(entity: str, record: Record) -> Record:
    """The record with the derived fields that its own content determines."""
    if entity == "person":
        for derived, source in (("email", "emails"), ("phone", "phones")):
            if source in record:
                rows = sorted(record[source] or (), key=lambda one: not one.get("primary"))
                record = record | {derived: [one["value"] for one in rows if one.get("value")]}
    if entity == "product" and "prices" in record:
        first = (record["prices"] or [{}])[0]
        record = record | {"price": first.get("price"), "currency": first.get("currency")}
    if entity == "lead" and "value" in record:
        value = record["value"] or {}
        record = record | {"amount": value.get("amount"), "currency": value.get("currency")}
    return record


# ---------------------------------------------------------------------------------------------- engine -> wire
def body(entity: Entity, values: Mapping[str, Any], creating: bool, moment: Callable[[str], str]) -> dict[str, Any]:
    """The catalogued root fields of a write as Pipedrive takes them; derived and custom ones are left to the caller.

    `moment` writes an ISO date or time. Raises Stopped (REFUSED) naming the field.
    """
    sent: dict[str, Any] = {}
    names, nullable = sent_as(entity.name), takes_null(entity.name)
    for name, value in values.items():
        field = entity.field(name)
        if field is None or field.derived is not None:
            continue
        if not field.writable:
            raise refused(f"Pipedrive does not let '{name}' be written.", name)
        made = _write_field(field, value, moment)
        if made is None and creating:
            continue
        if made is None and name not in nullable:
            if field.type in ("date", "datetime"):
                raise refused(f"Pipedrive cannot clear '{name}' through its API.", name)  # [facts: 4, clearing]
            made = _cleared(field)
        if name in names:
            sent[names[name]] = int(bool(made))  # 0 or 1 [OpenAPI v2 addTask]
        else:
            sent[name] = made
    return sent


def child_body(fields: Sequence[Field], values: Mapping[str, Any], creating: bool) -> dict[str, Any]:
    """One line of a deal as Pipedrive takes it. Raises Stopped (REFUSED) naming the field."""
    known = {one.name: one for one in fields if one.writable}
    unknown = [name for name in values if name not in known]
    if unknown:
        raise refused(f"A deal's line has no writable field '{unknown[0]}'.", unknown[0])
    made = {name: _write_field(known[name], value, str) for name, value in values.items()}
    if creating:
        return {name: value for name, value in made.items() if value is not None}
    return {name: _cleared(known[name]) if value is None else value for name, value in made.items()}


def _cleared(field: Field) -> Any:
    """What empties a field that null does not: an empty text where that is possible."""
    return {"text": "", "address": {"value": ""}}.get(field.type)


def sent(field: Field, value: Any) -> Any:
    """One value as Pipedrive takes it. Raises Stopped (REFUSED) naming the field."""
    return _write_field(field, value, str)


def _write_field(field: Field, value: Any, moment: Callable[[str], str]) -> Any:
    if field.type == "datetime" and value is not None:
        return moment(str(value))
    value = canonical_field(field, value)
    if field.many:
        return [_write_value(field, one) for one in value]
    return _write_value(field, value)


def _write_value(field: Field, value: Any) -> Any:
    if value is None:
        return None
    match field.type:
        case "id":
            if not is_key(field.refers, str(value)):
                raise refused(f"'{field.name}' takes the id of a record, not '{value}'.", field.name)
            return int(value) if str(value).isdigit() else value
        case "address":
            return {"value": value}
        case "object":
            parts = {one.name: one for one in field.fields}
            return {key: sent(parts[key], one) for key, one in value.items() if one is not None}
    return value


# --------------------------------------------------------------------------------------------------- canonical
def canonical_field(field: Field, value: Any) -> Any:
    """A draft's value as `read` would give it once written. Raises Stopped (REFUSED) for what the type cannot hold."""
    if field.many:
        rows = value if isinstance(value, list | tuple) else [] if value is None else [value]
        return [_canonical_value(field, one) for one in rows]
    return _canonical_value(field, value)


def _canonical_value(field: Field, value: Any) -> Any:
    if isinstance(value, str):
        value = value.strip() if field.name != "content" else value
    if value is None or value == "":
        return None
    match field.type:
        case "id":
            return str(value)
        case "number":
            return _number(field, value)
        case "boolean":
            if value not in (*_TRUE, *_FALSE):
                raise refused(f"'{field.name}' takes yes or no, not '{value}'.", field.name)
            return value in _TRUE
        case "date":
            return None if value in _EMPTY_DATES else str(value)[:10]
        case "address":
            return one_line(value)
        case "object":
            known = {one.name: one for one in field.fields}
            return {key: canonical_field(known[key], one) for key, one in value.items() if key in known}
    return custom.plain(value)


def _number(field: Field, value: Any) -> Decimal:
    try:
        made = Decimal(str(value))
    except InvalidOperation:
        made = Decimal("NaN")
    if not made.is_finite():
        raise refused(f"'{field.name}' takes a number, not '{value}'.", field.name)
    return money(made) if field.name in AMOUNTS else made


def instant(text: str, zone: ZoneInfo) -> datetime:
    """The moment that an ISO text means: a date is noon in the zone, a time without a zone is in the zone.

    Raises Stopped (REFUSED) for anything else.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise refused(f"'{text}' is neither a date nor a time.") from None
    if len(text.strip()) == len("2026-01-31"):
        at = datetime.combine(at.date(), time(12))
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def stamp(raw: Mapping[str, Any]) -> datetime | None:
    """When a record of any answer or delivery was last changed; one that never was, when it was made."""
    text = raw.get("update_time") or raw.get("add_time")
    try:
        at = datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)


def written_moment(at: datetime) -> str:
    """RFC 3339 in UTC without fractions: Pipedrive refuses them [facts: Pipedrive 4]."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
