"""Opens everything that engine.yaml names: the store, and each connection with its compiled mappings and endpoints."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from engine.errors import StoreUnavailable
from engine.mapping.compiled import CompiledSet
from engine.mapping.compiler import compile_set
from engine.observe import metrics
from engine.protocol import Site
from engine.registry import Registry
from engine.settings import ConnectionSettings, Settings
from engine.specs.model import MappingSet
from engine.specs.presets import load_set
from engine.store.store import Clock, Store
from engine.sync import words
from engine.sync.connection import Connection
from engine.sync.crew import release_dead, release_own
from engine.sync.lookups import Lookups
from engine.sync.receiver import BACKFILL, lease_group
from engine.sync.work import EndpointWork
from engine.vault import Vault

log = logging.getLogger("engine.sync")

SWEEP = 500
"""Records that are marked due in one transaction when a mapping is new."""


class Engine:
    """One server's engine. Opening it talks to no system."""

    def __init__(
        self, store: Store, connections: Mapping[str, Connection], clock: Clock, stopping: threading.Event | None = None
    ) -> None:
        self.store, self.connections, self.clock = store, dict(connections), clock
        self.stopping = stopping or threading.Event()
        """Set when the process is about to end: endpoints finish what is under way and hand the rest back."""

    @classmethod
    def open(cls, settings: Settings, registry: Registry, clock: Clock | None = None) -> Engine:
        """Open the store and compile every connection; raises what is wrong with the settings or the mappings.

        The clock is the store's, which all processes that share it go by.
        """
        vault = Vault(settings.keys) if settings.keys else None
        store, stopping = Store.open(settings.store), threading.Event()
        clock = clock or store.clock()
        compile_once = Compiling(registry)
        try:
            connections = {
                one.name: open_connection(
                    one, settings.server.url, registry, store, clock, compile_once, vault, stopping.is_set
                )
                for one in settings.connections.values()
            }
        except BaseException:
            store.close()
            raise
        return cls(store, connections, clock, stopping)

    @classmethod
    def of_store(cls, settings: Settings) -> Engine:
        """The store alone, without connections: for a server that a person is still setting up."""
        store = Store.open(settings.store)
        return cls(store, {}, store.clock())

    def close(self) -> None:
        """Close endpoints, give back what is leased, then close the store."""
        self.stopping.set()
        for connection in self.connections.values():
            connection.close()
        try:
            for name in self.connections:
                release_own(self.store, name, self.clock())
        except StoreUnavailable as error:  # leases end by themselves
            log.warning("leases.left", extra={"why": str(error)})
        self.store.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class Compiling:
    """Compiles each set of mappings once for all connections that use it with the same settings and systems: a
    compiled set never changes, and a thousand of them would fill the memory."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._loaded: dict[str, MappingSet] = {}
        self._compiled: dict[str, CompiledSet] = {}

    def __call__(self, settings: ConnectionSettings) -> CompiledSet:
        """The set of a connection."""
        systems = sorted(settings.connectors)
        key = json.dumps([settings.mappings, systems, settings.settings], sort_keys=True, default=repr)
        if key not in self._compiled:
            if settings.mappings not in self._loaded:
                where = settings.mappings if settings.mappings.startswith("preset:") else Path(settings.mappings)
                self._loaded[settings.mappings] = load_set(where)
            catalogues = {name: self._registry.catalogues[name] for name in settings.connectors}
            self._compiled[key] = compile_set(self._loaded[settings.mappings], catalogues, settings.settings)
        return self._compiled[key]


def open_connection(
    settings: ConnectionSettings,
    server_url: str,
    registry: Registry,
    store: Store,
    clock: Clock,
    compiling: Compiling | None = None,
    vault: Vault | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> Connection:
    """Compile a connection's mappings and open its endpoints."""
    compiled = (compiling or Compiling(registry))(settings)
    connectors = {name: registry.connector(name) for name in settings.connectors}
    connection = Connection(settings.name, settings.zone, compiled, connectors, clock, store)
    for name, block in settings.connectors.items():
        site = Site(
            connection=settings.name,
            settings=block,
            zone=settings.zone,
            url=f"{server_url}/{settings.name}/{name}",
            state=store.state(f"{settings.name}/{name}", clock),
            shared=lambda scope: store.state(f"shared/{scope}", clock),
            work=EndpointWork(store, connection, name, clock),
            clock=clock,
            custom_fields=compiled.custom_fields(name),
            follows=tuple(one.entity for one in connection.readings[name] if not one.mirror),
            mirrors=tuple(one.entity for one in connection.readings[name] if one.mirror),
            writes=tuple(entity for system, entity in connection.by_target if system == name),
            vault=vault,
            stopping=stopping,
            timed=metrics.timed(name),
        )
        connection.sites[name] = site
        connection.endpoints[name] = connectors[name].open(site)
    release_dead(store, settings.name, clock())
    words.fill(store, connection)
    _mark_for_new_mappings(connection)
    return connection


def _mark_for_new_mappings(connection: Connection) -> None:
    """Records that were read before a mapping existed are due for it."""
    with connection.store.reading() as tx:
        known = tx.work.counts(connection.name)
    for mapping in connection.compiled.mappings.values():
        after = ""
        while mapping.name not in known:
            with connection.store.transaction() as tx:
                lookups = Lookups(tx, connection)
                page = tx.snapshots.page(connection.name, *mapping.source, after, SWEEP)
                rows = [(one.key, lease_group(lookups, mapping, one)) for one in page if one.gone is None]
                tx.work.mark(connection.name, mapping.name, rows, BACKFILL, connection.clock())
            if len(page) < SWEEP:
                break
            after = page[-1].key


__all__ = ["Connection", "Engine", "open_connection"]
