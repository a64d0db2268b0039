"""A plan: what would be done about each record, and what that takes; saved as data, to be carried out later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.errors import UserError
from engine.protocol import Write
from engine.store import codec

NEW = "new:"
"""Starts the key of a record that is still to be made; the mapping and the source's key follow."""

NOT_COMPARED = ("id", "known", "recover")
EMPTY: tuple[Any, ...] = (None, {}, ())

FORMAT = 1
"""Of the file. A file of another format is refused."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that would be written: what is there, what would be there, why, and the rule's place."""

    field: str
    old: Any
    new: Any
    why: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a change."""

    system: str
    request: dict[str, Any]
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of some rows of the queue together: requests in their order, or an end without any."""

    mapping: str
    records: tuple[str, ...]
    """The keys of the source records."""
    label: str
    outcome: str
    """`created`, `updated`, `linked`, `parked`, ...: as the journal will say."""
    reason: str = ""
    code: str = ""
    target: str | None = None
    target_label: str = ""
    steps: tuple[Step, ...] = ()
    waits: str = ""
    """What it still waits for after all of this; empty: it has come to its end."""
    basis: dict[str, str | None] = field(default_factory=dict)
    """What it was decided upon: each record (`source KEY`, `target KEY`) and the hash of it."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one system's part takes. `tokens_today` is what is left of the day's share, None where nobody counts."""

    tokens: int = 0
    looks: int = 0
    """Of these tokens those for reading again what is about to be written."""
    seconds: float = 0
    """With the pauses before the visits of a system that calls us."""
    visits: int = 0
    tokens_today: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is due in a connection, as it would go. `left` counts by mapping what is not in `changes`, with the
    reason; `notes` are sentences about what cannot be known beforehand."""

    connection: str
    made_at: datetime
    versions: Mapping[str, str]
    """Of each mapping."""
    changes: tuple[Change, ...]
    costs: Mapping[str, Cost]
    tokens: Mapping[str, int]
    """By mapping: those of the writes."""
    left: Mapping[str, Mapping[str, int]]
    ends: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By mapping: the source keys of rows that come to an end without a request (unchanged, left out). Others may wait
    for that, so it is carried out as well."""
    looks: tuple[tuple[str, str], ...] = ()
    """(system, entity) that is looked at again before anything is written to it."""
    notes: tuple[str, ...] = ()

    @property
    def writes(self) -> int:
        """How many requests would be sent."""
        return sum(len(one.steps) for one in self.changes)

    def counts(self) -> dict[str, Counter[str]]:
        """By mapping: how many changes of each outcome."""
        found: dict[str, Counter[str]] = {}
        for one in self.changes:
            found.setdefault(one.mapping, Counter())[one.outcome] += 1
        return found

    def summary(self) -> dict[str, Any]:
        """The few numbers that a page shows."""
        return {
            "connection": self.connection,
            "made_at": self.made_at,
            "counts": {mapping: dict(one) for mapping, one in self.counts().items()},
            "writes": self.writes,
            "tokens": sum(one.tokens for one in self.costs.values()),
            "visits": sum(one.visits for one in self.costs.values()),
            "minutes": round(sum(one.seconds for one in self.costs.values()) / 60, 1),
            "costs": {system: asdict(one) for system, one in self.costs.items()},
            "left": {mapping: dict(one) for mapping, one in self.left.items()},
            "notes": list(self.notes),
        }

    def data(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {"plan": FORMAT, **asdict(self), "made_at": self.made_at.isoformat()}

    def save(self, path: Path) -> None:
        """Write the file, complete or not at all."""
        beside = path.with_name(f".{path.name}.part")
        beside.write_text(codec.readable(codec.encode(self.data())) + "\n", encoding="utf-8")
        beside.replace(path)

    @classmethod
    def load(cls, path: Path) -> Plan:
        """The plan of a file. UserError where it is none, or one of another version."""
        try:
            data = codec.decode(path.read_text(encoding="utf-8"))
            if data.pop("plan") != FORMAT:
                raise UserError(f"{path} was saved by another version.", "Make a new one: engine plan --save FILE")
            changes = tuple(_change(one) for one in data.pop("changes"))
            costs = {system: Cost(**one) for system, one in data.pop("costs").items()}
            looks = tuple((system, entity) for system, entity in data.pop("looks"))
            ends = {mapping: tuple(keys) for mapping, keys in data.pop("ends").items()}
            made_at = datetime.fromisoformat(data.pop("made_at"))
            return cls(
                made_at=made_at,
                changes=changes,
                costs=costs,
                looks=looks,
                ends=ends,
                **{**data, "notes": tuple(data["notes"])},
            )
        except OSError as error:
            raise UserError(f"{path} cannot be read: {error.strerror}.") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(f"{path} is no saved plan.", "Make one: engine plan --save FILE") from error


def request_of(write: Write) -> dict[str, Any]:
    """A request as it stands in a plan: what is sent, without what is made anew each time."""
    packed = {name: one for name, one in write.pack().items() if name not in NOT_COMPARED and one not in EMPTY}
    if (write.key or "").startswith(NEW):
        packed.pop("expected", None)  # the system's answer says what will be there
    plain: dict[str, Any] = codec.decode(codec.encode(packed))
    return plain


def _change(data: dict[str, Any]) -> Change:
    steps = tuple(
        Step(one["system"], one["request"], tuple(FieldChange(**field) for field in one["fields"]))
        for one in data.pop("steps")
    )
    return Change(steps=steps, **{**data, "records": tuple(data["records"])})
