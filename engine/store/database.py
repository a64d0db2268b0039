"""The connection pool of one database, set up so that no update is lost.

SQLite: WAL, so that readers never wait; every writing transaction takes the write lock when it begins (otherwise two
that read before they write lose one update without an error); each commit reaches the disk, because an intent that a
power cut takes back may have been acted on. PostgreSQL: READ COMMITTED with row and advisory locks (`locks`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, exc

from engine.errors import InvalidSettings

BUSY_SECONDS = 30
"""How long a transaction waits for another one's lock before the store counts as unavailable."""

_FORMS = 'Write "sqlite:///engine.db" or "postgresql+psycopg://user:password@host/database".'
_BEGIN = {True: ("PRAGMA query_only = 1", "BEGIN"), False: ("PRAGMA query_only = 0", "BEGIN IMMEDIATE")}


def address(url: str) -> sa.URL:
    """The store's address, parsed. InvalidSettings for one that names no database that lasts."""
    try:
        parsed = sa.make_url(url)
    except exc.ArgumentError:
        raise InvalidSettings("The store's address cannot be read.", _FORMS) from None
    if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise InvalidSettings(f"A store cannot be kept in {parsed.drivername}.", _FORMS)
    if parsed.database in (None, "", ":memory:") or "mode=memory" in url:
        raise InvalidSettings("A store in memory would be lost with the process.", _FORMS)
    return parsed


def connect(url: sa.URL) -> sa.Engine:
    """The pool. Talks to nobody yet, but makes an empty SQLite file that only its owner may read."""
    if url.drivername.startswith("sqlite"):
        return _sqlite(url)
    try:
        return sa.create_engine(
            url,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=10,
            connect_args={"connect_timeout": 10, "application_name": "ml-connector"},
        )
    except ModuleNotFoundError as error:
        hint = "Run: pip install 'ml-connector[postgres]'"
        raise InvalidSettings(f"PostgreSQL needs the package {error.name}.", hint) from error


def reading(engine: sa.Engine) -> sa.Engine:
    """The same pool, for transactions that cannot write and see everything as of one moment."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(reading=True)
    return engine.execution_options(postgresql_readonly=True, isolation_level="REPEATABLE READ")


def careless(engine: sa.Engine) -> None:
    """Let an SQLite database's commits not wait for the disk: for one that nobody needs after a crash."""
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF").close())


def _sqlite(url: sa.URL) -> sa.Engine:
    make_private(Path(url.database or ""))
    engine = sa.create_engine(url, hide_parameters=True, pool_size=10, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def make_private(path: Path) -> None:
    """An absent file is made here: the store holds tokens and customers, and sqlite3 would leave it to the umask."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError:
        pass  # there already, or nowhere: the first statement says so in SQLite's words


def _prepare(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # sqlite3 must not begin transactions by itself: `_begin` does
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: sa.Connection) -> None:
    for statement in _BEGIN[bool(connection.get_execution_options().get("reading"))]:
        connection.exec_driver_sql(statement)
