"""Word that a record changed becomes a key that is wanted, unless what is held is known to be as new."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from engine.protocol import Hint
from engine.store.snapshots import Snapshot
from engine.store.store import Transaction
from engine.store.wanted import ALWAYS, Told
from engine.sync.connection import Connection

ECHO = timedelta(seconds=5)
"""How long a look waits for the answer of the write whose echo was heard: the answer is then as good as the look."""

GRAIN = timedelta(microseconds=1)
"""The least by which a stamp is later. Two changes may share a stamp, since many systems tell whole seconds."""


def keep(tx: Transaction, connection: Connection, system: str, hints: Sequence[Hint], now: datetime) -> int:
    """Want what these tell of. Records that no mapping reads, and mirrors that are not held, are nobody's business."""
    kept = 0
    by_entity: dict[str, list[Hint]] = defaultdict(list)
    for one in hints:
        by_entity[one.entity].append(one)
    for reading in connection.readings[system]:
        of = by_entity.get(reading.entity, [])
        held = tx.snapshots.get(connection.name, system, reading.entity, [one.key for one in of])
        told = [
            Told(one.key, one.event, settled_by(one), now + ECHO if one.ours else None)
            for one in of
            if not _known(one, held.get(one.key), reading.mirror)
        ]
        kept += tx.wanted.hint(connection.name, system, reading.entity, told, now)
    return kept


def settled_by(hint: Hint) -> datetime:
    """The least stamp of a record that is as new as the change.

    A person's change in the same second as what is held may have come after it: only a later stamp is safe. A write
    of ours answers with the stamp of its own echo.
    """
    if hint.stamp is None:
        return ALWAYS
    return hint.stamp if hint.ours else hint.stamp + GRAIN


def _known(hint: Hint, held: Snapshot | None, mirror: bool) -> bool:
    if held is None:
        return mirror
    return held.gone is None and held.stamp is not None and held.stamp >= settled_by(hint)
