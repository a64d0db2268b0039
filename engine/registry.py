"""Finds the connectors that are installed, each checked against the contract when it is loaded.

A connector is a folder and an entry point in the group `engine.connectors`; the built-in ones register the same way.
One that cannot be loaded stops only those who ask for it. Opening endpoints is left to engine/sync.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any, get_args

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from engine.errors import ContractBroken, UserError
from engine.protocol import ADDRESS_PARTS, Catalogue, Connector, Entity, Field, FieldType, Relation

GROUP = "engine.connectors"
METHODS = ("catalogue", "derive", "enrich", "open")


class Registry:
    """The connectors by name, and those that broke the contract with what they broke."""

    def __init__(self) -> None:
        self._connectors: dict[str, type[Connector]] = {}
        self._catalogues: dict[str, Catalogue] = {}
        self._broken: dict[str, ContractBroken] = {}

    @classmethod
    def load(cls) -> Registry:
        """Every connector that is installed."""
        registry = cls()
        for point in sorted(entry_points(group=GROUP), key=lambda one: one.name):
            registry._load(point)
        return registry

    @classmethod
    def of(cls, *connectors: type[Connector]) -> Registry:
        """These connectors and no others; raises ContractBroken at the first that breaks the contract."""
        registry = cls()
        for connector in connectors:
            registry.register(connector)
        return registry

    def register(self, connector: type[Connector]) -> None:
        """Add a connector class; raises ContractBroken with every fault found in it."""
        name = getattr(connector, "name", None) or getattr(connector, "__name__", repr(connector))
        faults = list(connector_faults(connector))
        if faults:
            raise ContractBroken(
                f"The connector '{name}' does not keep the contract: " + "; ".join(faults) + ".",
                "Its author finds the contract in engine/protocol.py.",
            )
        self._catalogues[connector.name] = MappingProxyType(dict(connector.catalogue()))
        self._connectors[connector.name] = connector
        self._broken.pop(connector.name, None)

    def connector(self, name: str) -> type[Connector]:
        """The connector of that name; raises UserError if none is, ContractBroken if it could not be loaded."""
        if name in self._connectors:
            return self._connectors[name]
        if name in self._broken:
            raise self._broken[name]
        known = [*self._connectors, *self._broken]
        near = get_close_matches(name, known, n=1)
        raise UserError(
            f"There is no connector '{name}'.",
            f"Did you mean '{near[0]}'?" if near else f"Installed are: {', '.join(known) or 'none'}.",
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Of the connectors that can be used."""
        return tuple(self._connectors)

    @property
    def catalogues(self) -> Mapping[str, Catalogue]:
        """By connector name: the entities of its system."""
        return MappingProxyType(self._catalogues)

    @property
    def broken(self) -> Mapping[str, ContractBroken]:
        """By entry-point name: why a connector cannot be used."""
        return MappingProxyType(self._broken)

    def _load(self, point: EntryPoint) -> None:
        try:
            connector = point.load()
            if getattr(connector, "name", None) != point.name:
                raise ContractBroken(f"The connector registered as '{point.name}' calls itself otherwise.")
            self.register(connector)
        except ContractBroken as error:
            self._broken[point.name] = error
        except Exception as error:  # a foreign package may fail in any way when it is imported
            self._broken[point.name] = ContractBroken(
                f"The connector '{point.name}' ({point.value}) cannot be loaded: {type(error).__name__}: {error}.",
                "Reinstall or remove the package that brings it.",
            )


def connector_faults(connector: Any) -> Iterator[str]:
    """What in a connector breaks engine/protocol.py, in words; nothing if it keeps it."""
    for text in ("name", "title"):
        if not (isinstance(getattr(connector, text, None), str) and getattr(connector, text)):
            yield f"'{text}' must be a text"
    missing = [name for name in METHODS if not callable(getattr(connector, name, None))]
    yield from (f"the method '{name}' is missing" for name in missing)
    yield from _schema_faults(getattr(connector, "settings_schema", None))
    if "catalogue" not in missing:
        try:
            catalogue = connector.catalogue()
        except Exception as error:  # whatever it is, it is the connector's fault
            yield f"catalogue() fails: {type(error).__name__}: {error}"
        else:
            yield from catalogue_faults(catalogue)


