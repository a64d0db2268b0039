"""What a connection has done and what it waits for, as plain data: for the status page, commands and programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from engine.store.store import Transaction
from engine.store.work import WorkState

if TYPE_CHECKING:
    from engine.sync.connection import Connection

REASONS = 50
"""Most reasons that are listed of each kind."""


def status(connection: Connection) -> dict[str, Any]:
    """By mapping the counts by state and outcome with reasons; what is under way; the last visits; links.

    `outdated` counts what an older version of the mapping decided last (`engine resync` maps it again).

    `busy` counts what is left to do: rows that are due or leased, and records that are `wanted`, to be read by their
    keys. Of these, `for_visit` are such that only the next visit of a system that calls us can work off.
    """
    name = connection.name
    facts = {system: endpoint.facts() for system, endpoint in connection.endpoints.items()}
    callers = [system for system, one in facts.items() if one.get("calls_us")]
    versions = {mapping: one.version for mapping, one in connection.compiled.mappings.items()}
    with connection.store.reading() as tx:
        outdated = tx.versions.outdated(name, versions)
        states, totals, last = tx.work.counts(name), tx.journal.totals(name), tx.work.outcomes(name)
        mappings = {
            mapping: {
                "states": states.get(mapping, {}),
                "outcomes": {**totals.get(mapping, {}), "unchanged": last.get(mapping, {}).get("unchanged", 0)},
                "waiting": _reasons(tx, name, mapping, "waiting"),
                "parked": _reasons(tx, name, mapping, "parked"),
                "skipped": _reasons(tx, name, mapping, "skipped"),
                "outdated": outdated.get(mapping, 0),
            }
            for mapping in connection.compiled.mappings
        }
        rows = {system: _left(states, connection.into(system)) for system in connection.connectors}
        wanted = {system: tx.wanted.count(name, system) for system in connection.connectors}
        visits = {system: tx.visits.last(name, system) for system in connection.connectors}
        counted = sum(tx.visits.count(name, system) for system in callers)
        links = {f"{source} -> {target}": count for (source, target), count in tx.links.count(name).items()}
    return {
        "mappings": mappings,
        "busy": sum(rows.values()) + sum(wanted.values()),
        "for_visit": sum(rows.get(system, 0) + wanted.get(system, 0) for system in callers),
        "wanted": sum(wanted.values()),
        "last_visits": visits,
        "visits": counted,
        "tokens_spent": sum(int(one.get("tokens_spent", 0)) for one in facts.values()),
        "stopped": next((one["stopped"] for one in facts.values() if one.get("stopped")), None),
        "systems": {system: dict(one) for system, one in facts.items()},
        "links": links,
    }


def _left(states: Mapping[str, Mapping[str, int]], mappings: Iterable[str]) -> int:
    """How many rows of the mappings are due or leased."""
    return sum(states.get(mapping, {}).get(state, 0) for mapping in mappings for state in ("due", "leased"))


def _reasons(tx: Transaction, connection: str, mapping: str, state: WorkState) -> dict[str, int]:
    return dict(tx.work.reasons(connection, mapping, state, REASONS))
