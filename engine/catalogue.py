"""What a system has, as data: its entities with their fields, and what records of them look like. Part of the contract.

Connectors and the engine import all of it from `engine.protocol`. Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

Record = dict[str, Any]
"""One thing of an entity in its system's own field names. Values: str, bool, int, Decimal, None, list, dict.
Dates are ISO text. A field that was not asked for is missing; one that was asked for and is empty is None ([] for a
list). Custom fields stand under `custom` by their names. Derived fields stand beside the others."""

FieldType = Literal["text", "number", "boolean", "date", "datetime", "id", "enum", "address", "object"]
"""`number` is Decimal (money too); `id` is the opaque text key of a record; `enum` is the option's text; `address`
is a dict of the common parts below, or a system's own shape with `Field.parts`; `object` has `Field.fields`."""

ADDRESS_PARTS = ("lines", "city", "region", "postal_code", "country")
"""The common shape of an address: `lines` is a list of text, the others are text or None."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an entity. `many` makes it a list of its type."""

    name: str
    type: FieldType = "text"
    many: bool = False
    fields: tuple[Field, ...] = ()
    """Of an object (or of each element of a list of objects)."""
    length: int | None = None
    """Most characters that the system takes."""
    options: tuple[str, ...] = ()
    """Of an enum: every text it can have. Empty: not known before the account is asked."""
    required: bool = False
    """A create needs it."""
    readable: bool = True
    writable: bool = False
    refers: str | None = None
    """Of an id: the entity whose key it holds."""
    derived: str | None = None
    """The formula, in words, of a field that the connector computes."""
    needs: tuple[str, ...] = ()
    """Of a derived field: the system's own root fields that a query must ask for to compute it."""
    parts: Mapping[str, str | tuple[str, ...]] | None = None
    """Of an address in a system's own shape: common part -> own key (`lines`: several own keys)."""
    total_of: str | None = None
    """The child list that it is the sum of: never written while the draft has such children, but compared."""
    begins_as: str | None = None
    """What a new record has there where nothing is sent."""
    rewritten: bool = False
    """The system rewrites what it is sent, so it is compared with what we sent and never with what came back."""
    related: tuple[str, str] | None = None
    """Of a list of records of another entity that point here: (that entity, its field that holds our key)."""
    help: str = ""


@dataclass(frozen=True, slots=True)
class Children:
    """A list of an entity that is written by requests of its own (line items of a deal)."""

    name: str
    fields: tuple[Field, ...]
    amount: tuple[str, ...] = ()
    """The fields whose product is one child's amount; amounts are rounded to the cent and add up to the total."""
    answered_amount: str | None = None
    """The field of an answered child in which the system says the amount it made of it."""
    with_record: bool = False
    """A new record and its children are made by one request (`Write.add` of a create), and only by that one."""


@dataclass(frozen=True, slots=True)
class Relation:
    """Keys of records of `entity`, found in this record at `path` (a JMESPath giving a list of ids)."""

    entity: str
    path: str
    of: tuple[str, ...] = ()
    """Of `touches`: the fields that change over there, such as a balance. They are of interest only where a mapping
    reads one of them, and old history changes none. Empty: any may have changed."""


@dataclass(frozen=True, slots=True)
class NoteField:
    """Where a text about a record goes: a record of `entity` whose `target` field holds the key, `text` the words."""

    entity: str
    target: str
    text: str


@dataclass(frozen=True, slots=True)
class Entity:
    """A kind of thing in a system."""

    name: str
    key: str
    """The field that holds a record's opaque key."""
    label: str
    """The field that names a record for people; a target named by text is looked up by it."""
    fields: tuple[Field, ...]
    custom: bool = False
    """Has custom fields, addressed by name under `custom`."""
    custom_creates: bool = False
    """Missing custom fields are made at first use."""
    creates: bool = False
    updates: bool = False
    children: tuple[Children, ...] = ()
    identity: bool = False
    """Carries our identity lines, so an unknown outcome can be looked up and a lost store rebuilt."""
    refresh: Literal["list", "keys"] = "list"
    """How the engine learns a target's present state before a write: one list of what changed, or the keys alone."""
    date: str | None = None
    """The date field that a mapping's `since` compares."""
    lookups: tuple[Relation, ...] = ()
    """Records of other entities that `enrich` needs; a record waits until they are held."""
    touches: tuple[Relation, ...] = ()
    """Records whose content changes with this one without being marked as changed: re-read before use."""
    pulls: tuple[Relation, ...] = ()
    """Records that must be held once this one is, whatever their date."""
    note: NoteField | None = None
    reports_gone: bool = False
    """Deletions can be asked for (`Query.kind == "gone"`)."""
    remembers_gone: timedelta | None = None
    """How long the system can tell of a deletion; None: for good. After a longer silence all of its keys are asked for
    (`Query.kind == "all"`) and compared with those that are held."""
    voids: str | None = None
    """The boolean field that says a record was voided."""
    currency: str | None = None
    """The field that says the currency of its amounts."""
    gone_when: tuple[str, bool] | None = None
    """The boolean field, and its value, that says that a record was deleted though it is still told of."""
    help: str = ""

    def field(self, name: str) -> Field | None:
        """The field of that name, or None."""
        return next((one for one in self.fields if one.name == name), None)


Catalogue = Mapping[str, Entity]
"""The entities of one system, by name. The engine orders reads by lookups and relations; a catalogue need not."""


@dataclass(frozen=True, slots=True)
class CustomField:
    """A custom field that the compiled mappings write, for the connector to find by name or to make."""

    name: str
    type: FieldType
    many: bool = False
    length: int | None = None
    """Most characters that mappings can produce, where known."""
    money: bool = False
    """A number that is an amount in the record's currency."""
    options: tuple[str, ...] = ()
    """Every literal that a rule gives an enum."""
    optional: bool = False
    """Left out in silence where the system has no such field."""


@dataclass(frozen=True, slots=True)
class Option:
    """A value that points at a record of another entity (an enum's option, a user), as a link's target key."""

    entity: str
    key: str
