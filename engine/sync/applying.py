"""Applies a saved plan: exactly what it says is carried out, or nothing where the world has moved since.

First what it is about is looked at again and planned anew; only if that comes to the same, its rows are approved. They
are carried to the systems that we call at once, by this process (and any server beside it); those of a system that
calls us go out with its next visit. A record that changes in between is left as it is, and told.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from engine.store import codec
from engine.store.approvals import WAITS, Approval
from engine.sync.connection import Connection
from engine.sync.consent import differs
from engine.sync.plan import Change, Plan
from engine.sync.planner import plan as plan_anew

PATIENCE = timedelta(minutes=1)
"""A system that has to be waited for longer than this is left to the server, or to a later apply."""

Wait = Callable[[timedelta], None]


@dataclass(frozen=True, slots=True)
class Moved:
    """A change that is not any more what it was when it was planned."""

    mapping: str
    records: tuple[str, ...]
    label: str
    why: str


@dataclass(frozen=True, slots=True)
class Applied:
    """How far a plan is: rows that are through, those that moved, and those that still wait, by mapping and state."""

    done: int
    moved: Sequence[Moved]
    waiting: dict[str, Counter[str]]
    stopped: str = ""
    """Why nothing goes on for now, in a system's words."""


class Applying:
    """One saved plan on its way into a connection."""

    def __init__(self, connection: Connection, saved: Plan, wait: Wait | None = None) -> None:
        self.connection, self.saved = connection, saved
        self.id = hashlib.blake2b(codec.encode(saved.data()).encode(), digest_size=8).hexdigest()
        self._wait = wait or (lambda pause: time.sleep(pause.total_seconds()))
        endpoints = connection.endpoints
        self._called = [name for name, one in endpoints.items() if not one.facts().get("calls_us")]

    @property
    def begun(self) -> bool:
        """Whether this very plan was approved before: it goes on where it was."""
        with self.connection.store.reading() as tx:
            return tx.approvals.plan(self.connection.name) == self.id

    # --------------------------------------------------------------------------------------------------- has it moved
    def look(self) -> None:
        """Read again what the plan writes to, before it is compared: edits since then are seen in time."""
        for system in self._called:
            self.connection.approved_only.add(system)
        looks = {ref for ref in self.saved.looks if ref[0] in self._called}
        self.connection.looks.update(looks)
        for system in sorted({system for system, _ in looks}):
            self.connection.endpoints[system].drain()

    def moved(self) -> list[Moved]:
        """What would not be as it was planned, with what moved; empty if all of it is."""
        fresh = plan_anew(self.connection)
        edited = [name for name, version in self.saved.versions.items() if fresh.versions.get(name) != version]
        if edited:
            return [Moved(name, (), name, "the mapping or its settings were edited") for name in edited]
        now = {(one.mapping, one.records): one for one in fresh.changes}
        return [
            Moved(one.mapping, one.records, one.label, why)
            for one in self.saved.changes
            if (why := self._why(one, now.get((one.mapping, one.records)))) is not None
        ]

    def _why(self, planned: Change, now: Change | None) -> str | None:
        """What moved; None where it would go as planned."""
        if now is not None and _sent(planned) == _sent(now) and planned.outcome == now.outcome:
            return None
        mapping = self.connection.compiled.mappings[planned.mapping]
        titles = {
            side: self.connection.connectors[ref[0]].title for side, ref in _sides(mapping.source, mapping.target)
        }
        words = []
        for what, hashed in self._basis(planned).items():
            side, _, key = what.partition(" ")
            if hashed != planned.basis[what]:
                words.append(f"{key} has changed in {titles[side]}")
        if now is None:
            words.append("nothing is to be done about it now")
        elif planned.outcome != now.outcome:
            words.append(f"planned was {planned.outcome}, now it is {now.outcome}: {now.reason}".rstrip(": "))
        else:
            words += [
                differs(_sent(planned), one.request) for one in now.steps if one.request not in _sent(planned)
            ] or [f"planned were {len(planned.steps)} requests, now {len(now.steps)}"]
        return "; ".join(words)

    def _basis(self, planned: Change) -> dict[str, str | None]:
        """The records that a change was decided upon, as they are now."""
        mapping = self.connection.compiled.mappings[planned.mapping]
        found: dict[str, str | None] = {}
        with self.connection.store.reading() as tx:
            for side, ref in _sides(mapping.source, mapping.target):
                keys = [what.partition(" ")[2] for what in planned.basis if what.startswith(f"{side} ")]
                held = tx.snapshots.get(self.connection.name, *ref, keys)
                found.update({f"{side} {key}": held[key].hash if key in held else None for key in keys})
        return found

    # ------------------------------------------------------------------------------------------------------ carry out
    def approve(self) -> None:
        """From now on the rows of this plan, and of no other, may be written as it says."""
        rows: dict[tuple[str, str], list[dict[str, object]]] = {
            (mapping, key): [] for mapping, keys in self.saved.ends.items() for key in keys
        }
        for one in self.saved.changes:
            for key in one.records:
                requests = rows.setdefault((one.mapping, key), [])
                requests += _sent(one)
                if one.waits:
                    requests.append(dict(WAITS))
        with self.connection.store.transaction() as tx:
            tx.approvals.clear(self.connection.name)
            approvals = [Approval(mapping, key, self.id, requests) for (mapping, key), requests in rows.items()]
            tx.approvals.put(self.connection.name, approvals)

    def carry(self, told: Callable[[int, int], None] = lambda done, of: None) -> Applied:
        """Carry what goes to systems that we call, as long as it goes on. `told` hears how many of how many rows."""
        self.connection.approved_only.update(self._called)
        while True:
            before = self._open()
            pauses = [self.connection.endpoints[system].drain() for system in self._called]
            now = self._open()
            told(len(self.saved.changes) - now.total(), len(self.saved.changes))
            if not now["due"] + now["leased"]:
                return self.applied()
            pause = min((one for one in pauses if one is not None), default=timedelta(seconds=1))
            if now == before and pause > PATIENCE:
                return self.applied(self._stopped(pause))
            if now == before:
                self._wait(max(pause, timedelta(milliseconds=100)))

    def _open(self) -> Counter[str]:
        """Rows of this plan towards systems that we call, by the state they are in."""
        with self.connection.store.reading() as tx:
            waiting = tx.approvals.waiting(self.connection.name)
        into = {name for system in self._called for name in self.connection.into(system)}
        return sum((some for name, some in waiting.items() if name in into), Counter())

    def _stopped(self, pause: timedelta) -> str:
        with self.connection.store.reading() as tx:
            visits = [tx.visits.last(self.connection.name, system) for system in self._called]
        said = next((one["message"] for one in visits if one and one.get("message")), "The system asks us to wait.")
        return f"{said} The rest can go on in {timedelta(seconds=round(pause.total_seconds()))}."

    def applied(self, stopped: str = "") -> Applied:
        """How far it is."""
        labels = {(one.mapping, key): one.label for one in self.saved.changes for key in one.records}
        with self.connection.store.reading() as tx:
            counts = tx.approvals.counts(self.connection.name)
            moved = tx.approvals.listing(self.connection.name, "moved")
            waiting = tx.approvals.waiting(self.connection.name)
        told = [
            Moved(
                one.mapping, (one.source_key,), labels.get((one.mapping, one.source_key), one.source_key), one.why or ""
            )
            for one in moved
        ]
        return Applied(counts.get("done", 0), told, waiting, stopped)


def _sent(change: Change) -> list[dict[str, object]]:
    return [one.request for one in change.steps]


def _sides(source: tuple[str, str], target: tuple[str, str]) -> Iterable[tuple[str, tuple[str, str]]]:
    return (("source", source), ("target", target))
