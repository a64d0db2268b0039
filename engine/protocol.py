"""The contract between the engine and its connectors; the one engine module, besides `errors`, that a connector sees.

A connector serves one kind of system. Some systems visit us (QuickBooks' Web Connector), others are called by us
(Pipedrive), so the contract never says "read now": the engine keeps the work, and an endpoint *takes* requests when
its system is ready, carries them, and *gives* back what came of them. What an endpoint must remember between two
calls goes through `State`, so that any process may answer the next call. `passwords` and `lockout` are for systems
that visit us with a password. Standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol, runtime_checkable
from zoneinfo import ZoneInfo

# isort: off
from engine import lockout as lockout, passwords as passwords
from engine.catalogue import (
    ADDRESS_PARTS as ADDRESS_PARTS,
    Catalogue as Catalogue,
    Children as Children,
    CustomField as CustomField,
    Entity as Entity,
    Field as Field,
    FieldType as FieldType,
    NoteField as NoteField,
    Option as Option,
    Record as Record,
    Relation as Relation,
)
from engine.requests import (
    Child as Child,
    Failed as Failed,
    Failure as Failure,
    Found as Found,
    Gone as Gone,
    Hint as Hint,
    Page as Page,
    Query as Query,
    QueryKind as QueryKind,
    Request as Request,
    Result as Result,
    Write as Write,
    Written as Written,
)
from engine.tracing import about as about
# isort: on


# ------------------------------------------------------------------------------------------------------- ports
class Work(Protocol):
    """What an endpoint sees of the engine: the requests for its system in its connection."""

    def take(self, limit: int, stale_before: datetime, urgent_only: bool = False) -> Sequence[Request]:
        """The next requests, at most `limit` writes, queries first; what was read before `stale_before` is read again.
        With `urgent_only` no writes of old history (what a first reading or a new mapping made due).

        Writes are leased and their intent is stored when this returns; each must be given back. Where a write needs
        a fresher look at its target, the queries come first and the write with a later call: go on taking until
        nothing comes. A query may be handed out again until its last page was given.
        """

    def give(self, request: Request, result: Result) -> None:
        """What came of a request, in one transaction: page by page for a query, once for a write."""

    def waiting(self, stale_before: datetime, urgent_only: bool = False) -> int:
        """How many requests are ready: nought means that a visit has nothing to do."""

    def backlog(self) -> Mapping[str, int]:
        """How many records of old history are still to be carried, by target entity; those of which a child list is
        written are counted a second time, as `ENTITY.LIST`."""

    def hint(self, hints: Sequence[Hint]) -> int:
        """Keep word of changes, for the next `take` to read again; of records that no mapping needs nothing is kept.
        How many are to be read."""

    def visited(self, ticket: str, **facts: Any) -> None:
        """Keep facts about one visit or drain (`started_at`, `ended_at`, `requests`, `records`, `message`...)."""


class State(Protocol):
    """A small memory that survives restarts and is shared between processes; values are JSON with Decimal."""

    def get(self, key: str) -> Any | None:
        """The value, or None if there is none or it has expired."""

    def put(self, key: str, value: Any, ttl: timedelta | None = None) -> None:
        """Store a value, for `ttl` or for good. None removes it."""

    def change(
        self, key: str, function: Callable[[Any | None], Any | None], ttl: timedelta | None = None
    ) -> Any | None:
        """Read, apply, store in one transaction, across processes; returns what was stored. None removes it."""

    def spend(self, name: str, amount: int, limit: int, window: timedelta, since: datetime | None = None) -> bool:
        """Count `amount` if the sum within the last `window`, or `since` a moment in it, stays within `limit`; else
        count nothing and say False. A name is to be used with one window."""

    def spent(self, name: str, window: timedelta, since: datetime | None = None) -> int:
        """The sum counted within the last `window`, or `since` a moment in it."""


class Vault(Protocol):
    """Encrypts what is kept in a `State` and must not be readable there: tokens of other systems."""

    def seal(self, text: str) -> str:
        """The text, encrypted by the newest key."""

    def open(self, sealed: str) -> str | None:
        """What was sealed; None where none of the keys opens it."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where an endpoint works: one connection, its settings, and the engine's ports."""

    connection: str
    settings: Mapping[str, Any]
    """This connector's block of engine.yaml, secrets resolved. Never log it."""
    zone: ZoneInfo
    """The QuickBooks computer's zone."""
    url: str
    """The public address under which `answer` is reached, without a trailing slash."""
    state: State
    shared: Callable[[str], State]
    """A state shared by every connection that names the same scope (one Pipedrive company's tokens)."""
    work: Work
    clock: Callable[[], datetime]
    """Aware UTC."""
    custom_fields: Mapping[str, tuple[CustomField, ...]] = field(default_factory=dict)
    """By entity: the custom fields that the connection's mappings use."""
    follows: tuple[str, ...] = ()
    """The entities of this system that mappings read: their changes are worth a hint."""
    mirrors: tuple[str, ...] = ()
    """Those that are looked at before a write only: of these, that a record went is worth a hint."""
    writes: tuple[str, ...] = ()
    """The entities of this system that mappings write."""
    vault: Vault | None = None
    """None: engine.yaml has no `encryption_keys`."""
    stopping: Callable[[], bool] = lambda: False
    """Whether this process is about to end: what is under way is finished, the rest is handed back (UNSENT)."""
    timed: Callable[[str, float, str], None] = lambda call, seconds, outcome: None
    """Tell how long a call of either side took, by the operation's name and a word for how it ended (`ok`...)."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request that reached this endpoint's address; `path` is what follows it. Header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    query: str = ""
    client: str = ""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """The answer, sent as it is: no compression, no redirect."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `engine ping`: what was looked at, whether it is well, and the next step if not."""

    name: str
    ok: bool
    message: str


