"""A target that a person merged into another: its links go along."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from engine.store.journal import Entry
from engine.store.store import Transaction
from engine.sync.connection import Connection, Ref
from engine.sync.story import entry, tell


def follow(
    tx: Transaction, connection: Connection, target: Ref, old_key: str, new_key: str, priority: int, now: datetime
) -> None:
    """A person merged a target into another: the links follow, and what they link is due.

    Where the other one is linked already from the same entity, the newcomer becomes an alias: two sources that both
    write one target would take turns for ever.
    """
    links = tx.links.by_target(connection.name, target, [old_key, new_key])
    taken = {(one.source_system, one.source_entity) for one in links.get(new_key, ()) if one.gone is None}
    moving = links.get(old_key, [])
    tx.links.put(
        connection.name,
        [
            replace(
                one,
                target_key=new_key,
                role="same_as" if (one.source_system, one.source_entity) in taken else one.role,
            )
            for one in moving
        ],
    )
    told: list[Entry] = []
    for one in moving:
        for mapping in connection.by_source.get((one.source_system, one.source_entity), ()):
            if mapping.target == target:
                reason = f"{target[1]} {old_key} was merged into {new_key}"
                told.append(entry(now, mapping, one.record_key, "link", "moved", reason, {}, new_key))
                tx.work.mark(connection.name, mapping.name, [(one.record_key, one.group)], priority, now)
                tx.waits.wake(connection.name, [(mapping.name, one.source_key)], now)
    tell(tx, connection.name, told)
