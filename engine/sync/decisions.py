"""Decide: the one change to make now, out of what the diff found; and its words for the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from engine.mapping.compiled import CompiledMapping
from engine.mapping.draft import MISSING, ChildDraft, Draft
from engine.protocol import Child, Children, Entity, Record, Write
from engine.store.bases import Base
from engine.store.journal import Entry
from engine.store.store import Transaction
from engine.sync import own_line
from engine.sync.connection import Connection
from engine.sync.differ import ChildrenDiff, Diff
from engine.sync.linking import link_members, unlink
from engine.sync.matcher import Match
from engine.sync.receiver import digest
from engine.sync.story import entry
from engine.sync.unit import Settled, Unit, parked
from engine.sync.values import at, replaced

AGAIN, APPENDED, WITHOUT, FOUND = "?again", "?appended", "?without", "?found"
"""What a base keeps beside the fields' values: what `again_when` compared, the texts that were appended, the hashes of
child lists that the system refused, and that the target was found by our identity: it may have children of ours."""

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Target:
    """The target record of a unit, as it was last seen; no key while it is to be created."""

    key: str | None
    record: Record
    base: Base | None
    how: Literal["linked", "link", "create"]
    identity: tuple[str, ...] = ()
    gone: bool = False
    ours: bool = False
    """It carries our identity, and this store knows nothing of it: the store was lost, or an answer was."""
    reason: str = ""
    found: Match | None = None


Action = Literal["create", "update", "children", "note", "none"]


@dataclass(slots=True)
class Change:
    """What will be sent for a unit, and everything that must be kept once the answer is there."""

    unit: Unit
    target: Target
    diff: Diff
    action: Action
    entity: str
    outcome: str
    reason: str
    values: Record = field(default_factory=dict)
    identity: tuple[str, ...] = ()
    child: str | None = None
    children: ChildrenDiff | None = None
    drafted: Sequence[ChildDraft] = ()
    total: Decimal | None = None
    last: bool = True
    """Nothing else will be left to do once this was answered."""
    appended: list[str] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)

    def request(self, id: str) -> Write:
        """The exact request."""
        if self.action == "children" and self.children is not None:
            base = ((self.target.base.children if self.target.base else {}) or {}).get(self.child or "", {})
            return Write(
                id,
                self.entity,
                "children",
                key=self.target.key,
                child=self.child,
                add=tuple(Child(ref, None, values) for ref, values in self.children.add.items()),
                change=tuple(Child(ref, key, values) for ref, (key, values) in self.children.change.items()),
                remove=tuple(Child(ref, key) for ref, key in self.children.remove.items()),
                known=tuple(Child(ref, one["key"], one["sent"]) for ref, one in base.items()),
                recover=not base and FOUND in self.sent(),
            )
        creating = self.action in ("create", "note")
        expected = {} if creating else {path: _plain(at(self.target.record, path)) for path in self.values}
        key = None if creating else self.target.key
        action: Literal["create", "update"] = "create" if creating else "update"
        added = self.children.add if self.children else {}
        add = tuple(Child(ref, None, values) for ref, values in added.items())
        return Write(id, self.entity, action, key, self.values, self.identity, expected, child=self.child, add=add)

    def context(self) -> dict[str, Any]:
        """What must be known when the answer comes, whichever process gets it."""
        return {
            "action": self.action,
            "target": self.target.key,
            "how": self.target.how,
            "ours": self.target.ours,
            "outcome": self.outcome,
            "reason": self.reason,
            "last": self.last and self.unit.alone,
            "members": [
                [one.source_key, one.record_key, self.unit.group, one.snapshot.hash] for one in self.unit.living
            ],
            "leaving": [[one.source_key, one.ended] for one in self.unit.leaving],
            "ended": [self.unit.ended.source_key, self.unit.ended.ended] if self.unit.ended else None,
            "sent": self.sent(),
            "now": {one.path: _plain(one.now) for one in self.diff.fields},
            "written": sorted(self.values),
            "child": self.child,
            "child_sent": as_sent(self.drafted),
            "removed": sorted(self.children.remove) if self.children else [],
            "total": self.total,
        }

    def sent(self) -> dict[str, Any]:
        """The base's `sent` once this is carried out."""
        base = self.target.base.sent if self.target.base else {}
        sent = dict(self.diff.sent) or dict(base)
        if self.target.ours:
            sent[FOUND] = True
        if self.diff.again:
            sent[AGAIN] = self.diff.again
        earlier = base.get(APPENDED, [])
        if self.unit.revived:
            earlier = []
            sent.pop(APPENDED, None)
        if earlier or self.appended:
            sent[APPENDED] = [*earlier, *self.appended]
        return sent

    @property
    def needs_look(self) -> bool:
        """Whether the target must be looked at just before: where a person's edit could be written over."""
        if self.action != "update" or self.target.how != "linked":
            return False
        rules = self.unit.mapping.rules
        return bool(self.appended) or any(path not in rules or not rules[path].rewritten for path in self.values)