def _schema_faults(schema: Any) -> Iterator[str]:
    if not isinstance(schema, Mapping):
        yield "'settings_schema' must be a JSON Schema"
        return
    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as error:
        yield f"'settings_schema' is not a JSON Schema: {error.message}"
        return
    for key, value in schema.get("properties", {}).items():
        if not (isinstance(value, Mapping) and value.get("description")):
            yield f"the setting '{key}' has no description"


def catalogue_faults(catalogue: Any) -> Iterator[str]:
    """What contradicts itself in a catalogue, in words."""
    if not isinstance(catalogue, Mapping) or not catalogue:
        yield "catalogue() must give at least one entity, by name"
        return
    for name, entity in catalogue.items():
        if not isinstance(entity, Entity):
            yield f"catalogue()['{name}'] is not an Entity"
            continue
        if entity.name != name:
            yield f"the entity '{entity.name}' stands under the name '{name}'"
        yield from (f"{name}: {fault}" for fault in _entity_faults(entity, catalogue))


def _entity_faults(entity: Entity, catalogue: Mapping[str, Entity]) -> Iterator[str]:
    names = [field.name for field in entity.fields]
    yield from (f"the field '{name}' is there twice" for name in sorted({n for n in names if names.count(n) > 1}))
    for role, name in (("key", entity.key), ("label", entity.label), ("date", entity.date), ("voids", entity.voids)):
        if name is not None and name not in names:
            yield f"its {role} '{name}' is not one of its fields"
    voids = entity.field(entity.voids) if entity.voids else None
    if voids is not None and voids.type != "boolean":
        yield f"'{entity.voids}' must be a boolean to say that a record was voided"
    relations: Iterable[Relation] = (*entity.lookups, *entity.touches, *entity.pulls)
    for relation in relations:
        if relation.entity not in catalogue:
            yield f"a relation leads to '{relation.entity}', which is not in the catalogue"
            continue
        there = catalogue[relation.entity]
        unknown = [one for one in relation.of if there.field(one) is None]
        yield from (f"it touches '{one}', which is not a field of '{there.name}'" for one in unknown)
    if entity.note is not None:
        yield from _note_faults(entity, catalogue)
    lists = {children.name for children in entity.children}
    for field in entity.fields:
        yield from _field_faults(field, field.name, catalogue)
        yield from (f"'{field.name}' needs '{need}', which is not a field" for need in field.needs if need not in names)
        if field.total_of is not None and field.total_of not in lists:
            yield f"'{field.name}' is the total of '{field.total_of}', which is not a child list"
    for children in entity.children:
        own = {field.name for field in children.fields}
        used = [*children.amount, *([children.answered_amount] if children.answered_amount else [])]
        for one in used:
            if one not in own:
                yield f"the amount of '{children.name}' uses '{one}', which is not one of its fields"
        for field in children.fields:
            yield from _field_faults(field, f"{children.name}.{field.name}", catalogue)


def _note_faults(entity: Entity, catalogue: Mapping[str, Entity]) -> Iterator[str]:
    assert entity.note is not None
    notes = catalogue.get(entity.note.entity)
    if notes is None:
        yield f"its notes are '{entity.note.entity}', which is not in the catalogue"
        return
    for name in (entity.note.target, entity.note.text):
        if notes.field(name) is None:
            yield f"its notes use '{name}', which is not a field of '{notes.name}'"


def _field_faults(field: Field, path: str, catalogue: Mapping[str, Entity]) -> Iterator[str]:
    if field.type not in get_args(FieldType):
        yield f"'{path}' has the unknown type '{field.type}'"
    if field.refers is not None and field.refers not in catalogue:
        yield f"'{path}' refers to '{field.refers}', which is not in the catalogue"
    if field.related is not None:
        entity = catalogue.get(field.related[0])
        if entity is None or entity.field(field.related[1]) is None:
            yield f"'{path}' is related to '{'.'.join(field.related)}', which is not in the catalogue"
    if field.parts is not None:
        yield from (f"'{path}' has the unknown address part '{one}'" for one in field.parts if one not in ADDRESS_PARTS)
    for inner in field.fields:
        yield from _field_faults(inner, f"{path}.{inner.name}", catalogue)
