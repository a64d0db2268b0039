"""Opens everything that engine.yaml names: the store, and each connection with its compiled mappings and endpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from engine.mapping.compiler import compile_set
from engine.protocol import Site
from engine.registry import Registry
from engine.settings import ConnectionSettings, Settings
from engine.specs.presets import load_set
from engine.store.store import Store
from engine.sync.connection import Connection
from engine.sync.lookups import Lookups
from engine.sync.receiver import BACKFILL, lease_group
from engine.sync.work import EndpointWork, release_dead

Clock = Callable[[], datetime]

SWEEP = 500
"""Records that are marked due in one transaction when a mapping is new."""


def now() -> datetime:
    """The clock: aware UTC."""
    return datetime.now(UTC)


class Engine:
    """One server's engine. Opening it talks to no system."""

    def __init__(self, store: Store, connections: Mapping[str, Connection], clock: Clock) -> None:
        self.store, self.connections, self.clock = store, dict(connections), clock

    @classmethod
    def open(cls, settings: Settings, registry: Registry, clock: Clock = now) -> Engine:
        """Open the store and compile every connection; raises what is wrong with the settings or the mappings."""
        store = Store.open(settings.store)
        try:
            connections = {
                one.name: open_connection(one, settings.server.url, registry, store, clock)
                for one in settings.connections.values()
            }
        except BaseException:
            store.close()
            raise
        return cls(store, connections, clock)

    def close(self) -> None:
        """Close endpoints, then the store."""
        for connection in self.connections.values():
            connection.close()
        self.store.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def open_connection(
    settings: ConnectionSettings, server_url: str, registry: Registry, store: Store, clock: Clock
) -> Connection:
    """Compile a connection's mappings and open its endpoints."""
    catalogues = {name: registry.catalogues[name] for name in settings.connectors}
    where = settings.mappings if settings.mappings.startswith("preset:") else Path(settings.mappings)
    compiled = compile_set(load_set(where), catalogues, settings.settings)
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
        )
        connection.sites[name] = site
        connection.endpoints[name] = connectors[name].open(site)
    release_dead(store, settings.name, clock())
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
