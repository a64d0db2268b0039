"""What the callers of an account sent and what it cost them: the tests' meter, invisible to the callers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One request that reached the account."""

    at: datetime
    method: str
    path: str
    """Without the version prefix and the query, e.g. `/deals/7`."""
    operation: str
    """Version, method and path template, e.g. `v2 PATCH /deals/{id}`."""
    tokens: int
    """0 where it was refused by rate or budget."""
    status: int
    """What was decided; a cut connection keeps the status that the caller never saw."""
    body: Any = None
    query: str = ""

    @property
    def ok(self) -> bool:
        return self.status < 400


class Spending(NamedTuple):
    """Requests and tokens of one operation."""

    requests: int
    tokens: int


class Ledger:
    """Append-only list of entries with sums over it."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries = list(entries)

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)

    @property
    def spent(self) -> int:
        """Tokens of all entries."""
        return sum(entry.tokens for entry in self.entries)

    @property
    def requests(self) -> int:
        return len(self.entries)

    @property
    def by_operation(self) -> dict[str, Spending]:
        """Requests and tokens per operation, refused requests included."""
        sums: dict[str, Spending] = {}
        for entry in self.entries:
            requests, tokens = sums.get(entry.operation, Spending(0, 0))
            sums[entry.operation] = Spending(requests + 1, tokens + entry.tokens)
        return sums

    @property
    def writes(self) -> list[Entry]:
        """Every mutating request in order, refused ones included (see `Entry.ok`)."""
        return [entry for entry in self.entries if entry.method in WRITING]

    def mark(self) -> int:
        """A point to measure from."""
        return len(self.entries)

    def since(self, mark: int) -> "Ledger":
        """The part after a mark, as a ledger of its own."""
        return Ledger(self.entries[mark:])
