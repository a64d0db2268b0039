"""The way of a record, from a leased row to a request: map, match, diff, decide, write.

(`receiver` comes before: receive. `results` comes after: link, record.) `Runner.carry` reads as the table of
contents. Everything happens in one transaction, on what is true now; nothing here talks to a system.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import uuid4

from engine.mapping.compiled import CompiledMapping
from engine.mapping.draft import Context, Draft
from engine.observe.events import Step
from engine.protocol import Record, Request, Write
from engine.store.bases import Base
from engine.store.intents import Intent
from engine.store.journal import Entry
from engine.store.links import Link
from engine.store.store import Transaction
from engine.store.waits import Reference
from engine.store.work import WorkRow
from engine.sync import decisions, echo, matching, moved
from engine.sync.batch import Batch, Held
from engine.sync.bundles import Bundle, bundles
from engine.sync.connection import Connection, Ref
from engine.sync.consent import PLANNED, Consent
from engine.sync.decisions import Change, Target
from engine.sync.differ import Diff, Three, diff_children, diff_linked, diff_new
from engine.sync.freshness import Freshness
from engine.sync.linking import unlink
from engine.sync.named import NAME_PREFIX, Named
from engine.sync.receiver import LIVE, waiting_for
from engine.sync.recovery import Recovery
from engine.sync.settling import looks, settle
from engine.sync.story import tell
from engine.sync.unit import Member, Settled, Unit, parked, skipped, waiting
from engine.sync.values import at


@dataclass(slots=True)
class Mapped:
    """A unit with its draft. Members of a group that cannot take part yet have left it."""

    unit: Unit
    draft: Draft
    note: str | None = None
    append: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decided:
    """A request that was decided on: its intent, by row the references it left, and what the journal says of it."""

    intent: Intent
    left: Mapping[tuple[str, str], Sequence[Reference]]
    entries: Sequence[Entry]


class Runner:
    """Turns leased rows of one system into requests, within one transaction."""

    def __init__(
        self,
        tx: Transaction,
        connection: Connection,
        system: str,
        owner: str,
        now: datetime,
        approved_only: bool = False,
    ) -> None:
        self.tx, self.connection, self.system, self.owner, self.now = tx, connection, system, owner, now
        self.batch = Batch(tx, connection, now)
        self.fresh = Freshness(tx, connection, system, now)
        self.consent = Consent(tx, connection) if approved_only else None
        self.named = Named(self.batch, self.fresh, owner, self.consent)
        self.recovery = Recovery(self.batch, self.fresh, owner)
        self._decided: list[Decided] = []
        self._left: set[str] = set()
        """Keys of rows of the bundle at hand that came to an end of their own."""

    def requests(self, limit: int, below: int | None = None) -> list[Request] | None:
        """At most `limit` writes (or so many groups), after the queries that other writes must wait for.

        With `below` only of rows of better priority. None: nothing was due. An empty list: what was due has settled
        without a request, and there may be more.
        """
        lease, consented = self.connection.lease(self.system), self.consent is not None
        rows = self.tx.work.lease(
            self.connection.name,
            self.connection.into(self.system),
            limit,
            self.owner,
            self.now,
            lease,
            below,
            consented,
        )
        if not rows:
            return None
        writes: list[Write] = []
        for name, of_mapping in _by_mapping(rows).items():
            mapping = self.connection.compiled.mappings[name]
            writes += self._work_on(mapping, of_mapping)
            if consented:
                self.tx.approvals.settle(self.connection.name, name, [row.source_key for row in of_mapping])
        return [*self.fresh.queries(), *writes]

    def _work_on(self, mapping: CompiledMapping, rows: Sequence[WorkRow]) -> list[Write]:
        writes, rows = self.recovery.of(mapping, rows)
        writes += self.named.work_on(mapping, [row for row in rows if row.source_key.startswith(NAME_PREFIX)])
        rows = [row for row in rows if not row.source_key.startswith(NAME_PREFIX)]
        made = list(bundles(self.batch, mapping, rows))
        self._prefetch(mapping, made)
        for bundle in made:
            writes += self._bundle(bundle)
        self._keep_decided()
        return writes

    def _prefetch(self, mapping: CompiledMapping, made: Sequence[Bundle]) -> None:
        """One look-up for all references of a page of rows."""
        members = [one for bundle in made for unit in bundle.units for one in unit.living]
        self.batch.resolve_all([ref for one in members for ref in mapping.references(one.element)])

    def _bundle(self, bundle: Bundle) -> list[Write]:
        """Work on a bundle's units; its rows settle when none of them has a request left to send."""
        if bundle.settled is not None:
            settle(self.batch, bundle.mapping, bundle.rows, [bundle.settled])
            return []
        writes, settled = [], []
        self._left.clear()
        for unit in bundle.units:
            try:
                writes.append(self.carry(unit))
            except Settled as end:
                settled.append(end)
        rest = [row for row in bundle.rows if row.source_key not in self._left]
        if rest and not writes:
            settle(self.batch, bundle.mapping, rest, settled)
        return writes

    # ------------------------------------------------------------------------------------------------ the story
    def carry(self, unit: Unit) -> Write:
        """One record's way to a request. Raises Settled where it ends earlier."""
        mapped = self.map(unit)
        target = self.match(mapped)
        mapped.draft.children = decisions.without_refused(mapped.draft.children, target.base)
        diff = self.diff(mapped, target)
        change = self.decide(mapped, target, diff)
        return self.write(mapped.unit, change)

    def map(self, unit: Unit) -> Mapped:
        """The compiled mapping makes a draft of the unit's members; what cannot be drafted says why."""
        mapping = unit.mapping
        if unit.ended is not None:
            return self._map_end(unit)
        parts: list[tuple[str, Draft]] = []
        for member in unit.living:
            try:
                parts.append((member.source_key, self._draft(unit, member)))
            except Settled as settled:
                if member.link is not None or len(unit.living) == 1:
                    raise
                rows = [row for row in unit.rows if row.source_key == member.record_key]
                settle(self.batch, mapping, rows, [settled])
                self._left.add(member.record_key)
                unit = _without(unit, member)
        if not unit.living or not unit.rows:
            raise Settled("due", "regrouped", "the members of its group have changed")
        draft = mapping.combine(parts) if mapping.is_one_per else parts[0][1]
        draft.values = self._endpoint_canonical(mapping.target, draft.values)
        return Mapped(unit, draft)

    def _endpoint_canonical(self, target: Ref, values: Record) -> Record:
        return self.connection.endpoints[target[0]].canonical(target[1], values)

    def _map_end(self, unit: Unit) -> Mapped:
        member = unit.primary
        gone = unit.mapping.gone(member.ended or "gone", member.element, self._context(unit, member))
        if gone is None:
            unlink(self.tx, self.connection, unit.mapping, decisions.ends(unit))
            raise Settled("done", "gone", f"{member.ended}; the mapping has no rule for that")
        if gone.problems:
            raise parked(f"{gone.problems[0].field}: {gone.problems[0].message}", "M121", "map")
        draft = Draft(values=self._endpoint_canonical(unit.mapping.target, gone.values))
        return Mapped(unit, draft, gone.note, gone.append)

    def _draft(self, unit: Unit, member: Member) -> Draft:
        draft = unit.mapping.draft(member.element, self._context(unit, member))
        if draft.problems:
            first = draft.problems[0]
            listed = [f"{one.where} {one.field}: {one.message} ({one.value!r})" for one in draft.problems]
            raise parked(f"{first.field}: {first.message}", "M121", "map", problems=listed)
        if draft.skip is not None:
            raise skipped(draft.skip, waits=draft.left)
        self._check_waits(draft)
        return draft

    def _check_waits(self, draft: Draft) -> None:
        """References that are not linked: wait for what will come, leave out what never will."""
        for name, text in draft.names:
            self.named.want(name, text)
        waits = [(one.mapping, one.key) for one in draft.waits] + [(m, NAME_PREFIX + text) for m, text in draft.names]
        for one in draft.waits:
            resolved = self.batch.resolve(one.mapping, one.key)
            if resolved.state in ("left_out", "gone"):
                raise skipped(resolved.reason or one.reason, waits=waits)
            if resolved.state == "never":
                source = self.connection.compiled.mappings[one.mapping].source
                self.tx.wanted.add(self.connection.name, *source, [one.key], f"needed for {one.field}", self.now)
        if not waits:
            # An optional reference is left, but not if it only comes a moment later: that would be a second write.
            waits = [ref for ref in draft.left if self.batch.under_way(*ref)]
            if waits:
                raise waiting(f"{waits[0][0]} {waits[0][1]} has its turn first", draft.left + looks(waits))
        if waits:
            reason = draft.waits[0].reason if draft.waits else f"{draft.names[0][1]!r} is being made"
            raise waiting(reason, waits + draft.left)

    def _context(self, unit: Unit, member: Member) -> Context:
        """What templates and references may see."""
        linked = {name: self._linked(unit, member, name) for name in unit.mapping.linked}
        today = self.now.astimezone(self.connection.zone).date()
        return Context(self.batch.resolve, self.batch.named, linked, today, self.now, self.connection.zone)

    def _linked(self, unit: Unit, member: Member, name: str) -> list[Record]:
        """The records behind the target that this element refers to; those that it touches must be fresher than it."""
        of = self.connection.compiled.mappings[name]
        keys = [key for mapping, key in unit.mapping.references(member.element) if mapping == name]
        resolved = self.batch.resolve(name, keys[0]) if keys else None
        if resolved is None or resolved.state != "linked" or resolved.key is None:
            return []
        behind = self.batch.linked_records(of, resolved.key)
        self._require_whole(of, behind)
        self._require_reread(unit, member, of.source, behind)
        return [
            {
                **held.record,
                "read_at": held.snapshot.read_at.astimezone(self.connection.zone).isoformat(timespec="seconds"),
            }
            for _, held in behind
        ]

    def _require_whole(self, of: CompiledMapping, behind: Sequence[tuple[Link, Held]]) -> None:
        """Who tells of all records behind a target waits for those that are just about to join them."""
        groups = {link.group for link, _ in behind if link.group is not None} if of.is_one_per else set()
        if joining := self.batch.joining(of, groups):
            reason = f"{self.batch.resolve(*joining[0]).reason}, and will share this one"
            raise waiting(reason, joining + looks(joining))

    def _require_reread(self, unit: Unit, member: Member, of: Ref, behind: Sequence[tuple[Link, Held]]) -> None:
        """What this record touches must have been read since it became what it is: its balances are older else."""
        touched = self._touched(unit, member, of)
        since = member.snapshot.changed_at or member.snapshot.read_at
        stale = [
            link.source_key for link, held in behind if link.source_key in touched and held.snapshot.read_at < since
        ]
        if stale:
            self.tx.wanted.add(self.connection.name, *of, stale, f"touched by {unit.mapping.source[1]}", self.now)
            raise waiting(f"{of[1]} must be read again first", [(waiting_for(of), key) for key in stale])

    def _touched(self, unit: Unit, member: Member, of: Ref) -> set[str]:
        source = unit.mapping.source
        relations = [one for one in self.connection.entity(source).touches if one.entity == of[1]]
        record = member.element.record
        return {key for one in relations for key in self.connection.related(source, one, record)}

    def match(self, mapped: Mapped) -> Target:
        """The target that is linked, or the one that matches, or none: then it is created."""
        unit, mapping = mapped.unit, mapped.unit.mapping
        if unit.target_key is not None:
            return self._still_there(unit, self._linked_target(mapping, unit.target_key))
        if not mapping.creates and not mapping.match:
            raise skipped("nothing is linked to it, and the mapping never creates")
        matching.require_first_readings(self.batch, mapping)
        known = matching.by_identity(self.batch, mapping, unit)
        if known is not None:
            target = self._linked_target(mapping, known)
            return replace(target, how="link", ours=True, reason="it carries our identity")
        found = matching.by_keys(self.batch, self.fresh, mapping, unit)
        if found.verdict == "link" and found.key is not None:
            return replace(self._linked_target(mapping, found.key), how="link", reason=found.reason, found=found)
        return Target(None, {}, None, how="create", reason=found.reason, found=found)

    def _linked_target(self, mapping: CompiledMapping, key: str) -> Target:
        held = self.tx.snapshots.get(self.connection.name, *mapping.target, [key]).get(key)
        base = self.tx.bases.get(self.connection.name, mapping.source, mapping.target, [key]).get(key)
        if held is None:
            return Target(key, {}, base, how="linked")
        return Target(key, held.record, base, how="linked", identity=held.identity, gone=held.gone is not None)

    def _still_there(self, unit: Unit, target: Target) -> Target:
        """The linked target; where it is gone and another one carries our identity now, they were merged."""
        if not target.gone or target.key is None:
            return target
        survivor = matching.by_identity(self.batch, unit.mapping, unit)
        if survivor is None:
            return target
        moved.follow(self.tx, self.connection, unit.mapping.target, target.key, survivor, LIVE, self.now)
        return self._linked_target(unit.mapping, survivor)

    def diff(self, mapped: Mapped, target: Target) -> Diff:
        """The three-way rule over every drafted field; children against what we sent last."""
        values, draft, mapping = mapped.draft.values, mapped.draft, mapped.unit.mapping
        values = decisions.without_totals(self.connection.entity(mapping.target), values, draft)
        if target.how == "create":
            return diff_new({**mapping.scope, **values}, draft.again, mapping.rules)
        base = target.base or Base({}, {}, {})
        again = {} if mapped.unit.revived else base.sent.get(decisions.AGAIN, {})
        sent = base.sent
        if mapped.unit.ended is not None:
            # What the rule for an end says is an event: it also changes fields that we never wrote before.
            sent = {**{path: at(target.record, path) for path in values}, **sent}
        now = decisions.with_own_lines(mapping, target.record, values)
        return diff_linked(values, draft.again, mapping.rules, Three(sent, base.seen, now, again))

    def decide(self, mapped: Mapped, target: Target, diff: Diff) -> Change:
        """The one change to make now, with its reason. Raises Settled where there is none to make."""
        unit, mapping = mapped.unit, mapped.unit.mapping
        entity = self.connection.entity(mapping.target)
        if diff.conflicts:
            raise decisions.conflict(unit, diff)
        decisions.check_totals(entity, mapped.draft)
        children = {
            name: diff_children(drafted, ((target.base.children if target.base else {}) or {}).get(name, {}))
            for name, drafted in mapped.draft.children.items()
        }
        change = decisions.change(self.connection, unit, mapped.draft, target, diff, children)
        change = decisions.with_end(self.connection, change, mapped.note, mapped.append)
        change.values = decisions.with_whole_texts(entity, mapping, target.record, change.values)
        if change.needs_look:
            self.fresh.require([mapping.target], unit.rows, [target.key] if target.key else [])
        if change.action == "none":
            decisions.adopt(self.tx, self.connection, change, self.now)
            if target.how == "link" and target.key is not None:
                echo.linked(self.batch, mapping, target.key, target.record, change.sent(), target.ours)
            elif change.outcome == "linked" and target.key is not None:  # who joins is as far behind as the others are
                echo.learn(self.batch, mapping, target.key, target.record, target.record)
            step: Step = "link" if change.outcome == "linked" else "decide"
            detail = decisions.told(unit, diff) if step == "link" else {}
            raise Settled("done", change.outcome, change.reason, detail=detail, waits=mapped.draft.left, step=step)
        change.left = mapped.draft.left
        return change

    def write(self, unit: Unit, change: Change) -> Write:
        """The exact request, stored as intent before anybody sees it."""
        origin = next((row.origin for row in unit.rows if row.origin), "")
        write = replace(change.request(uuid4().hex), origin=origin)
        rows = [[row.mapping, row.source_key, row.touched] for row in unit.rows]
        context = {**change.context(), "rows": rows, "owner": self.owner}
        if self.consent is not None:
            context[PLANNED] = self.consent.require(unit.mapping, unit.rows, write)
        keys = tuple(row.source_key for row in unit.rows)
        intent = Intent(write.id, unit.mapping.name, keys, 0, write.pack(), context, "open", self.now, None, None)
        matching.announce(self.tx, self.connection, unit, write)
        left = {(row.mapping, row.source_key): change.left for row in unit.rows}
        self._decided.append(Decided(intent, left, decisions.entries(unit, change, write, self.now)))
        return write

    def _keep_decided(self) -> None:
        """What was decided for a page of rows is stored together, and with it the requests become to be seen."""
        decided, self._decided = self._decided, []
        if decided:
            self.tx.intents.add(self.connection.name, self.system, [one.intent for one in decided])
            self.tx.waits.replace_many(
                self.connection.name, {row: refs for one in decided for row, refs in one.left.items()}
            )
            tell(self.tx, self.connection.name, [entry for one in decided for entry in one.entries])


def _without(unit: Unit, member: Member) -> Unit:
    living = [one for one in unit.living if one is not member]
    rows = [row for row in unit.rows if row.source_key != member.record_key]
    return replace(unit, living=living, rows=rows)


def _by_mapping(rows: Sequence[WorkRow]) -> dict[str, list[WorkRow]]:
    found: dict[str, list[WorkRow]] = defaultdict(list)
    for row in rows:
        found[row.mapping].append(row)
    return found