@runtime_checkable
class Endpoint(Protocol):
    """One system of one connection, alive. Every method may be called from any thread."""

    def drain(self) -> timedelta | None:
        """Carry what is due, as fast as the system allows; when to come again. None: the system calls us.

        Threads are shared by all connections: what has much to do returns after some seconds and asks for nought.
        """

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer a request that the system (or a person's browser) made. 404 where nothing is served."""

    def canonical(self, entity: str, values: Mapping[str, Any]) -> Record:
        """A draft's values as a Query would show them once written (an `Option` as its text, money at two decimals)."""

    def facts(self) -> Mapping[str, Any]:
        """What it tells of itself for the status, asking nobody. Known keys: `calls_us` (its system visits us),
        `visits_every` (seconds), `visits_rest` (none are expected now), `failed_logins` (within an hour),
        `tokens_spent` and `tokens_limit` (of a day), `tokens_reserve` (of these, kept from old history), `forecast` (a
        sentence: until when old history is through), `waits_until` (the day's tokens are used up until then),
        `tokens_since` (when this day of theirs began), `quiet_until` (its system is kept from visiting), `stopped` (a
        sentence: why nothing goes on), `notes` (further sentences)."""

    def ping(self) -> Sequence[Check]:
        """Talk to the real system where it can be called, and say what is well and what is not."""

    def close(self) -> None:
        """Let go of sockets and threads."""


@runtime_checkable
class Bounded(Protocol):
    """What an endpoint has besides that takes longer bodies than the 1 MB that the server takes by itself."""

    def longest_body(self) -> int:
        """The most bytes of a body that it takes now; asked before one is read that may have more than 1 MB."""


@dataclass(frozen=True, slots=True)
class Hook:
    """A system's promise to call us when something changes."""

    key: str
    what: str
    """The events, in the system's own words: `*.deal`."""
    url: str
    ours: bool
    """Made by this connection; others are never touched."""
    ok: bool
    message: str
    """What became of it, or how it stands, in a sentence."""


@runtime_checkable
class Hooks(Protocol):
    """What an endpoint has besides whose system can be asked to call us (`engine webhooks`). All talk to the system,
    and raise InvalidSettings where it is not set up, SystemUnavailable where it does not answer."""

    def list_hooks(self) -> Sequence[Hook]:
        """Every one that the system has."""

    def sync_hooks(self) -> Sequence[Hook]:
        """Make what the mappings need, renew what is broken, remove what is needed no more; how ours stand then."""

    def remove_hooks(self) -> Sequence[Hook]:
        """Remove ours; those that were removed."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link by which one person, once, grants this server access to an account."""

    link: str
    until: datetime
    callback: str
    """The address to which the system sends that person back; it may have to be registered there."""


@runtime_checkable
class Connects(Protocol):
    """What an endpoint has besides to whose account a person grants access in a browser (`engine connect`). Both raise
    InvalidSettings where it is not set up."""

    def invite(self) -> Invitation:
        """A new link; whoever opens it may connect his account."""

    def disconnect(self) -> bool:
        """Give the access back and forget it; False: there was none."""


@dataclass(frozen=True, slots=True)
class Price:
    """What requests take: of the day's tokens, and of time once their system is ready."""

    tokens: int = 0
    time: timedelta = timedelta()

    def __add__(self, other: Price) -> Price:
        return Price(self.tokens + other.tokens, self.time + other.time)


Pricing = Callable[[Sequence[Request]], Price]
"""Prices requests, one batch after the other, as if each batch were carried out: what the first must make, the next
ones find there. The key of a record that is still to be made is any number."""


@runtime_checkable
class Priced(Protocol):
    """What an endpoint has besides that can tell beforehand what requests will take (`engine plan`)."""

    def pricing(self) -> Pricing:
        """Begins a reckoning. It asks nobody and keeps nothing."""


@dataclass(frozen=True, slots=True)
class Names:
    """What one account calls things, for people who write mappings."""

    custom: Mapping[str, tuple[Field, ...]] = field(default_factory=dict)
    """By entity: the custom fields that people see, with their options where they have some."""
    values: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """By entity and field: every text that the field can have there (a deal's stages, the users' names)."""
    how_to_add: Mapping[str, str] = field(default_factory=dict)
    """By entity that a mapping cannot add custom fields to: what a person does there, with {name} in it."""


@runtime_checkable
class Named(Protocol):
    """What an endpoint has besides that can tell its account's own names (`engine schema --connection`)."""

    def names(self) -> Names:
        """Asks the system where it can be called, and says what it said last where it calls us. Raises
        SystemUnavailable where it does not answer."""


@runtime_checkable
class Charging(Protocol):
    """What an endpoint has besides whose system charges for reading (`engine reconcile`)."""

    def charge(self, query: Query, records: int) -> int:
        """Tokens of this query, if it brings so many records. Asks nobody."""


@runtime_checkable
class Addressed(Protocol):
    """What an endpoint has besides whose system shows its records to people in a browser."""

    def address(self, entity: str, key: str) -> str | None:
        """Where people look at that record; None for an entity without a page of its own. Asks nobody."""


@runtime_checkable
class Spends(Protocol):
    """What an endpoint has besides that counts what it spends of a day's allowance."""

    def spending(self, since: datetime) -> Sequence[tuple[datetime, int]]:
        """What was spent in each hour from then on: (when the hour begins, how much), the first first. Asks nobody."""


@runtime_checkable
class Remembers(Protocol):
    """What a connector's class has besides that keeps its account's names (`engine validate` asks no system)."""

    @classmethod
    def remembered(cls, state: State) -> Names:
        """What the system said last, as its endpoint keeps it in this state; nothing if it never did."""


@runtime_checkable
class Connector(Protocol):
    """The adapter of one kind of system. Stateless; registered as an entry point in the group `engine.connectors`."""

    name: ClassVar[str]
    """As it stands in `from:` and `to:` and in engine.yaml."""
    title: ClassVar[str]
    """As people call the system: "QuickBooks", "Pipedrive"."""
    settings_schema: ClassVar[Mapping[str, Any]]
    """JSON Schema of its block in engine.yaml, with descriptions. The page of set-up asks for the keys with `asked`."""

    @classmethod
    def catalogue(cls) -> Catalogue:
        """Its entities, as data."""

    @classmethod
    def derive(cls, entity: str, record: Record, earlier: Record | None) -> Record:
        """The record with the derived fields that it alone (and its earlier version) determines. Pure."""

    @classmethod
    def enrich(cls, entity: str, record: Record, lookup: Callable[[str, str], Record]) -> Record:
        """The record with the derived fields that need `Entity.lookups`; `lookup(entity, key)` raises KeyError where
        a record is not held. Pure."""

    @classmethod
    def open(cls, site: Site) -> Endpoint:
        """The endpoint of a connection. Talks to nobody yet."""
