"""Mappings as the runner uses them: everything resolved once, nothing left to look up by name.

Made by `compiler`; the evaluation itself is in `executor`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from zoneinfo import ZoneInfo

from engine.mapping import executor
from engine.mapping.draft import Context, Draft, Element, GoneDraft
from engine.mapping.generated import Fill
from engine.mapping.selector import Selector
from engine.mapping.template import Template
from engine.protocol import CustomField, Record
from engine.specs.diagnostics import Diagnostic
from engine.specs.model import ConflictPolicy, GoneKind, LinkPolicy, Otherwise, WritePolicy

Scope = Mapping[str, Any]
"""What bare names mean, by root name."""
Select = Callable[[Scope], Any]
"""A selection compiled to a closure; MISSING where a root field was not read."""
Render = Callable[[Scope, Context], Any]
"""A compiled template over a scope and the context: text, or MISSING where a root field was not read."""


@dataclass(frozen=True, slots=True)
class CompiledStep:
    """One transform with its argument bound. `nulls`: it is asked about None too."""

    name: str
    apply: Callable[[Any], Any]
    nulls: bool = False
    classes: tuple[type, ...] = ()
    """Values of exactly these classes may be given to `quick`, which looks at no more than it must."""
    quick: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What the target field takes: `coerce` returns the value or raises `values.Unfit` with words for people."""

    coerce: Callable[[Any, ZoneInfo | None], Any]
    option_of: str | None = None
    """The option entity, where a reference becomes a `protocol.Option`."""
    quick: Callable[[Any, ZoneInfo | None], Any] | None = None
    """The same for a value that is not None."""
    passes: type | None = None
    """Values of exactly this class (at most `longest` characters, one of `among`) are what `coerce` gives back."""
    longest: int | None = None
    among: frozenset[str] | None = None
    inside: str | None = None
    """The part of an object that holds the key, where a reference becomes such an object."""


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """One target field. `where` is file:line:column of its rule."""

    path: str
    where: str
    write: WritePolicy
    on_link: LinkPolicy
    conflicts: ConflictPolicy
    target: Target
    rewritten: bool = False
    required: bool = False
    optional: bool = False
    own_line: bool = False
    reference: str | None = None
    """The mapping that `via` names."""
    otherwise: Otherwise = "leave"
    select: Select | None = None
    selector: Selector | None = None
    """What `select` was made of."""
    render: Render | None = None
    template: Template | None = None
    """What `render` was made of."""
    constant: Any = None
    steps: tuple[CompiledStep, ...] = ()
    default: Any = None
    has_default: bool = False
    again_when: tuple[Select, ...] = ()
    combine: Literal["sum", "min", "max", "all", "any"] | None = None

    @property
    def again(self) -> bool:
        """Whether the field is written once, and again only when what it watches has changed."""
        return bool(self.again_when)


@dataclass(frozen=True, slots=True)
class CompiledChildren:
    """One child list of the target."""

    name: str
    where: str
    each: Select
    key: tuple[Select, ...]
    rules: dict[str, CompiledRule]
    fill: Fill
    """Evaluates the rules (see `generated`)."""


@dataclass(frozen=True, slots=True)
class MatchTarget:
    """Where a match key looks: `entity` is the target's own, or one whose records point at it."""

    entity: str
    fields: tuple[str, ...]
    """Root fields of that entity's records that `index` reads."""
    _values: Callable[[Record], list[str]]
    _key: str
    _scope: tuple[tuple[str, Any], ...] = ()

    def index(self, record: Record) -> list[tuple[str, str]]:
        """The (value, target key) rows of one record of `entity`; none where it is outside the mapping's scope."""
        return executor.index(self, record)


@dataclass(frozen=True, slots=True)
class CompiledMatch:
    """One match key, in its place in the order."""

    label: str
    """For people: "e-mail", "name"."""
    targets: tuple[MatchTarget, ...]
    where: str
    _values: Callable[[Record], list[str]]

    def source_values(self, record: Record) -> list[str]:
        """The record's normalised values: no empty ones, each once."""
        return self._values(record)


@dataclass(frozen=True, slots=True)
class CompiledGone:
    """What is written when the source is gone."""

    kind: GoneKind
    rules: dict[str, CompiledRule]
    note: Render | None
    append: dict[str, Render]
    where: str = ""


