"""The unit of work: the source records that make one target record, and how its work may settle before the write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from engine.mapping.compiled import CompiledMapping
from engine.mapping.draft import Element
from engine.observe.events import Step
from engine.store.links import Link
from engine.store.snapshots import Snapshot
from engine.store.work import WorkRow

Ended = Literal["deleted", "voided", "gone"]


@dataclass(frozen=True, slots=True)
class Member:
    """One source record (or one element of it) behind a target."""

    source_key: str
    element: Element
    snapshot: Snapshot
    link: Link | None
    ended: Ended | None = None

    @property
    def record_key(self) -> str:
        """The key of the record that the element was found in."""
        return self.snapshot.key


@dataclass(frozen=True, slots=True)
class Unit:
    """What makes one target: its members, the primary first, and the rows of the queue that it answers."""

    mapping: CompiledMapping
    rows: Sequence[WorkRow]
    living: Sequence[Member]
    leaving: Sequence[Member] = ()
    """Linked members that are gone while others live: they leave sum, children and identity."""
    ended: Member | None = None
    """The last member is gone: the rule for its kind of going applies to the target."""
    target_key: str | None = None
    group: str | None = None
    """The `one_per` group that its links belong to."""
    alone: bool = True
    """The rows ask for no other unit: they may finish with this one's last answer."""

    @property
    def revived(self) -> bool:
        """A member was gone and is there again: what its end wrote is no longer true."""
        return any(one.link is not None and one.link.gone is not None for one in self.living)

    @property
    def primary(self) -> Member:
        """The member whose values count where they are not combined."""
        return self.ended if self.ended is not None else self.living[0]


State = Literal["done", "skipped", "waiting", "parked", "due"]


@dataclass(slots=True)
class Settled(Exception):
    """The unit's work ends here, without a request: nothing to do, left out, waiting, or a person's turn."""

    state: State
    outcome: str
    reason: str = ""
    code: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    waits: list[tuple[str, str]] = field(default_factory=list)
    step: Step = "decide"
    fresh_since: datetime | None = None
    """Of `due`: goes on once its target was looked at after this moment."""
    due_at: datetime | None = None


def waiting(reason: str, waits: list[tuple[str, str]], step: Step = "map") -> Settled:
    """Something that it needs is not there yet; it wakes by itself when that comes."""
    return Settled("waiting", "waiting", reason, waits=waits, step=step)


def parked(reason: str, code: str, step: Step, **detail: Any) -> Settled:
    """A person must decide."""
    return Settled("parked", "parked", reason, code, detail=detail, step=step)


def skipped(reason: str, step: Step = "map", waits: list[tuple[str, str]] | None = None) -> Settled:
    """The mapping leaves it out."""
    return Settled("skipped", "skipped", reason, step=step, waits=waits or [])
