"""The reading side of a reconciliation: what each system is asked, apart from everything else, and what it answers.

The sources' records of the month come first, with the next visit where a system calls us; then the targets', whole
lists at the largest page, so that a doubled one is found too. What a list leaves out (a deleted or archived record, an
invoice of another month that shares a deal) is asked for by its key. Comparing is left to `closing`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from engine.mapping.compiled import CompiledMapping
from engine.protocol import Charging, Failed, Found, Page, Query, Record
from engine.store.reconciliations import Run
from engine.store.snapshots import Snapshot
from engine.store.store import Transaction
from engine.sync.connection import Connection, Ref
from engine.sync.reads import KEYS_PER_QUERY
from engine.sync.reconcile import Month

INTO = "into"
"""What a sighting of a merged record says instead of its fields: the record that it went into."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A mapping that is reconciled. `dated`: by month; else all of its records, as they are now."""

    mapping: CompiledMapping
    dated: bool


def pairs(connection: Connection) -> list[Pair]:
    """The mappings of dated records that carry our identity, then those that such records cannot do without."""
    carried = [one for one in connection.compiled.mappings.values() if not one.for_linked and _traced(connection, one)]
    dated = [one for one in carried if connection.entity(one.source).date is not None]
    needed = {
        rule.reference for one in dated for rule in one.rules.values() if rule.reference and rule.otherwise == "wait"
    }
    parties = [one for one in carried if one not in dated and one.name in needed]
    return [*(Pair(one, True) for one in dated), *(Pair(one, False) for one in parties)]


def _traced(connection: Connection, mapping: CompiledMapping) -> bool:
    return connection.entity(mapping.target).identity and bool(mapping.rules)


# ------------------------------------------------------------------------------------------------------- the steps
def steps(connection: Connection) -> list[list[Ref]]:
    """What is read: the sources, then the targets, each entity once."""
    found = pairs(connection)
    sources = list(dict.fromkeys(one.mapping.source for one in found))
    targets = [one for one in dict.fromkeys(one.mapping.target for one in found) if one not in sources]
    return [sources, targets]


def price(connection: Connection) -> dict[str, int]:
    """Tokens by system, reckoned from what is held; a system that charges nothing is left out."""
    found: dict[str, int] = {}
    with connection.store.reading() as tx:
        for ref in (one for some in steps(connection) for one in some):
            endpoint = connection.endpoints[ref[0]]
            if isinstance(endpoint, Charging):
                held = tx.snapshots.count(connection.name, *ref)
                found[ref[0]] = found.get(ref[0], 0) + endpoint.charge(Query(ref[1], "every"), held)
    return found


def begin(connection: Connection, month: Month, *, held: bool, now: datetime) -> Run:
    """Begin a reconciliation; with `held` of what the store holds, which asks nobody. An earlier one of this month
    that was not finished is given up."""
    progress: dict[str, Any] = {"held": held, "read": {}, "done": [], "tried": {}, "trouble": None}
    progress["place"] = {"step": "copy" if held else "here", "at": 0, "after": ["", ""]}
    run = Run(uuid4().hex[:12], str(month), "comparing" if held else "reading", now, None, progress, {})
    with connection.store.transaction() as tx:
        for old in tx.reconciliations.recent(connection.name, str(month)):
            if old.state != "done":
                tx.sightings.forget(old.id)
                tx.reconciliations.remove(connection.name, old.id)
        tx.reconciliations.put(connection.name, run)
    return run


def due(tx: Transaction, connection: Connection, system: str, stale_before: datetime, now: datetime) -> list[Query]:
    """What this system is to be asked next; nothing while the step before is another system's."""
    return [
        query
        for run in tx.reconciliations.reading(connection.name)
        for of, query in _due(tx, connection, run, now)
        if of == system and _may(run, (of, query.entity), stale_before)
    ]


def _due(tx: Transaction, connection: Connection, run: Run, now: datetime) -> list[tuple[str, Query]]:
    """The queries of the step that a run is at, each with its system."""
    month, id_ = Month.of(run.month), f"{now.isoformat()} {run.id}"
    for refs in steps(connection):
        lists = [
            (ref[0], _every(connection, ref, month, id_)) for ref in refs if _name(ref) not in run.progress["done"]
        ]
        if lists:
            return lists
        keys = [(ref, tx.sightings.asked(run.id, ref, KEYS_PER_QUERY)) for ref in refs]
        asked = [
            (ref[0], Query(ref[1], "keys", _fields(connection, ref), keys=tuple(some), aside=True, id=id_))
            for ref, some in keys
            if some
        ]
        if asked:
            return asked
    return []


def _may(run: Run, ref: Ref, stale_before: datetime) -> bool:
    """Whether it did not fail in this visit (or drain) already."""
    tried = run.progress["tried"].get(_name(ref))
    return tried is None or datetime.fromisoformat(tried) < stale_before


def _every(connection: Connection, ref: Ref, month: Month, id_: str) -> Query:
    dated = connection.entity(ref).date is not None and ref in steps(connection)[0]
    since, until = (month.first.isoformat(), month.last.isoformat()) if dated else (None, None)
    return Query(ref[1], "every", _fields(connection, ref), since=since, until=until, aside=True, id=id_)


def _fields(connection: Connection, ref: Ref) -> tuple[str, ...]:
    """What a usual reading asks for, and what a report needs besides."""
    reading = next(one for one in connection.readings[ref[0]] if one.entity == ref[1])
    entity = connection.entity(ref)
    besides = (entity.currency, entity.date, entity.gone_when[0] if entity.gone_when else None)
    return tuple(sorted({*reading.fields, *filter(None, besides)})) if reading.fields else ()


