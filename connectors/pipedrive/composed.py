"""Fields of a write that are parts of something larger: contacts, prices, amounts, participants.

Pipedrive takes each of these whole, so what a write does not name is read first and sent along.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.protocol import Entity, Write

from . import shapes
from .account import Account
from .entities import catalogue, same_by

_KEPT_OF_PRICE = ("currency", "price", "cost", "direct_cost", "notes")


def parts(account: Account, write: Write, values: Mapping[str, Any]) -> dict[str, Any]:
    """The root keys that the composed fields of a write make."""
    given = values.keys()
    if write.entity == "person":
        return _contacts(values)
    if write.entity == "product" and given & {"price", "currency"}:
        return {"prices": _prices(account, write, values)}
    if write.entity == "lead" and given & {"amount", "currency"}:
        return {"value": _value(account, write, values)}
    if write.entity == "activity" and "person_id" in given and "participants" not in given:
        return {"participants": _participants(account, write, values)}
    return {}


def without_what_is_composed(entity: str, body: dict[str, Any]) -> dict[str, Any]:
    """The body without keys that Pipedrive only reads: an activity's person is its primary participant [facts: 5]."""
    return {key: value for key, value in body.items() if (entity, key) != ("activity", "person_id")}


def there_already(account: Account, entity: Entity, write: Write) -> Mapping[str, Any] | None:
    """The living record that is the one to be made, of an entity that can carry no identity: pipelines and stages.

    So one whose answer never came is not made twice, and one that a person made is taken (one list call).
    """
    names = same_by(entity.name)
    if write.action != "create" or not names:
        return None
    wanted = [_alike(write.values.get(name)) for name in names]
    cursor: str | None = None
    while True:
        query = {"limit": "500"} | ({"cursor": cursor} if cursor else {})
        answer = account.client.send(f"{entity.name}.list", query=query)
        for one in answer.data or ():
            if not one.get("is_deleted") and [_alike(one.get(name)) for name in names] == wanted:
                return one  # type: ignore[no-any-return]
        cursor = answer.cursor
        if cursor is None:
            return None


def _alike(value: Any) -> str:
    return " ".join(str(value or "").split()).casefold()


def _there(account: Account, write: Write) -> Mapping[str, Any]:
    """The record as it is; empty for one that is about to be made."""
    if write.action == "create":
        return {}
    return account.client.send(f"{write.entity}.get", place={"id": str(write.key)}).data  # type: ignore[no-any-return]


def _contacts(values: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for derived, root in (("email", "emails"), ("phone", "phones")):
        if derived in values and root not in values:
            given = values[derived] or []
            rows = [given] if isinstance(given, str) else given
            made[root] = [{"value": one, "primary": not at, "label": "work"} for at, one in enumerate(rows)]
    return made


def _prices(account: Account, write: Write, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One price changed and the others kept: the list is replaced as a whole (assumed)."""
    there = _there(account, write).get("prices") or []
    first = there[0] if there else {}
    currency = values.get("currency") or first.get("currency") or account.me()["default_currency"]
    same: Mapping[str, Any] = next((one for one in there if one.get("currency") == currency), {})
    price = values.get("price") if "price" in values else same.get("price", first.get("price"))
    amount = _amount("product", "price", price)
    ours = {**same, "currency": currency, "price": amount if amount is not None else 0}
    rest = [one for one in there if one.get("currency") != currency]
    return [{key: one[key] for key in _KEPT_OF_PRICE if one.get(key) is not None} for one in (ours, *rest)]


def _value(account: Account, write: Write, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """A lead's amount with its currency, both or none [OpenAPI v1 addLead]."""
    both = {"amount", "currency"} <= values.keys()
    there = {} if both else _there(account, write).get("value") or {}
    amount = _amount("lead", "amount", values.get("amount", there.get("amount")))
    if amount is None:
        return None
    currency = values.get("currency", there.get("currency")) or account.me()["default_currency"]
    return {"amount": amount, "currency": currency}


def _participants(account: Account, write: Write, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The person as the primary participant, before those who take part besides."""
    before = _there(account, write)
    others = [
        {"person_id": one["person_id"], "primary": False}
        for one in before.get("participants") or ()
        if one["person_id"] != before.get("person_id") and str(one["person_id"]) != str(values["person_id"])
    ]
    person = catalogue()["activity"].field("person_id")
    assert person is not None
    key = shapes.sent(person, values["person_id"])
    return [*([{"person_id": key, "primary": True}] if key is not None else []), *others]


def _amount(entity: str, name: str, value: Any) -> Decimal | None:
    field = catalogue()[entity].field(name)
    assert field is not None
    return shapes.canonical_field(field, value)  # type: ignore[no-any-return]
