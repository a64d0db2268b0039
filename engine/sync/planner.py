"""Plans a connection: what is due is rehearsed on a copy of what is held, and what came of it is told as a plan.

map, match, diff and decide are the runner's own; nothing is written, neither to the systems nor to the store.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from engine.store.journal import Entry
from engine.store.store import Transaction
from engine.store.work import WorkRow
from engine.sync.connection import Connection
from engine.sync.named import NAME_PREFIX
from engine.sync.plan import NEW, Change, Cost, FieldChange, Plan, Step, request_of
from engine.sync.rehearsal import Act, Rehearsal

EVERY = 1_000_000_000

Row = tuple[str, str]
"""(mapping, source key)"""


def plan(connection: Connection, told: Callable[[int], None] = lambda requests: None) -> Plan:
    """What would be done about all that is due now, and what it would take. `told` hears how many requests there are
    already."""
    made_at = connection.clock()
    with connection.store.scratch(connection.name) as scratch:
        with scratch.reading() as tx:
            before = _rows(tx, connection.name)
        rehearsal = Rehearsal(connection, scratch, told)
        rehearsal.run()
        with scratch.reading() as tx:
            after = _rows(tx, connection.name)
            journal = tx.journal.recent(connection.name, EVERY)
    changes = _changes(rehearsal.acts, after, _decisions(journal))
    changes += _ends(before, after, {row for one in changes for row in _rows_of(one)}, journal)
    order = {name: place for place, name in enumerate(connection.compiled.mappings)}
    changes.sort(key=lambda one: order[one.mapping])
    with connection.store.reading() as tx:
        changes = _with_labels(tx, connection, changes)
    left, ends = _left(before, after, {row for one in changes for row in _rows_of(one)})
    return Plan(
        connection=connection.name,
        made_at=made_at,
        versions={name: one.version for name, one in connection.compiled.mappings.items()},
        changes=tuple(changes),
        costs=_costs(connection, rehearsal),
        tokens=_tokens(rehearsal),
        left=left,
        ends=ends,
        looks=tuple(sorted(rehearsal.looks)),
        notes=tuple(_notes(connection, rehearsal)),
    )


def _rows(tx: Transaction, connection: str) -> dict[Row, WorkRow]:
    return {(one.mapping, one.source_key): one for one in tx.work.listing(connection, limit=EVERY)}


def _rows_of(change: Change) -> list[Row]:
    return [(change.mapping, key) for key in change.records]


# ------------------------------------------------------------------------------------------------------ with requests
@dataclass(slots=True)
class _Growing:
    """A change whose requests are being gathered."""

    mapping: str
    records: list[str]
    acts: list[Act] = field(default_factory=list)


def _changes(acts: Iterable[Act], after: Mapping[Row, WorkRow], decisions: Mapping[str, Entry]) -> list[Change]:
    """Rows that share a request are one change."""
    of_row: dict[Row, _Growing] = {}
    for act in acts:
        rows = [(act.intent.mapping, key) for key in act.intent.source_keys]
        growing = next((of_row[row] for row in rows if row in of_row), None) or _Growing(act.intent.mapping, [])
        growing.acts.append(act)
        for row in rows:
            if of_row.setdefault(row, growing) is growing and row[1] not in growing.records:
                growing.records.append(row[1])
    distinct = {id(one): one for one in of_row.values() if not one.records[0].startswith(NEW)}
    return [_change(one, after, decisions) for one in distinct.values()]


def _change(growing: _Growing, after: Mapping[Row, WorkRow], decisions: Mapping[str, Entry]) -> Change:
    first = growing.acts[0].intent.context
    row = after[(growing.mapping, growing.records[0])]
    outcome, reason = first.get("outcome", "created"), first.get("reason", "")
    if row.state == "parked":
        outcome, reason = "parked", row.reason or ""
    return Change(
        growing.mapping,
        tuple(growing.records),
        label="",
        outcome=outcome,
        reason=reason,
        code=row.code or "",
        target=first.get("target"),
        waits=row.reason or "its turn" if row.state in ("waiting", "due") else "",
        steps=tuple(_step(one, decisions.get(one.write.id)) for one in growing.acts),
    )


def _step(act: Act, decision: Entry | None) -> Step:
    told = decision.detail.get("fields", ()) if decision is not None else ()
    written = {one["field"]: one for one in told if one["verdict"] == "write"}
    request = request_of(act.write)
    expected = request.get("expected", {})
    fields = []
    for name, value in request.get("values", {}).items():
        why = written.get(name, {})
        fields.append(FieldChange(name, expected.get(name), value, why.get("why", ""), why.get("rule", "")))
    return Step(act.system, request, tuple(fields))


def _decisions(journal: Iterable[Entry]) -> dict[str, Entry]:
    """By the request's id."""
    return {one.detail["request"]: one for one in journal if one.step == "decide" and "request" in one.detail}


# --------------------------------------------------------------------------------------------------- without requests
TOLD = ("linked", "same as", "gone", "parked")
"""Ends without a request that a person wants to see one by one; others are counted."""


