"""How two values of a field are compared: by what they mean in their type, not by how they happen to be spelt."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.mapping.draft import MISSING

_EMPTY_TEXTS = frozenset({"", "0000-00-00", "0000-00-00 00:00:00"})


def at(record: Mapping[str, Any], path: str) -> Any:
    """The value of a target path (`name`, `custom.Due date`), or MISSING.

    A custom field that a record lacks is empty: systems leave unset ones out.
    """
    if path.startswith("custom."):
        custom = record.get("custom")
        return custom.get(path.removeprefix("custom.")) if isinstance(custom, Mapping) else None
    return record.get(path, MISSING)


def replaced(record: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The record with values at target paths; the original is left alone."""
    result = dict(record)
    for path, value in values.items():
        if path.startswith("custom."):
            result["custom"] = {**(result.get("custom") or {}), path.removeprefix("custom."): value}
        else:
            result[path] = value
    return result


def is_empty(value: Any) -> bool:
    """Whether a field holds nothing: missing, None, empty text or list, or a zero date."""
    if value is MISSING or value is None:
        return True
    if isinstance(value, str):
        return value.strip() in _EMPTY_TEXTS
    return isinstance(value, list | dict) and not value


def canonical(value: Any) -> Any:
    """The value in a form in which equal meanings are equal: 1.10 is 1.1, an empty text is nothing."""
    if isinstance(value, bool):
        return value
    if is_empty(value):
        return None
    if isinstance(value, int | float | Decimal):
        return Decimal(str(value)).normalize() if value else Decimal(0)
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, Mapping):
        return {key: canonical(one) for key, one in value.items() if not is_empty(one)}
    if isinstance(value, list | tuple):
        return [canonical(one) for one in value]
    return value


def same(one: Any, other: Any) -> bool:
    """Whether two values mean the same."""
    return bool(canonical(one) == canonical(other))
