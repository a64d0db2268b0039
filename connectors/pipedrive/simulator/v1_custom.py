"""Custom fields as v1 has them: hashes at the root, a value's parts beside it as `hash_part` [facts: 4].

Of v1's calls only those for leads carry custom fields here; they are the deal's [OpenAPI v1 addLead].
"""

from typing import Any

from .numbers import is_whole

Record = dict[str, Any]

_PARTS = {
    "monetary": ("currency",),
    "daterange": ("until",),
    "timerange": ("until", "timezone_name"),
    "time": ("timezone_name",),
}


def shown(fields: dict[str, Record], values: Record) -> Record:
    """Stored values (v2's shapes) as v1 answers them; what is not set does not appear [OpenAPI v1 getLead]."""
    root: Record = {}
    for code, value in values.items():
        if isinstance(value, dict):
            root |= {code: value["value"], **{f"{code}_{part}": one for part, one in value.items() if part != "value"}}
        elif isinstance(value, list):
            root[code] = ",".join(map(str, value))
        else:
            root[code] = str(value) if fields[code]["field_type"] == "enum" else value
    return root


def taken(fields: dict[str, Record], body: Record) -> tuple[Record, Record]:
    """A request's body without custom fields, and those in v2's shapes, unchecked; what does not fit stays as it is."""
    rest = dict(body)
    values: Record = {}
    for code, field in fields.items():
        if code not in rest:
            continue
        value = rest.pop(code)
        parts = {part: rest.pop(f"{code}_{part}", None) for part in _PARTS.get(field["field_type"], ())}
        values[code] = _stored(field["field_type"], value, parts)
    return rest, values


def _stored(kind: str, value: Any, parts: Record) -> Any:
    if value is None:
        return None
    if kind == "enum":
        return int(value) if isinstance(value, str) and value.isdecimal() else f"not the text of an id: {value!r}"
    if kind == "set":
        ids = value.split(",") if isinstance(value, str) else []
        return [int(one) for one in ids] if ids and all(one.strip().isdecimal() for one in ids) else []
    if kind == "address":
        return {"value": value}
    if parts:
        given = {part: one for part, one in parts.items() if one is not None}
        return {"value": value, **given}
    return int(value) if kind in ("user", "people", "org") and is_whole(value) else value
