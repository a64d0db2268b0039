"""What type a selection has, from the catalogue: found before any data is there, mistakes with their place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from engine.mapping.functions import FUNCTIONS
from engine.protocol import ADDRESS_PARTS, Entity, Field
from engine.specs.diagnostics import nearest, nearest_or_some

TEXTUAL = frozenset(("text", "id", "enum", "date", "datetime"))
"""Kinds whose values are text; dates are ISO text."""


@dataclass(frozen=True, slots=True)
class Type:
    """A value's type. `kind` is a FieldType, `any` (not known) or `null`; `many` makes it a list."""

    kind: str
    many: bool = False
    fields: Mapping[str, Type] | None = field(default=None, compare=False)
    """Of an object: its fields; None where they aren't known."""
    label: str = field(default="", compare=False)
    """Of an object: what messages call it."""
    options: tuple[str, ...] | None = None
    """Every text that it can have, where that is known."""
    length: int | None = None
    """Most characters that it can have, where that is known."""
    least: int = field(default=0, compare=False)
    """Fewest characters that it can have."""
    parts: Any = field(default=None, compare=False)
    refers: str | None = None
    money: bool = False

    @property
    def item(self) -> Type:
        """The type of one element."""
        return replace(self, many=False)

    @property
    def family(self) -> str:
        """What it can be compared with: text, number, boolean, or itself."""
        return "text" if self.kind in TEXTUAL else self.kind

    def words(self) -> str:
        """For people."""
        word = {"id": "a key", "enum": "an option", "object": "an object", "address": "an address"}.get(
            self.kind, f"a {self.kind}" if self.kind not in ("text", "any") else self.kind
        )
        return f"a list ({self.kind})" if self.many else word


ANY = Type("any")
NULL = Type("null")
TEXT = Type("text")
NUMBER = Type("number")
BOOLEAN = Type("boolean")
DATE = Type("date")


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong in an expression, `offset` characters into it."""

    code: str
    message: str
    offset: int
    hint: str = ""


def of_field(one: Field, label: str) -> Type:
    """The type of a catalogue's field."""
    inner: Mapping[str, Type] | None = None
    if one.fields:
        inner = {sub.name: of_field(sub, f"{label}.{sub.name}") for sub in one.fields}
    elif one.type == "address":
        keys: list[str] = []
        for own in one.parts.values() if one.parts else ADDRESS_PARTS:
            keys += [own] if isinstance(own, str) else own
        inner = dict.fromkeys(keys, TEXT)
    options = one.options or None
    return Type(one.type, one.many, inner, label, options, one.length, parts=one.parts, refers=one.refers)


def of_entity(entity: Entity, label: str) -> Type:
    """The type of a record: every readable field of its entity, custom fields (open) under `custom`."""
    fields = {one.name: of_field(one, f"{label}.{one.name}") for one in entity.fields if one.readable}
    if entity.custom:
        fields["custom"] = Type("object", label=f"{label}.custom")
    return Type("object", fields=fields, label=label)


def of_element(element: Type, record: Type) -> Type:
    """The scope inside `each` and child lists: the element's own names, and `record` for the whole."""
    if element.fields is None:
        return Type("object", label=element.label)
    return Type("object", fields={**element.fields, "record": record}, label=element.label)


