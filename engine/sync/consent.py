"""Consent: of what is decided, only what a person approved is sent; anything else shows that the world has moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.mapping.compiled import CompiledMapping
from engine.protocol import Write
from engine.store.approvals import WAITS
from engine.store.store import Transaction
from engine.store.work import WorkRow
from engine.sync.connection import NAMED, Connection, Ref
from engine.sync.plan import NEW, request_of
from engine.sync.unit import Settled

PLANNED = "approved"
"""Where an intent's context keeps the request as it was approved."""


@dataclass(frozen=True, slots=True)
class Consent:
    """The approvals of one connection, within one transaction."""

    tx: Transaction
    connection: Connection

    def require(self, mapping: CompiledMapping, rows: Sequence[WorkRow], write: Write) -> dict[str, Any]:
        """The request as it was approved, which is used up by this. Raises Settled where it was not: the rows have
        moved, and are left for the next plan."""
        name, keys = self.connection.name, [row.source_key for row in rows]
        approvals = self.tx.approvals.open(name, mapping.name, keys)
        asked = request_of(write)
        left = [one for key in keys if key in approvals for one in approvals[key].requests if one != WAITS]
        planned = next((one for one in left if self._equal(one, asked)), None)
        if planned is not None and all(key in approvals and planned in approvals[key].requests for key in keys):
            for key in keys:
                rest = list(approvals[key].requests)
                rest.remove(planned)
                self.tx.approvals.left(name, mapping.name, [key], rest)
            return planned
        why = differs([self.resolved(one) for one in left], asked)
        self.tx.approvals.move(name, mapping.name, keys, why)
        raise Settled("due", "moved", why)

    def _equal(self, planned: dict[str, Any], asked: dict[str, Any]) -> bool:
        resolved = self.resolved(planned)
        if "expected" not in resolved:
            asked = {name: one for name, one in asked.items() if name != "expected"}
        return bool(resolved == asked)

    def resolved(self, value: Any) -> Any:
        """A part of a plan with the keys of records that were made meanwhile."""
        if isinstance(value, dict):
            return {name: self.resolved(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self.resolved(one) for one in value]
        return self._made(value) if isinstance(value, str) and value.startswith(NEW) else value

    def _made(self, key: str) -> str:
        """The record that was made of the mapping's source; the stand-in as long as there is none."""
        name, _, source_key = key.removeprefix(NEW).partition("/")
        mapping = self.connection.compiled.mappings.get(name)
        sources: list[Ref] = [] if mapping is None else [mapping.source, (NAMED, name)]
        for source in sources:
            assert mapping is not None  # without it there are no sources
            links = self.tx.links.by_source(self.connection.name, source, mapping.target, [source_key])
            if source_key in links:
                return links[source_key].target_key
        return key


def give_back(tx: Transaction, connection: str, mapping: str, keys: Sequence[str], planned: dict[str, Any]) -> None:
    """A request was not carried out: it is approved as before."""
    for key, one in tx.approvals.open(connection, mapping, keys).items():
        tx.approvals.left(connection, mapping, [key], [*one.requests, planned])


def differs(planned: Sequence[dict[str, Any]], asked: dict[str, Any]) -> str:
    """How a request differs from the nearest planned one, in words."""
    alike = [one for one in planned if (one["action"], one["entity"]) == (asked["action"], asked["entity"])]
    what = f"{asked['action']} {asked['entity']}"
    if not alike:
        return f"now it would {what}, which was not planned"
    plan = alike[0]
    said = []
    for part in ("key", "values", "expected", "identity", "add", "change", "remove"):
        was, now = plan.get(part), asked.get(part)
        if was == now or (part == "expected" and was is None):
            continue
        if isinstance(was, dict) and isinstance(now, dict):
            names = [name for name in {**was, **now} if was.get(name) != now.get(name)]
            where = "there " if part == "expected" else ""
            said += [f"{name} is {where}{now.get(name)!r} now, planned was {was.get(name)!r}" for name in names]
        elif part == "key":
            said.append(f"it is {asked['entity']} {now} now, planned was {was}")
        else:
            said.append(f"its {part if part == 'identity' else asked.get('child', 'children')} differ")
    return "; ".join(said) or f"now it would {what} a second time"
