"""The catalogue: `catalogue.toml` as protocol values. What a record looks like on the wire is left to `shapes`.

Beside the entities of the API stand the options of custom fields (`organization_option` and so on), one entity for each
kind of record that has custom fields: adding an option is a write like any other.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple

from engine.protocol import Catalogue, Children, Entity, Field, NoteField

OPTION_SUFFIX = "_option"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Listing(NamedTuple):
    """How the list call of an entity works [OpenAPI v1 and v2]."""

    paging: Literal["cursor", "start", "whole"]
    """`cursor`: v2; `start`: v1 with an offset; `whole`: everything in one answer."""
    since: bool
    """Takes `updated_since`."""
    ids: bool
    """Takes `ids`, at most 100."""


@cache
def catalogue() -> Catalogue:
    """Every entity by name."""
    entities = {name: _entity(name, table) for name, table in _tables().items()}
    with_options = [one for name, one in entities.items() if one.custom and custom_owner(name) == name]
    return entities | {f"{one.name}{OPTION_SUFFIX}": _options_of(one.name) for one in with_options}


@cache
def listing(entity: str) -> Listing:
    """How that entity is listed. KeyError for options, which come with the fields."""
    table = _tables()[entity]
    return Listing(table["list"], table.get("since", False), table.get("ids", False))


def owner_of_options(entity: str) -> str | None:
    """`organization` for `organization_option`; None for an entity that is no option."""
    owner = entity.removesuffix(OPTION_SUFFIX)
    return owner if owner != entity and owner in _tables() else None


def identity_in(entity: str) -> str | None:
    """The text field whose last lines are our identity; None where a custom field carries it, or nothing does."""
    return _told(entity).get("identity_in")


def custom_owner(entity: str) -> str:
    """Whose custom fields that entity's are: a lead's are the deal's [OpenAPI v1 addLead]."""
    return str(_told(entity).get("custom_of", entity))


def sent_as(entity: str) -> Mapping[str, str]:
    """Fields that a request names differently, and takes as 0 or 1."""
    return _told(entity).get("sent_as") or {}


def takes_null(entity: str) -> Collection[str]:
    """Fields that null empties, as the documents say."""
    return tuple(_told(entity).get("null", ()))


def same_by(entity: str) -> Sequence[str]:
    """The fields by which a record that is there is taken for the one to be made, where it can carry no identity."""
    return tuple(_told(entity).get("same", ()))


def left_out(entity: str, child: str | None = None) -> Mapping[str, str]:
    """Why fields of Pipedrive's documents are not in the catalogue."""
    table = _told(entity) if child is None else _told(entity)["children"][child]
    return table.get("left_out") or {}


def only_read(entity: str) -> Mapping[str, str]:
    """Why fields are not written that Pipedrive's documents let be written."""
    return _told(entity).get("only_read") or {}


def is_key(entity: str | None, text: str) -> bool:
    """Whether a text can be the key of a record of that entity: a lead's is a UUID, any other's a number."""
    return bool(_UUID.fullmatch(text)) if entity == "lead" else text.isascii() and text.isdigit()


def _told(entity: str) -> Mapping[str, Any]:
    table: Mapping[str, Any] = _tables().get(entity, {})
    return table


@cache
def _tables() -> Mapping[str, Any]:
    return tomllib.loads(files(__package__).joinpath("catalogue.toml").read_text(encoding="utf-8"))


def _entity(name: str, table: Mapping[str, Any]) -> Entity:
    custom = table.get("custom", False)
    note = table.get("note")
    return Entity(
        name=name,
        key=table.get("key", "id"),
        label=table["label"],
        fields=_fields(table["fields"]),
        custom=custom,
        custom_creates=custom,
        creates=table.get("creates", False),
        updates=table.get("updates", False),
        children=tuple(_children(child, inside) for child, inside in table.get("children", {}).items()),
        identity=table.get("identity", False),
        refresh=table.get("refresh", "list"),
        date=table.get("date"),
        note=NoteField(*note) if note else None,
        currency="currency" if "currency" in table["fields"] else None,
        gone_when=tuple(table["gone_when"]) if "gone_when" in table else _deleted(table),
        help=table.get("help", ""),
    )


def _deleted(table: Mapping[str, Any]) -> tuple[str, bool] | None:
    return ("is_deleted", True) if "is_deleted" in table["fields"] else None


def _children(name: str, table: Mapping[str, Any]) -> Children:
    return Children(name, _fields(table["fields"]), tuple(table["amount"]), table["answered_amount"])


def _fields(table: Mapping[str, Any]) -> tuple[Field, ...]:
    return tuple(_field(name, given) for name, given in table.items())


def _field(name: str, given: Mapping[str, Any]) -> Field:
    made: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    made["fields"] = _fields(given.get("fields", {}))
    return Field(name, **made)


def _options_of(owner: str) -> Entity:
    return Entity(
        name=f"{owner}{OPTION_SUFFIX}",
        key="key",
        label="label",
        fields=(
            Field("key", "id", help="The custom field's name, '/', the option's id."),
            Field("field", required=True, writable=True, length=255, help="The custom field's name; made if missing."),
            Field("label", required=True, writable=True),
        ),
        creates=True,
        updates=True,
        help=f"The options of the {owner}'s custom fields of one or several choices.",
    )
