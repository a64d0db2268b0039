"""Requests and results: what an endpoint takes from the engine and gives back to it. A part of the contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from engine.catalogue import Record

QueryKind = Literal["changed", "keys", "gone", "all", "every"]


@dataclass(frozen=True, slots=True)
class Query:
    """Ask a system for records: those changed since a cursor, those of given keys, or the keys that are gone; for
    `all` keys that are there, without any filter; or for `every` record as it is now, whenever it was changed."""

    entity: str
    kind: QueryKind = "changed"
    fields: tuple[str, ...] = ()
    """Root field names that are needed (derived ones included); the connector asks for no more where it can."""
    cursor: str | None = None
    """What the last page with a cursor said, in the connector's own words. None: everything (from `since`)."""
    since: str | None = None
    """ISO date for a first reading: older records may be left out. Of `every`: older ones are left out."""
    until: str | None = None
    """Of `every`: the last ISO date, included. Both compare `Entity.date`, and mean nothing where that is None."""
    aside: bool = False
    """A look of its own: what comes of it is kept apart from what is held, so a connector takes no note of it."""
    keys: tuple[str, ...] = ()
    id: str = ""

    def pack(self) -> dict[str, Any]:
        """As a JSON-able dict, for `State`."""
        return asdict(self)

    @classmethod
    def unpack(cls, data: Mapping[str, Any]) -> Query:
        """The query that `pack` made this of."""
        return cls(**{**data, "fields": tuple(data["fields"]), "keys": tuple(data["keys"])})


@dataclass(frozen=True, slots=True)
class Child:
    """One element of a child list. `ref` is our key for it, `key` the system's (None until it was made)."""

    ref: str
    key: str | None = None
    values: Record = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Write:
    """Change one record: its intent is stored before anybody sees it, and its id stays when it is repeated."""

    id: str
    entity: str
    action: Literal["create", "update", "children"]
    key: str | None = None
    """The record's key; None for a create."""
    values: Record = field(default_factory=dict)
    """Field -> value; custom fields as `custom.NAME`. None clears."""
    identity: tuple[str, ...] = ()
    """The identity lines that the record shall carry, the primary's first (empty: leave what is there)."""
    expected: Record = field(default_factory=dict)
    """Of an update: the written fields as we last saw them; a system with edit sequences re-reads and compares."""
    child: str | None = None
    """Of `children`: the list's name, with what to add, change and remove in it. Of a create: what `add` goes into."""
    add: tuple[Child, ...] = ()
    change: tuple[Child, ...] = ()
    remove: tuple[Child, ...] = ()
    known: tuple[Child, ...] = ()
    """Of `children` after an unknown outcome: `recover` is set, and the elements of ours that were there before."""
    recover: bool = False
    """The outcome of an earlier attempt is unknown: read what is there, pair it with `add`, send only the rest."""
    origin: str = ""
    """The visit in which its reason came in; for the log."""

    def pack(self) -> dict[str, Any]:
        """As a JSON-able dict (Decimals stay Decimals)."""
        return {name: _plain(getattr(self, name)) for name in self.__dataclass_fields__}

    @classmethod
    def unpack(cls, data: Mapping[str, Any]) -> Write:
        """The write that `pack` made this of."""
        lists = {name: tuple(Child(**one) for one in data[name]) for name in ("add", "change", "remove", "known")}
        return cls(**{**data, **lists, "identity": tuple(data["identity"])})


def _plain(value: Any) -> Any:
    """As `asdict` has it, without a copy of each single value, which takes most of its time."""
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_plain, value))
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


Request = Query | Write


@dataclass(frozen=True, slots=True)
class Found:
    """A record that a system handed over, with the identity lines of ours that it carries."""

    key: str
    record: Record
    identity: tuple[str, ...] = ()
    stamp: datetime | None = None
    """When it was last changed, by its system's clock and in that clock's grain (aware UTC); None: it does not say."""


@dataclass(frozen=True, slots=True)
class Gone:
    """A record that is no longer there. `how` is "deleted" (merged list objects show as deleted)."""

    key: str
    how: str = "deleted"
    at: str | None = None
    into: str | None = None
    """The key of the record that it was merged into, where the system says so."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the answer to a query. The last one says `done` and carries the cursor for the next reading.

    A first reading may take several visits: a page that is not the last and carries a cursor says where it goes on.
    Its connector may let go of the query then; it is handed out again with that cursor, after what is more urgent.
    """

    found: Sequence[Found] = ()
    gone: Sequence[Gone] = ()
    missing: tuple[str, ...] = ()
    """Of the keys asked for, those that the system does not know."""
    there: tuple[str, ...] | None = None
    """Of an `all`: keys of records that are there. None on its last page: it cannot be said, so nothing is lost."""
    recent: bool = False
    """Of a first reading that is not complete: what changed since it began, which goes before old history."""
    done: bool = False
    cursor: str | None = None
    read_at: datetime | None = None
    """Our clock (aware UTC) when the system was asked; None: now."""


@dataclass(frozen=True, slots=True)
class Written:
    """A write was carried out; `record` is the answer in engine shape (as a Query would give it)."""

    key: str
    record: Record = field(default_factory=dict)
    identity: tuple[str, ...] = ()
    children: tuple[Child, ...] = ()
    """Of a write with a `child`: each element of ours that is there now, with the system's key and what it answered."""
    stamp: datetime | None = None
    """Of `record`, as `Found.stamp`."""


class Failure(StrEnum):
    """What the engine must do about a request that was not carried out."""

    UNSENT = "unsent"
    """Handed back untouched (no tokens left, visit over): due again, no attempt counted."""
    RETRY = "retry"
    """A passing fault and certainly not carried out: again after a pause."""
    UNKNOWN = "unknown"
    """It may have been carried out: look it up by identity before anything is repeated."""
    STALE = "stale"
    """Somebody changed the record meanwhile: read it again and decide again."""
    GONE = "gone"
    """The record is not there any more: park; it is never made again by itself."""
    REFUSED = "refused"
    """The system does not take this data: park with its words."""
    CONFIGURATION = "configuration"
    """Credentials, rights or settings: a person must act; nothing of this system goes on until then."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A request failed. `message` is one plain sentence with the next step; `field` the field at fault, if known."""

    failure: Failure
    message: str
    code: str = ""
    field: str | None = None
    again_after: timedelta | None = None


Result = Page | Written | Failed


@dataclass(frozen=True, slots=True)
class Hint:
    """Word from a system that a record changed. Its content is not believed: the record is read again by its key,
    unless what is held is known to be as new."""

    entity: str
    key: str
    event: str = ""
    """The event's own id: what comes twice is heard once."""
    stamp: datetime | None = None
    """The record's stamp after the change, as `Found.stamp`: what is held with a later one is as new. None: unknown."""
    ours: bool = False
    """Most likely the echo of a write of ours: what is held with the same stamp is as new, and the look waits for a
    moment, since the write's answer may still be on its way."""
