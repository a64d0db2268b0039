"""The engine as an endpoint sees it: requests to take, results to give back (the port `protocol.Work`)."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from engine.errors import ContractBroken
from engine.observe.metrics import REQUESTS, VISITS
from engine.protocol import Failed, Hint, Page, Query, Request, Result, Write, Written
from engine.store.store import Store, Transaction
from engine.sync import hints, reads, sighting
from engine.sync.connection import Connection
from engine.sync.crew import held_by
from engine.sync.receiver import BACKFILL, receive
from engine.sync.results import Results
from engine.sync.runner import Runner

log = logging.getLogger("engine.sync")

ROUNDS = 1_000
"""Most portions of rows that one `take` settles without a request to show: then the caller gets a word in."""


class EndpointWork:
    """The work of one system in one connection."""

    def __init__(self, store: Store, connection: Connection, system: str, clock: Callable[[], datetime]) -> None:
        self._store, self._connection, self._system, self._clock = store, connection, system, clock

    def take(self, limit: int, stale_before: datetime, urgent_only: bool = False) -> Sequence[Request]:
        """Queries that are due; when none is, writes (and the queries that these need first); then what a
        reconciliation looks at, and old history."""
        below = BACKFILL if urgent_only else None
        for _ in range(ROUNDS):
            requests = self._next(limit, stale_before, below)
            if requests is None:
                break
            if requests:
                return requests
        return []

    def _next(self, limit: int, stale_before: datetime, below: int | None) -> Sequence[Request] | None:
        """One transaction's worth; None when nothing is due."""
        now = self._clock()
        with self._store.transaction() as tx:
            queries = self._queries(tx, stale_before, now)
            if queries:
                return queries
            requests: Sequence[Request] | None = None
            if limit > 0:
                owner, restrained = f"{held_by(self._system)}{uuid4().hex[:8]}", self._is_restrained(tx)
                runner = Runner(tx, self._connection, self._system, owner, now, approved_only=restrained)
                requests = runner.requests(limit, below)
            if requests is not None:
                return requests
            aside = sighting.due(tx, self._connection, self._system, stale_before, now)
            return aside or reads.older(tx, self._connection, self._system, stale_before, now) or None

    def _queries(self, tx: Transaction, stale_before: datetime, now: datetime) -> Sequence[Query]:
        """What is to be read before anything is written."""
        looks = self._connection.looks
        looked_at = reads.looks(tx, self._connection, self._system, looks, now) if looks else []
        looks.difference_update((self._system, one.entity) for one in looked_at)
        return looked_at or reads.due(tx, self._connection, self._system, stale_before, now)

    def _is_restrained(self, tx: Transaction) -> bool:
        """Whether nothing is written but what was approved."""
        return self._system in self._connection.approved_only or tx.holds.since(self._connection.name) is not None

    def give(self, request: Request, result: Result) -> None:
        """Keep what came of a request, in one transaction."""
        now = self._clock()
        self._count(request, result)
        with self._store.transaction() as tx:
            if isinstance(request, Query):
                self._answered(tx, request, result, now)
            else:
                self._carried(tx, request, result, now)
        for system, bell in self._connection.bells.items():
            if system != self._system:  # what came may be due there now; its own caller takes again anyway
                bell.ring()

    def _count(self, request: Request, result: Result) -> None:
        """Of a reading the last page only."""
        if not isinstance(result, Page) or result.done:
            kind = "read" if isinstance(request, Query) else "write"
            outcome = result.failure.value if isinstance(result, Failed) else "done"
            REQUESTS.labels(self._connection.name, self._system, kind, outcome).inc()

    def _answered(self, tx: Transaction, query: Query, result: Result, now: datetime) -> None:
        taken, failed = (sighting.receive, sighting.note_failure) if query.aside else (receive, reads.note_failure)
        if isinstance(result, Page):
            taken(tx, self._connection, self._system, query, result, now)
        elif isinstance(result, Failed):
            failed(tx, self._connection, self._system, query, result)
        else:
            raise ContractBroken(f"{self._system} answered a query with {type(result).__name__}.")

    def _carried(self, tx: Transaction, write: Write, result: Result, now: datetime) -> None:
        intent = tx.intents.get(self._connection.name, write.id)
        if intent is None:
            raise ContractBroken(f"{self._system} gave back a request that it never took.")
        tx.work.renew(self._connection.name, intent.context["owner"], now, self._connection.lease(self._system))
        answered = Results(tx, self._connection, self._system, intent, now)
        if isinstance(result, Written):
            answered.written(result)
        elif isinstance(result, Failed):
            answered.failed(result)
        else:
            raise ContractBroken(f"{self._system} answered a write with {type(result).__name__}.")

    def waiting(self, stale_before: datetime, urgent_only: bool = False) -> int:
        """How many requests are ready now."""
        now, name = self._clock(), self._connection.name
        with self._store.reading() as tx:
            queries = reads.due(tx, self._connection, self._system, stale_before, now)
            queries += sighting.due(tx, self._connection, self._system, stale_before, now)
            looks = sum(system == self._system for system, _ in self._connection.looks)
            below, into = BACKFILL if urgent_only else None, self._connection.into(self._system)
            return len(queries) + looks + tx.work.due(name, into, now, below, self._is_restrained(tx))

    def backlog(self) -> dict[str, int]:
        """Rows of old history, by the entity that they become; those with a child list once more as `deal.products`."""
        with self._store.reading() as tx:
            rows = tx.work.backlog(self._connection.name, self._connection.into(self._system), BACKFILL)
        found: Counter[str] = Counter()
        for name, count in rows.items():
            mapping = self._connection.compiled.mappings[name]
            entity = mapping.target[1]
            for kind in (entity, *(f"{entity}.{child}" for child in mapping.children)):
                found[kind] += count
        return dict(found)

    def hint(self, hints_: Sequence[Hint]) -> int:
        """Keep word of changes, and wake whoever calls that system."""
        with self._store.transaction() as tx:
            kept = hints.keep(tx, self._connection, self._system, hints_, self._clock())
        if kept:
            self._connection.bells[self._system].ring()
        return kept

    def visited(self, ticket: str, **facts: Any) -> None:
        """Keep facts about a visit."""
        if facts.get("ended_at"):
            VISITS.labels(self._connection.name, self._system).inc()
            told = {"connection": self._connection.name, "system": self._system, "visit": ticket}
            did = {"requests": facts.get("requests"), "records": facts.get("records"), "said": facts.get("message")}
            log.info("visit", extra={**told, **did})
        with self._store.transaction() as tx:
            tx.visits.put(self._connection.name, self._system, ticket, facts, self._clock())