def _ends(
    before: Mapping[Row, WorkRow], after: Mapping[Row, WorkRow], planned: set[Row], journal: Iterable[Entry]
) -> list[Change]:
    """Rows that come to an end without a request, where that is news."""
    news = {(one.mapping, one.source_key) for one in journal}
    ended = []
    for row in news - planned:
        now, was = after.get(row), before.get(row)
        if now is None or now.outcome not in TOLD or row[1].startswith(NEW):
            continue
        if now.state == "parked" and was is not None and (was.state, was.reason) == ("parked", now.reason):
            continue
        ended.append(Change(row[0], (row[1],), "", str(now.outcome), now.reason or "", now.code or ""))
    return sorted(ended, key=lambda one: (one.outcome, one.records))


def _left(
    before: Mapping[Row, WorkRow], after: Mapping[Row, WorkRow], planned: set[Row]
) -> tuple[dict[str, dict[str, int]], dict[str, tuple[str, ...]]]:
    """How many rows wait, are left out, are unchanged, by mapping and with the reason in words; and which rows come to
    such an end."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    ends: dict[str, list[str]] = defaultdict(list)
    for row, one in after.items():
        if row in planned or row[1].startswith(NEW):
            continue
        if one.state in ("waiting", "due"):
            counted[row[0]][f"waits: {one.reason or 'its turn'}"] += 1
        elif one.state == "leased":
            counted[row[0]]["under way just now"] += 1
        elif one.state == "parked":
            counted[row[0]]["parked already"] += 1
        elif row in before and before[row].state in ("due", "waiting"):
            counted[row[0]]["unchanged" if one.state == "done" else f"left out: {one.reason}"] += 1
            ends[row[0]].append(row[1])
    return {mapping: dict(some) for mapping, some in counted.items()}, {
        name: tuple(some) for name, some in ends.items()
    }


# --------------------------------------------------------------------------------------------------------- its words
def _with_labels(tx: Transaction, connection: Connection, changes: Iterable[Change]) -> list[Change]:
    """Records as people know them, and what each change was decided upon."""
    of_mapping: dict[str, list[Change]] = defaultdict(list)
    for one in changes:
        of_mapping[one.mapping].append(one)
    made: list[Change] = []
    for name, some in of_mapping.items():
        mapping = connection.compiled.mappings[name]
        keys = [key for one in some for key in one.records]
        sources = tx.snapshots.get(connection.name, *mapping.source, keys)
        targets = tx.snapshots.get(connection.name, *mapping.target, [one.target for one in some if one.target])
        named, called = connection.entity(mapping.source).label, connection.entity(mapping.target).label
        for one in some:
            source = sources.get(one.records[0])
            target = targets.get(one.target or "")
            label = source.record.get(named) if source else one.records[0].removeprefix(NAME_PREFIX)
            basis = {f"source {key}": sources[key].hash if key in sources else None for key in one.records}
            if one.target is not None and not one.target.startswith(NEW):
                basis[f"target {one.target}"] = target.hash if target else None
            made.append(
                replace(
                    one,
                    label=str(label or one.records[0]),
                    target_label=str(target.record.get(called) or "") if target else "",
                    basis=basis,
                )
            )
    return made


def _costs(connection: Connection, rehearsal: Rehearsal) -> dict[str, Cost]:
    costs = {}
    for system, bill in rehearsal.bills.items():
        facts = connection.endpoints[system].facts()
        limit = facts.get("tokens_limit")
        left = None if limit is None else max(0, int(limit) - int(facts.get("tokens_spent", 0)))
        price = bill.price
        visiting = bill.visits * float(facts.get("visits_every", 0))  # each has to be waited for
        costs[system] = Cost(price.tokens, bill.looks.tokens, price.time.total_seconds() + visiting, bill.visits, left)
    return costs


def _tokens(rehearsal: Rehearsal) -> dict[str, int]:
    found: Counter[str] = Counter()
    for bill in rehearsal.bills.values():
        found.update({mapping: price.tokens for mapping, price in bill.writes.items()})
    return dict(found)


def _notes(connection: Connection, rehearsal: Rehearsal) -> Iterable[str]:
    """What the plan does not know."""
    with connection.store.reading() as tx:
        for system, readings in connection.readings.items():
            cursors = tx.cursors.all(connection.name, system)
            unread = [
                one.entity for one in readings
                if (cursor := cursors.get((one.entity, "changed"))) is None or cursor.completed_at is None
            ]  # fmt: skip
            if unread:
                yield f"{system} has not been read completely: {', '.join(unread)}. What that brings is not planned."
            wanted = tx.wanted.count(connection.name, system)
            if wanted:
                yield f"{wanted:,} records of {system} are to be read again; they are planned as they were last seen."
    for (system, entity), number in rehearsal.assumed.items():
        if number:
            yield f"{number:,} {system}.{entity} are read again first; they are planned as they were last seen."
    sources = {key for act in rehearsal.acts for key in act.intent.source_keys}
    if follow := sum(key.startswith(NEW) for key in sources):
        yield f"{follow:,} changes follow from records that are still to be made, and are planned once these are there."
