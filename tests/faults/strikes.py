"""Inside a launched process: wraps its boundaries by name, counts how often each is passed, and strikes at one.

Nothing in the product knows of it. A name that has moved away is an error at the start, never a boundary unwatched.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from connectors.pipedrive.client import Client
from connectors.pipedrive.operations import Operation, operations
from connectors.pipedrive.webhooks import Webhooks
from connectors.quickbooks_desktop.operations import Operations
from engine.protocol import Failed, Query, Written
from engine.store.failures import told
from engine.store.state import StoreState
from engine.store.store import Store
from engine.sync import engine as opening, words
from engine.sync.alerts import Alerts
from engine.sync.crew import Crew
from engine.sync.housekeeping import Housekeeping
from engine.sync.sender import Sender
from engine.sync.work import EndpointWork
from tests.faults.clock import Clock

FULL_FOR = 0.15
"""Seconds for which a disk that has filled up stays full."""
SLOW_FOR = 1.6
"""Seconds that a slow boundary takes: longer than a caller of little patience waits."""
WRITES = ("InvoiceMod",)


@dataclass(frozen=True, slots=True)
class Plan:
    """Which fault is to strike where, at which passing; no point: nothing strikes."""

    point: str = ""
    fault: str = ""
    nth: int = 1


class Strikes:
    """The boundaries of one process."""

    def __init__(self, plan: Plan, clock: Clock, survey: str | None = None) -> None:
        """With `survey` each boundary that is passed is written down in that file."""
        self._plan, self._clock = plan, clock
        self._passed: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._survey = None if survey is None else os.open(survey, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        self._label = threading.local()
        self._full_until = 0.0

    # -------------------------------------------------------------------------------------------------- a boundary
    def reach(self, point: str, db: sa.Connection | None = None) -> None:
        """This boundary is passed now; the fault strikes if it is its turn."""
        if self._survey is not None:
            os.write(self._survey, f"{point}\n".encode())
        if point != self._plan.point:
            return
        with self._lock:
            self._passed[point] += 1
            if self._passed[point] != self._plan.nth or self._clock.struck:
                return
            self._clock.strike()
        self._strike(self._plan.fault, db)

    def _strike(self, fault: str, db: sa.Connection | None) -> None:
        if fault == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif fault == "slow":
            time.sleep(SLOW_FOR)
        elif fault == "disk full":
            self._full_until = time.monotonic() + FULL_FOR
        elif fault == "locked":
            raise exc.OperationalError("COMMIT", {}, sqlite3.OperationalError("database is locked"))
        elif fault == "cut" and db is not None:
            db.connection.dbapi_connection.pgconn.finish()  # type: ignore[union-attr]
        elif fault == "answer lost":
            raise exc.OperationalError("COMMIT", {}, Exception("server closed the connection unexpectedly"))
        else:
            raise AssertionError(f"{fault!r} cannot happen at {self._plan.point!r}")

    # ---------------------------------------------------------------------------------------------------- the wraps
    def install(self) -> None:
        """Wrap everything."""
        self._wrap_soap()
        self._wrap_pipedrive()
        self._wrap_webhooks()
        self._wrap_store()

    def _wrap_soap(self) -> None:
        answer = Operations.answer

        @wraps(answer)
        def wrapped(itself: Operations, operation: str, arguments: Any, client: str) -> Any:
            written = _written(arguments.get("response", "")) if operation == "receiveResponseXML" else ""
            self.reach(f"soap {operation} before")
            if written:
                self.reach(f"soap {operation} of {written} before")
            result = answer(itself, operation, arguments, client)
            asked = _written(str(result)) if operation == "sendRequestXML" else written
            if asked:
                self.reach(f"soap {operation} of {asked} after")
            self.reach(f"soap {operation} after")
            return result

        Operations.answer = wrapped  # type: ignore[method-assign]

    def _wrap_pipedrive(self) -> None:
        exchange, names = Client._exchange, {one: name for name, one in operations().items()}

        @wraps(exchange)
        def wrapped(*given: Any) -> Any:
            name = next(names[one] for one in given if isinstance(one, Operation))
            self.reach(f"pipedrive {name} before")
            try:
                return exchange(*given)
            finally:  # also where the answer is lost, as the first one of some is in every run
                self.reach(f"pipedrive {name} after")

        Client._exchange = wrapped  # type: ignore[method-assign]

    def _wrap_webhooks(self) -> None:
        answer = Webhooks.answer

        @wraps(answer)
        def wrapped(itself: Webhooks, request: Any) -> Any:
            self.reach("webhook before")
            response = answer(itself, request)
            self.reach("webhook after")
            return response

        Webhooks.answer = wrapped  # type: ignore[method-assign]

    def _wrap_store(self) -> None:
        self._named(EndpointWork, "take", lambda itself, *_, **__: f"take {itself._system}")
        self._named(EndpointWork, "give", _given)
        self._named(EndpointWork, "hint", lambda itself, *_: "hints")
        self._named(EndpointWork, "visited", lambda itself, *_, **__: f"visit of {itself._system}")
        self._named(StoreState, "change", lambda itself, key, *_, **__: f"state {_plain(itself.scope, key)}")
        self._named(StoreState, "spend", lambda *_, **__: "tokens")
        self._named(Crew, "beat", lambda *_: "heartbeat")
        self._named(Sender, "_beat", lambda *_: "heartbeat")
        self._named(Housekeeping, "tick", lambda *_: "housekeeping")
        self._named(Alerts, "tick", lambda *_: "alerts")
        self._named(words, "fill", lambda *_: "words to be searched")
        self._named(opening, "release_dead", lambda *_: "leases of the dead")
        self._named(opening, "_mark_for_new_mappings", lambda *_: "new mappings")
        connect = Store.connect

        @contextmanager
        def wrapped(itself: Store, only_reading: bool = False) -> Iterator[sa.Connection]:
            if only_reading:
                with connect(itself, only_reading) as db:
                    yield db
                return
            label = f"store {getattr(self._label, 'text', None) or 'other'}"
            with connect(itself) as db:
                yield db
                self.reach(f"{label} before", db)
                if time.monotonic() < self._full_until:
                    raise exc.OperationalError("COMMIT", {}, sqlite3.OperationalError("database or disk is full"))
            with told(itself._url):
                self.reach(f"{label} after")

        Store.connect = wrapped  # type: ignore[method-assign]

    def _named(self, owner: Any, name: str, label: Callable[..., str]) -> None:
        """Transactions within that function are called so; within another one of these, as the inner one says."""
        function = getattr(owner, name)

        @wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            before = getattr(self._label, "text", None)
            self._label.text = label(*args, **kwargs)
            try:
                return function(*args, **kwargs)
            finally:
                self._label.text = before

        setattr(owner, name, wrapped)


def _given(itself: EndpointWork, request: Any, result: Any) -> str:
    if isinstance(request, Query):
        return "reading failed" if isinstance(result, Failed) else f"page of {request.entity}"
    if isinstance(result, Written):
        return f"written {request.entity} {request.action}"
    return "not written"


def _plain(scope: str, key: str) -> str:
    """A key of the connectors' memory without what differs from run to run."""
    whose = "shared" if scope.startswith("shared/") else scope.partition("/")[2] or "server"
    return f"{whose} {key.partition('/')[0]}"


def _written(text: str) -> str:
    return next((one for one in WRITES if f"{one}R" in text), "")
