"""The values that mappings work with: what goes into one evaluation and what comes out of it.

No behaviour lives here; `executor` fills drafts, the runner reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from engine.errors import EngineError
from engine.protocol import Record


class _Missing(Enum):
    MISSING = "missing"

    def __repr__(self) -> str:
        return "(missing)"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing.MISSING
"""A source field that was not asked for: the target is left alone. Never the same as None, which clears."""


class NotRead(EngineError):
    """A record lacks the list that its mapping walks through: it was not asked for, so nothing may be concluded."""

    code = "E021"


ResolvedState = Literal["linked", "missing", "parked", "left_out", "gone", "never"]


@dataclass(frozen=True, slots=True)
class Resolved:
    """What is known of a reference. `key` is the target's, where it is linked; `reason` is in words for people.

    `missing`: known, but not linked yet; `never`: the record was never read. For these two and `parked` a required
    reference waits; for `left_out` and `gone` it skips.
    """

    state: ResolvedState
    key: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What an evaluation may know besides the record. Times: `now` is aware UTC, `today` is the zone's day."""

    links: Callable[[str, str], Resolved]
    """(mapping, source key) -> the target that it is linked to."""
    named: Callable[[str, str], Resolved]
    """(mapping, text) -> the target of that name."""
    linked: Mapping[str, list[Record]]
    """For templates: mapping -> the source records behind the target, each with `read_at` (ISO text in `zone`)."""
    today: date
    now: datetime
    zone: ZoneInfo


@dataclass(slots=True)
class Element:
    """What one link stands for: a record, or one element of its list where the mapping says `each`."""

    key: str
    value: Record
    """What bare names mean: the record, or the element."""
    record: Record
    problem: str | None = None
    """Why it cannot be told apart from its siblings (no key, or the same key twice): its draft carries this."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A required reference that is not linked yet."""

    field: str
    mapping: str
    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A value that the target cannot take. Nothing is ever cut to fit: the record parks with this."""

    field: str
    value: Any
    where: str
    message: str


@dataclass(frozen=True, slots=True)
class TraceLine:
    """How one field came to its value; `steps` are (what was done, value after it)."""

    field: str
    where: str
    input: Any
    steps: tuple[tuple[str, Any], ...]
    output: Any


@dataclass(frozen=True, slots=True)
class ChildDraft:
    """One element of a child list, under our key for it. A combined draft's keys name the source record too."""

    key: str
    values: Record


@dataclass(slots=True)
class Draft:
    """What a mapping makes of an element. In `values`, None clears and an absent field is left alone."""

    values: Record = field(default_factory=dict)
    children: dict[str, list[ChildDraft]] = field(default_factory=dict)
    """A list that was not read is absent: absent never removes children."""
    again: Record = field(default_factory=dict)
    """Of fields with `again_when`: the values compared, as a list; the field is written again when they change.
    Absent where one of them was not read: then nothing is concluded."""
    waits: list[Wait] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)
    """References (mapping, source key) that were left or skipped: a link that appears makes the record due."""
    skip: str | None = None
    problems: list[Problem] = field(default_factory=list)
    names: list[tuple[str, str]] = field(default_factory=list)
    """Targets (mapping, text) that are needed by name and aren't there yet."""
    currency: str | None = None
    inputs: Record = field(default_factory=dict)
    """Of combined fields: what the selection gave, before any transform, so that several can be combined."""
    trace: list[TraceLine] = field(default_factory=list)
    zone: ZoneInfo | None = None


@dataclass(frozen=True, slots=True)
class GoneDraft:
    """What to write when the source is gone: fields, a note about the target, text to add to fields."""

    values: Record
    note: str | None = None
    append: dict[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
