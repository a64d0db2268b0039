"""Reconcile: how a source record and its target stand to each other, and sums that add up on both sides. Pure.

"Here" is the system that a mapping reads, "there" the one that it writes. A field is compared three ways, as at every
write (`differ`), but nothing is written: a difference that the mapping keeps is told apart from one that it missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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

    def before(self) -> Month:
        """The month before it."""
        return Month.of(f"{self.first - timedelta(days=1):%Y-%m}")

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
        if why == "stale" and path in again:  # such a text is told by what it is written from
            found.append(Difference(path, again[path], three.again.get(path), why))
        elif why is not None:
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
    if is_empty(value):  # nothing was to be carried over: what stands there is the target's own
        return None
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


AMOUNT: Final = "the amount"
SHARES: Final = "it shares the target of"


def sum_of(amounts: Iterable[Amount]) -> Decimal:
    """What they are worth together."""
    return sum((one.value or Decimal(0) for one in amounts), Decimal(0))


def is_wrong(kind: Kind, rule: str) -> bool:
    """Whether somebody must look at it: an edit is a person's own decision, unless it changes what is due."""
    return KINDS[kind].wrong or (kind == "edited" and rule == AMOUNT)


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

    @property
    def rule(self) -> str:
        """Of `left_out`: the reason, in words that are the same for all that one rule leaves out. Of `edited`: that it
        is the amount."""
        if self.kind == "edited" and sum_of(self.here) != sum_of(self.there):
            return AMOUNT
        if self.kind != "left_out":
            return ""
        if self.reason.startswith(SHARES):
            return f"{SHARES} another record (same_as)"
        return "what it belongs to is left out" if " is left out: " in self.reason else self.reason


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


Key = tuple[Kind, str]
"""A kind, and what `Finding.rule` says."""


@dataclass(slots=True)
class Tally:
    """Of one mapping: by currency, kind and rule."""

    lines: dict[str, dict[Key, Line]] = field(default_factory=dict)

    def add(self, finding: Finding) -> None:
        """Count a finding on the sides where it is."""
        for one in finding.here:
            line = self._line(one.currency, finding)
            line.here += 1
            line.sum_here += one.value or 0
        for one in finding.there:
            line = self._line(one.currency, finding)
            line.there += 1
            line.sum_there += one.value or 0

    def _line(self, currency: str, finding: Finding) -> Line:
        return self.lines.setdefault(currency, {}).setdefault((finding.kind, finding.rule), Line())

    def total(self, currency: str) -> Line:
        """Both sides as they are: what every kind comes to."""
        lines = self.lines.get(currency, {}).values()
        return Line(
            sum(one.here for one in lines), sum(one.there for one in lines),
            sum((one.sum_here for one in lines), Decimal(0)), sum((one.sum_there for one in lines), Decimal(0)),
        )  # fmt: skip

    def ordered(self, currency: str) -> list[tuple[Key, Line]]:
        """The kinds that there are, in the order of a report."""
        order = list(KINDS)
        return sorted(self.lines.get(currency, {}).items(), key=lambda one: (order.index(one[0][0]), one[0][1]))

    def count(self, kind: Kind) -> int:
        """How many records are of a kind, on the side that has more of them."""
        found = [line for of in self.lines.values() for key, line in of.items() if key[0] == kind]
        return sum(max(one.here, one.there) for one in found)

    def pack(self) -> dict[str, Any]:
        """As plain data, for the store."""
        return {
            currency: [[*key, one.here, one.there, one.sum_here, one.sum_there] for key, one in of.items()]
            for currency, of in self.lines.items()
        }

    @classmethod
    def unpack(cls, data: Mapping[str, Sequence[Sequence[Any]]]) -> Tally:
        """The tally that `pack` made this of."""
        return cls(
            {
                currency: {(one[0], one[1]): Line(one[2], one[3], Decimal(one[4]), Decimal(one[5])) for one in of}
                for currency, of in data.items()
            }
        )
