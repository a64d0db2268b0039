"""Reconcile: how a source record and its target stand to each other, and sums that add up on both sides. Pure.

"Here" is the system that a mapping reads, "there" the one that it writes. A field is compared three ways, as at every
write (`differ`), but nothing is written: a difference that the mapping keeps is told apart from one that it missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from engine.errors import UserError
from engine.store.work import WorkState
from engine.sync.differ import FieldRule, Three
from engine.sync.values import at, is_empty, same

Kind = Literal[
    "equal", "differs", "only_here", "only_there", "doubled", "unlinked", "edited", "parked", "waiting", "left_out",
    "ended", "kept",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words:
    """What people read of a kind; {here} and {there} are the systems' names. `wrong`: somebody must look at it."""

    title: str
    meaning: str
    wrong: bool = False


KINDS: Final[dict[Kind, Words]] = {
    "equal": Words("Equal", "Both sides say the same."),
    "differs": Words(
        "Differs",
        "{here} says something else than what was carried over, and nothing is on its way.",
        wrong=True,
    ),
    "only_here": Words("Only in {here}", "{there} has no such record, and nothing explains why.", wrong=True),
    "only_there": Words(
        "Only in {there}", "It was made from a record that {here} does not have in this month.", wrong=True
    ),
    "doubled": Words("Doubled in {there}", "A second record carries the same identity.", wrong=True),
    "unlinked": Words(
        "Not linked", "Both sides have it, but the connector does not know that they belong together.", wrong=True
    ),
    "edited": Words(
        "Changed in {there} since we wrote",
        "Somebody changed in {there} what was carried over, and the mapping keeps such edits.",
        wrong=True,
    ),
    "parked": Words("Parked", "It waits for a person's decision."),
    "waiting": Words("Waiting", "It is on its way, or waits for something that is."),
    "left_out": Words("Left out", "A rule of the mapping leaves it out."),
    "ended": Words("Voided or deleted", "It was voided or deleted in {here}, and {there} was told."),
    "kept": Words("Kept as it was", "{there} had its own value before the two were linked, and the mapping keeps it."),
}
"""In the order in which a report shows them."""

WRONG: Final = tuple(kind for kind, words in KINDS.items() if words.wrong)


# ------------------------------------------------------------------------------------------------------- the month
@dataclass(frozen=True, slots=True)
class Month:
    """A month of the company's calendar, from its first day to its last."""

    first: date
    last: date

    @classmethod
    def of(cls, text: str) -> Month:
        """Of "2026-10"; raises UserError for anything else."""
        try:
            first = date.fromisoformat(f"{text}-01")
        except ValueError:
            raise UserError(f"'{text}' is not a month.", "Write it as 2026-10.") from None
        return cls(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"

    def has(self, value: Any, zone: ZoneInfo) -> bool:
        """Whether a date lies in it; a moment does by its day in that zone."""
        day = local_day(value, zone)
        return day is not None and self.first <= day <= self.last


def local_day(value: Any, zone: ZoneInfo) -> date | None:
    """The day of a date, or of a moment in that zone; None where it is neither."""
    text = str(value or "")
    try:
        if len(text) == len("2026-10-01"):
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo("UTC"))).astimezone(zone).date()


