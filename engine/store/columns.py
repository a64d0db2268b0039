"""The kinds of column that every table is made of, with the one registry of tables.

Times are whole microseconds since 1970 in UTC, so that both databases compare them alike. Keys and other text compare
byte by byte (SQLite does so anyway, PostgreSQL by the collation "C"), so that paging by key means the same on both.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

from engine.store import codec

metadata = sa.MetaData()

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LONGEST_INDEXED = 500


def microseconds(moment: datetime) -> int:
    """Since 1970 in UTC. ValueError for a time without a zone: it could mean any moment of a day."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; the store keeps aware times only.")
    return (moment - _EPOCH) // _MICROSECOND


def indexable(text: str) -> str:
    """The text, or a stand-in for a very long one: PostgreSQL refuses to index a value of more than 2,700 bytes."""
    text = codec.sound(text)
    if len(text) <= _LONGEST_INDEXED:
        return text
    return f"{text[:_LONGEST_INDEXED]}#{hashlib.sha256(text.encode()).hexdigest()}"


def collation(dialect: sa.Dialect) -> str | None:
    """That of all text: "C" on PostgreSQL; SQLite compares bytes already."""
    return "C" if dialect.name == "postgresql" else None


_TEXTS = {of: sa.Text(collation=of) for of in (None, "C")}
"""Made once: a list of keys is bound by its type anew with each execution."""


class Words(TypeDecorator[str]):
    """Text of any length, compared byte by byte."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Text with `collation`."""
        return _TEXTS[collation(dialect)]

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Characters that PostgreSQL could not keep become a question mark."""
        return None if value is None else codec.sound(value)


class Moment(TypeDecorator[datetime]):
    """A time: aware in Python, microseconds in the database."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:
        """See `microseconds`."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> datetime | None:
        """The same moment, in UTC."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Json(TypeDecorator[Any]):
    """A value of any shape as JSON text; see `codec`. None is the database's NULL."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        """See `codec.encode`."""
        return None if value is None else codec.encode(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        """See `codec.decode`."""
        return None if value is None else codec.decode(value)


def key(name: str) -> sa.Column[str]:
    """A part of a primary key."""
    return sa.Column(name, Words, primary_key=True)


def text(name: str) -> sa.Column[str]:
    """Text that may be absent."""
    return sa.Column(name, Words)


def needed(name: str) -> sa.Column[str]:
    """Text that is always there."""
    return sa.Column(name, Words, nullable=False)
