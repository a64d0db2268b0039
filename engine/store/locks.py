"""Locks on things that are no rows (yet), held until the transaction ends.

Only PostgreSQL needs them: a writing SQLite transaction is alone anyway. A name becomes a 64-bit number by hashing;
two names that share one would only wait for each other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import sqlalchemy as sa

_NUMBERS = sa.select(sa.func.unnest(sa.bindparam("numbers", type_=sa.ARRAY(sa.BigInteger))).label("number")).subquery()
_TAKE = sa.select(sa.func.pg_advisory_xact_lock(_NUMBERS.c.number))
_TRY = sa.select(_NUMBERS.c.number, sa.func.pg_try_advisory_xact_lock(_NUMBERS.c.number))


def take(db: sa.Connection, kind: str, names: Iterable[str]) -> None:
    """Wait until each name is ours. In one order for everybody, so that nobody waits in a circle."""
    if db.dialect.name == "postgresql" and (numbers := sorted({_number(kind, name) for name in names})):
        db.execute(_TAKE, {"numbers": numbers}).all()


def taken(db: sa.Connection, kind: str, names: list[str]) -> list[str]:
    """Those of the names that nobody else holds, now ours; nobody is waited for."""
    if db.dialect.name != "postgresql" or not names:
        return names
    by_number = {_number(kind, name): name for name in names}
    rows = db.execute(_TRY, {"numbers": list(by_number)}).all()
    free = {by_number[number] for number, got in rows if got}
    return [name for name in names if name in free]


def _number(kind: str, name: str) -> int:
    digest = hashlib.blake2b(f"{kind}\0{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