# ------------------------------------------------------------------------------------------------------ the fields
Why = Literal["stale", "edited", "kept"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not equal: what it should be by the source now, and what the target says."""

    path: str
    here: Any
    there: Any
    why: Why


def compare(
    values: Mapping[str, Any],
    again: Mapping[str, Any],
    rules: Mapping[str, FieldRule],
    three: Three,
    totals: Mapping[str, Decimal],
) -> list[Difference]:
    """The drafted fields that are not equal. `totals`: what the lines that we sent add up to, by the field that follows
    them."""
    found = []
    for path, value in values.items():
        now = at(three.now, path)
        why = _why(path, value, again, rules.get(path), three, totals)
        if why is not None:
            found.append(Difference(path, value, now, why))
    return found


def _why(
    path: str,
    value: Any,
    again: Mapping[str, Any],
    rule: FieldRule | None,
    three: Three,
    totals: Mapping[str, Decimal],
) -> Why | None:
    """None: equal, or none of our business."""
    now = at(three.now, path)
    edited = path in three.seen and not same(now, three.seen[path])
    if path in again:  # written once, and again when what it is made of changes: its own words may be of another day
        stale = path in three.sent and not same(again[path], three.again.get(path))
        return "stale" if stale else "edited" if edited else None
    if rule is not None and rule.rewritten and path in three.sent:
        return "stale" if not same(value, three.sent[path]) else "edited" if edited else None
    if same(now, value) or (rule is not None and rule.write == "once"):
        return None
    if path in totals:
        return "edited" if same(value, totals[path]) else "stale"
    if path not in three.sent:
        return "kept" if rule is not None and rule.write == "if_empty" and not is_empty(now) else "stale"
    if not same(value, three.sent[path]):
        return "stale"
    return "edited" if edited else "kept"


def verdict(differences: Iterable[Difference], state: WorkState | None, touched: bool) -> Kind:
    """Of a record that is on both sides. `state`: its row in the queue; `touched`: it was worked on after it was
    read, so what was read is not what is there."""
    whys = {one.why for one in differences}
    if not whys:
        return "equal"
    if touched:
        return "waiting"
    if "stale" in whys:
        return "parked" if state == "parked" else "waiting" if state in ("due", "leased", "waiting") else "differs"
    return "edited" if "edited" in whys else "kept"


def verdict_alone(left_out: str | None, state: WorkState | None, touched: bool) -> Kind:
    """Of a record that is here only. `left_out`: the rule that says so."""
    if left_out is not None:
        return "left_out"
    if state == "parked":
        return "parked"
    return "waiting" if touched or state in ("due", "leased", "waiting") else "only_here"


# ---------------------------------------------------------------------------------------------------- the findings
@dataclass(frozen=True, slots=True)
class Amount:
    """What a record is worth; "" and None where its kind is worth nothing, or it cannot be known."""

    currency: str = ""
    value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """How one target and the source records behind it stand. `here` and `there` hold an amount for each record."""

    kind: Kind
    sources: tuple[str, ...] = ()
    label: str = ""
    day: str = ""
    target: str | None = None
    target_label: str = ""
    reason: str = ""
    fields: tuple[Difference, ...] = ()
    here: tuple[Amount, ...] = ()
    there: tuple[Amount, ...] = ()


@dataclass(slots=True)
class Line:
    """Counts and sums of both sides."""

    here: int = 0
    there: int = 0
    sum_here: Decimal = Decimal(0)
    sum_there: Decimal = Decimal(0)

    @property
    def count(self) -> int:
        """How many more there are there."""
        return self.there - self.here

    @property
    def difference(self) -> Decimal:
        """How much more it is there."""
        return self.sum_there - self.sum_here


@dataclass(slots=True)
class Tally:
    """Of one mapping: by currency and kind."""

    lines: dict[str, dict[Kind, Line]] = field(default_factory=dict)

    def add(self, finding: Finding) -> None:
        """Count a finding on the sides where it is."""
        for one in finding.here:
            line = self._line(one.currency, finding.kind)
            line.here += 1
            line.sum_here += one.value or 0
        for one in finding.there:
            line = self._line(one.currency, finding.kind)
            line.there += 1
            line.sum_there += one.value or 0

    def _line(self, currency: str, kind: Kind) -> Line:
        return self.lines.setdefault(currency, {}).setdefault(kind, Line())

    def total(self, currency: str) -> Line:
        """Both sides as they are: what every kind comes to."""
        lines = self.lines.get(currency, {}).values()
        return Line(
            sum(one.here for one in lines), sum(one.there for one in lines),
            sum((one.sum_here for one in lines), Decimal(0)), sum((one.sum_there for one in lines), Decimal(0)),
        )  # fmt: skip

    def ordered(self, currency: str) -> Iterator[tuple[Kind, Line]]:
        """The kinds that there are, in the order of a report."""
        of = self.lines.get(currency, {})
        return ((kind, of[kind]) for kind in KINDS if kind in of)

    def count(self, kinds: Sequence[Kind]) -> int:
        """How many records (of the side that has more) are of these kinds."""
        return sum(max(one.here, one.there) for of in self.lines.values() for kind, one in of.items() if kind in kinds)

    def pack(self) -> dict[str, Any]:
        """As plain data, for the store."""
        return {
            currency: {kind: [one.here, one.there, one.sum_here, one.sum_there] for kind, one in of.items()}
            for currency, of in self.lines.items()
        }

    @classmethod
    def unpack(cls, data: Mapping[str, Mapping[Any, Sequence[Any]]]) -> Tally:
        """The tally that `pack` made this of."""
        return cls(
            {
                currency: {kind: Line(one[0], one[1], Decimal(one[2]), Decimal(one[3])) for kind, one in of.items()}
                for currency, of in data.items()
            }
        )
