"""A rehearsal: all that is due is worked off on a scratch store, by systems that answer as it is hoped they will.

The runner decides and the results are kept as always; only nobody is asked and nothing is sent. So whatever follows
from an answer follows here too: what waits for a record that is still to be made, its lines, its notes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from engine.protocol import Found, Gone, Page, Price, Priced, Query, Request, Write, Written
from engine.store.intents import Intent
from engine.store.store import Store, Transaction
from engine.sync import hoped
from engine.sync.connection import LEASE, Connection
from engine.sync.freshness import RECENT
from engine.sync.reads import query_id
from engine.sync.receiver import receive
from engine.sync.results import Results, written
from engine.sync.runner import Runner

BATCH = 64
"""Writes at once, about as many as connectors take."""
OWNER = "rehearsal"
TICK = timedelta(milliseconds=1)
EVERY = 1_000_000


@dataclass(slots=True)
class Act:
    """One request with the intent that says what it is for."""

    system: str
    intent: Intent
    write: Write


@dataclass(slots=True)
class Bill:
    """What one system's part takes: writes by mapping, looks, and visits of a system that calls us."""

    writes: dict[str, Price] = field(default_factory=dict)
    looks: Price = field(default_factory=Price)
    visits: int = 0

    @property
    def price(self) -> Price:
        """All of it."""
        return sum(self.writes.values(), self.looks)


