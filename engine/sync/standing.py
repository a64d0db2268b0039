"""How records stand: gathers what is known of a page of sighted records, and makes findings of it. Writes nothing.

Source records behind one target are one unit, whichever month each is of; the unit is told of once, with the first of
them that belongs to the report. What only the other side has comes from the identity lines that nothing claimed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from engine.mapping.draft import Context, Draft, Element, NotRead
from engine.protocol import Record
from engine.store.bases import Base
from engine.store.links import Link
from engine.store.reconciliations import Run
from engine.store.sightings import Line as Identity
from engine.store.snapshots import Snapshot
from engine.store.store import Transaction
from engine.store.work import WorkRow
from engine.sync import decisions
from engine.sync.batch import Held
from engine.sync.bundles import ended
from engine.sync.connection import Connection, Ref
from engine.sync.differ import Three, diff_children
from engine.sync.reconcile import SHARES, Amount, Difference, Finding, Kind, Month, compare, verdict, verdict_alone
from engine.sync.sighted import Sighted
from engine.sync.sighting import INTO, Pair, in_month, record_key
from engine.sync.values import at, same
from engine.sync.worth import worth

LONGEST_NAME = 80
"""What is longer is a text and no name."""


@dataclass(frozen=True, slots=True)
class Member:
    """A source record, or one element of it, with what became of it."""

    key: str
    element: Element
    held: Held
    link: Link | None
    how: str | None
    """How it ended, if it did."""
    mine: bool
    """It belongs to the report; else it only shares a target with one that does."""

    @property
    def record_key(self) -> str:
        return self.held.snapshot.key


class Standing:
    """One pair of one run, within one transaction."""

    def __init__(self, tx: Transaction, connection: Connection, run: Run, pair: Pair, batch: Sighted) -> None:
        self.tx, self.connection, self.run, self.pair, self.batch = tx, connection, run, pair, batch
        self.mapping, self.month = pair.mapping, Month.of(run.month)
        self.entity = connection.entity(self.mapping.target)
        self.worth = worth(self.mapping, self.entity)
        self.claimed: set[str] = set()
        self._rows: dict[str, WorkRow] = {}
        self._targets: dict[str, Snapshot] = {}
        self._bases: dict[str, Base] = {}
        self._links: dict[str, Link] = {}

    # ------------------------------------------------------------------------------------------------- from here
    def here(self, page: Sequence[Snapshot]) -> Iterator[Finding]:
        """The findings of a page of source records, in order; `claimed` are the targets that they account for."""
        mine = [one.key for one in page if in_month(self.connection, self.pair, one.record, self.month)]
        self.batch.fetch(self.mapping.source, mine)
        self._rows.update(self.tx.work.get(self.connection.name, self.mapping.name, mine))
        linked = self.tx.links.by_record(self.connection.name, self.mapping.source, self.mapping.target, mine)
        self._links.update({one.source_key: one for some in linked.values() for one in some})
        members = [one for key in mine for one in self._members(key, mine=True)]
        found = self._find(members)
        self.batch.resolve_all([ref for one in members for ref in self.mapping.references(one.element)])
        for key in mine:
            of_record = [one for one in members if one.record_key == key]
            if not of_record:
                yield self._without_elements(key)
            for one in of_record:
                yield from self._stands(one, found[one.key])

    def _members(self, key: str, mine: bool) -> list[Member]:
        held = self.batch.get(self.mapping.source, key)
        if held is None or not held.record or held.lacks is not None:
            return []
        if self.mapping.same_as(held.record) is not None:
            return []
        how = ended(self.batch, self.mapping, held)
        try:
            elements = self.mapping.elements(held.record)
        except NotRead:
            elements = []
        return [Member(one.key, one, held, self._links.get(one.key), how, mine) for one in elements]

    def _without_elements(self, key: str) -> Finding:
        """Of a record that makes nothing: it shares another one's target, holds nothing, or cannot be read whole."""
        held, row = self.batch.get(self.mapping.source, key), self._rows.get(key)
        record = held.record if held else {}
        amount = self._currency_alone(record)
        if held is not None and held.lacks is not None:
            reason = f"{held.lacks[0]} {held.lacks[1]} has not been read yet"
            kind = verdict_alone(None, row.state if row else None, touched=False)
        elif (parent := self.mapping.same_as(record)) is not None:
            kind, reason = "left_out", f"{SHARES} {self._label(self.mapping.source, parent)} (same_as)"
        else:
            kind, reason = "left_out", "it holds nothing that this mapping carries over"
        return Finding(
            kind, (key,), self._label(self.mapping.source, key), self._day(record), reason=reason, here=amount
        )

    def _find(self, members: Sequence[Member]) -> dict[str, list[Snapshot]]:
        """The living targets of each member: the linked one first, then others that carry its identity."""
        lines = {self._line(one.key): one for one in members}
        carrying = self.tx.sightings.carrying(self.run.id, self.mapping.target, lines)
        keys: dict[str, list[str]] = {}
        for line, one in lines.items():
            linked = [one.link.target_key] if one.link is not None and one.link.role == "own" else []
            keys[one.key] = list(dict.fromkeys([*linked, *carrying.get(line, ())]))
        self._know({key for some in keys.values() for key in some})
        self._know({into for one in self._targets.values() if (into := one.record.get(INTO)) and one.gone})
        keys = {of: list(dict.fromkeys(self._survivor(key) for key in some)) for of, some in keys.items()}
        return {
            key: [self._targets[one] for one in some if one in self._targets and self._targets[one].gone is None]
            for key, some in keys.items()
        }

    def _survivor(self, key: str) -> str:
        """The record that this one was merged into, or itself."""
        seen = self._targets.get(key)
        return str(seen.record[INTO]) if seen is not None and seen.gone and seen.record.get(INTO) else key

    def _know(self, keys: set[str]) -> None:
        new = keys - self._targets.keys()
        self._targets.update(self.tx.sightings.get(self.run.id, self.mapping.target, new))
        self._bases.update(self.tx.bases.get(self.connection.name, self.mapping.source, self.mapping.target, new))

    def _line(self, key: str) -> str:
        return self.connection.identity_line(self.mapping.source, key)

    # ------------------------------------------------------------------------------------------------- one unit
    def _stands(self, one: Member, targets: Sequence[Snapshot]) -> Iterator[Finding]:
        if not targets:
            yield self._alone(one)
            return
        self.claimed |= {target.key for target in targets}
        unit = [one]
        if self.mapping.is_one_per:
            unit = self._behind(one, targets[0])
            if min(member.key for member in unit if member.mine) != one.key:
                return  # the first of them tells of all
        found = self._ended(unit, targets[0]) if all(member.how for member in unit) else self._both(unit, targets[0])
        yield found
        for extra in targets[1:]:
            there = self._there(extra, self._bases.get(targets[0].key), found.here[0] if found.here else Amount())
            reason = f"{self._named(targets[0])} is the one that is kept up to date"
            yield replace(
                found, kind="doubled", target=extra.key, target_label=self._label_of(extra), reason=reason, fields=(),
                here=(), there=(there,),
            )  # fmt: skip

    def _behind(self, one: Member, target: Snapshot) -> list[Member]:
        """Every record behind a shared target: by the links, the first linked first, and by its identity."""
        links = self.tx.links.by_target(
            self.connection.name, self.mapping.target, [target.key], source=self.mapping.source
        ).get(target.key, [])
        self._links.update({link.source_key: link for link in links})
        prefix = self._line("")
        lines = [line.removeprefix(prefix) for line in target.identity if line.startswith(prefix)]
        keys = list(dict.fromkeys([*(link.source_key for link in links if link.role == "own"), *lines, one.key]))
        self.batch.fetch(self.mapping.source, keys)
        return [member for key in keys for member in self._members(key, self._is_mine(key))]

    def _is_mine(self, key: str) -> bool:
        seen = self.tx.sightings.get(self.run.id, self.mapping.source, [key]).get(key)
        return seen is not None and seen.gone is None and in_month(
            self.connection, self.pair, seen.record, self.month
        )  # fmt: skip

    def _both(self, unit: Sequence[Member], target: Snapshot) -> Finding:
        """A record that is on both sides."""
        living = [one for one in unit if one.how is None]
        mine = [one for one in unit if one.mine]
        drafts = {one.key: self._draft(one) for one in unit}
        draft = drafts[living[0].key]
        if self.mapping.is_one_per:
            draft = self.mapping.combine([(one.key, drafts[one.key]) for one in living])
        base = self._bases.get(target.key)
        fields = self._differences(draft, target, living, base)
        here = [self._here(drafts[one.key], one) for one in unit]
        others = sum((amount.value or 0 for one, amount in zip(unit, here, strict=True) if not one.mine), Decimal(0))
        there = self._there(target, base, here[0])
        if others and there.value is not None:
            there = replace(there, value=there.value - others)
        left = self.mapping.left_out(living[0].element, linked=True)
        states = [row.state for one in living if (row := self._row(one)) is not None]
        worst = next((state for state in ("parked", "leased", "due", "waiting") if state in states), None)
        touched = bool(fields) and self._touched(unit, target)
        kind: Kind = "left_out" if left else verdict(fields, worst, touched)
        reason = left or self._why(kind, living, touched)
        linked = all(one.link is not None and one.link.target_key == target.key for one in living)
        if not linked and kind in ("equal", "kept", "edited"):
            kind = "waiting" if worst and worst != "parked" else "unlinked"
            reason = "the connector's store has no link between them"
        return self._finding(
            kind, mine, target, reason, fields, [a for o, a in zip(unit, here, strict=True) if o.mine], there
        )

    def _finding(
        self,
        kind: Kind,
        mine: Sequence[Member],
        target: Snapshot,
        reason: str,
        fields: Sequence[Difference],
        here: Sequence[Amount],
        there: Amount,
    ) -> Finding:
        first = mine[0]
        label = ", ".join(self._label_of_member(one) for one in mine)
        return Finding(
            kind, tuple(one.key for one in mine), label, self._day(first.element.record), target.key,
            self._label_of(target), reason, tuple(fields), tuple(here), (there,),
        )  # fmt: skip

    def _differences(
        self, draft: Draft, target: Snapshot, living: Sequence[Member], base: Base | None
    ) -> list[Difference]:
        draft.children = decisions.without_refused(draft.children, base)
        values = self._canonical(draft.values)
        known = base or Base()
        three = Three(known.sent, known.seen, target.record, known.sent.get(decisions.AGAIN) or {})
        totals = self._totals(draft, known)
        fields = compare(values, draft.again, self.mapping.rules, three, totals)
        for name, drafted in draft.children.items():
            sent = known.children.get(name) or {}
            if base is not None and diff_children(drafted, sent):
                fields.append(Difference(name, len(drafted), len(sent), "stale"))
        missing = [line for one in living if (line := self._line(one.key)) not in target.identity]
        if missing:
            fields.append(Difference("identity", ", ".join(missing), ", ".join(target.identity) or None, "edited"))
        return fields

    def _totals(self, draft: Draft, base: Base) -> dict[str, Decimal]:
        """What the lines that were sent add up to, by the field that follows them."""
        found = {}
        for one in self.entity.fields:
            sent = base.children.get(one.total_of or "")
            children = next((kind for kind in self.entity.children if kind.name == one.total_of), None)
            if sent and children is not None and draft.children.get(children.name):
                found[one.name] = sum((decisions.amount(children, line["sent"]) for line in sent.values()), Decimal(0))
        return found

    def _alone(self, one: Member) -> Finding:
        """A record that is here only."""
        draft = self._draft(one)
        row = self._row(one)
        left = "voided before it was linked" if one.how else self._left_out(one, draft, row)
        touched = left is None and self._touched([one], None)
        kind = verdict_alone(left, row.state if row else None, touched)
        reason = left or self._why(kind, [one], touched)
        if kind == "only_here" and one.link is not None:
            reason = f"{self.entity.name} {one.link.target_key}, which was made of it, is not there any more"
        here = (self._here(draft, one),)
        return Finding(
            kind, (one.key,), self._label_of_member(one), self._day(one.element.record), reason=reason, here=here
        )  # fmt: skip

    def _left_out(self, one: Member, draft: Draft, row: WorkRow | None) -> str | None:
        reason = self.mapping.left_out(one.element, linked=False) or draft.skip
        if reason is not None:
            return reason
        for wait in draft.waits:
            found = self.batch.resolve(wait.mapping, wait.key)
            if found.state in ("left_out", "gone"):
                return found.reason or wait.reason
        return row.reason if row is not None and row.state == "skipped" else None

    # ------------------------------------------------------------------------------------------------ what ended
    def _ended(self, unit: Sequence[Member], target: Snapshot) -> Finding:
        """Every record behind the target is voided (or deleted): was the target told?"""
        first = unit[0]
        fields = self._untold(first.element, first.how or "deleted", target)
        row = self._row(first)
        told = first.link is not None and first.link.gone is not None
        kind, reason = self._end(first.how or "deleted", fields, told, row, self._touched(unit, target))
        mine = [one for one in unit if one.mine]
        here = [self._here(self._draft(one), one) for one in mine]
        there = self._there(target, self._bases.get(target.key), here[0])
        return self._finding(kind, mine, target, reason, fields, here, there)

    def _end(
        self, how: str, fields: Sequence[Difference], told: bool, row: WorkRow | None, touched: bool
    ) -> tuple[Kind, str]:
        if not fields:
            return "ended", f"{how} in {self._here_title}; {self._there_title} was told"
        if told and not touched:
            return "edited", f"{how} in {self._here_title}, and changed in {self._there_title} afterwards"
        kind = verdict([replace(one, why="stale") for one in fields], row.state if row else None, touched)
        return kind, f"{how} in {self._here_title}, which {self._there_title} does not know yet"

    def _untold(self, element: Element, how: str, target: Snapshot) -> list[Difference]:
        """What the rule for an end writes, and is not there."""
        gone = self.mapping.gone(how, element, self._context())  # type: ignore[arg-type]  # the kinds of an end
        if gone is None:
            return []
        values = self._canonical(gone.values)
        return [
            Difference(path, value, at(target.record, path), "edited")
            for path, value in values.items()
            if not same(at(target.record, path), value)
        ]

    # ------------------------------------------------------------------------------------------------ left over
    def left_over(self, lines: Sequence[Identity]) -> Iterator[Finding]:
        """The findings of identity lines that no source record has claimed, where they belong to the report."""
        name, source, prefix = self.connection.name, self.mapping.source, self._line("")
        keys = {one: one.line.removeprefix(prefix) for one in lines}
        self._know({one.key for one in lines})
        links = self.tx.links.by_source(name, source, self.mapping.target, list(keys.values()))
        records = {key: self._record_key(key, links.get(key)) for key in keys.values()}
        seen = self.tx.sightings.get(self.run.id, source, records.values())
        held = self.tx.snapshots.get(name, *source, records.values())
        for one, key in keys.items():
            target = self._targets.get(one.key)
            if "#" in key or target is None or target.gone is not None or target.key in self.claimed:
                continue
            record = records[key]
            found = self._orphan(key, record, target, links.get(key), seen.get(record), held.get(record))
            if found is not None:
                self.claimed.add(target.key)
                yield found

    def _record_key(self, key: str, link: Link | None) -> str:
        """The record that a source key belongs to."""
        return link.record_key if link else record_key(self.mapping, key)

    def _orphan(
        self,
        key: str,
        record_key: str,
        target: Snapshot,
        link: Link | None,
        seen: Snapshot | None,
        held: Snapshot | None,
    ) -> Finding | None:
        there = seen is not None and seen.gone is None
        known = seen if seen is not None and seen.record else held
        if not self._belongs(known, target):
            return None
        record = known.record if known is not None else {}
        if there and self.mapping.same_as(record) is not None:
            return None
        base = self._bases.get(target.key)
        amount = self._there(target, base, Amount(str(record.get(self._currency_field) or "")))
        label = self._label(self.mapping.source, record_key)
        finding = Finding(
            "only_there", (), label, self._day(record), target.key, self._label_of(target), there=(amount,)
        )  # fmt: skip
        how = (link.gone if link else None) or ("deleted" if held is not None and held.gone else None)
        if how is None and not there:
            gone = "it was deleted there, or is of another month now" if record else "it knows no record of that id"
            return replace(finding, reason=f"{self._here_title} does not list it: {gone}")
        element = Element(key, {"record": record}, record)
        if not self.mapping.is_each and record:
            element = self.mapping.elements(record)[0]
        fields = self._untold(element, how or "gone", target)
        row = self.tx.work.get(self.connection.name, self.mapping.name, [record_key]).get(record_key)
        told = link is not None and link.gone is not None
        if not told and not fields:
            state = row.state if row else None
            kind: Kind = "waiting" if state in ("due", "leased", "waiting") else "only_there"
            return replace(finding, kind=kind, reason=f"{how or 'taken back'} in {self._here_title}, and not told yet")
        kind, reason = self._end(how or "gone", fields, told, row, touched=False)
        return replace(finding, kind=kind, reason=reason, fields=tuple(fields))

    def _belongs(self, known: Snapshot | None, target: Snapshot) -> bool:
        """By the source's date where anything is known of it, else by the target's own."""
        if not self.pair.dated:
            return True
        if known is not None and known.record:
            return in_month(self.connection, self.pair, known.record, self.month)
        return self.month.has(target.record.get(self.entity.date or ""), self.connection.zone)

    # ------------------------------------------------------------------------------------------------ small things
    def _draft(self, one: Member) -> Draft:
        return self.mapping.draft(one.element, self._context())

    def _context(self) -> Context:
        batch, zone = self.batch, self.connection.zone
        linked: dict[str, list[Record]] = {name: [] for name in self.mapping.linked}
        return Context(batch.resolve, batch.named, linked, batch.now.astimezone(zone).date(), batch.now, zone)

    def _canonical(self, values: Record) -> Record:
        return self.connection.endpoints[self.mapping.target[0]].canonical(self.mapping.target[1], values)

    def _row(self, one: Member) -> WorkRow | None:
        if one.record_key not in self._rows:
            self._rows.update(self.tx.work.get(self.connection.name, self.mapping.name, [one.record_key]))
        return self._rows.get(one.record_key)

    def _touched(self, unit: Sequence[Member], target: Snapshot | None) -> bool:
        """Whether any of it was worked on after the target was read: then what was read is no longer so."""
        if self.run.progress["held"]:
            return False
        read = self.run.progress["read"].get(self.mapping.target[0], [""])[0]
        since = target.read_at.isoformat() if target is not None else read
        last = [
            entry.at.isoformat()
            for one in unit
            for entry in self.tx.journal.story(self.connection.name, self.mapping.name, one.record_key, 1)
        ]
        return any(moment >= since for moment in last)

    def _why(self, kind: Kind, unit: Sequence[Member], touched: bool) -> str:
        """The reason of a kind that has none of its own."""
        if touched and kind == "waiting":
            return "it changed while this report was made"
        rows = [row for one in unit if (row := self._row(one)) is not None]
        if kind in ("waiting", "parked"):
            told = next((row for row in rows if row.state in ("parked", "waiting", "due", "leased")), None)
            return (told.reason if told else None) or "its turn comes"
        if kind in ("differs", "only_here"):
            held = self.tx.snapshots.get(
                self.connection.name, *self.mapping.source, [one.record_key for one in unit]
            )  # fmt: skip
            if any(one.record_key not in held for one in unit):
                return "the connector never read it"
            if any(_changed(held[one.record_key].record, one.held.snapshot.record) for one in unit):
                return f"the connector missed a change in {self._here_title}"
            return "nothing was made of it" if kind == "only_here" else "what was carried over is not what is there"
        return ""

    def _here(self, draft: Draft, one: Member) -> Amount:
        if self.worth is None:
            return Amount()
        currency = draft.values.get("currency") if "currency" in self.mapping.rules else None
        return self.worth.here(draft, str(currency or one.element.record.get(self._currency_field) or ""))

    def _there(self, target: Snapshot, base: Base | None, here: Amount) -> Amount:
        if self.worth is None:
            return Amount()
        own = target.record.get(self.entity.currency or "currency") if self.worth.path else None
        return self.worth.there(target.record, base, here, str(own or here.currency))

    def _currency_alone(self, record: Record) -> tuple[Amount, ...]:
        return (Amount(str(record.get(self._currency_field) or "")) if self.worth else Amount(),)

    @property
    def _currency_field(self) -> str:
        return self.connection.entity(self.mapping.source).currency or ""

    @property
    def _here_title(self) -> str:
        return self.connection.connectors[self.mapping.source[0]].title

    @property
    def _there_title(self) -> str:
        return self.connection.connectors[self.mapping.target[0]].title

    def _label(self, ref: Ref, key: str) -> str:
        held = self.batch.get(ref, key)
        return str((held.record.get(self.connection.entity(ref).label) if held else None) or key)

    def _label_of_member(self, one: Member) -> str:
        """What people call it; an element is told by the record that it concerns, too."""
        label = self._label(self.mapping.source, one.record_key)
        if not self.mapping.is_each:
            return label
        concerns = [
            self._label(self.connection.compiled.mappings[name].source, key)
            for name, key in self.mapping.references(one.element)
        ]
        return f"{label} for {concerns[0]}" if concerns else label

    def _label_of(self, target: Snapshot) -> str:
        label = str(target.record.get(self.entity.label) or target.key)
        return label if len(label) <= LONGEST_NAME and "<" not in label else self.entity.name

    def _named(self, target: Snapshot) -> str:
        return f"{self.entity.name} {target.key}"

    def _day(self, record: Record) -> str:
        return str(record.get(self.connection.entity(self.mapping.source).date or "") or "")


def _changed(held: Record, seen: Record) -> bool:
    """Whether any field that both have says something else."""
    return any(name in seen and not same(value, seen[name]) for name, value in held.items())
