"""What the account calls things, for people who write mappings: custom fields, stages, users."""

from __future__ import annotations

from typing import Final

from engine.protocol import Field, FieldType, Names

from .account import Account
from .entities import catalogue
from .fields import CHOICES, AccountField
from .operations import operations

_TYPES: Final[dict[str, FieldType]] = {
    "double": "number", "monetary": "number", "date": "date", "address": "address", "enum": "enum", "set": "enum",
}  # fmt: skip
"""Pipedrive's types that are no text. [facts: Pipedrive 4]"""


def names(account: Account) -> Names:
    """Asks for four lists of fields (10 tokens each), the stages and the users (20). Raises Stopped."""
    entities = [one.name for one in catalogue().values() if one.custom and f"{one.name}.fields" in operations()]
    custom = {name: tuple(map(_field, account.fields.known(name).fields)) for name in entities}
    users = [one for one in account.client.send("user.list").data or [] if one.get("active_flag")]
    people = {key: tuple(str(one[key]) for one in users if one.get(key)) for key in ("name", "email")}
    return Names(custom, {"deal": {"stage": account.stages.names()}, "user": people})


def _field(one: AccountField) -> Field:
    options = tuple(label for _, label in one.options) if one.type in CHOICES else ()
    return Field(one.name, _TYPES.get(one.type, "text"), many=one.type == "set", options=options)