def _known(target: Target, path: str) -> str:
    """A text as it was when we last heard of it."""
    base = target.base or Base()
    return str(base.seen.get(path) or base.sent.get(path) or "")


def _plain(value: Any) -> Any:
    return None if value is MISSING else value


# ----------------------------------------------------------------------------------------------------- totals
def without_totals(entity: Entity, values: Mapping[str, Any], draft: Draft) -> Record:
    """A field that the system adds up from children is not sent while the draft has such children."""
    totals = {one.name for one in entity.fields if one.total_of and draft.children.get(one.total_of)}
    return {path: value for path, value in values.items() if path not in totals}


def without_refused(children: Mapping[str, list[ChildDraft]], base: Base | None) -> dict[str, list[ChildDraft]]:
    """A child list that the system refused for its negative amounts is left out, and the total is sent, until it
    changes."""
    refused = base.sent.get(WITHOUT, {}) if base else {}
    return {name: [] if refused.get(name) == digest(as_sent(some)) else some for name, some in children.items()}


def as_sent(drafted: Sequence[ChildDraft]) -> Record:
    """A child list by our keys."""
    return {one.key: one.values for one in drafted}


def check_totals(entity: Entity, draft: Draft) -> None:
    """The children must add up to the total before anything is sent."""
    for one in entity.fields:
        drafted = draft.children.get(one.total_of or "", [])
        total = draft.values.get(one.name)
        children = next((kind for kind in entity.children if kind.name == one.total_of), None)
        if not drafted or total is None or children is None:
            continue
        made = sum((amount(children, child.values) for child in drafted), Decimal(0))
        if made != total:
            reason = f"its {children.name} add up to {made}, but {one.name} is {total}"
            raise parked(reason, "M130", "decide", sum=made, total=total)


def amount(children: Children, values: Mapping[str, Any]) -> Decimal:
    """What one child comes to, rounded to the cent as the systems do."""
    product = Decimal(1)
    for name in children.amount:
        product *= Decimal(str(values.get(name) or 0))
    return product.quantize(CENT, ROUND_HALF_UP)


def conflict(unit: Unit, diff: Diff) -> Settled:
    """Both sides changed, and the mapping leaves it to a person."""
    names = ", ".join(one.path for one in diff.conflicts)
    return parked(f"both sides changed {names}", "M131", "decide", **told(unit, diff))


# --------------------------------------------------------------------------------------------------- own lines
def with_own_lines(mapping: CompiledMapping, record: Record, values: Mapping[str, Any]) -> Record:
    """The target as `own_line` rules see it: of such a text our line alone. Raises Settled where it is doubled."""
    lines = {path: _own(at(record, path), values[path]) for path in own_line_paths(mapping, values)}
    return replaced(record, lines) if lines else record


def with_whole_texts(entity: Entity, mapping: CompiledMapping, record: Record, values: Record) -> Record:
    """What is sent for `own_line` rules: the others' words with our line in its place. Raises Settled if too long."""
    made = dict(values)
    for path in own_line_paths(mapping, values):
        made[path] = own_line.placed(_plain(at(record, path)), str(values[path]))
        field_ = entity.field(path)
        if field_ is not None and field_.length is not None and len(made[path]) > field_.length:
            raise parked(f"{path} would have {len(made[path])} characters with our line", "M133", "decide")
    return made


