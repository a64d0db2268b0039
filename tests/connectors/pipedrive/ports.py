"""The engine's ports, small and honest, in memory: values travel as JSON, leases and windows are kept."""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from engine.protocol import CustomField, Failed, Hint, Page, Query, Request, Result, Site, Vault, Write, Written

_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


class Clock:
    """The machine's time, moved by hand on top."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def move(self, **by: float) -> None:
        self.ahead += timedelta(**by)


class MemoryState:
    """protocol.State."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._values: dict[str, tuple[bytes, datetime | None]] = {}
        self._spent: dict[str, list[tuple[datetime, int]]] = defaultdict(list)

    def get(self, key: str) -> Any | None:
        with self._lock:
            value, until = self._values.get(key, (b"null", None))
            return None if until is not None and until <= self._clock() else _decode(value)

    def put(self, key: str, value: Any, ttl: timedelta | None = None) -> None:
        with self._lock:
            self._values[key] = (_encode(value), None if ttl is None else self._clock() + ttl)

    def change(self, key: str, function: Callable[[Any], Any], ttl: timedelta | None = None) -> Any | None:
        with self._lock:
            self.put(key, function(self.get(key)), ttl)
            return self.get(key)

    def spend(self, name: str, amount: int, limit: int, window: timedelta, since: datetime | None = None) -> bool:
        with self._lock:
            if self.spent(name, window, since) + amount > limit:
                return False
            self._spent[name].append((self._clock(), amount))
            return True

    def spent(self, name: str, window: timedelta, since: datetime | None = None) -> int:
        with self._lock:
            begin = self._clock() - window
            counted = (one for one in self._spent[name] if one[0] > begin and (since is None or one[0] >= since))
            return sum(amount for _, amount in counted)


class MemoryWork:
    """protocol.Work over a list: queries first, writes leased until given back."""

    def __init__(self) -> None:
        self.due: list[Request] = []
        self.old: list[Request] = []
        """Of what is due: old history."""
        self.results: list[tuple[Request, Result]] = []
        self.visits: list[dict[str, Any]] = []
        self.hints: list[Hint] = []
        self.most_taken = 0
        self._leased: list[Request] = []

    def add(self, *requests: Request) -> None:
        self.due += requests

    def take(self, limit: int, stale_before: datetime, urgent_only: bool = False) -> Sequence[Request]:
        queries = [one for one in self.due if isinstance(one, Query)]
        ready = [one for one in self.due if isinstance(one, Write) and one not in self._leased]
        writes = [one for one in ready if not urgent_only or one not in self.old][:limit]
        self._leased += writes
        self.most_taken = max(self.most_taken, len(writes))
        return [*queries, *writes]

    def give(self, request: Request, result: Result) -> None:
        assert request in self.due, "given twice, or never taken"
        self.results.append((request, result))
        if not isinstance(result, Page) or result.done:
            self.due.remove(request)
            self._leased = [one for one in self._leased if one != request]

    def waiting(self, stale_before: datetime, urgent_only: bool = False) -> int:
        return len([one for one in self.due if not urgent_only or one not in self.old])

    def backlog(self) -> dict[str, int]:
        kinds = [
            one.entity if one.child is None else f"{one.entity}.{one.child}"
            for one in self.old
            if isinstance(one, Write) and one in self.due
        ]
        return dict(Counter(kinds))

    def hint(self, hints: Sequence[Hint]) -> int:
        self.hints += hints
        return len(hints)

    def visited(self, ticket: str, **facts: Any) -> None:
        self.visits.append(facts)

    def result(self, request: Request) -> Any:
        """The last thing that was given for a request."""
        return next(result for given, result in reversed(self.results) if given == request)

    def written(self, request: Write) -> Written:
        result = self.result(request)
        assert isinstance(result, Written), result
        return result

    def failed(self, request: Request) -> Failed:
        result = self.result(request)
        assert isinstance(result, Failed), result
        return result

    def pages(self, request: Query) -> list[Page]:
        return [result for given, result in self.results if given == request and isinstance(result, Page)]


def make_site(
    settings: Mapping[str, Any],
    clock: Callable[[], datetime],
    custom_fields: Mapping[str, tuple[CustomField, ...]] | None = None,
    shared: dict[str, MemoryState] | None = None,
    follows: tuple[str, ...] = (),
    mirrors: tuple[str, ...] = (),
    state: MemoryState | None = None,
    vault: Vault | None = None,
) -> Site:
    """A connection's site with memory ports; `shared` lets two sites spend from one company's tokens."""
    scopes = {} if shared is None else shared
    return Site(
        connection="acme",
        settings=settings,
        zone=ZoneInfo("America/New_York"),
        url="https://sync.example/acme/pipedrive",
        state=state or MemoryState(clock),
        shared=lambda scope: scopes.setdefault(scope, MemoryState(clock)),
        work=MemoryWork(),
        clock=clock,
        custom_fields=custom_fields or {},
        follows=follows,
        mirrors=mirrors,
        vault=vault,
    )
