"""Fills a scratch store: what one connection knows at one moment, copied into a database that is thrown away.

Whoever tries something out works on it as on any store, and neither changes the real one nor keeps others from it.
Journal and visits begin empty.
"""

from __future__ import annotations

import sqlalchemy as sa

from engine.store import approvals, holds, intents, journal, visits
from engine.store.columns import metadata

_LEFT_OUT = (journal.table, journal.records, visits.table, holds.table, approvals.table)
_ONLY = {intents.table: intents.UNSETTLED}
_PORTION = 2_000


def fill(original: sa.Connection, copy: sa.Connection, connection: str) -> None:
    """Make the tables, and copy the rows of the connection."""
    metadata.create_all(copy)
    for table in metadata.sorted_tables:
        if "connection" in table.c and table not in _LEFT_OUT:
            where = sa.and_(table.c.connection == connection, _ONLY.get(table, sa.true()))
            _copy(original, copy, table, where)


def _copy(original: sa.Connection, copy: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool]) -> None:
    """The rows as the database has them: nothing is decoded on the way."""
    raw = [sa.type_coerce(one, sa.types.NullType()).label(one.name) for one in table.columns]
    insert = sa.insert(sa.table(table.name, *(sa.column(one.name) for one in table.columns)))
    rows = original.execution_options(yield_per=_PORTION).execute(sa.select(*raw).where(where))
    for portion in rows.mappings().partitions():
        copy.execute(insert, [dict(row) for row in portion])
