"""Completes records with what other records of their system know (an item's kind, a currency's code)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from engine.protocol import Record
from engine.store.store import Transaction
from engine.sync.connection import Connection, Ref


class Lookups:
    """The looked-up records of one transaction; `prefetch` makes it one query per entity and page."""

    def __init__(self, tx: Transaction, connection: Connection) -> None:
        self._tx, self._connection = tx, connection
        self._held: dict[tuple[str, str, str], Record | None] = {}

    def prefetch(self, ref: Ref, records: Iterable[Record]) -> None:
        """Load what these records of an entity will look up."""
        wanted: dict[str, set[str]] = defaultdict(set)
        relations = self._connection.entity(ref).lookups
        for record in records if relations else ():
            for relation in relations:
                wanted[relation.entity].update(self._connection.related(ref, relation, record))
        for entity, keys in wanted.items():
            self._load(ref[0], entity, keys)

    def enriched(self, ref: Ref, record: Record) -> Record:
        """The record with the fields that need other records; KeyError((entity, key)) where one is not held yet."""
        if not self._connection.entity(ref).lookups:
            return record

        def lookup(entity: str, key: str) -> Record:
            if (ref[0], entity, key) not in self._held:
                self._load(ref[0], entity, {key})
            held = self._held[(ref[0], entity, key)]
            if held is None:
                raise KeyError((entity, key))
            return held

        return self._connection.connectors[ref[0]].enrich(ref[1], record, lookup)

    def _load(self, system: str, entity: str, keys: set[str]) -> None:
        missing = [key for key in keys if (system, entity, key) not in self._held]
        found = self._tx.snapshots.get(self._connection.name, system, entity, missing)
        for key in missing:
            self._held[(system, entity, key)] = found[key].record or None if key in found else None
