"""The entities of QuickBooks Desktop, read from the catalogue files: as the contract has them, and as qbXML asks.

A file says how an entity is asked for (`reads`), what it is called when deleted, and lists its elements in the
notation of notation.py. Reading and asking are left to qbxml and queries.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from connectors.quickbooks_desktop import notation
from connectors.quickbooks_desktop.notation import Shape
from engine.protocol import Catalogue, Children, Entity, Field, FieldType, Relation

BOOKKEEPING = ("TimeModified", "EditSequence")
"""Asked for with every record, besides its key."""

FORGETS = timedelta(days=90)
"""Deletions are told for so long. [facts 2.9]"""

LINES = "Lines"
"""What mappings call the item lines of a sale: read, a derived field; written, a list of children."""

ADDRESS_LINES = ("Addr1", "Addr2", "Addr3", "Addr4", "Addr5")
ADDRESS_PARTS = {"city": "City", "region": "State", "postal_code": "PostalCode", "country": "Country"}


@dataclass(frozen=True, slots=True)
class Read:
    """One query message of an entity. `answers`: element in the answer -> the Kind of the record (may be empty)."""

    query: str
    answers: Mapping[str, str]
    iterates: bool = False
    """Has iterators in qbXML 13.0; elsewhere the attribute is a parse error. [XSD]"""


@dataclass(frozen=True, slots=True)
class Change:
    """What an Add or a Mod message of an entity takes: its elements in qbXML's order, which is strict. [OPS]"""

    shapes: tuple[Shape, ...]
    required: tuple[str, ...]
    """Elements that it must have."""


@dataclass(frozen=True, slots=True)
class Source:
    """An entity with what asking for it takes."""

    entity: Entity
    shapes: tuple[Shape, ...]
    reads: tuple[Read, ...]
    deleted: tuple[str, ...]
    """Its TxnDelType or ListDelType values."""
    always: tuple[str, ...]
    """Elements asked for with every record: the key, the bookkeeping, and what others look up in it."""
    usual: tuple[str, ...]
    """Elements asked for besides: the date, what voids, and what relations are found in."""
    private: frozenset[str]
    """Elements that are asked for by name only: card numbers, what an employer knows of a person."""
    lines: frozenset[str]
    """Elements that come only with IncludeLineItems."""
    links: frozenset[str]
    """Elements that come only with IncludeLinkedTxns."""
    kinds: bool
    """Its records carry a Kind."""
    optional: bool
    """Its feature may be switched off, which is then an empty list."""
    paid: str | None
    """The element that says it is paid, where a query knows PaidStatus: it can be settled without being changed."""
    add: Change | None
    """Of the message that makes one, such as CustomerAdd; None where the catalogue has no such message."""
    mod: Change | None
    """Of the message that changes one, such as CustomerMod."""
    line: str | None
    """The element of an Add that holds one item line, such as EstimateLineAdd; the answer's is `line_ret`."""

    @property
    def line_ret(self) -> str:
        """The element of the answer that holds one item line."""
        return f"{self.entity.name}LineRet"

    @property
    def is_transaction(self) -> bool:
        """Keyed by TxnID, filtered by date; else a list object."""
        return self.entity.key == "TxnID"

    @property
    def own(self) -> frozenset[str]:
        """The names of its own root elements."""
        return frozenset(shape.name for shape in self.shapes)

    def asked(self, fields: tuple[str, ...]) -> tuple[str, ...]:
        """The root elements to ask for so that these fields can be given, in qbXML's order.

        No fields means all of them, but for what is nobody's business unless a mapping names it.
        """
        wanted = {*self.always, *self.usual}
        for name in fields or self.own - self.private:
            field = self.entity.field(name)
            wanted.update(field.needs if field is not None and field.derived else (name,))
        if "custom" in wanted and self.entity.custom:
            wanted.add("DataExtRet")
        return tuple(shape.name for shape in self.shapes if shape.name in wanted)


@cache
def sources() -> Mapping[str, Source]:
    """Every entity by name."""
    found: dict[str, Source] = {}
    folder = resources.files(__package__).joinpath("catalogue")
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            name = "".join(word.capitalize() for word in file.name.removesuffix(".toml").split("_"))
            found[name] = _source(name, tomllib.loads(file.read_text(encoding="utf-8")))
    return MappingProxyType(found)


@cache
def catalogue() -> Catalogue:
    """The entities as the contract has them."""
    return MappingProxyType({name: source.entity for name, source in sources().items()})


