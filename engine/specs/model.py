"""What the user wrote, as frozen data: mappings, rules, settings, sets. Nothing here is resolved or checked yet."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Literal

from engine.specs.source import Mark, Source

Scalar = str | int | Decimal | bool | None
WritePolicy = Literal["follow", "once", "if_empty"]
LinkPolicy = Literal["leave", "overwrite"]
ConflictPolicy = Literal["source_wins", "target_wins", "park"]
Otherwise = Literal["wait", "leave", "skip"]
GoneKind = Literal["deleted", "voided", "gone"]


class _Unset(Enum):
    UNSET = "unset"


UNSET: Final = _Unset.UNSET
"""The user wrote nothing here (None means that the user wrote null)."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A text with its place: a JMESPath, a template, a name."""

    text: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class SettingName:
    """`{setting: NAME}`."""

    name: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal with its place."""

    value: Any
    mark: Mark


Given = Constant | SettingName
"""A value that is known before any record: a literal or a setting."""


@dataclass(frozen=True, slots=True)
class Step:
    """One transform with its argument, as plain data."""

    name: str
    argument: Any
    mark: Mark
    argument_mark: Mark


@dataclass(frozen=True, slots=True)
class FieldRule:
    """How one target field gets its value. Exactly one of `select`, `template`, `given` is set."""

    path: str
    """As drafts name it: `name`, `custom.Email`."""
    mark: Mark
    """Of the value; `key_mark` of the field's name."""
    key_mark: Mark
    select: Expression | None = None
    template: Expression | None = None
    given: Given | None = None
    steps: tuple[Step, ...] = ()
    default: Given | None = None
    via: Expression | None = None
    otherwise: Otherwise | None = None
    write: WritePolicy = "follow"
    on_link: LinkPolicy = "leave"
    conflicts: ConflictPolicy | None = None
    again_when: tuple[Expression, ...] = ()
    own_line: bool = False
    optional: bool = False

    @property
    def name(self) -> str:
        """The field's own name, without `custom.`."""
        return self.path.removeprefix("custom.")

    @property
    def custom(self) -> bool:
        """Whether it addresses a custom field by name."""
        return self.path.startswith("custom.")


@dataclass(frozen=True, slots=True)
class MatchKey:
    """One key of matching: source selection, targets in the other system, normaliser."""

    source: Expression
    targets: tuple[Expression, ...]
    normalizer: Expression | None
    mark: Mark
    lookup: SettingName | None = None
    """A table through which the source's value goes first."""


@dataclass(frozen=True, slots=True)
class SameAs:
    """A record that shares another one's link when `when` holds; `source` selects the other one's key."""

    when: Expression
    source: Expression


@dataclass(frozen=True, slots=True)
class ChildrenRule:
    """A child list: what it walks through, the key of an element, and its fields."""

    name: str
    mark: Mark
    each: Expression
    key: tuple[Expression, ...]
    rules: tuple[FieldRule, ...]


@dataclass(frozen=True, slots=True)
class GoneRule:
    """What to write when the source is deleted, voided or gone in any way."""

    kind: GoneKind
    mark: Mark
    rules: tuple[FieldRule, ...] = ()
    note: Expression | None = None
    append: tuple[tuple[str | None, Expression], ...] = ()
    """(target path, text); the path None stands for the one rewritten field that a template fills."""


@dataclass(frozen=True, slots=True)
class Combined:
    """How one field of a shared target is made of several sources."""

    path: str
    how: Literal["sum", "min", "max", "all", "any"]
    mark: Mark


@dataclass(frozen=True, slots=True)
class Mapping:
    """One mapping file, with `extends` already taken in."""

    name: str
    mark: Mark
    summary: str
    source: Expression
    """`from`: system.Entity."""
    target: Expression
    """`to`: system.entity."""
    rules: tuple[FieldRule, ...] = ()
    match: tuple[MatchKey, ...] = ()
    same_as: SameAs | None = None
    since: Given | None = None
    only: Expression | None = None
    each: Expression | None = None
    key: tuple[Expression, ...] = ()
    one_per: tuple[Expression, ...] = ()
    combine: tuple[Combined, ...] = ()
    children: tuple[ChildrenRule, ...] = ()
    scope: tuple[tuple[str, Given, Mark], ...] = ()
    gone: tuple[GoneRule, ...] = ()
    for_linked: bool = False
    never_creates: bool = False
    conflicts: ConflictPolicy = "source_wins"
    meaning: Any = None
    """The whole as plain data without places: what its version is made of."""


SettingType = Literal["text", "number", "boolean", "date", "table"]


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that a preset declares. Without a default it must be given; `default: null` makes it optional."""

    name: str
    type: SettingType
    help: str
    mark: Mark
    default: Any = UNSET
    example: Any = UNSET


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """A template that stands in a file beside the mappings."""

    name: str
    text: str
    source: Source = field(compare=False)


@dataclass(frozen=True, slots=True)
class MappingSet:
    """A preset, or a user's folder: mappings that belong together, their settings and templates."""

    name: str
    """As the user names it: a folder or `preset:NAME`."""
    mappings: tuple[Mapping, ...]
    settings: Dictionary[str, Setting] = field(default_factory=dict)
    templates: Dictionary[str, TemplateFile] = field(default_factory=dict)
    version: str = ""
    summary: str = ""

    def mapping(self, name: str) -> Mapping | None:
        """The mapping of that name, or None."""
        return next((one for one in self.mappings if one.name == name), None)
