"""What a connection has done and what it waits for, as plain data: for the dashboard, commands and programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from engine.store.tallies import Tally
from engine.store.versions import SETTLED
from engine.store.work import End, WorkState

if TYPE_CHECKING:
    from engine.sync.connection import Connection

REASONS = 50
"""Most reasons that are listed of each kind."""
LISTED: Final[tuple[WorkState, ...]] = ("waiting", "parked", "skipped", "ignored")
"""States whose reasons are told."""


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
    midnight = connection.clock().astimezone(connection.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    with connection.store.reading() as tx:
        today = tx.tallies.since(name, midnight)
        ends, totals = _Ends.of(tx.work.ends(name), versions), tx.tallies.totals(name)
        reasons, states = tx.work.reasons(name, LISTED), ends.states
        mappings = {
            mapping: {
                "states": states.get(mapping, {}),
                "outcomes": {**totals.get(mapping, {}), "unchanged": ends.unchanged[mapping]},
                **{one: dict(islice(reasons.get((mapping, one), {}).items(), REASONS)) for one in LISTED},
                "outdated": ends.outdated[mapping],
            }
            for mapping in connection.compiled.mappings
        }
        rows = {system: _left(states, connection.into(system)) for system in connection.connectors}
        wanted = {system: tx.wanted.count(name, system) for system in connection.connectors}
        visits = {system: tx.visits.last(name, system) for system in connection.connectors}
        counted = sum(tx.visits.count(name, system) for system in callers)
        links = {f"{source} -> {target}": count for (source, target), count in tx.links.count(name).items()}
    for mapping, shown in mappings.items():
        shown["today"] = _by_outcome(one for one in today if one.mapping == mapping)
    return {
        "zone": str(connection.zone),
        "mappings": mappings,
        "busy": sum(rows.values()) + sum(wanted.values()),
        "for_visit": sum(rows.get(system, 0) + wanted.get(system, 0) for system in callers),
        "wanted": sum(wanted.values()),
        "last_visits": visits,
        "visits": counted,
        "tokens_spent": sum(int(one.get("tokens_spent", 0)) for one in facts.values()),
        "stopped": next((one["stopped"] for one in facts.values() if one.get("stopped")), None),
        "systems": {system: {**one, "due": rows.get(system, 0)} for system, one in facts.items()},
        "links": links,
    }


def _by_outcome(tallies: Iterable[Tally]) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for one in tallies:
        counted[one.outcome] += one.count
    return dict(counted)


def _left(states: Mapping[str, Mapping[str, int]], mappings: Iterable[str]) -> int:
    """How many rows of the mappings are due or leased."""
    return sum(states.get(mapping, {}).get(state, 0) for mapping in mappings for state in ("due", "leased"))


@dataclass(slots=True)
class _Ends:
    """The rows of the queue, counted by mapping."""

    states: dict[str, dict[str, int]]
    unchanged: Counter[str]
    outdated: Counter[str]

    @classmethod
    def of(cls, ends: Iterable[End], versions: Mapping[str, str]) -> _Ends:
        made = cls({}, Counter(), Counter())
        for one in ends:
            states = made.states.setdefault(one.mapping, {})
            states[one.state] = states.get(one.state, 0) + one.count
            if one.outcome == "unchanged":
                made.unchanged[one.mapping] += one.count
            settled = one.state in SETTLED and one.version is not None
            if settled and one.mapping in versions and one.version != versions[one.mapping]:
                made.outdated[one.mapping] += one.count
        return made
