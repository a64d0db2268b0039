"""From the values of a mapping file to the model, reporting what no schema can say plainly.

The file is valid by the schema when it comes here (`validator`), and what it extends is taken in (`presets`).
"""

from __future__ import annotations

from typing import Any

from engine.mapping.transforms.registry import TRANSFORMS
from engine.specs.diagnostics import Diagnostic, finding
from engine.specs.loader import Node
from engine.specs.model import (
    ChildrenRule,
    Combined,
    Constant,
    Expression,
    FieldRule,
    Given,
    GoneKind,
    GoneRule,
    Mapping,
    MatchKey,
    SameAs,
    Setting,
    SettingName,
    Step,
)

SOURCES = ("from", "template", "value", "setting")
_OPTIONS = ("write", "on_link", "conflicts", "own_line", "optional")
_CHILD_HINTS = {
    "each": "Name the list: each: Lines.",
    "key": "Name what tells its entries apart: key: LineKey.",
    "fields": "Say what they hold: fields: {...}.",
}
_GONE: tuple[GoneKind, ...] = ("deleted", "voided", "gone")


def read_mapping(root: Node) -> tuple[Mapping, list[Diagnostic]]:
    """The mapping, and what is wrong with its structure."""
    reading = _Reading()
    return reading.mapping(root), reading.found


def read_settings(root: Node | None) -> dict[str, Setting]:
    """The settings that a preset.yaml declares."""
    block = root.get("settings") if root else None
    made: dict[str, Setting] = {}
    for name, node in (block.block if block else {}).items():
        plain = node.plain()
        extra = {key: plain[key] for key in ("default", "example") if key in plain}
        made[name] = Setting(name, plain["type"], plain["help"], node.key, **extra)
    return made


