"""Custom fields as API v1 has them, at the root beside everything else, to and from the shapes of v2.

Shapes [facts: Pipedrive 4]: an enum is the text of an option's number, a set such texts with commas between, and the
parts of an amount or a range stand beside it as `hash_part`. Webhooks have shapes of their own and are never read here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .fields import AccountField

_CODE = re.compile(r"[0-9a-f]{40}")
_PARTS = {"monetary": "currency", "daterange": "until", "timerange": "until", "time": "timezone_name"}


def codes(root: Mapping[str, Any]) -> list[str]:
    """The keys of custom fields in a record; none in a v2 record, whose root has none."""
    return [key for key in root if _CODE.fullmatch(key)]


def code_in(message: str) -> bool:
    """Whether a message speaks of a custom field's key."""
    return _CODE.search(message) is not None


def read(fields: Mapping[str, AccountField], root: Mapping[str, Any]) -> dict[str, Any]:
    """Code -> value in v2's shape, of the known fields that are set."""
    return {code: _read(fields[code], code, root) for code in codes(root) if code in fields}


def write(fields: Mapping[str, AccountField], values: Mapping[str, Any]) -> dict[str, Any]:
    """Values in v2's shapes by code, as root keys."""
    sent: dict[str, Any] = {}
    for code, value in values.items():
        if isinstance(value, dict):
            sent |= {code: value["value"], **{f"{code}_{part}": one for part, one in value.items() if part != "value"}}
        elif isinstance(value, list):
            sent[code] = ",".join(map(str, value))
        else:
            sent[code] = str(value) if fields[code].type == "enum" and value is not None else value
    return sent


def _read(field: AccountField, code: str, root: Mapping[str, Any]) -> Any:
    value = root[code]
    if value is None or value == "":
        return None
    if field.type == "set":
        return [one.strip() for one in str(value).split(",")]
    part = _PARTS.get(field.type)
    return value if part is None else {"value": value, part: root.get(f"{code}_{part}")}