class Rehearsal:
    """Works off what is due in a scratch copy of a connection's store. What would be sent is in `acts`, in its order;
    what became of each row stands in the scratch store, with its journal."""

    def __init__(self, connection: Connection, scratch: Store, told: Callable[[int], None] = lambda requests: None):
        self.acts: list[Act] = []
        self.bills = {system: Bill() for system in connection.endpoints}
        self.assumed: Counter[tuple[str, str]] = Counter()
        """By (system, entity): records that would be read again first, taken as they were last seen."""
        self.unread: set[tuple[str, str]] = set()
        """(system, entity) that was never read completely, so that nothing can be said of what needs a look at it."""
        self.looks: set[tuple[str, str]] = set()
        """(system, entity) that is looked at before what is written to it."""
        self.now = connection.clock() + RECENT
        self._store, self._told = scratch, told
        self._others: list[str] = []
        """Who has leased rows in earnest: what they have under way stays with them."""
        self._pricing = {name: one.pricing() for name, one in connection.endpoints.items() if isinstance(one, Priced)}
        self._callers = {name for name, one in connection.endpoints.items() if one.facts().get("calls_us")}
        self._cast = hoped.Cast()
        self.connection = Connection(
            connection.name, connection.zone, connection.compiled, connection.connectors, lambda: self.now, scratch
        )
        for name, endpoint in connection.endpoints.items():
            self.connection.endpoints[name] = hoped.Shaping(endpoint, self._cast)  # type: ignore[assignment]

    def run(self) -> None:
        """Until nothing is due any more: those that we call as long as they have work, then a visit of the others."""
        with self._store.reading() as tx:
            self._others = tx.work.holders(self.connection.name)
        called = [name for name in self.bills if name not in self._callers]
        while self._drain_all(called) or self._drain_all(sorted(self._callers)) or self._later():
            pass

    def _drain_all(self, systems: Sequence[str]) -> bool:
        drained = [self._drain(system) for system in systems]
        return any(drained)

    def _drain(self, system: str) -> bool:
        """All that a system can be asked for now; whether there was anything."""
        rounds, before = 0, (len(self.acts), self.assumed.total())
        while self._portion(system):
            rounds += 1
            self._told(len(self.acts))
        if system in self._callers and before != (len(self.acts), self.assumed.total()):
            self.bills[system].visits += 1
        return rounds > 0

    def _portion(self, system: str) -> bool:
        with self._store.transaction() as tx:
            for owner in self._others:
                tx.work.renew(self.connection.name, owner, self.now, LEASE)
            requests = Runner(tx, self.connection, system, OWNER, self.now).requests(BATCH)
            if requests is None:
                return self._read_wanted(tx, system)
            looked = [self._look(tx, system, one) for one in requests if isinstance(one, Query)]
            writes = [one for one in requests if isinstance(one, Write)]
            self._carry(tx, system, writes)
            self.now += TICK
            return bool(writes) or not looked or any(looked)

    def _later(self) -> bool:
        """Let time pass until a row that was deferred is due; False if none was."""
        with self._store.reading() as tx:
            due_at = tx.work.next_due(self.connection.name, self.now)
        if due_at is not None:
            self.now = due_at
        return due_at is not None

    # ---------------------------------------------------------------------------------------------------- answers
    def _look(self, tx: Transaction, system: str, query: Query) -> bool:
        """Nothing has changed since the last look. False where there never was a complete one."""
        if query.kind == "keys":
            self._as_held(tx, system, query)
        elif tx.cursors.get(self.connection.name, system, query.entity).completed_at is None:
            self.unread.add((system, query.entity))
            return False
        else:
            receive(tx, self.connection, system, query, Page(done=True, cursor=query.cursor), self.now)
        if query.kind == "changed":
            self.looks.add((system, query.entity))
        price = self._price(system, [query])
        self.bills[system].looks += price
        self.now += price.time
        return True

    def _read_wanted(self, tx: Transaction, system: str) -> bool:
        """Records that must be read (again) before others can go on: those that are held are as they were."""
        found = 0
        for reading in self.connection.readings[system]:
            keys = tx.wanted.take(self.connection.name, system, reading.entity, limit=EVERY)
            query = Query(reading.entity, "keys", reading.fields, keys=tuple(keys), id=query_id(self.now))
            known = self._as_held(tx, system, query) if keys else 0
            self.assumed[(system, reading.entity)] += known
            found += known
        return found > 0

    def _as_held(self, tx: Transaction, system: str, query: Query) -> int:
        """Answer a query by keys with what is held; how many records that is."""
        held = tx.snapshots.get(self.connection.name, system, query.entity, query.keys).values()
        page = Page(
            found=[Found(one.key, one.record, one.identity, one.stamp) for one in held if one.gone is None],
            gone=[Gone(one.key, one.gone) for one in held if one.gone is not None],
            done=True,
        )
        receive(tx, self.connection, system, replace(query, keys=tuple(one.key for one in held)), page, self.now)
        return len(held)

    def _carry(self, tx: Transaction, system: str, writes: Sequence[Write]) -> None:
        """All of these go well."""
        intents = tx.intents.some(self.connection.name, [one.id for one in writes])
        acts = [Act(system, intents[one.id], one) for one in writes]
        by_mapping: dict[str, list[Write]] = {}
        for act in acts:
            by_mapping.setdefault(act.intent.mapping, []).append(act.write)
        bill = self.bills[system]
        for mapping, some in by_mapping.items():
            price = self._price(system, [self._cast.numbered(one) for one in some])
            bill.writes[mapping] = bill.writes.get(mapping, Price()) + price
            self.now += price.time
        for together in apart(acts):
            written([self._answer(tx, act) for act in together])
        self.acts += acts

    def _answer(self, tx: Transaction, act: Act) -> tuple[Results, Written]:
        write, ref = act.write, (act.system, act.write.entity)
        held = tx.snapshots.get(self.connection.name, *ref, [] if write.key is None else [write.key])
        answer = self._cast.answer(self.connection.entity(ref), write, act.intent, held)
        return Results(tx, self.connection, act.system, act.intent, self.now), answer

    def _price(self, system: str, requests: Sequence[Request]) -> Price:
        pricing = self._pricing.get(system)
        return pricing(requests) if pricing is not None and requests else Price()


def apart(acts: Sequence[Act]) -> list[list[Act]]:
    """The acts in their order, in lists in which no two are for one row or about one target."""
    lists: list[list[Act]] = []
    taken: set[tuple[str, str]] = set()
    for act in acts:
        ours = {(act.intent.mapping, key) for key in act.intent.source_keys}
        ours |= {("@", key) for key in (act.write.key, act.intent.context.get("target")) if key is not None}
        if not lists or ours & taken:
            lists.append([])
            taken.clear()
        lists[-1].append(act)
        taken |= ours
    return lists
