"""The store: one database that remembers everything, opened by its address and used in transactions.

Every repository is a file of its own; here they are bound to one database transaction. Nothing outside `engine.store`
speaks SQL.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from engine.errors import StoreUnavailable
from engine.store import backups, copying, scratch, upgrades
from engine.store.ahead import Ahead
from engine.store.approvals import Approvals
from engine.store.arrivals import Arrivals
from engine.store.bases import Bases
from engine.store.clock import ServerClock, machine
from engine.store.columns import metadata
from engine.store.cursors import Cursors
from engine.store.database import BUSY_SECONDS, address, careless, connect, reading
from engine.store.failures import told
from engine.store.holds import Holds
from engine.store.intents import Intents
from engine.store.journal import Journal
from engine.store.leases import Leases
from engine.store.links import Links
from engine.store.matches import Matches
from engine.store.migrations import HEAD
from engine.store.reconciliations import Reconciliations
from engine.store.retention import Retention
from engine.store.sightings import Sightings
from engine.store.snapshots import Snapshots
from engine.store.state import StoreState
from engine.store.tallies import Tallies
from engine.store.versions import Versions
from engine.store.visits import Visits
from engine.store.waits import Waits
from engine.store.wanted import Wanted
from engine.store.workers import Workers

Clock = Callable[[], datetime]
"""Gives aware UTC."""


class Transaction:
    """Every repository, in one database transaction: all of it is kept, or nothing."""

    __slots__ = (
        "ahead",
        "approvals",
        "arrivals",
        "bases",
        "cursors",
        "holds",
        "intents",
        "journal",
        "links",
        "matches",
        "reconciliations",
        "retention",
        "sightings",
        "snapshots",
        "tallies",
        "versions",
        "visits",
        "waits",
        "wanted",
        "work",
        "workers",
    )

    def __init__(self, db: sa.Connection) -> None:
        self.snapshots = Snapshots(db)
        self.sightings = Sightings(db)
        self.reconciliations = Reconciliations(db)
        self.cursors = Cursors(db)
        self.links = Links(db)
        self.bases = Bases(db)
        self.work = Leases(db)
        self.waits = Waits(db)
        self.matches = Matches(db)
        self.intents = Intents(db)
        self.wanted = Wanted(db)
        self.tallies = Tallies(db)
        self.journal = Journal(db, self.tallies)
        self.visits = Visits(db)
        self.versions = Versions(db)
        self.arrivals = Arrivals(db)
        self.workers = Workers(db)
        self.ahead = Ahead(db)
        self.holds = Holds(db)
        self.approvals = Approvals(db)
        self.retention = Retention(db)


class Store:
    """One database. May be used from any thread; each thread has one writing transaction at a time."""

    def __init__(self, url: str) -> None:
        self._url = address(url)
        self._writing = connect(self._url)
        self._reading = reading(self._writing)
        self._thread = threading.local()
        # SQLite's own waiting is polling; threads of one process queue here instead
        self._turn = threading.Lock() if self._writing.dialect.name == "sqlite" else None

    @classmethod
    def open(cls, url: str) -> Store:
        """The store at an address, made or brought to this version's schema if need be.

        InvalidSettings for an address that cannot be one, StoreUnavailable for a database that cannot be used.
        """
        store = cls(url)
        try:
            store.upgrade()
        except BaseException:
            store.close()
            raise
        return store

    @staticmethod
    def exists(url: str) -> bool:
        """Whether there is a database at an address, as far as that shows without asking a server."""
        parsed = address(url)
        return not parsed.drivername.startswith("sqlite") or Path(str(parsed.database)).exists()

    @staticmethod
    def tables() -> list[str]:
        """The names of all tables, those that others refer to first."""
        return [table.name for table in metadata.sorted_tables]

    def __repr__(self) -> str:
        return f"Store({self._url.render_as_string(hide_password=True)})"

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A writing transaction: committed at the end of the block, undone if an exception leaves it.

        StoreUnavailable where the database cannot go on; nothing was kept then. They do not nest.
        """
        with self.connect() as db:
            transaction = Transaction(db)
            yield transaction
            transaction.tallies.write()

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A transaction that cannot write, waits for nobody and sees the store as of one moment."""
        with self.connect(only_reading=True) as db:
            yield Transaction(db)

    @contextmanager
    def connect(self, only_reading: bool = False) -> Iterator[sa.Connection]:
        """The bare connection of a transaction, for this package."""
        if only_reading:
            with told(self._url), self._reading.begin() as db:
                yield db
        else:
            with self._alone(), told(self._url), self._writing.begin() as db:
                yield db

    @contextmanager
    def scratch(self, connection: str) -> Iterator[Store]:
        """A store with a copy of what this one knows of a connection, thrown away after the block; see `scratch`."""
        with tempfile.TemporaryDirectory(prefix="engine-") as folder:
            copy = Store(f"sqlite:///{folder}/scratch.db")
            careless(copy._writing)
            try:
                with self.connect(only_reading=True) as original, copy.connect() as db:
                    scratch.fill(original, db, connection)
                yield copy
            finally:
                copy.close()

    def state(self, scope: str, clock: Clock) -> StoreState:
        """The connectors' memory of one scope; see `protocol.State`."""
        return StoreState(self, scope, clock)

    def clock(self) -> Clock:
        """The clock that all who share this store go by; see `clock`."""
        return machine if self._turn is not None else ServerClock(self._server_time)

    def _server_time(self) -> datetime:
        with self.connect(only_reading=True) as db:
            moment: datetime = db.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return moment.astimezone(UTC)

    def upgrade(self) -> str | None:
        """Bring the schema to this version: the revision it had before, None for a new store.

        An older SQLite store is copied beside itself first.
        """
        with told(self._url), self._alone():
            return upgrades.upgrade(self._writing)

    def is_behind(self) -> bool:
        """Whether the schema is another one than this version's."""
        with self.connect(only_reading=True) as db:
            return upgrades.revision(db) != HEAD

    def backup(self, path: Path) -> None:
        """Copy the store as of one moment into a new file, while others go on working. SQLite only."""
        with told(self._url):
            backups.backup(self._writing, path)

    def same(self, other: Store) -> bool:
        """Whether both are one database, as far as their addresses say."""
        return self._url.set(password=None) == other._url.set(password=None)

    def copy(self, target: Store) -> Iterator[tuple[str, int]]:
        """Copy everything as of one moment into another, empty store, telling (table, rows so far) on the way; nothing
        is kept there unless all is. UserError where it is not empty."""
        with self.connect(only_reading=True) as source, target.connect() as db:
            yield from copying.copy(source, db)

    def check(self) -> list[str]:
        """What is wrong with the store, in sentences; empty if it is well."""
        with told(self._url):
            return [*backups.damage(self._writing), *upgrades.differences(self._writing)]

    def close(self) -> None:
        """Close all connections. Safe to call more than once."""
        self._writing.dispose()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One writing transaction per thread, and one per process where the database takes one anyway."""
        if getattr(self._thread, "writes", False):
            raise RuntimeError("A transaction is open in this thread already; use that one.")
        if self._turn is not None and not self._turn.acquire(timeout=BUSY_SECONDS):
            raise StoreUnavailable("The store is locked by another transaction of this process.", "Try again.")
        self._thread.writes = True
        try:
            yield
        finally:
            self._thread.writes = False
            if self._turn is not None:
                self._turn.release()
