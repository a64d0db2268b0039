"""Small honest stand-ins of the engine's ports: work and state in memory, a clock that a test moves."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engine import passwords
from engine.protocol import CustomField, Failed, Found, Gone, Page, Query, Request, Result, Site, Write

PASSWORD = "correct horse"
HASH = passwords.hash_password(PASSWORD)


class Clock:
    """Aware UTC, standing still until it is moved."""

    def __init__(self, now: datetime = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


def _tagged(value: object) -> dict[str, str]:
    assert isinstance(value, Decimal), f"State keeps JSON with Decimal, not {value!r}"
    return {"$": str(value)}


def _untagged(value: dict[str, Any]) -> Any:
    return Decimal(value["$"]) if set(value) == {"$"} else value


class MemoryState:
    """engine.protocol.State over a dict of JSON texts, so that nothing but JSON survives."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[str, datetime | None]] = {}
        self.counted: dict[str, int] = {}
        self._lock = threading.RLock()

    def get(self, key: str) -> Any | None:
        text, until = self._kept.get(key, ("null", None))
        return None if until is not None and until <= self._clock() else json.loads(text, object_hook=_untagged)

    def put(self, key: str, value: Any, ttl: timedelta | None = None) -> None:
        with self._lock:
            if value is None:
                self._kept.pop(key, None)
            else:
                self._kept[key] = (json.dumps(value, default=_tagged), self._clock() + ttl if ttl else None)

    def change(
        self, key: str, function: Callable[[Any | None], Any | None], ttl: timedelta | None = None
    ) -> Any | None:
        with self._lock:
            value = function(self.get(key))
            self.put(key, value, ttl)
            return value

    def spend(self, name: str, amount: int, limit: int, window: timedelta, since: datetime | None = None) -> bool:
        self.counted[name] = self.counted.get(name, 0) + amount  # no test lets an hour pass
        return True

    def spent(self, name: str, window: timedelta, since: datetime | None = None) -> int:
        return self.counted.get(name, 0)

    def text(self) -> str:
        """Everything that is kept, to look for what must not be."""
        return json.dumps({key: text for key, (text, _) in self._kept.items()})


class MemoryWork:
    """engine.protocol.Work: hands a query out until its last page was given, and keeps whatever comes."""

    def __init__(self, *requests: Request) -> None:
        self.due: list[Request] = list(requests)
        self.results: list[tuple[Request, Result]] = []
        self.visits: list[dict[str, Any]] = []
        self.when_given: Callable[[Request, Result], None] = lambda request, result: None
        self.stale_before: list[datetime] = []

    def take(self, limit: int, stale_before: datetime) -> Sequence[Request]:
        self.stale_before.append(stale_before)
        writes = [one for one in self.due if isinstance(one, Write)][:limit]
        return [*(one for one in self.due if isinstance(one, Query)), *writes]

    def give(self, request: Request, result: Result) -> None:
        looked = isinstance(request, Query) and request.kind == "keys" and request.id == ""
        assert request in self.due or looked, "given back, but never handed out or given before"
        self.results.append((request, result))
        if not isinstance(result, Page) or result.done:
            self.due = [one for one in self.due if one != request]
        self.when_given(request, result)

    def waiting(self, stale_before: datetime) -> int:
        return len(self.due)

    def visited(self, ticket: str, **facts: Any) -> None:
        self.visits.append({"ticket": ticket, **facts})

    def pages(self, entity: str) -> list[Page]:
        return [
            result
            for request, result in self.results
            if isinstance(result, Page) and isinstance(request, Query) and request.entity == entity
        ]

    def found(self, entity: str) -> list[Found]:
        return [one for page in self.pages(entity) for one in page.found]

    def gone(self, entity: str) -> list[Gone]:
        return [one for page in self.pages(entity) for one in page.gone]

    @property
    def failures(self) -> list[Failed]:
        return [result for _, result in self.results if isinstance(result, Failed)]


def make_site(
    work: MemoryWork,
    clock: Clock,
    state: MemoryState | None = None,
    custom_fields: Mapping[str, tuple[CustomField, ...]] | None = None,
    **settings: Any,
) -> Site:
    """A site as the engine would make it."""
    kept = state or MemoryState(clock)
    return Site(
        connection="acme",
        settings={"user": "acme", "password_hash": HASH, "currency": "USD", **settings},
        zone=ZoneInfo("America/New_York"),
        url="http://localhost:8800/acme/quickbooks_desktop",
        state=kept,
        shared=lambda scope: kept,
        work=work,
        clock=clock,
        custom_fields=custom_fields or {},
    )
