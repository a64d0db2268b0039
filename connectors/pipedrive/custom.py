"""One custom field's value, between the engine's shape and the wire's, by the type the account gave the field.

Shapes [facts: Pipedrive 4]: monetary is {value, currency}, enum an option's number, set a list of them, the rest plain.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from .fields import AccountField
from .status import refused
from .wire import number

CENT = Decimal("0.01")
RANGE = " - "
"""What stands between the two ends of a range of dates or times, which is one text here."""
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_PEOPLE = frozenset({"user", "people", "org"})


class UnknownOption(LookupError):
    """An answer holds an option that the field list does not have: somebody added it since."""


def money(value: Decimal) -> Decimal:
    """Rounded to the cent, as Pipedrive keeps it."""
    return value.quantize(CENT)


def read(field: AccountField, value: Any) -> Any:
    """The engine's shape of an answer's value. Raises UnknownOption."""
    if value is None or value == "":
        return None
    match field.type:
        case "enum":
            return _label(field, value)
        case "set":
            return [_label(field, one) for one in value]
        case "monetary":
            return number(value.get("value") if isinstance(value, dict) else value)
        case "double":
            return number(value)
        case "date":
            return None if value == "0000-00-00" else str(value)[:10]
        case "address":
            return value.get("value") if isinstance(value, dict) else value
        case "time":
            return _clock(value.get("value") if isinstance(value, dict) else value)
        case "daterange" | "timerange":
            return RANGE.join(_clock(value[part]) or "" for part in ("value", "until"))
        case kind if kind in _PEOPLE:
            return str(value)
    return value


def write(field: AccountField, value: Any, currency: Callable[[], str | None]) -> Any:
    """What to send; None clears. `currency` is asked only for a monetary field. Raises Stopped (REFUSED)."""
    value = canonical(field, value)
    if value is None:
        return None
    match field.type:
        case "enum":
            return _option_number(field, value)
        case "set":
            return [_option_number(field, one) for one in value] or None
        case "monetary":
            code = currency()
            if not code:
                raise refused(f"'{field.name}' is an amount and the record has no currency.", f"custom.{field.name}")
            return {"value": value, "currency": code}
        case "address" | "time":
            return {"value": value}
        case "daterange" | "timerange":
            return dict(zip(("value", "until"), value.split(RANGE), strict=True))
        case kind if kind in _PEOPLE:
            if not str(value).isdigit():
                raise refused(f"'{field.name}' takes the id of a record, not '{value}'.", f"custom.{field.name}")
            return int(value)
    return value


def canonical(field: AccountField, value: Any) -> Any:
    """A draft's value as `read` would give it once written. Raises Stopped (REFUSED) for what the type cannot hold."""
    if isinstance(value, str):
        value = value.strip()
    if value is None or value == "":
        return None
    match field.type:
        case "enum":
            return _text_of(field, value)
        case "set":
            return [_text_of(field, one) for one in (value if isinstance(value, list | tuple) else [value])]
        case "monetary":
            return money(_decimal(field, value))
        case "double":
            return _decimal(field, value)
        case "date":
            return _date(field, value)
        case "time":
            return _time(field, value)
        case "daterange" | "timerange":
            return _range(field, value)
        case "address":
            return one_line(value)
        case kind if kind in _PEOPLE:
            return str(value)
    return plain(value)


def plain(value: Any) -> Any:
    """A value as the text that a text field holds."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, list | tuple):
        return ", ".join(str(plain(one)) for one in value)
    return value if isinstance(value, str) else str(value)


def one_line(value: Any) -> str | None:
    """An address in the engine's common parts (or a text) as one line; None where nothing is in it."""
    if not isinstance(value, dict):
        return ", ".join(part for part in (one.strip() for one in str(value).splitlines()) if part) or None
    town = " ".join(part for part in (value.get("region"), value.get("postal_code")) if part)
    lines = value.get("lines") or ()
    lines = [lines] if isinstance(lines, str) else lines
    parts = [*lines, value.get("city"), town, value.get("country")]
    return ", ".join(str(part).strip() for part in parts if part and str(part).strip()) or None


def _label(field: AccountField, option: Any) -> str:
    label = field.label(str(option))
    if label is None:
        raise UnknownOption(field.name)
    return label


def _text_of(field: AccountField, value: Any) -> str:
    """The known label that a text equals, else the text."""
    option = field.option(str(value))
    return field.label(option) or str(value) if option is not None else str(value)


def _option_number(field: AccountField, label: str) -> int:
    option = field.option(label)
    if option is None:
        known = ", ".join(text for _, text in field.options) or "none"
        raise refused(f"'{label}' is no option of '{field.name}'. It has: {known}.", f"custom.{field.name}")
    return int(option)


def _decimal(field: AccountField, value: Any) -> Decimal:
    try:
        made = Decimal(str(value))
    except InvalidOperation:
        made = Decimal("NaN")
    if not made.is_finite():
        raise refused(f"'{field.name}' takes a number, not '{value}'.", f"custom.{field.name}")
    return made


def _date(field: AccountField, value: Any) -> str:
    text = str(value)[:10]
    if not _DATE.fullmatch(text):
        raise refused(f"'{field.name}' takes a date such as 2026-01-31, not '{value}'.", f"custom.{field.name}")
    return text


def _time(field: AccountField, value: Any) -> str:
    text = str(value).strip()
    if not _TIME.fullmatch(text):
        raise refused(f"'{field.name}' takes a time such as 09:30, not '{value}'.", f"custom.{field.name}")
    return str(_clock(text))


def _range(field: AccountField, value: Any) -> str:
    ends = str(value).split(RANGE)
    if len(ends) != 2:
        example = "2026-01-01 - 2026-01-31" if field.type == "daterange" else "09:00 - 17:30"
        raise refused(f"'{field.name}' takes a range such as {example}, not '{value}'.", f"custom.{field.name}")
    one = _date if field.type == "daterange" else _time
    return RANGE.join(one(field, end) for end in ends)


def _clock(text: Any) -> Any:
    """A time without seconds where they are nought; a date as it is."""
    return text[:5] if isinstance(text, str) and _TIME.fullmatch(text) and text.endswith(":00") else text
