"""The only SQL: everything the engine remembers, on SQLite or PostgreSQL. `Store.open` is the way in."""

from engine.store.bases import Base
from engine.store.cursors import Cursor
from engine.store.intents import Intent, IntentState
from engine.store.journal import Entry
from engine.store.links import Link, Place, Role
from engine.store.matches import Side
from engine.store.reconciliations import Run, StoredFinding
from engine.store.sightings import Line
from engine.store.snapshots import Snapshot
from engine.store.state import StoreState
from engine.store.store import Store, Transaction
from engine.store.waits import Reference
from engine.store.work import Finished, WorkRow, WorkState

__all__ = [
    "Base",
    "Cursor",
    "Entry",
    "Finished",
    "Intent",
    "IntentState",
    "Line",
    "Link",
    "Place",
    "Reference",
    "Role",
    "Run",
    "Side",
    "Snapshot",
    "Store",
    "StoreState",
    "StoredFinding",
    "Transaction",
    "WorkRow",
    "WorkState",
]