def _name(ref: Ref) -> str:
    return f"{ref[0]}.{ref[1]}"


# ----------------------------------------------------------------------------------------------------- the answers
def receive(tx: Transaction, connection: Connection, system: str, query: Query, page: Page, now: datetime) -> None:
    """Keep one page of an answer; with the last one that is missing the run can be compared."""
    began, id_ = query.id.split(" ")
    run = tx.reconciliations.held(connection.name, id_)
    if run is None or run.state != "reading":
        return  # it was given up meanwhile
    ref, read_at = (system, query.entity), page.read_at or now
    keep(tx, connection, run, ref, _sighted(tx, connection, ref, page.found, read_at))
    gone = [Snapshot(one, {}, "", read_at, "deleted") for one in page.missing]
    gone += [Snapshot(one.key, {INTO: one.into} if one.into else {}, "", read_at, one.how) for one in page.gone]
    tx.sightings.put(run.id, ref, gone)
    tx.sightings.ask(run.id, ref, [one.into for one in page.gone if one.into])
    progress = {**run.progress, "trouble": None}
    times = progress["read"].get(system, [read_at.isoformat(), ""])
    progress["read"] = {**progress["read"], system: [times[0], read_at.isoformat()]}
    if page.done and query.kind == "every":
        tx.sightings.drop_older(run.id, ref, datetime.fromisoformat(began))
        progress["done"] = [*progress["done"], _name(ref)]
    run = replace(run, progress=progress)
    tx.reconciliations.put(connection.name, run if _due(tx, connection, run, now) else replace(run, state="comparing"))


def note_failure(tx: Transaction, connection: Connection, system: str, query: Query, failed: Failed) -> None:
    """It is asked again in the next visit; whoever waits is told why."""
    began, id_ = query.id.split(" ")
    run = tx.reconciliations.held(connection.name, id_)
    if run is not None and run.state == "reading":
        tried = {**run.progress["tried"], _name((system, query.entity)): began}
        tx.reconciliations.put(
            connection.name, replace(run, progress={**run.progress, "tried": tried, "trouble": failed.message})
        )


def keep(tx: Transaction, connection: Connection, run: Run, ref: Ref, rows: Sequence[Snapshot]) -> None:
    """Keep sightings of one entity, and ask for the records that must be seen beside them."""
    tx.sightings.put(run.id, ref, rows)
    month = Month.of(run.month)
    for pair in pairs(connection):
        if pair.mapping.source == ref:
            keys = [one.key for one in rows if one.gone is None and in_month(connection, pair, one.record, month)]
            for wanted, some in _beside(tx, connection, pair.mapping, keys):
                tx.sightings.ask(run.id, wanted, some)
        if pair.mapping.target == ref:
            tx.sightings.ask(run.id, pair.mapping.source, _strange(tx, connection, run, pair.mapping, rows))


def record_key(mapping: CompiledMapping, key: str) -> str:
    """The record that a source key belongs to: an element's begins with it."""
    return key.split("|")[0] if mapping.is_each else key


def _strange(
    tx: Transaction, connection: Connection, run: Run, mapping: CompiledMapping, rows: Sequence[Snapshot]
) -> list[str]:
    """The records by whose identity these targets go, and of which nothing is known: are they of another month?"""
    prefix = connection.identity_line(mapping.source, "")
    lines = [line.removeprefix(prefix) for one in rows for line in one.identity if line.startswith(prefix)]
    keys = {record_key(mapping, line) for line in lines if "#" not in line}
    known = {
        *tx.sightings.get(run.id, mapping.source, keys),
        *tx.snapshots.get(connection.name, *mapping.source, keys),
    }
    return sorted(keys - known)


def in_month(connection: Connection, pair: Pair, record: Record, month: Month) -> bool:
    """Whether a source record belongs to the report."""
    date = connection.entity(pair.mapping.source).date
    return not pair.dated or date is None or month.has(record.get(date), connection.zone)


def _beside(
    tx: Transaction, connection: Connection, mapping: CompiledMapping, keys: Sequence[str]
) -> Iterator[tuple[Ref, list[str]]]:
    """The targets that these records are linked to, and the other records behind a shared one."""
    linked = tx.links.by_record(connection.name, mapping.source, mapping.target, keys)
    links = [one for some in linked.values() for one in some if one.role == "own"]
    targets = [one.target_key for one in links]
    yield mapping.target, targets
    if mapping.is_one_per:
        behind = tx.links.by_target(connection.name, mapping.target, targets, source=mapping.source)
        yield mapping.source, [one.record_key for some in behind.values() for one in some if one.gone is None]


def _sighted(
    tx: Transaction, connection: Connection, ref: Ref, found: Sequence[Found], read_at: datetime
) -> list[Snapshot]:
    earlier = tx.snapshots.get(connection.name, *ref, [one.key for one in found])
    rows = []
    for one in found:
        before = earlier[one.key].record if one.key in earlier else None
        record = connection.connectors[ref[0]].derive(ref[1], one.record, before or None)
        gone = "deleted" if is_gone(connection, ref, record) else None
        rows.append(Snapshot(one.key, record, "", read_at, gone, tuple(one.identity)))
    return rows


def is_gone(connection: Connection, ref: Ref, record: Record) -> bool:
    """Whether a record that is told of was deleted."""
    when = connection.entity(ref).gone_when
    return when is not None and record.get(when[0]) is when[1]
