"""Which custom fields a company file has, read once a visit; and what is said of one that it has not. [facts 2.8]

QuickBooks has them by the kind of list object; a sale shows those of its customer, where its template has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.quickbooks_desktop.entities import Source, sources
from connectors.quickbooks_desktop.qbxml import Ask
from connectors.quickbooks_desktop.shaping import Unfit
from connectors.quickbooks_desktop.texts import safe
from engine.protocol import Field, Names, State

KEY = "custom_fields"
PUBLIC = "0"
"""The owner of the fields that people see."""

LENGTHS = {"STR255TYPE": 255, "STR1024TYPE": 1024}
PURCHASES = frozenset({"Bill", "PurchaseOrder", "BillPaymentCheck"})

Definitions = Mapping[str, Mapping[str, str]]
"""Kind of object -> name of the field -> its type."""

QUESTION = Ask("DataExtDefQuery", (("OwnerID", PUBLIC),))


def learn(state: State, answer: Any) -> None:
    """Keep what the company file has; `answer` is the DataExtDefQueryRs as nested dicts (empty: it has none)."""
    found: dict[str, dict[str, str]] = {}
    listed = (answer or {}).get("DataExtDefRet") or []
    for one in listed if isinstance(listed, list) else [listed]:
        objects = one.get("AssignToObject") or []
        for kind in objects if isinstance(objects, list) else [objects]:
            found.setdefault(kind, {})[one["DataExtName"]] = one.get("DataExtType") or ""
    if state.get(KEY) != found:
        state.put(KEY, found)


def definitions(state: State) -> Definitions | None:
    """What was read last; None before that."""
    kept = state.get(KEY)
    return kept if isinstance(kept, Mapping) else None


def holder(source: Source) -> str:
    """The kind of object whose fields an entity's records show."""
    if not source.is_transaction:
        return source.entity.name
    return "Vendor" if source.entity.name in PURCHASES else "Customer"


def known(defined: Definitions, source: Source) -> Mapping[str, str]:
    """The fields of an entity's records, by name, with their types."""
    return {**defined.get(holder(source), {}), **defined.get(source.entity.name, {})}


def names(state: State) -> Names:
    """The custom fields of every entity; nothing before a visit has read them."""
    defined = definitions(state)
    if defined is None:
        return Names()
    custom = {
        name: tuple(Field(one, length=LENGTHS.get(kind)) for one, kind in known(defined, source).items())
        for name, source in sources().items()
        if source.entity.custom
    }
    return Names(custom, how_to_add={name: how_to_add("{name}", sources()[name]) for name in custom})


def unknown(name: str, source: Source) -> str:
    """What to do about a field that QuickBooks does not have."""
    return f"QuickBooks has no custom field '{name}' for {source.entity.name}. {how_to_add(name, source)}"


def how_to_add(name: str, source: Source) -> str:
    """What to click in QuickBooks: no program may define fields while others work in the file."""
    kind = holder(source)
    then = f", and then add it to the {source.entity.name}'s template" if source.is_transaction else ""
    return f"In QuickBooks open any {kind}, click Additional Info, Define Fields, type '{name}' and tick {kind}{then}."


def text_of(name: str, value: Any, kind: str | None) -> str:
    """A value as it is sent; Unfit where it is too long."""
    if isinstance(value, bool):
        value = "true" if value else "false"
    text = "" if value is None else safe(f"{value:f}" if hasattr(value, "quantize") else str(value)).text
    longest = LENGTHS.get(kind or "")
    if longest is not None and len(text) > longest:
        raise Unfit(f"custom.{name}", f"The text has {len(text)} characters; QuickBooks takes {longest}. Shorten it.")
    return text


def ask_write(source: Source, key: str, name: str, text: str, request_id: str) -> Ask:
    """The request that sets a value, whether or not there is one; it has no EditSequence. [facts 2.7, 2.8]"""
    if source.is_transaction:
        held = (("TxnDataExtType", source.entity.name), ("TxnID", key))
    else:
        held = (("ListDataExtType", holder(source)), ("ListObjRef", (("ListID", key),)))  # type: ignore[assignment]
    inside = (("OwnerID", PUBLIC), ("DataExtName", name), *held, ("DataExtValue", text))
    return Ask("DataExtMod", (("DataExtMod", inside),), {"requestID": request_id})