def of_literal(value: Any) -> Type:
    """The type of a literal."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, str):
        return Type("text", options=(value,), length=len(value), least=len(value))
    if isinstance(value, (int, Decimal)):
        return NUMBER
    if isinstance(value, list):
        return replace(union([of_literal(one) for one in value]), many=True)
    return ANY


def union(types: list[Type]) -> Type:
    """What several possibilities have in common."""
    known = [one for one in types if one.kind != "null"]
    if not known:
        return NULL
    first = known[0]
    if any(one.many != first.many or one.family != first.family or one.kind == "any" for one in known):
        return ANY
    if len(known) == 1:
        return first
    options: tuple[str, ...] | None = ()
    for one in known:
        options = None if options is None or one.options is None else (*options, *one.options)
    lengths = [one.length for one in known]
    length = None if None in lengths else max(one for one in lengths if one is not None)
    kind = first.kind if all(one.kind == first.kind for one in known) else "text"
    same = all(one.refers == first.refers for one in known)
    return Type(
        kind if kind != "object" or all(one == first for one in known) else "any",
        first.many,
        first.fields,
        first.label,
        options=tuple(dict.fromkeys(options)) if options is not None else None,
        length=length,
        least=min(one.least for one in known),
        parts=first.parts if all(one.parts == first.parts for one in known) else None,
        refers=first.refers if same else None,
        money=all(one.money for one in known),
    )


def infer(node: dict[str, Any], scope: Type, mistakes: list[Mistake]) -> Type:
    """The type of a parsed expression over a scope; what is wrong is added to `mistakes`, and its type is ANY."""
    return _Inference(mistakes).of(node, scope)


def place(node: dict[str, Any]) -> int:
    """The offset of the first name or literal of a tree."""
    own = [node["at"]] if "at" in node else []
    return min(own + [place(child) for child in node["children"] if isinstance(child, dict)], default=0)


class _Inference:
    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = mistakes

    def of(self, node: dict[str, Any], scope: Type) -> Type:
        method = getattr(self, f"_{node['type']}", None)
        return method(node, scope) if method else ANY

    def wrong(self, code: str, message: str, node: dict[str, Any], hint: str = "") -> Type:
        self.mistakes.append(Mistake(code, message, place(node), hint))
        return ANY

    # names and paths
    def _field(self, node: dict[str, Any], scope: Type) -> Type:
        name = node["value"]
        if scope.kind in ("any", "null"):
            return ANY
        if scope.many:
            message = f"'{name}' is taken of a list, which has no fields."
            return self.wrong("E226", message, node, f"Write [].{name} for the field of each element.")
        if scope.kind not in ("object", "address"):
            return self.wrong(
                "E226", f"'{name}' is taken of {scope.words()}, which has no fields.", node, "End before the dot."
            )
        if scope.fields is None:
            return ANY
        if name not in scope.fields:
            message = f"'{name}' is not a field of {scope.label}."
            return self.wrong("E203", message, node, nearest_or_some(name, scope.fields))
        return scope.fields[name]

    def _subexpression(self, node: dict[str, Any], scope: Type) -> Type:
        for child in node["children"]:
            scope = self.of(child, scope)
        return scope

    _pipe = _subexpression
    _index_expression = _subexpression

    def _current(self, node: dict[str, Any], scope: Type) -> Type:
        return scope

    _identity = _current
    _slice = _current

    def _index(self, node: dict[str, Any], scope: Type) -> Type:
        return scope.item if scope.many else ANY

    # lists
    def _list(self, node: dict[str, Any], scope: Type) -> Type:
        found = self.of(node, scope)
        if found.many or found.kind in ("any", "null"):
            return found
        return self.wrong("E226", f"[] needs a list; this is {found.words()}.", node)

    def _flatten(self, node: dict[str, Any], scope: Type) -> Type:
        return self._list(node["children"][0], scope)

    def _projection(self, node: dict[str, Any], scope: Type) -> Type:
        items = self._list(node["children"][0], scope)
        return replace(self.of(node["children"][1], items.item), many=True)

    def _value_projection(self, node: dict[str, Any], scope: Type) -> Type:
        self.of(node["children"][0], scope)
        return replace(ANY, many=True)

    def _filter_projection(self, node: dict[str, Any], scope: Type) -> Type:
        items = self._list(node["children"][0], scope)
        self.of(node["children"][2], items.item)
        return replace(self.of(node["children"][1], items.item), many=True)

    # logic
    def _or_expression(self, node: dict[str, Any], scope: Type) -> Type:
        return union([self.of(child, scope) for child in node["children"]])

    def _and_expression(self, node: dict[str, Any], scope: Type) -> Type:
        return union([self.of(child, scope) for child in node["children"]])

    def _not_expression(self, node: dict[str, Any], scope: Type) -> Type:
        self.of(node["children"][0], scope)
        return BOOLEAN

    def _comparator(self, node: dict[str, Any], scope: Type) -> Type:
        left, right = (self.of(child, scope) for child in node["children"])
        at = next((child for child in node["children"] if child["type"] == "literal"), node["children"][1])
        known = all(one.kind not in ("any", "null") and not one.many for one in (left, right))
        if known and left.family != right.family:
            message = f"{left.words()} is compared with {right.words()}; that is never true."
            self.wrong("E225", message[0].upper() + message[1:], at, "Compare values of one type.")
        elif node["value"] in ("eq", "ne"):
            for one, other, literal in ((left, right, node["children"][1]), (right, left, node["children"][0])):
                self._option(one, other, literal)
        return BOOLEAN

    def _option(self, one: Type, other: Type, literal: dict[str, Any]) -> None:
        if one.kind == "enum" and one.options and literal["type"] == "literal" and other.options:
            text = other.options[0]
            if text not in one.options:
                hint = nearest(text, one.options) or f"It has {', '.join(one.options[:8])}."
                self.wrong("E227", f"'{text}' is none of the texts that the field can have.", literal, hint)

    # values
    def _literal(self, node: dict[str, Any], scope: Type) -> Type:
        return of_literal(node["value"])

    def _multi_select_list(self, node: dict[str, Any], scope: Type) -> Type:
        return replace(union([self.of(child, scope).item for child in node["children"]]), many=True)

    def _multi_select_dict(self, node: dict[str, Any], scope: Type) -> Type:
        pairs = {child["value"]: self.of(child["children"][0], scope) for child in node["children"]}
        return Type("object", fields=pairs, label="the selection")

    def _function_expression(self, node: dict[str, Any], scope: Type) -> Type:
        function = FUNCTIONS[node["value"]]
        given = [self.of(child, scope) for child in node["children"] if child["type"] != "expref"]
        inner = next((one.item for one in given), ANY)
        for child in node["children"]:
            if child["type"] == "expref":
                self.of(child["children"][0], inner)
        for position, child in enumerate(node["children"]):
            takes = function.takes[min(position, len(function.takes) - 1)]
            if child["type"] != "expref" and not _taken(self._quiet(child, scope), takes):
                words = self._quiet(child, scope).words()
                hint = f"It takes {' or '.join(takes)}."
                self.wrong("E228", f"{function.name}() is given {words}.", child, hint)
        first = given[0] if given else ANY
        results = {"same": first, "item": first.item, "first": union(given) if given else ANY}
        results |= {"texts": Type("text", many=True), "number": NUMBER, "boolean": BOOLEAN, "text": TEXT, "any": ANY}
        return results[function.gives]

    def _quiet(self, node: dict[str, Any], scope: Type) -> Type:
        return _Inference([]).of(node, scope)


def _taken(one: Type, takes: tuple[str, ...]) -> bool:
    if one.kind in ("any", "null") or "any" in takes:
        return True
    if one.many:
        wanted = {"numbers": "number", "strings": "text"}
        return "array" in takes or any(wanted.get(kind) == one.family for kind in takes)
    names = {"text": "string", "number": "number", "boolean": "boolean", "object": "object", "address": "object"}
    return names.get(one.family) in takes
