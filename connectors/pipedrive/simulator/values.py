"""Checks single values as v2 takes them: the shape per type, for built-in keys and custom fields alike.

A check returns the value to keep or raises Fault with the text after the key. Nothing changes type by its
looks: v2 wants numbers as numbers and booleans as booleans [facts: 4].
"""

from collections.abc import Callable
from typing import Any, Protocol

from .builtin_fields import ADDRESS_PARTS
from .moments import from_rfc3339, from_v1, is_clock, is_day
from .numbers import is_number, is_whole, plain

LONG_TEXT = 65_000
"""Characters of a long text field [facts: 4]."""
SHORT_TEXT = 255
"""Characters of a text field [facts: 4]; names and titles are held to the same [assumed]."""
DIGITS = 14
"""Digits of a number [facts: 4, help centre]."""


class Fault(Exception):
    """A value that does not fit; the text says why."""


class Known(Protocol):
    """What a check may ask the account."""

    def exists(self, entity: str, key: object) -> bool: ...
    def has_currency(self, code: object) -> bool: ...


Check = Callable[[Any, Known], Any]


def text(limit: int, *, empty: bool = True) -> Check:
    """A string of at most `limit` characters, ends trimmed [assumed]."""

    def check(value: Any, known: Known) -> str:
        if not isinstance(value, str):
            raise Fault("The value is not a valid 'string'")
        if len(value) > limit:
            raise Fault(f"must not be longer than {limit} characters")
        if not empty and not value.strip():
            raise Fault("must not be empty")
        return value.strip()

    return check


def number(value: Any, known: Known) -> Any:
    """A JSON number of at most 14 digits."""
    if not is_number(value):
        raise Fault("The value is not a valid 'number'")
    if abs(value) >= 10**DIGITS:
        raise Fault(f"must not have more than {DIGITS} digits")
    return plain(value)


def within(low: int, high: int) -> Check:
    """A number between two bounds, both included."""

    def check(value: Any, known: Known) -> Any:
        if not low <= number(value, known) <= high:
            raise Fault(f"must be between {low} and {high}")
        return plain(value)

    return check


def whole(low: int, high: int) -> Check:
    """An integer between two bounds, both included."""

    def check(value: Any, known: Known) -> int:
        if not is_whole(value):
            raise Fault("The value is not a valid 'integer'")
        if not low <= value <= high:
            raise Fault(f"must be between {low} and {high}")
        return int(value)

    return check


def flag(value: Any, known: Known) -> bool:
    if not isinstance(value, bool):
        raise Fault("The value is not a valid 'boolean'")
    return value


def bit(value: Any, known: Known) -> bool:
    """A flag as 0 or 1 [OpenAPI v1 notes, v2 tasks]."""
    if not is_whole(value) or value not in (0, 1):
        raise Fault("must be 0 or 1")
    return bool(value)


def choice(*values: Any) -> Check:
    def check(value: Any, known: Known) -> Any:
        if not (is_whole(value) or isinstance(value, str)) or value not in values:
            raise Fault(f"must be one of {', '.join(map(str, values))}")
        return value

    return check


def reference(entity: str) -> Check:
    """The id, as a number, of a record that is there [assumed: 400 otherwise]."""

    def check(value: Any, known: Known) -> Any:
        if entity == "lead":  # its key is a UUID [OpenAPI v1]
            if not isinstance(value, str):
                raise Fault("The value is not a valid 'string'")
        elif not is_whole(value):
            raise Fault("The value is not a valid 'number'")
        if not known.exists(entity, value):
            raise Fault(f"{entity} {value} not found")
        return value

    return check


def currency(value: Any, known: Known) -> str:
    if not isinstance(value, str) or not known.has_currency(value):
        raise Fault("unknown currency")
    return value


def moment(value: Any, known: Known) -> str:
    """RFC 3339 without fractions [facts: 4 "Times"]."""
    if (found := from_rfc3339(value)) is None:
        raise Fault("not a valid datetime")
    return found


def old_moment(value: Any, known: Known) -> str:
    """`YYYY-MM-DD HH:MM:SS` in UTC [OpenAPI: v1 notes add_time, v2 archive_time]."""
    if (found := from_v1(value)) is None:
        raise Fault("not a valid datetime, expected YYYY-MM-DD HH:MM:SS")
    return found


