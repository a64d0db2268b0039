"""Records as a reconciliation sighted them, in the place of those that are held."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.store.reconciliations import Run
from engine.store.store import Transaction
from engine.sync.batch import Batch
from engine.sync.connection import Connection, Ref


class Sighted(Batch):
    """A batch that knows records as a run sighted them, and the others as they are held."""

    def __init__(self, tx: Transaction, connection: Connection, run: Run, refs: Sequence[Ref]) -> None:
        super().__init__(tx, connection, connection.clock())
        self._run, self._refs = run, refs

    def fetch(self, ref: Ref, keys: Iterable[str]) -> None:
        """Load records that are not loaded yet."""
        wanted = [key for key in dict.fromkeys(keys) if (ref, key) not in self._held]
        if ref in self._refs and wanted:
            seen = self.tx.sightings.get(self._run.id, ref, wanted)
            self._lookups.prefetch(ref, [one.record for one in seen.values() if one.record])
            self._held.update({(ref, key): self._hold(ref, one) for key, one in seen.items()})
        super().fetch(ref, wanted)
