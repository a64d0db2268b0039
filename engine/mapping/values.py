"""Fitting a value to the field that takes it: exactly, or not at all.

Nothing is cut, rounded or guessed here; what does not fit raises `Unfit` with words for people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from engine.protocol import ADDRESS_PARTS, Field

Fit = Callable[[Any, ZoneInfo | None], Any]
_NOON = time(12)
_JSON = msgspec.json.Encoder(decimal_format="number", order="sorted")

PASSING: Final[Mapping[str, type]] = {"text": str, "id": str, "enum": str, "number": Decimal, "boolean": bool}
"""Field type -> the class of values that fit it as they are (texts by their length and the field's options)."""


class Unfit(ValueError):
    """A value cannot be what is asked of it; the message is one plain sentence."""


def shown(value: Any) -> str:
    """A value in a message: short, quoted where it is text."""
    text = f"'{value}'" if isinstance(value, str) else canonical(value)
    return text if len(text) <= 60 else f"{text[:56]}...{text[-1]}"


def canonical(value: Any) -> str:
    """One text for one value: what keys and comparisons are made of. Text stays as it is."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else encoded(value)


def encoded(value: Any) -> str:
    """JSON text, keys sorted, Decimals as the numbers they are."""
    return _JSON.encode(value).decode()


def joined(parts: list[str]) -> str:
    """Key parts as one text that no other parts give; a single part stays as it is."""
    if len(parts) == 1:
        return parts[0]
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)


def fitting(field: Field) -> Fit:
    """What makes a value fit `field`. None always passes: it clears."""
    one = fitting_one(field)
    if not field.many:
        return lambda value, zone: None if value is None else one(value, zone)

    def many(value: Any, zone: ZoneInfo | None) -> Any:
        if value is None:
            return None
        if not isinstance(value, list):
            raise Unfit("a list is needed")
        return [one(item, zone) for item in value if item is not None]

    return many


def fitting_one(field: Field) -> Fit:
    """The same for a single value (an element of a list) that is not None."""
    return _FITS[field.type](field)


def instant(value: Any, zone: ZoneInfo | None) -> str:
    """A date (noon in `zone`) or time stamp as ISO text in UTC with Z. A stamp without offset is `zone`'s."""
    if not isinstance(value, str):
        raise Unfit("a time is needed")
    try:
        if len(value) == 10 and value[4] == "-" == value[7]:
            at = datetime.combine(date.fromisoformat(value), _NOON)
        else:
            at = datetime.fromisoformat(value)
        if at.tzinfo is None:
            at = at.replace(tzinfo=zone or UTC)
        return at.astimezone(UTC).isoformat()[:19] + "Z"
    except (ValueError, OverflowError) as problem:
        raise Unfit(f"{shown(value)} is not a date or time (2026-01-31, 2026-01-31T12:00:00Z)") from problem


def is_day(text: Any) -> bool:
    """Whether it is an ISO date (2026-01-31) of the calendar."""
    try:
        return bool(calendar(text))
    except Unfit:
        return False


def calendar(value: Any, zone: ZoneInfo | None = None) -> str:
    """ISO date text, checked. A zone makes no difference to it."""
    # `date.fromisoformat` takes other forms too: 20260131, 2026-W05-6.
    if isinstance(value, str) and len(value) == 10 and value[4] == "-" == value[7]:
        try:
            date.fromisoformat(value)
        except ValueError as problem:
            raise Unfit(f"{shown(value)} is not a day of the calendar") from problem
        return value
    raise Unfit(f"{shown(value)} is not a date (2026-01-31)")


def _text(field: Field) -> Fit:
    length = field.length

    def fit(value: Any, zone: ZoneInfo | None) -> Any:
        if not isinstance(value, str):
            raise Unfit(f"{shown(value)} is not text")
        if length is not None and len(value) > length:
            raise Unfit(f"the text is {len(value)} characters long; at most {length} are taken")
        return value

    return fit


def _number(field: Field) -> Fit:
    def fit(value: Any, zone: ZoneInfo | None) -> Any:
        if isinstance(value, Decimal):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return Decimal(value)
        raise Unfit(f"{shown(value)} is not a number")

    return fit


def _boolean(field: Field) -> Fit:
    def fit(value: Any, zone: ZoneInfo | None) -> Any:
        if isinstance(value, bool):
            return value
        raise Unfit(f"{shown(value)} is neither true nor false")

    return fit


def _enum(field: Field) -> Fit:
    options, text = frozenset(field.options), _text(field)

    def fit(value: Any, zone: ZoneInfo | None) -> Any:
        text(value, zone)
        if options and value not in options:
            raise Unfit(f"{shown(value)} is not one of the options ({', '.join(field.options[:8])})")
        return value

    return fit


def _address(field: Field) -> Fit:
    def fit(value: Any, zone: ZoneInfo | None) -> Any:
        if isinstance(value, (str, dict)):
            return value
        raise Unfit(f"{shown(value)} is not an address")

    return fit


_FITS: dict[str, Callable[[Field], Fit]] = {
    "text": _text,
    "id": _text,
    "number": _number,
    "boolean": _boolean,
    "date": lambda field: calendar,
    "datetime": lambda field: instant,
    "enum": _enum,
    "address": _address,
    "object": lambda field: lambda value, zone: value,
}


def common_address(parts: Mapping[str, str | tuple[str, ...]]) -> Callable[[Any], Any]:
    """From a system's own address shape to the common one (`protocol.ADDRESS_PARTS`); an empty one is None."""
    own = {part: (keys,) if isinstance(keys, str) else tuple(keys) for part, keys in parts.items()}

    def convert(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        found = {part: [value[key] for key in own.get(part, ()) if value.get(key)] for part in ADDRESS_PARTS}
        if not any(found.values()):
            return None
        return {part: found[part] if part == "lines" else (found[part] or [None])[0] for part in ADDRESS_PARTS}

    return convert