def day(value: Any, known: Known) -> str:
    if not isinstance(value, str):
        raise Fault("The value is not a valid 'string'")
    if not is_day(value):
        raise Fault("not a valid date")
    return value


def close_day(value: Any, known: Known) -> str:
    """A built-in date: "" is kept as 0000-00-00 and null is refused [facts: 4 "Clearing", observed]."""
    return "0000-00-00" if value == "" else day(value, known)


def clock(value: Any, known: Known) -> str:
    if not is_clock(value):
        raise Fault("not a valid time")
    return str(value)


def parts(required: dict[str, Check], optional: dict[str, Check] | None = None) -> Check:
    """An object with these keys and no others; optional ones left out are kept as null."""
    others = optional or {}

    def check(value: Any, known: Known) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Fault("The value is not a valid 'object'")
        for key in value:
            if key not in required and key not in others:
                raise Fault(f"Unknown key '{key}'")
        for key in required:
            if value.get(key) is None:
                raise Fault(f"{key} is required")
        kept: dict[str, Any] = {}
        for key, inner in (required | others).items():
            kept[key] = None if value.get(key) is None else inner(value[key], known)
        return kept

    return check


_address = parts({"value": text(LONG_TEXT)}, {part: text(SHORT_TEXT) for part in ADDRESS_PARTS})


def address(value: Any, known: Known) -> dict[str, Any] | None:
    """An address; omitted parts become null [facts: 4]. White space is joined to one line [assumed]."""
    kept = _address(value, known)
    assert isinstance(kept, dict)
    kept["value"] = " ".join(kept["value"].split())
    return kept if any(kept.values()) else None


_contact = parts({"value": text(SHORT_TEXT, empty=False)}, {"primary": flag, "label": text(SHORT_TEXT)})


def contacts(value: Any, known: Known) -> list[dict[str, Any]]:
    """E-mails or phones: an array that replaces what was there [facts: 5]; one is primary [assumed]."""
    if not isinstance(value, list):
        raise Fault("The value is not a valid 'array'")
    kept = [_contact(item, known) for item in value]
    first = next((index for index, item in enumerate(kept) if item["primary"]), 0)
    for index, item in enumerate(kept):
        item["primary"] = index == first
        item["label"] = item["label"] or "work"
    return kept


def whole_list(value: Any, known: Known) -> list[int]:
    if not isinstance(value, list) or not all(is_whole(item) for item in value):
        raise Fault("The value is not a valid 'array' of numbers")
    if len(set(value)) != len(value):
        raise Fault("holds a value twice")
    return list(value)


BY_TYPE: dict[str, Check] = {
    "varchar": text(SHORT_TEXT),
    "varchar_auto": text(SHORT_TEXT),
    "text": text(LONG_TEXT),
    "phone": text(SHORT_TEXT),
    "double": number,
    "monetary": parts({"value": number, "currency": currency}),
    "date": day,
    "daterange": parts({"value": day, "until": day}),
    "time": parts({"value": clock}, {"timezone_name": text(SHORT_TEXT)}),
    "timerange": parts({"value": clock, "until": clock}, {"timezone_name": text(SHORT_TEXT)}),
    "address": address,
    "user": reference("user"),
    "people": reference("person"),
    "org": reference("organization"),
}


def custom_value(field: dict[str, Any], value: Any, known: Known) -> Any:
    """A custom field's value in v2's shape; null clears, an empty set is refused [facts: 4, OpenAPI v2]."""
    if value is None:
        return None
    kind, code = field["field_type"], field["field_code"]
    if kind == "enum":
        if not is_whole(value):
            raise Fault(f"Expected 'number' as value for single option custom field '{code}'")
        _options_exist(field, [value])
        return value
    if kind == "set":
        if not isinstance(value, list) or not value or not all(is_whole(item) for item in value):
            raise Fault(f"Expected non-empty array of 'number' for multiple option custom field '{code}'")
        _options_exist(field, value)
        return whole_list(value, known)
    try:
        return BY_TYPE[kind](value, known)
    except Fault as fault:
        raise Fault(f"'{code}': {fault}") from None


def _options_exist(field: dict[str, Any], ids: list[int]) -> None:
    present = {option["id"] for option in field["options"]}
    for key in ids:
        if key not in present:
            raise Fault(f"'{field['field_code']}': no option {key}")
