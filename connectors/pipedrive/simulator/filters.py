"""Saved filters, applied: which records a list shows when it is asked by `filter_id`.

Conditions are those of OpenAPI v1 addFilter: one group of which all must hold and one of which any must. Texts are
compared without regard to case [assumed], and a condition on another object looks at the record that is linked.
"""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from .queries import Query
from .records import Records
from .refusals import Invalid

Record = dict[str, Any]
Keep = Callable[[Record], bool]

TYPES = {
    "organization": "org", "person": "people", "deal": "deals", "product": "products", "activity": "activity",
    "lead": "leads", "project": "projects",
}  # fmt: skip
"""Entity -> what its filters are called [OpenAPI v1 addFilter]."""
LINKS = {"organization": ("org_id", "organization_id"), "person": ("person_id",), "deal": ("deal_id",)}


def chosen(account: Records, entity: str, query: Query) -> Keep | None:
    """What the filter that is asked for keeps; None without one. It overrides all other filters [facts: 4].

    One that is not there or of another type is refused [assumed: 400].
    """
    key = query.whole("filter_id")
    if key is None:
        return None
    found = account.tables["filter"].get(key)
    if found is None or found["type"] != TYPES[entity]:
        raise Invalid("filter_id: Filter not found")
    groups = {group["glue"]: group["conditions"] for group in found["conditions"]["conditions"]}
    every = [_condition(account, entity, one) for one in groups.get("and", ())]
    some = [_condition(account, entity, one) for one in groups.get("or", ())]
    return lambda row: all(one(row) for one in every) and (not some or any(one(row) for one in some))


def _condition(account: Records, entity: str, one: Record) -> Keep:
    code, operator, wanted = one["field_code"], one["operator"], one.get("value")
    if operator not in OPERATORS:
        raise Invalid(f"filter_id: unknown operator '{operator}'")
    test = OPERATORS[operator]

    def keep(row: Record) -> bool:
        there: Record | None = row
        if one["object"] != entity:
            links = [row[name] for name in LINKS.get(one["object"], ()) if row.get(name)]
            there = account.tables[one["object"]].get(links[0]) if links else None
        return there is not None and test(_value(there, code), wanted)

    return keep


def _value(row: Record, code: str) -> Any:
    found = row[code] if code in row else (row.get("custom_fields") or {}).get(code)
    return found.get("value", found.get("amount")) if isinstance(found, dict) else found


def _pair(there: Any, wanted: Any) -> tuple[Any, Any]:
    """Both as numbers where both are, else as texts."""
    try:
        return Decimal(str(there)), Decimal(str(wanted))
    except InvalidOperation:
        return _text(there), _text(wanted)


def _text(value: Any) -> str:
    return str(value).casefold() if value is not None else ""


def _is(there: Any, wanted: Any) -> bool:
    if isinstance(there, list):
        return any(_is(one, wanted) for one in there)
    one, other = _pair(there, wanted)
    return bool(one == other)


def _compared(how: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda there, wanted: there is not None and how(*_pair(there, wanted))


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "IS NULL": lambda there, _: there in (None, "", []),
    "IS NOT NULL": lambda there, _: there not in (None, "", []),
    "=": _is,
    "!=": lambda there, wanted: not _is(there, wanted),
    "<": _compared(lambda there, wanted: there < wanted),
    ">": _compared(lambda there, wanted: there > wanted),
    "<=": _compared(lambda there, wanted: there <= wanted),
    ">=": _compared(lambda there, wanted: there >= wanted),
    "LIKE '$%'": lambda there, wanted: _text(there).startswith(_text(wanted)),
    "LIKE '%$%'": lambda there, wanted: _text(wanted) in _text(there),
    "NOT LIKE '$%'": lambda there, wanted: not _text(there).startswith(_text(wanted)),
}
"""The operators that addFilter names."""