@dataclass(frozen=True, slots=True)
class CompiledMapping:
    """One mapping, ready to be evaluated."""

    name: str
    summary: str
    version: str
    """Hash of the meaning, bound settings included: another version may map a record differently."""
    source: tuple[str, str]
    target: tuple[str, str]
    source_key: str
    """The field that holds the source record's key."""
    creates: bool
    for_linked: bool
    is_each: bool
    is_one_per: bool
    match: tuple[CompiledMatch, ...]
    source_fields: tuple[str, ...]
    """Root names that queries of the source entity must ask for."""
    target_fields: tuple[str, ...]
    """Root names of the target entity that are compared, matched or scoped (`custom` among them)."""
    linked: tuple[str, ...]
    """Mappings that templates see as `linked.NAME`."""
    rules: dict[str, CompiledRule]
    fill: Fill
    """Evaluates the rules (see `generated`)."""
    children: dict[str, CompiledChildren]
    since: str | None
    scope: dict[str, Any]
    conflicts: ConflictPolicy
    where: str = ""
    """file:line:column of its name."""
    date_field: str | None = None
    each: Select | None = None
    key: tuple[Select, ...] = ()
    only: Select | None = None
    only_text: str = ""
    one_per: tuple[Select, ...] = ()
    currency: CompiledRule | None = None
    same: tuple[Select, Select] | None = None
    when_gone: dict[GoneKind, CompiledGone] = field(default_factory=dict)

    @property
    def only_points(self) -> bool:
        """Whether it writes and makes nothing: then several records may lead to one target, since none is mixed up."""
        return not (self.creates or self.for_linked or self.rules or self.children or self.scope or self.when_gone)

    def elements(self, record: Record) -> list[Element]:
        """The things that get a link each: the record itself, or the elements of its `each` list.

        Raises NotRead if that list was not read: nothing may be concluded from its absence.
        """
        return executor.elements(self, record)

    def left_out(self, element: Element, linked: bool) -> str | None:
        """Why it is left out, in words: by `only`, or (unless it is linked already) by `since`."""
        return executor.left_out(self, element, linked)

    def same_as(self, record: Record) -> str | None:
        """The source key whose link this record shares, if it does."""
        return executor.same_as(self, record)

    def input(self, path: str, element: Element) -> Any:
        """What a field's rule reads of the element, before any transform; MISSING for a template, or without a rule."""
        return executor.input_of(self, path, element)

    def group(self, record: Record) -> str | None:
        """Text of the `one_per` parts and the currency; None where one is missing, null or empty."""
        return executor.group(self, record)

    def references(self, element: Element) -> list[tuple[str, str]]:
        """Every (mapping, source key) that its `via` rules name, each once."""
        return executor.references(self, element)

    def draft(self, element: Element, context: Context, trace: bool = False) -> Draft:
        """What the element becomes. Never raises for data: what does not fit is in `problems`."""
        return executor.draft(self, element, context, trace)

    def combine(self, parts: Sequence[tuple[str, Draft]]) -> Draft:
        """One draft of several sources, the first being the primary; child keys name their source.

        Call it for one source too, where the mapping is `one_per`: child keys must not depend on the number.
        """
        return executor.combine(self, parts)

    def gone(self, how: GoneKind, element: Element, context: Context) -> GoneDraft | None:
        """What to write when the source is gone; None where the mapping says nothing about it."""
        return executor.gone(self, how, element, context)


@dataclass(frozen=True, slots=True)
class CompiledSet:
    """The mappings of one connection."""

    mappings: dict[str, CompiledMapping]
    """In an order in which referenced mappings come first."""
    warnings: tuple[Diagnostic, ...] = ()
    _custom: Mapping[str, dict[str, tuple[CustomField, ...]]] = field(default_factory=dict)

    def custom_fields(self, system: str) -> dict[str, tuple[CustomField, ...]]:
        """By entity: the custom fields of that system that the set writes."""
        return dict(self._custom.get(system, {}))


__all__ = [
    "CompiledChildren",
    "CompiledGone",
    "CompiledMapping",
    "CompiledMatch",
    "CompiledRule",
    "CompiledSet",
    "CompiledStep",
    "MatchTarget",
    "Target",
]
