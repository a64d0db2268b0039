"""A whole store into another one, on whichever database: every table as it is, row by row, then counted."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

from engine.errors import StoreUnavailable, UserError
from engine.store.columns import metadata

PORTION = 1_000
_LEFT = {"workers"}
"""Who is alive is true of the old store only."""


def copy(source: sa.Connection, target: sa.Connection) -> Iterator[tuple[str, int]]:
    """Copy all rows, telling after each portion (table, rows so far). Both are transactions: the caller commits the
    target's when all went well. UserError where the target has rows already."""
    tables = [table for table in metadata.sorted_tables if table.name not in _LEFT]
    for table in tables:
        if _count(target, table):
            hint = "Name an empty database: it would be mixed with what is there."
            raise UserError(f"The other store is not empty: {table.name} has rows.", hint)
    for table in tables:
        yield from _rows(source, target, table)
    for table in tables:
        there, here = _count(source, table), _count(target, table)
        if there != here:
            raise StoreUnavailable(f"{table.name} has {there:,} rows here and {here:,} there.", "Try again.")
    _go_on_counting(target)


def _rows(source: sa.Connection, target: sa.Connection, table: sa.Table) -> Iterator[tuple[str, int]]:
    """The values as the databases have them: no JSON is read and written again."""
    bare = sa.table(table.name, *(sa.column(one.name, _bare(one)) for one in table.columns))
    done = 0
    rows = source.execution_options(stream_results=True, yield_per=PORTION).execute(sa.select(bare))
    for portion in rows.partitions():
        target.execute(sa.insert(bare), [dict(row._mapping) for row in portion])
        done += len(portion)
        yield table.name, done
    if not done:
        yield table.name, 0


def _bare(column: sa.Column[object]) -> sa.types.TypeEngine[object]:
    kind = column.type
    return kind.impl_instance if isinstance(kind, TypeDecorator) else kind


def _count(db: sa.Connection, table: sa.Table) -> int:
    return int(db.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def _go_on_counting(target: sa.Connection) -> None:
    """PostgreSQL numbers new rows by sequences, which rows that bring their number do not move."""
    if target.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        for column in table.columns:
            name = sa.func.pg_get_serial_sequence(table.name, column.name)
            if column.autoincrement is True or column is table.autoincrement_column:
                last = sa.select(sa.func.max(column)).scalar_subquery()
                target.execute(sa.select(sa.func.setval(name, last)).where(last.is_not(None), name.is_not(None)))