class _Reading:
    def __init__(self) -> None:
        self.found: list[Diagnostic] = []

    def mapping(self, root: Node) -> Mapping:
        self.no_nulls(root)
        kinds = {"for": root.get("for"), "create": root.get("create")}
        since, conflicts, summary = root.get("since"), root.get("conflicts"), root.get("summary")
        return Mapping(
            name=_text(root.at("mapping")),
            mark=root.at("mapping").mark,
            summary=_text(summary) if summary else "",
            source=_expression(root.at("from")),
            target=_expression(root.at("to")),
            rules=self.rules(root),
            match=tuple(self.match(node) for node in _items(root, "match")),
            same_as=self.same_as(root),
            since=_given(since) if since else None,
            only=_optional(root, "only"),
            each=_optional(root, "each"),
            key=_expressions(root, "key"),
            one_per=_expressions(root, "one_per"),
            combine=tuple(Combined(name, node.plain(), node.key) for name, node in _block(root, "combine")),
            children=tuple(self.children(name, node) for name, node in _block(root, "children")),
            scope=tuple((name, _given(node), node.key) for name, node in _block(root, "scope")),
            gone=tuple(self.gone(kind, node) for kind in _GONE if (node := root.get(f"when_{kind}"))),
            for_linked=kinds["for"] is not None,
            never_creates=kinds["create"] is not None,
            conflicts=conflicts.plain() if conflicts else "source_wins",
            meaning=root.plain(),
        )

    def no_nulls(self, node: Node) -> None:
        """null removes what a preset brings; what is still here removes nothing."""
        for name, child in node.block.items():
            if child.value is None:
                message = f"'{name}' is null, but there is nothing that it could remove."
                self.found.append(finding(child.key, "E119", message, "Take the line out."))
            self.no_nulls(child)

    def rules(self, node: Node, literal: bool = False) -> tuple[FieldRule, ...]:
        """With `literal`, a bare value is the value itself: of a record that is gone there is little to select."""
        named = [*_block(node, "fields"), *((f"custom.{name}", one) for name, one in _block(node, "custom"))]
        made: list[FieldRule] = []
        for path, child in named:
            before = len(self.found)
            rule = self.rule(path, child, literal) if child.value is not None else None
            if rule is not None and len(self.found) == before:  # one that contradicts itself cannot be checked further
                made.append(rule)
        return tuple(made)

    def rule(self, path: str, node: Node, literal: bool = False) -> FieldRule:
        block = isinstance(node.value, dict)
        if literal and not block:
            return FieldRule(path, node.mark, node.key, given=_constant(node))
        if not block:
            return FieldRule(path, node.mark, node.key, select=_expression(node))
        sources = [name for name in node.block if name in SOURCES]
        if len(sources) != 1:
            given = f"has {' and '.join(sources)}" if sources else "does not say where its value comes from"
            hint = "Keep one of them." if sources else "Add from: FIELD."
            at = node.block[sources[1]].key if sources else node.mark
            self.found.append(finding(at, "E116", f"The rule {given}; it needs one of {', '.join(SOURCES)}.", hint))
        plain: dict[str, Any] = {name: child.plain() for name, child in node.block.items()}
        extra = {
            name: plain[name] for name in ("write", "on_link", "conflicts", "own_line", "optional") if name in plain
        }
        selects, default = node.get("from"), node.get("default")
        if "via" in plain and not selects:
            self.found.append(
                finding(node.block["via"].key, "E117", "via needs a key that from selects.", "Add from: FIELD.")
            )
        if "otherwise" in plain and "via" not in plain:
            self.found.append(finding(node.block["otherwise"].key, "E117", "otherwise has a meaning only beside via.",
                                      "Add via: MAPPING, or take otherwise out."))  # fmt: skip
        return FieldRule(
            path,
            node.mark,
            node.key,
            select=_expression(selects) if selects else None,
            template=_optional(node, "template"),
            given=_given(node) if "setting" in plain else _constant(node.get("value")),
            steps=self.steps(node),
            default=_given(default) if default else None,
            via=_optional(node, "via"),
            otherwise=plain.get("otherwise"),
            again_when=_expressions(node, "again_when"),
            **extra,
        )

    def steps(self, node: Node) -> tuple[Step, ...]:
        direct = [name for name in node.block if name in TRANSFORMS and name != "default"]
        listed = node.get("transform")
        if len(direct) > 1 or (direct and listed):
            at = node.block[direct[1] if len(direct) > 1 else direct[0]].key
            hint = f"Write transform: [{', '.join(direct)}], in the order in which they apply."
            self.found.append(finding(at, "E117", "Several transforms need an order.", hint))
        steps = [_step(name, node.block[name]) for name in direct]
        for item in listed.items if listed else ():
            if item.block:
                steps += [_step(name, child) for name, child in item.block.items()]
            else:
                steps.append(Step(_text(item), True, item.mark, item.mark))
        return tuple(steps)

    def match(self, node: Node) -> MatchKey:
        targets = tuple(_expression(one) for one in node.at("target").items)
        table = node.get("lookup")
        lookup = SettingName(_text(table.at("setting")), table.at("setting").mark) if table is not None else None
        return MatchKey(_expression(node.at("source")), targets, _optional(node, "as"), node.mark, lookup)

    def same_as(self, root: Node) -> SameAs | None:
        node = root.get("same_as")
        return SameAs(_expression(node.at("when")), _expression(node.at("source"))) if node and node.block else None

    def children(self, name: str, node: Node) -> ChildrenRule:
        for needed in ("each", "key", "fields"):
            if needed not in node.block:
                self.found.append(finding(node.key, "E111", f"The key '{needed}' is missing.", _CHILD_HINTS[needed]))
        return ChildrenRule(name, node.key, _expression(node.at("each")), _expressions(node, "key"), self.rules(node))

    def gone(self, kind: GoneKind, node: Node) -> GoneRule:
        append = node.get("append")
        parts: tuple[tuple[str | None, Expression], ...] = ()
        if append is not None:
            named = [(name, _expression(child)) for name, child in append.block.items()]
            parts = tuple(named) if append.block else ((None, _expression(append)),)
        return GoneRule(kind, node.key, self.rules(node, literal=True), _optional(node, "note"), parts)


def _text(node: Node) -> str:
    return node.value if isinstance(node.value, str) else ""


def _expression(node: Node) -> Expression:
    return Expression(_text(node), node.mark)


def _optional(node: Node, name: str) -> Expression | None:
    child = node.get(name)
    return _expression(child) if child is not None and isinstance(child.value, str) else None


def _items(node: Node, name: str) -> list[Node]:
    child = node.get(name)
    return [one for one in child.items if one.value is not None] if child is not None else []


def _expressions(node: Node, name: str) -> tuple[Expression, ...]:
    return tuple(_expression(one) for one in _items(node, name))


def _block(node: Node, name: str) -> list[tuple[str, Node]]:
    child = node.get(name)
    return list(child.block.items()) if child is not None else []


def _constant(node: Node | None) -> Constant | None:
    return Constant(node.plain(), node.mark) if node is not None else None


def _given(node: Node) -> Given:
    """`{setting: NAME}`, `{value: X}`, or a bare literal."""
    setting, value = node.get("setting"), node.get("value")
    if setting is not None:
        return SettingName(_text(setting), setting.mark)
    literal = value if value is not None else node
    return Constant(literal.plain(), literal.mark)


def _step(name: str, node: Node) -> Step:
    setting = node.get("setting") if TRANSFORMS[name].setting and len(node.block) == 1 else None
    argument = SettingName(_text(setting), setting.mark) if setting is not None else node.plain()
    return Step(name, argument, node.key, node.mark)
