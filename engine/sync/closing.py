"""Closes a month: compares what a reconciliation sighted, portion by portion, and keeps findings and sums.

Each portion is a transaction of its own that says where the next one begins, so memory stays small, and whoever goes
on (this process after a crash, or another one) repeats nothing. First every source record finds its target, by its
link and by the identity that targets carry; what then still carries an identity of ours belongs to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from engine.mapping.draft import MISSING
from engine.store.reconciliations import Run
from engine.store.sightings import Line as Identity
from engine.store.snapshots import Snapshot
from engine.store.store import Transaction
from engine.sync import sighting
from engine.sync.connection import Connection, Ref
from engine.sync.reconcile import Finding, Month, Tally
from engine.sync.sighted import Sighted
from engine.sync.sighting import Pair
from engine.sync.standing import Standing

PORTION = 500

AFTER = {"copy": "here", "here": "there", "there": ""}
"""What comes after each step of comparing."""


def advance(connection: Connection, id: str, now: datetime) -> Run | None:
    """Compare the next portion; the run as it is then. Nothing where it is not there, or not read yet, or done."""
    with connection.store.reading() as tx:  # comparing may have to ask for an account's names: nobody waits for that
        run = tx.reconciliations.get(connection.name, id)
        if run is None or run.state != "comparing":
            return run
        portion = _Portion(tx, connection, run, now)
        made = portion.made()
    with connection.store.transaction() as tx:
        found = tx.reconciliations.held(connection.name, id)
        if found is None or (found.state, found.progress["place"]) != (run.state, run.progress["place"]):
            return found  # somebody else went on from there
        for act in portion.acts:
            act(tx)
        tx.reconciliations.put(connection.name, made)
        return made


class _Portion:
    """One transaction's worth."""

    def __init__(self, tx: Transaction, connection: Connection, run: Run, now: datetime) -> None:
        self.tx, self.connection, self.run, self.now = tx, connection, run, now
        self.pairs = sighting.pairs(connection)
        self.refs = [one for some in sighting.steps(connection) for one in some]
        self.place: dict[str, Any] = run.progress["place"]
        self.acts: list[Callable[[Transaction], None]] = []
        """What is to be kept of it, in its order."""

    def made(self) -> Run:
        """The run after this portion."""
        step, at, after = self.place["step"], self.place["at"], self.place["after"]
        most = len(self.refs) if step == "copy" else len(self.pairs)
        if at >= most:
            return self._next_step(AFTER[step])
        do = {"copy": self._copy, "here": self._here, "there": self._there}[step]
        last = do(at, Identity(*after))
        place = {"step": step, "at": at + 1, "after": ["", ""]}
        if last is not None:
            place = {"step": step, "at": at, "after": [last.line, last.key]}
        return replace(self.run, progress={**self.run.progress, "place": place})

    def _next_step(self, step: str) -> Run:
        if step:
            place = {"step": step, "at": 0, "after": ["", ""]}
            return replace(self.run, progress={**self.run.progress, "place": place})
        self.acts.append(lambda tx: tx.sightings.forget(self.run.id))
        return replace(self.run, state="done", done_at=self.now)

    def _copy(self, at: int, after: Identity) -> Identity | None:
        """A reconciliation of what is held sights the snapshots."""
        ref = self.refs[at]
        page = self.tx.snapshots.page(self.connection.name, *ref, after.key, PORTION)
        rows = [one for one in page if self._wanted(ref, one)]
        self.acts.append(lambda tx: sighting.keep(tx, self.connection, self.run, ref, rows))
        for one in page:
            self._read(ref[0], one.read_at)
        return Identity("", page[-1].key) if len(page) == PORTION else None

    def _wanted(self, ref: Ref, one: Snapshot) -> bool:
        of = [pair for pair in self.pairs if pair.mapping.source == ref]
        month = Month.of(self.run.month)
        in_report = not of or any(sighting.in_month(self.connection, pair, one.record, month) for pair in of)
        return one.gone is None and not sighting.is_gone(self.connection, ref, one.record) and in_report

    def _read(self, system: str, moment: datetime) -> None:
        times = self.run.progress["read"].get(system, [moment.isoformat(), moment.isoformat()])
        read = [min(times[0], moment.isoformat()), max(times[1], moment.isoformat())]
        self.run.progress["read"] = {**self.run.progress["read"], system: read}

    def _standing(self, pair: Pair) -> Standing:
        batch = Sighted(self.tx, self.connection, self.run, self.refs)
        return Standing(self.tx, self.connection, self.run, pair, batch)

    def _here(self, at: int, after: Identity) -> Identity | None:
        pair = self.pairs[at]
        page = self.tx.sightings.page(self.run.id, pair.mapping.source, after.key, PORTION)
        standing = self._standing(pair)
        self._keep(pair, standing.here(page))
        self.acts.append(lambda tx: tx.sightings.claim(self.run.id, pair.mapping.target, standing.claimed))
        return Identity("", page[-1].key) if len(page) == PORTION else None

    def _there(self, at: int, after: Identity) -> Identity | None:
        pair = self.pairs[at]
        prefix = self.connection.identity_line(pair.mapping.source, "")
        lines = self.tx.sightings.left_over(self.run.id, pair.mapping.target, prefix, after, PORTION)
        standing = self._standing(pair)
        self._keep(pair, standing.left_over(lines))
        self.acts.append(lambda tx: tx.sightings.claim(self.run.id, pair.mapping.target, standing.claimed))
        return lines[-1] if len(lines) == PORTION else None

    def _keep(self, pair: Pair, found: Iterable[Finding]) -> None:
        """Count every finding; what is not equal is kept by itself."""
        result = self.run.result
        tally = Tally.unpack(result.get("tallies", {}).get(pair.mapping.name, {}))
        rows = []
        for one in found:
            tally.add(one)
            if one.kind != "equal":
                rows.append((pair.mapping.name, one.kind, packed(one)))
        number = result.get("findings", 0)
        self.acts.append(lambda tx: tx.reconciliations.add_findings(self.run.id, number, rows))
        tallies = {**result.get("tallies", {}), pair.mapping.name: tally.pack()}
        self.run = replace(self.run, result={**result, "tallies": tallies, "findings": number + len(rows)})


def packed(finding: Finding) -> dict[str, Any]:
    """A finding as plain data, without its kind."""
    data = {key: value for key, value in asdict(finding).items() if key != "kind"}
    return {**data, "fields": [_plain(one) for one in data["fields"]]}


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {key: None if value is MISSING else value for key, value in values.items()}
