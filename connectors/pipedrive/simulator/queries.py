"""Reads the query of a request: every parameter typed, none ignored, lists cut into pages with opaque cursors.

An unknown parameter is refused [assumed: stricter than the service, which says so only of bodies].
"""

import base64
from collections.abc import Iterable
from typing import Any

from .moments import from_rfc3339, is_day
from .numbers import decode, encode
from .refusals import Invalid

Record = dict[str, Any]

PAGE, PAGE_LIMIT = 100, 500
"""Default and highest page size [OpenAPI v2]."""
IDS_LIMIT = 100
CUSTOM_LIMIT = 15
"""Ids in `ids`, keys in `custom_fields` [OpenAPI v2]."""


class Query:
    """Parameters by name; `finish` refuses what nobody asked for."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.values: dict[str, list[str]] = {}
        for name, value in pairs:
            self.values.setdefault(name, []).append(value)
        self.read: set[str] = set()

    def text(self, name: str) -> str | None:
        self.read.add(name)
        found = self.values.get(name)
        return found[-1] if found else None

    def whole(self, name: str, low: int = 0, high: int | None = None) -> int | None:
        """An integer, or None if it is not there."""
        value = self.text(name)
        if value is None:
            return None
        if not value.isascii() or not value.isdigit():
            raise Invalid(f"{name}: The value is not a valid 'number'")
        found = int(value)
        if found < low or (high is not None and found > high):
            raise Invalid(f"{name}: must be between {low} and {high}" if high else f"{name}: must be at least {low}")
        return found

    def flag(self, name: str) -> bool:
        value = self.text(name)
        if value not in (None, "true", "false", "1", "0"):
            raise Invalid(f"{name}: The value is not a valid 'boolean'")
        return value in ("true", "1")

    def choice(self, name: str, allowed: Iterable[str], default: str) -> str:
        value = self.text(name) or default
        if value not in (options := list(allowed)):
            raise Invalid(f"{name}: must be one of {', '.join(options)}")
        return value

    def words(self, name: str, allowed: Iterable[str] | None = None, limit: int | None = None) -> list[str] | None:
        """A comma-separated list, repeated parameters joined; None if it is not there."""
        self.read.add(name)
        if name not in self.values:
            return None
        found = [word.strip() for value in self.values[name] for word in value.split(",") if word.strip()]
        if limit is not None and len(found) > limit:
            raise Invalid(f"{name}: at most {limit}")
        if allowed is not None and (wrong := [word for word in found if word not in set(allowed)]):
            raise Invalid(f"{name}: unknown value '{wrong[0]}'")
        return found

    def ids(self, name: str, limit: int = IDS_LIMIT) -> set[int] | None:
        found = self.words(name, limit=limit)
        if found is None:
            return None
        if not all(word.isascii() and word.isdigit() for word in found):
            raise Invalid(f"{name}: must be a comma-separated list of numbers")
        return {int(word) for word in found}

    def moment(self, name: str) -> str | None:
        """RFC 3339 without fractions [facts: 4 "Filters", observed]."""
        value = self.text(name)
        if value is None:
            return None
        if (found := from_rfc3339(value)) is None:
            raise Invalid(f"{name}: {value} not a valid datetime")
        return found

    def day(self, name: str) -> str | None:
        value = self.text(name)
        if value is not None and not is_day(value):
            raise Invalid(f"{name}: not a valid date")
        return value

    def finish(self) -> None:
        if unknown := [name for name in self.values if name not in self.read]:
            raise Invalid(*(f"{name}: Parameter '{name}' is not allowed for this request" for name in unknown))


def paged(
    rows: list[Record], query: Query, sorts: tuple[str, ...], limit: int = PAGE_LIMIT, *, sortable: bool = True
) -> tuple[list[Record], str | None]:
    """One page in the asked order and the cursor of the next, None on the last; `sortable`: the caller may ask.

    The cursor marks the next record by sort value and id, not a snapshot [facts: 4, inferred from the examples].
    """
    size = query.whole("limit", 1, limit) or min(PAGE, limit)
    field = query.choice("sort_by", sorts, sorts[0]) if sortable else sorts[0]
    direction = query.choice("sort_direction", ("asc", "desc"), "asc") if sortable else "asc"
    cursor = query.text("cursor")
    query.finish()
    down = direction == "desc"

    def key(row: Record) -> tuple[Any, int]:
        return (row[field] if row[field] is not None else "", row["id"])

    rows = sorted(rows, key=key, reverse=down)
    if cursor is not None:
        start = _opened(cursor, field, direction)
        rows = [row for row in rows if (key(row) <= start if down else key(row) >= start)]
    if len(rows) <= size:
        return rows, None
    value, ident = key(rows[size])
    mark = {"field": field, "fieldValue": value, "sortDirection": direction, "id": ident}
    return rows[:size], base64.urlsafe_b64encode(encode(mark)).decode().rstrip("=")


def _opened(cursor: str, field: str, direction: str) -> tuple[Any, int]:
    try:
        mark = decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if (mark["field"], mark["sortDirection"]) != (field, direction):
            raise Invalid("cursor: belongs to another order")  # [assumed]
        return mark["fieldValue"], int(mark["id"])
    except (ValueError, KeyError, TypeError):
        raise Invalid("cursor: not a valid cursor") from None
