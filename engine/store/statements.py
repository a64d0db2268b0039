"""What the tables' statements have in common: upserts, and lists of keys in portions that a database takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Insert, insert

_T = TypeVar("_T")

PORTION = 500
"""Keys in one IN list: far below what either database allows (32,766 and 65,535 parameters)."""


def upsert(table: sa.Table, keep: Iterable[str] = ()) -> Insert:
    """Insert a row, or replace all but its key and the columns in `keep`.

    PostgreSQL's construct; SQLAlchemy writes it for SQLite too, whose ON CONFLICT is the same.
    """
    statement = insert(table)
    kept = {*keep, *(column.name for column in table.primary_key)}
    changed = {one.name: statement.excluded[one.name] for one in table.columns if one.name not in kept}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=changed)


def insert_once(table: sa.Table) -> Insert:
    """Insert a row unless its key is there already."""
    return insert(table).on_conflict_do_nothing()


def one_of(column: sa.ColumnElement[str], name: str) -> sa.ColumnElement[bool]:
    """That a column is one of a list, which is given with each execution: the statement is made once."""
    return column.in_(sa.bindparam(name, expanding=True, type_=column.type))


def portions(values: Iterable[_T], size: int = PORTION) -> Iterator[list[_T]]:
    """The distinct values in lists of at most `size`, in their order."""
    rest = iter(dict.fromkeys(values))
    while portion := list(islice(rest, size)):
        yield portion


def many(db: sa.Connection, statement: sa.Executable, rows: Sequence[Mapping[str, Any]]) -> None:
    """Execute the statement for each row; nothing where there is none (a bare execute would bind no parameters)."""
    if rows:
        db.execute(statement, rows)
