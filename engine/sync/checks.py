"""Whether everything is in place: the store, the address we are reached at, and each system of each connection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from engine.protocol import Check
from engine.store.store import Store
from engine.sync import certificate
from engine.sync.connection import Connection
from engine.sync.engine import Engine


@dataclass(frozen=True, slots=True)
class Checked:
    """One finding and where it belongs; `connection` and `system` are empty for the server's own."""

    name: str
    ok: bool
    message: str
    connection: str = ""
    system: str = ""


def look(engine: Engine, connections: Iterable[Connection]) -> Iterator[Checked]:
    """The server's own first, then each connection's systems, as they answer. Talks to the systems that can be called;
    of those that call us it tells what they said last."""
    chosen = list(connections)
    urls = {site.url for one in chosen for site in one.sites.values()}
    for server in sorted({urlsplit(url)._replace(path="").geturl() for url in urls}):
        found = certificate.check(server, engine.clock())
        if found is not None:
            yield _of(found)
    yield _of(_store(engine.store))
    for connection in chosen:
        for system, endpoint in connection.endpoints.items():
            if endpoint.facts().get("calls_us"):
                yield _of(_visit(connection, system, engine.clock()), connection.name, system)
            for one in endpoint.ping():
                yield _of(one, connection.name, system)


def _visit(connection: Connection, system: str, now: datetime) -> Check:
    """When a system that calls us last did."""
    with connection.store.reading() as tx:
        last = tx.visits.last(connection.name, system)
    if last is None:
        return Check("visits", False, "It has never visited this server.")
    ago = timedelta(seconds=round((now - last["last_at"]).total_seconds()))
    return Check("visits", True, f"It last visited at {last['last_at']:%Y-%m-%d %H:%M} UTC, {ago} ago.")


def _store(store: Store) -> Check:
    """Opening it brought it up to date; what is left is whether its tables are those that are expected."""
    damage = store.check()
    return Check("store", not damage, damage[0] if damage else "The store is sound and up to date.")


def _of(one: Check, connection: str = "", system: str = "") -> Checked:
    return Checked(one.name, one.ok, one.message, connection, system)
