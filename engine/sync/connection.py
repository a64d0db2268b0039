"""One connection, compiled: which entity feeds which mappings, what must be read of each system, and in what order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from graphlib import CycleError, TopologicalSorter
from typing import Any
from zoneinfo import ZoneInfo

from engine.mapping.compiled import CompiledMapping, CompiledSet
from engine.mapping.selector import Selector
from engine.protocol import Addressed, Connector, Endpoint, Entity, Record, Relation, Site
from engine.store.store import Store
from engine.sync.bell import Bell
from engine.sync.status import status

Ref = tuple[str, str]
"""(system, entity)"""

NAMED = "@name"
"""The source system of a target that a mapping names by its text (`default: {setting: generic_product}`)."""

LEASE = timedelta(minutes=2)
"""How long a row stays with a worker that gives no sign of life. A process of this machine that died is noticed."""

BEATEN = timedelta(seconds=45)
"""The same where a heartbeat renews it: longer than any request may take, should the heart stop during one."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read of one entity. A `mirror` is looked at only to match and compare, when a write needs it."""

    entity: str
    fields: tuple[str, ...] = ()
    since: str | None = None
    mirror: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Connection:
    """A QuickBooks company and a Pipedrive account (or any two systems) with the mappings between them."""

    name: str
    zone: ZoneInfo
    compiled: CompiledSet
    connectors: Mapping[str, type[Connector]]
    clock: Callable[[], datetime]
    store: Store
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    sites: dict[str, Site] = field(default_factory=dict)
    """Where each endpoint works, for connectors' helps in setting up (`engine qwc`)."""
    by_source: dict[Ref, tuple[CompiledMapping, ...]] = field(default_factory=dict)
    by_target: dict[Ref, tuple[CompiledMapping, ...]] = field(default_factory=dict)
    matched: dict[Ref, tuple[tuple[CompiledMapping, int], ...]] = field(default_factory=dict)
    """Entity of a target system -> the mappings and positions of the match keys that are indexed from its records."""
    readings: dict[str, tuple[Reading, ...]] = field(default_factory=dict)
    relations: dict[tuple[str, str, str], Selector] = field(default_factory=dict)
    bells: dict[str, Bell] = field(default_factory=dict)
    """By system: rung when there is work that should not wait for the next look at the queue."""
    beaten: set[str] = field(default_factory=set)
    """Systems that this process calls: leases of their rows are renewed by its heartbeat while it calls."""

    approved_only: set[str] = field(default_factory=set)
    """Systems to which this process carries nothing but what a plan says, whatever others may do."""
    looks: set[Ref] = field(default_factory=set)
    """What this process looks at before anything else."""

    def __post_init__(self) -> None:
        for mapping in self.compiled.mappings.values():
            self._append(self.by_source, mapping.source, mapping)
            self._append(self.by_target, mapping.target, mapping)
            for position, key in enumerate(mapping.match):
                for entity in {target.entity for target in key.targets}:
                    ref = (mapping.target[0], entity)
                    self.matched[ref] = (*self.matched.get(ref, ()), (mapping, position))
        for system in self.connectors:
            self.readings[system] = tuple(self._readings(system))
            self.bells[system] = Bell()

    @staticmethod
    def _append(index: dict[Ref, tuple[CompiledMapping, ...]], ref: Ref, mapping: CompiledMapping) -> None:
        index[ref] = (*index.get(ref, ()), mapping)

    def status(self) -> dict[str, Any]:
        """What flowed, what waits and what is parked, as plain data; see `engine.sync.status`."""
        return status(self)

    def close(self) -> None:
        """Let go of what the endpoints hold."""
        for endpoint in self.endpoints.values():
            endpoint.close()

    def entity(self, ref: Ref) -> Entity:
        """The catalogue's entry."""
        return self.connectors[ref[0]].catalogue()[ref[1]]

    def related(self, ref: Ref, relation: Relation, record: Record) -> list[str]:
        """The keys of the records that a relation of this record names."""
        selector = self.relations.get((ref[0], ref[1], relation.path))
        if selector is None:
            selector = self.relations[(ref[0], ref[1], relation.path)] = Selector.compile(relation.path)
        found = selector.value(record)
        return [str(key) for key in found if key] if isinstance(found, list) else []

    def address(self, ref: Ref, key: str) -> str | None:
        """Where people look at a record in its own system, where that has such pages."""
        endpoint = self.endpoints[ref[0]]
        return endpoint.address(ref[1], key) if isinstance(endpoint, Addressed) else None

    def into(self, system: str) -> tuple[str, ...]:
        """Names of the mappings that write to a system, referenced ones first."""
        return tuple(name for name, one in self.compiled.mappings.items() if one.target[0] == system)

    def lease(self, system: str) -> timedelta:
        """How long rows of a system are leased."""
        return BEATEN if system in self.beaten else LEASE

    def reads(self, ref: Ref, fields: Iterable[str]) -> bool:
        """Whether any mapping reads one of these fields of an entity."""
        read = {name for one in self.by_source.get(ref, ()) for name in one.source_fields}
        return not read.isdisjoint(fields)

    def rank(self, mapping: str) -> int:
        """Where a mapping stands in the order of references: what others need goes first."""
        return list(self.compiled.mappings).index(mapping)

    def identity_line(self, ref: Ref, key: str) -> str:
        """The line by which a target record is known to be this source record's."""
        return f"{self.name}/{ref[1]}/{key}"

    def _readings(self, system: str) -> list[Reading]:
        catalogue = self.connectors[system].catalogue()
        found: dict[str, Reading] = {}
        for (of, entity), mappings in self.by_source.items():
            if of == system:
                found[entity] = self._source_reading(catalogue[entity], mappings)
        for name in list(found):
            for relation in catalogue[name].lookups:
                gone = catalogue[relation.entity].reports_gone
                # Without fields: what a look-up needs is the connector's to say, and it may be more than mappings use.
                found[relation.entity] = Reading(relation.entity, gone=gone)
        mirrors = [ref[1] for ref in (*self.by_target, *self.matched) if ref[0] == system]
        for entity in mirrors:
            source = found.setdefault(entity, Reading(entity, mirror=True))
            if source.fields:  # a source that is written too is compared with what is read of it
                names = {*source.fields, *self._written((system, entity))}
                found[entity] = replace(source, fields=tuple(sorted(names)))
        return [
            found[name] for name in _ordered({name: catalogue[name] for name in found}, list(self._by_rank(system)))
        ]

    def _source_reading(self, entity: Entity, mappings: tuple[CompiledMapping, ...]) -> Reading:
        names = {name for mapping in mappings for name in mapping.source_fields}
        paths = " ".join(one.path for one in (*entity.touches, *entity.pulls, *entity.lookups))
        names |= {word for word in re.findall(r"\w+", paths) if entity.field(word)}
        names |= {entity.key, entity.label, *filter(None, (entity.date, entity.voids))}
        dates = [mapping.since for mapping in mappings]
        since = min(dates) if all(dates) else None  # type: ignore[type-var]  # all() says that none is None
        return Reading(entity.name, tuple(sorted(names)), since=since, gone=entity.reports_gone)

    def _written(self, ref: Ref) -> set[str]:
        """The fields of an entity that mappings write or match by."""
        written = {name for mapping in self.by_target.get(ref, ()) for name in mapping.target_fields}
        keys = [mapping.match[position] for mapping, position in self.matched.get(ref, ())]
        return written | {name for key in keys for one in key.targets if one.entity == ref[1] for name in one.fields}

    def _by_rank(self, system: str) -> list[str]:
        ranked = [one.source[1] for one in self.compiled.mappings.values() if one.source[0] == system]
        return ranked + [one.target[1] for one in self.compiled.mappings.values() if one.target[0] == system]


def _ordered(entities: dict[str, Entity], preferred: list[str]) -> list[str]:
    """Lookups before those that need them, touching records before the touched: so that one pass is enough. Where only
    some fields are touched the touched ones go first nevertheless: others refer to them."""
    graph: dict[str, set[str]] = {name: set() for name in sorted(entities, key=_place(preferred))}
    for name, entity in entities.items():
        graph[name] |= {one.entity for one in entity.lookups if one.entity in entities and one.entity != name}
        for one in entity.touches:
            if one.entity in graph and one.entity != name and not one.of:
                graph[one.entity].add(name)
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError:
        return list(graph)


def _place(preferred: list[str]) -> Callable[[str], int]:
    return lambda name: preferred.index(name) if name in preferred else -1
