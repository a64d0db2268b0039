"""Link: keep that source records are a target record, and wake what waited for that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from engine.mapping.compiled import CompiledMapping
from engine.store.links import Link, Role
from engine.store.store import Transaction
from engine.sync.connection import Connection, Ref


def link(source: Ref, source_key: str, target: Ref, key: str, now: datetime, **others: Any) -> Link:
    """A living link. `others`: group, record_key (the source key, unless told), role ("own", unless told)."""
    role: Role = others.get("role", "own")
    return Link(
        source_system=source[0],
        source_entity=source[1],
        source_key=source_key,
        target_system=target[0],
        target_entity=target[1],
        target_key=key,
        group=others.get("group"),
        role=role,
        created_at=now,
        gone=None,
        record_key=others.get("record_key", source_key),
    )


def link_members(
    tx: Transaction,
    connection: Connection,
    mapping: CompiledMapping,
    members: Mapping[str, Sequence[Sequence[Any]]],
    now: datetime,
) -> None:
    """Link the members (source key, record key, group) of each target to it; a living link to it is left as it is.

    A mapping `for: linked` makes no links: it goes along those of others.
    """
    keys = [one[0] for some in members.values() for one in some]
    if mapping.for_linked or not keys:
        return
    known = tx.links.by_source(connection.name, mapping.source, mapping.target, keys)
    new = [
        link(mapping.source, source_key, mapping.target, key, now, group=group, record_key=record_key)
        for key, some in members.items()
        for source_key, record_key, group in some
        if (old := known.get(source_key)) is None or old.target_key != key or old.gone is not None
    ]
    tx.links.put(connection.name, new)
    same_pair = [one for one in connection.by_source.get(mapping.source, ()) if one.target == mapping.target]
    refs = [(one.name, made.source_key) for one in same_pair for made in new]
    if refs:
        tx.waits.wake(connection.name, refs, now)


def unlink(tx: Transaction, connection: Connection, mapping: CompiledMapping, gone: Sequence[tuple[str, str]]) -> None:
    """The links of sources that are gone (source key, how) stay, marked with how they went."""
    for source_key, how in gone:
        tx.links.mark_gone(connection.name, mapping.source, mapping.target, [source_key], how)