def _source(name: str, data: Mapping[str, Any]) -> Source:
    shapes = notation.read(data["fields"])
    derived = tuple(_derived(one) for one in data.get("derived", ()))
    relations = {
        group: tuple(Relation(one["entity"], one["path"], tuple(one.get("of", ()))) for one in data.get(group, ()))
        for group in ("lookups", "touches", "pulls")
    }
    changes = (_change(data.get("add")), _change(data.get("mod")))
    line = next((one for one in (changes[0].shapes if changes[0] else ()) if one.name == f"{name}LineAdd"), None)
    entity = Entity(
        name=name,
        key=data["key"],
        label=data["label"],
        fields=(*(_field(shape, *changes) for shape in shapes), *derived),
        creates=changes[0] is not None and data.get("creates", True),
        updates=changes[1] is not None,
        refresh="list" if changes[1] is None else "keys",
        custom=data.get("custom", False),
        children=() if line is None else (_lines(line),),
        date=data.get("date"),
        voids=data.get("voids"),
        currency="CurrencyCode" if any(one.name == "CurrencyCode" for one in derived) else None,
        reports_gone=True,
        remembers_gone=FORGETS,
        lookups=relations["lookups"],
        touches=relations["touches"],
        pulls=relations["pulls"],
        help=data["help"],
    )
    usual = {root for group in ("touches", "pulls") for one in relations[group] for root in [one.path.split("[")[0]]}
    usual.update({entity.date} if entity.date else ())
    voids = entity.field(entity.voids) if entity.voids else None
    usual.update(voids.needs if voids else ())
    usual.update([data["paid"]] if "paid" in data else ())
    return Source(
        entity=entity,
        shapes=shapes,
        reads=tuple(Read(one["query"], one["answers"], one.get("iterates", False)) for one in data["reads"]),
        deleted=tuple(data["deleted"]),
        always=(entity.key, *BOOKKEEPING, *data.get("always", ())),
        usual=tuple(sorted(usual)),
        private=frozenset(data.get("private", ())),
        lines=frozenset(data.get("lines", ())),
        links=frozenset(data.get("links", ())),
        kinds=any(field.name == "Kind" for field in derived),
        optional=data.get("optional", False),
        paid=data.get("paid"),
        add=changes[0],
        mod=changes[1],
        line=line.name if line else None,
    )


def _change(data: Mapping[str, Any] | None) -> Change | None:
    return Change(notation.read(data["fields"]), tuple(data["required"])) if data else None


def _lines(shape: Shape) -> Children:
    """The item lines of a sale as a mapping gives them: they go in with the Add that makes it."""
    fields = (replace(_field(one), writable=True) for one in shape.children if not one.many and one.word != "object")
    return Children(LINES, tuple(fields), with_record=True)


def _derived(one: Mapping[str, Any]) -> Field:
    return Field(
        name=one["name"],
        type=one["type"],
        many=one.get("many", False),
        fields=tuple(map(_field, notation.read(one.get("fields", "")))),
        options=tuple(one.get("options", ())),
        derived=one["formula"],
        needs=tuple(one.get("needs", ())),
    )


def _field(shape: Shape, add: Change | None = None, mod: Change | None = None) -> Field:
    """`add` and `mod` are the messages that may write it."""
    kind: FieldType
    if shape.word in notation.NUMBERS:
        kind = "number"
    elif shape.word == "address":
        kind = "address"
    elif shape.word in notation.NESTED:
        kind = "object"
    elif shape.word in ("guid", "interval"):
        kind = "text"
    else:
        kind = shape.word  # type: ignore[assignment]  # the remaining words are the contract's own
    inner = {child.name for child in shape.children}
    parts: dict[str, str | tuple[str, ...]] | None = None
    if kind == "address":
        parts = {"lines": tuple(line for line in ADDRESS_LINES if line in inner)}
        parts.update({part: own for part, own in ADDRESS_PARTS.items() if own in inner})
    return Field(
        name=shape.name,
        type=kind,
        many=shape.many,
        fields=tuple(map(_field, shape.children)),
        length=shape.length,
        options=shape.options,
        refers=shape.refers,
        parts=parts,
        writable=any(_takes(change, shape) for change in (add, mod)),
        required=add is not None and shape.name in add.required,
        derived="its place among the record's lines, from 1" if shape.word == "position" else None,
    )


def _takes(change: Change | None, shape: Shape) -> bool:
    """Whether a message writes this field: by the same name and type, one value, and not what identifies a record."""
    if change is None or shape.many or shape.name in ("EditSequence", "ListID", "TxnID", "ExternalGUID"):
        return False
    return any(one.name == shape.name and one.word == shape.word and not one.many for one in change.shapes)
