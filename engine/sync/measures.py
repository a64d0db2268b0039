"""What the store knows of all connections, as values for the metrics: one query a table, however many connections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.observe.metrics import Gauge
from engine.store.store import Store
from engine.sync.alerts import standing
from engine.sync.connection import Connection


def gauges(store: Store, connections: Mapping[str, Connection]) -> Iterator[Gauge]:
    """The value of every gauge that has one now."""
    with store.reading() as tx:
        states, causes, last = tx.work.states(), tx.work.causes(), tx.visits.last_of_all()
    for (name, state), count in states.items():
        if name in connections:
            yield Gauge("engine_queue_rows", (name, state), count)
    for (name, cause), count in causes.items():
        if name in connections:
            yield Gauge("engine_parked_rows", (name, cause), count)
    for (name, system), at in last.items():
        if name in connections:
            yield Gauge("engine_last_visit_timestamp_seconds", (name, system), at.timestamp())
    for (name, kind), count in standing(store).items():
        yield Gauge("engine_alerts", (name, kind), count)
    for name, connection in connections.items():
        for system, endpoint in connection.endpoints.items():
            facts = endpoint.facts()
            for fact in ("tokens_spent", "tokens_limit"):
                if fact in facts:
                    yield Gauge(f"engine_{fact}", (name, system), facts[fact])
