"""After an edit of a mapping: makes due what an older version of it decided."""

from __future__ import annotations

from engine.sync.connection import Connection
from engine.sync.receiver import BACKFILL


def resync(connection: Connection, mapping: str, everything: bool = False) -> int:
    """Make due what an older version of the mapping decided, or all that it decided. How many records that is.

    Parked records too: an edit is the usual cure. They go behind what changes meanwhile.
    """
    compiled = connection.compiled.mappings[mapping]
    with connection.store.transaction() as tx:
        return tx.versions.resync(
            connection.name, mapping, None if everything else compiled.version, BACKFILL, connection.clock()
        )