def own_line_paths(mapping: CompiledMapping, values: Mapping[str, Any]) -> list[str]:
    """The drafted fields of which only a line is ours."""
    return [path for path, value in values.items() if value and path in mapping.rules and mapping.rules[path].own_line]


def _own(text: Any, line: Any) -> str | None:
    try:
        return own_line.own(_plain(text), str(line))
    except own_line.Doubled as doubled:
        raise parked(f"{doubled}; take all but one out", "M134", "diff") from doubled


# ----------------------------------------------------------------------------------------------------- the change
def change(
    connection: Connection,
    unit: Unit,
    draft: Draft,
    target: Target,
    diff: Diff,
    children: Mapping[str, ChildrenDiff],
) -> Change:
    """Create, then update, then children: one request at a time, and the row comes again until nothing differs."""
    mapping = unit.mapping
    entity = connection.entity(mapping.target)
    pending = next((name for name, one in children.items() if one), None)
    made = Change(unit, target, diff, "none", entity.name, "unchanged", "nothing differs", last=pending is None)
    if target.how == "create":
        values = {**mapping.scope, **diff.writes}
        lines = _lines(connection, unit, ()) if entity.identity else ()
        made = replace(made, action="create", outcome="created", reason=target.reason, values=values, identity=lines)
        along = next((one.name for one in entity.children if one.with_record and children.get(one.name)), None)
        return made if along is None else _along(made, draft, along, children)
    lines = _lines(connection, unit, target.identity) if entity.identity else ()
    if target.how == "link":
        made = replace(made, outcome="linked", reason=target.reason)
    stranger = entity.identity and unit.living and set(lines) != set(target.identity)
    if pending is not None and not draft.children[pending]:
        # The system adds up anew when the last one goes: the value that is to stand follows, on the next look.
        return replace(_with_children(made, entity, draft, pending, children), diff=Diff(), last=False)
    if diff.writes or stranger:
        outcome = "linked" if target.how == "link" else "updated"
        identity = lines if stranger or entity.refresh == "keys" else ()
        reason = "; ".join(f"{one.path}: {one.reason}" for one in diff.fields if one.verdict == "write")
        reason = reason or target.reason or "its identity is written"
        return replace(made, action="update", outcome=outcome, reason=reason, values=diff.writes, identity=identity)
    if pending is not None:
        return _with_children(made, entity, draft, pending, children)
    if any(one.link is None or one.link.gone for one in unit.living) and target.how == "linked":
        made = replace(made, outcome="linked", reason="joins the others of its group")
    return made


def _with_children(
    made: Change, entity: Entity, draft: Draft, name: str, children: Mapping[str, ChildrenDiff]
) -> Change:
    first = not (made.target.base and made.target.base.children.get(name))
    others = [other for other, one in children.items() if one and other != name]
    totals = [draft.values.get(one.name) for one in entity.fields if one.total_of == name]
    return replace(
        made,
        action="children",
        outcome="created" if first else "updated",
        reason=f"its {name} changed" if not first else f"its {name}",
        child=name,
        children=children[name],
        drafted=draft.children[name],
        total=totals[0] if totals else None,
        last=not others,
    )


def _along(made: Change, draft: Draft, name: str, children: Mapping[str, ChildrenDiff]) -> Change:
    """A create that takes this list of children with it."""
    others = [other for other, one in children.items() if one and other != name]
    return replace(made, child=name, children=children[name], drafted=draft.children[name], last=not others)


def _lines(connection: Connection, unit: Unit, present: tuple[str, ...]) -> tuple[str, ...]:
    """The identity that the target shall carry: ours, the primary's first, then what is not of this pair."""
    source = unit.mapping.source
    if not unit.living:
        return present
    ours = tuple(connection.identity_line(source, one.source_key) for one in unit.living)
    if unit.mapping.is_one_per:
        prefix = connection.identity_line(source, "")
        return (*ours, *(line for line in present if not line.startswith(prefix)))
    return (*ours, *(line for line in present if line not in ours))


