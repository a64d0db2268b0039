"""Defects, built into a launched server on purpose: the harness must find each of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from engine.protocol import Query, Written
from engine.store.store import Transaction
from engine.sync import receiver
from engine.sync.recovery import Recovery
from engine.sync.results import Results
from engine.sync.work import EndpointWork


def no_look_up() -> None:
    """A request whose answer never came is sent again without a look."""
    Recovery.of = lambda self, mapping, rows: ([], list(rows))  # type: ignore[method-assign,assignment]


def result_before_link() -> None:
    """The result is committed first; link and base follow in a transaction of their own."""
    give, close = EndpointWork.give, Results.close

    def first_the_result(self: EndpointWork, request: Any, result: Any) -> None:
        if isinstance(result, Written):
            with self._store.transaction() as tx:
                found = {"key": result.key}
                tx.intents.finish(self._connection.name, request.id, "done", found, self._clock())
        give(self, request, result)

    def closed(self: Results, state: Any, result: dict[str, Any]) -> bool:
        return close(self, state, result) or state == "done"

    EndpointWork.give = first_the_result  # type: ignore[method-assign]
    Results.close = closed  # type: ignore[method-assign]


def snapshot_before_mark() -> None:
    """Records are kept first; what they make due is marked in a transaction of its own."""
    give, mark, held = EndpointWork.give, receiver._mark, threading.local()

    def later(tx: Transaction, *rest: Any) -> None:
        if getattr(held, "marks", None) is None:
            mark(tx, *rest)  # the answer to a write
        else:
            held.marks.append(rest)

    def first_the_snapshots(self: EndpointWork, request: Any, result: Any) -> None:
        held.marks = [] if isinstance(request, Query) else None
        give(self, request, result)
        if held.marks:
            with self._store.transaction() as tx:
                for rest in held.marks:
                    mark(tx, *rest)

    receiver._mark = later  # type: ignore[assignment]
    EndpointWork.give = first_the_snapshots  # type: ignore[method-assign]


MUTANTS: dict[str, Callable[[], None]] = {
    one.__name__.replace("_", " "): one for one in (no_look_up, result_before_link, snapshot_before_mark)
}


def apply(name: str) -> None:
    """Build it in."""
    MUTANTS[name]()
