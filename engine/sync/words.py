"""The words by which a person finds a record: its name or number, and its key, without regard to case and accents."""

from __future__ import annotations

import unicodedata

from engine.protocol import Entity, Record
from engine.store.store import Store
from engine.sync.connection import Connection

PORTION = 500
"""Records that get their words in one transaction."""


def folded(text: str) -> str:
    """The text as it is compared: small letters without accents, one blank between words."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(one for one in parts if not unicodedata.combining(one)).split())


def words(entity: Entity, key: str, record: Record) -> str:
    """What a snapshot is found by: its label, then its key."""
    return f"{folded(str(record.get(entity.label) or ''))}\n{folded(key)}"


def fill(store: Store, connection: Connection) -> None:
    """Give their words to records that were read by an earlier version."""
    while True:
        with store.transaction() as tx:
            found = tx.snapshots.wordless(connection.name, PORTION)
            tx.snapshots.name(
                connection.name,
                [
                    (system, entity, one.key, words(connection.entity((system, entity)), one.key, one.record))
                    for system, entity, one in found
                ],
            )
        if len(found) < PORTION:
            return