def with_end(connection: Connection, made: Change, note: str | None, append: Mapping[str, str]) -> Change:
    """The rule for a source that is gone: texts to append, then a note of its own."""
    ended = made.unit.ended
    if ended is None:
        return made
    entity = connection.entity(made.unit.mapping.target)
    earlier = (made.target.base.sent if made.target.base else {}).get(APPENDED, [])
    for path, text in append.items():
        mark = f"{ended.source_key}#{ended.ended}"
        if mark not in earlier:
            present = str(_plain(at(made.target.record, path)) or "")
            if present.count(text) > _known(made.target, path).count(text):
                continue  # a write whose answer never came was carried out
            made.values = {**made.values, path: f"{present}{text}"}
            made.appended = [*made.appended, mark]
            made.action, made.outcome, made.reason = "update", "updated", f"{ended.ended} at the source"
            made.identity = made.target.identity
    if made.action == "none" and note and entity.note is not None:
        key = f"{ended.source_key}#{ended.ended}"
        if key not in earlier:
            values = {entity.note.target: made.target.key, entity.note.text: note}
            line = connection.identity_line(made.unit.mapping.source, key)
            made.appended = [key]
            return replace(
                made, action="note", entity=entity.note.entity, values=values, identity=(line,), outcome="updated",
                reason=f"{ended.ended} at the source", last=True,
            )  # fmt: skip
    if made.action == "none":
        return replace(made, outcome="gone", reason=f"{ended.ended}; its target was told")
    made.last = not (note and entity.note is not None)
    return made


# ---------------------------------------------------------------------------------------------- without a request
def adopt(tx: Transaction, connection: Connection, made: Change, now: datetime) -> None:
    """Nothing to send, yet something to keep: a link, a base, an end."""
    mapping, target = made.unit.mapping, made.target
    if target.key is None:
        return
    members = [(one.source_key, one.record_key, made.unit.group) for one in made.unit.living]
    link_members(tx, connection, mapping, {target.key: members}, now)
    unlink(tx, connection, mapping, ends(made.unit))
    if made.diff.fields or target.base is None:
        base = target.base or Base({}, {}, {})
        seen = {**base.seen, **{one.path: _plain(one.now) for one in made.diff.fields}}
        bases = {target.key: Base(made.sent(), seen, base.children)}
        tx.bases.put(connection.name, mapping.source, mapping.target, bases)


def ends(unit: Unit) -> list[tuple[str, str]]:
    """The source keys of members that are gone, and how."""
    return [(one.source_key, one.ended or "gone") for one in (*unit.leaving, *([unit.ended] if unit.ended else []))]


def told(unit: Unit, diff: Diff) -> dict[str, Any]:
    """Each field's verdict with both sides, what its rule read and where it stands; and when its sources were read."""
    fields = []
    for one in diff.fields:
        line = {"field": one.path, "verdict": one.verdict, "from": _plain(one.now), "to": one.drafted}
        read = unit.mapping.input(one.path, unit.primary.element)
        if read is not MISSING and not isinstance(read, dict | list):
            line["input"] = read
        fields.append({**line, "why": one.reason, "rule": one.where})
    members = [*unit.living, *([unit.ended] if unit.ended else [])]
    return {"fields": fields, "read": {one.record_key: one.snapshot.read_at for one in members}}


def entries(unit: Unit, made: Change, write: Write, now: datetime) -> list[Entry]:
    """What the journal keeps of a decision with a request."""
    detail = {"request": write.id, "action": made.action, **told(unit, made.diff)}
    if made.target.found is not None:
        detail["matched"] = made.target.found.reason
        detail["warnings"] = list(made.target.found.warnings)
    if made.children is not None:
        sizes = made.children
        detail["children"] = {"add": len(sizes.add), "change": len(sizes.change), "remove": len(sizes.remove)}
    return [
        entry(
            now, unit.mapping, row.source_key, "decide", made.action, made.reason, detail, made.target.key, write.origin
        )
        for row in unit.rows
    ]
