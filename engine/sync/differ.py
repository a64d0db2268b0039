"""The three-way rule: what to do with each drafted field, given what we sent, what was seen, and what is there now.

Pure. The table stands in the design; the reasons below are what people read in the journal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from engine.mapping.draft import MISSING
from engine.sync.values import at, is_empty, same

Verdict = Literal["write", "adopt", "keep", "conflict"]
"""`write` sends the draft; `adopt` records that both already agree; `keep` leaves what is there; `conflict` asks a
person."""


class FieldRule(Protocol):
    """What the differ needs to know of a compiled rule."""

    @property
    def where(self) -> str: ...
    @property
    def write(self) -> str: ...
    @property
    def on_link(self) -> str: ...
    @property
    def conflicts(self) -> str: ...
    @property
    def rewritten(self) -> bool: ...
    @property
    def own_line(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class FieldDiff:
    """One field's verdict, with both sides and why."""

    path: str
    verdict: Verdict
    drafted: Any
    now: Any
    reason: str
    where: str = ""


@dataclass(slots=True)
class Diff:
    """All fields of one draft, and the base as it will be once the change is carried out."""

    fields: list[FieldDiff] = field(default_factory=list)
    sent: dict[str, Any] = field(default_factory=dict)
    """The new base's `sent`, whether written or not."""
    again: dict[str, Any] = field(default_factory=dict)
    """What the `again_when` fields were compared by."""

    @property
    def writes(self) -> dict[str, Any]:
        """What has to be sent: path -> value."""
        return {one.path: one.drafted for one in self.fields if one.verdict == "write"}

    @property
    def conflicts(self) -> list[FieldDiff]:
        """Fields that a person must decide."""
        return [one for one in self.fields if one.verdict == "conflict"]


@dataclass(frozen=True, slots=True)
class Three:
    """The three sides of a comparison, beside the draft."""

    sent: Mapping[str, Any]
    seen: Mapping[str, Any]
    now: Mapping[str, Any]
    again: Mapping[str, Any] = field(default_factory=dict)


def diff_new(values: Mapping[str, Any], again: Mapping[str, Any], rules: Mapping[str, FieldRule]) -> Diff:
    """A record that will be created: everything that was drafted is sent, except what is empty."""
    result = Diff(again=dict(again))
    for path, value in values.items():
        result.sent[path] = value
        if is_empty(value):
            result.fields.append(FieldDiff(path, "keep", value, MISSING, "nothing to send", _where(rules, path)))
        else:
            result.fields.append(FieldDiff(path, "write", value, MISSING, "new", _where(rules, path)))
    return result


def diff_linked(
    values: Mapping[str, Any], again: Mapping[str, Any], rules: Mapping[str, FieldRule], three: Three
) -> Diff:
    """A record that is there already: the three-way rule, field by field."""
    result = Diff(sent=dict(three.sent), again={**three.again, **again})
    for path, value in values.items():
        rule = rules.get(path)
        one = (
            _first_link(path, value, rule, three)
            if path not in three.sent
            else _changed(path, value, rule, three, again)
        )
        if one is None:
            continue
        result.fields.append(one)
        if one.verdict != "conflict":
            result.sent[path] = value
    return result


def _first_link(path: str, value: Any, rule: FieldRule | None, three: Three) -> FieldDiff:
    """No base for this field yet: fill what is empty, leave what a person filled."""
    now = at(three.now, path)
    where = rule.where if rule else ""
    if is_empty(now):
        if is_empty(value):
            return FieldDiff(path, "adopt", value, now, "empty on both sides", where)
        if rule is not None and rule.write == "once":
            return FieldDiff(path, "keep", value, now, "written at creation only", where)
        return FieldDiff(path, "write", value, now, "was empty", where)
    if same(now, value):
        return FieldDiff(path, "adopt", value, now, "already the same", where)
    if rule is not None and rule.own_line:
        return FieldDiff(path, "write", value, now, "our own line", where)
    if rule is not None and rule.on_link == "overwrite":
        return FieldDiff(path, "write", value, now, "the mapping says on_link: overwrite", where)
    return FieldDiff(path, "keep", value, now, "was filled before the link", where)


def _changed(path: str, value: Any, rule: FieldRule | None, three: Three, again: Mapping[str, Any]) -> FieldDiff | None:
    """The table of the design, row by row. None: nothing changed on our side."""
    now, where = at(three.now, path), rule.where if rule else ""
    if path in again:
        if same(again[path], three.again.get(path)):
            return None
        return FieldDiff(path, "write", value, now, "what it is written from has changed", where)
    if same(value, three.sent[path]):
        return None
    if rule is not None and rule.write == "once":
        return FieldDiff(path, "keep", value, now, "written at creation only", where)
    if rule is not None and rule.write == "if_empty" and not is_empty(now):
        return FieldDiff(path, "keep", value, now, "written only where it is empty", where)
    if (rule is not None and rule.rewritten) or same(now, three.seen.get(path, three.sent[path])):
        return FieldDiff(path, "write", value, now, "changed at the source", where)
    if same(now, value):
        return FieldDiff(path, "adopt", value, now, "both sides changed to the same", where)
    policy = rule.conflicts if rule is not None else "source_wins"
    if policy == "target_wins":
        return FieldDiff(path, "keep", value, now, "both sides changed; the mapping says target_wins", where)
    if policy == "park":
        return FieldDiff(path, "conflict", value, now, "both sides changed; the mapping says park", where)
    return FieldDiff(path, "write", value, now, "both sides changed; the mapping says source_wins", where)


def _where(rules: Mapping[str, FieldRule], path: str) -> str:
    rule = rules.get(path)
    return rule.where if rule else ""


# --------------------------------------------------------------------------------------------------- child lists
class DraftedChild(Protocol):
    """What the differ needs to know of a drafted child."""

    @property
    def key(self) -> str: ...
    @property
    def values(self) -> dict[str, Any]: ...


@dataclass(slots=True)
class ChildrenDiff:
    """What to add, change and remove in one child list, by our key for each element."""

    add: dict[str, dict[str, Any]] = field(default_factory=dict)
    change: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    """our key -> (the system's key, only the values that changed)"""
    remove: dict[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.add or self.change or self.remove)


def diff_children(drafted: Sequence[DraftedChild], base: Mapping[str, Mapping[str, Any]]) -> ChildrenDiff:
    """Ours against what we sent last (`base`: our key -> {"key", "sent"}); a person's own elements are not ours."""
    result = ChildrenDiff()
    wanted = {child.key: child.values for child in drafted}
    for ref, values in wanted.items():
        known = base.get(ref)
        if known is None:
            result.add[ref] = {name: value for name, value in values.items() if value is not None}
            continue
        changed = {name: value for name, value in values.items() if not same(value, known["sent"].get(name))}
        if changed:
            result.change[ref] = (known["key"], changed)
    result.remove = {ref: known["key"] for ref, known in base.items() if ref not in wanted}
    return result
