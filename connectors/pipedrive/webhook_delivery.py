"""A delivery's body, v1 or v2, as what it says of which record. Pure; the record's values in it are not used.

A delivery's record has shapes of its own (custom fields, labels, visibility), so it is never read as an answer of the
API is: only who, what and when are taken, and which fields [facts: Pipedrive 6].
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from . import shapes, wire

JSON = "application/json"
GONE = "delete"
_ACTIONS = {"added": "create", "updated": "change", "deleted": GONE, "merged": "change"}
"""v1's words."""

_KEY = re.compile(r"[0-9A-Za-z-]{1,64}")
"""Numbers; UUIDs of leads."""


class Malformed(ValueError):
    """The body is no delivery of either version."""


class Delivery(NamedTuple):
    """One event."""

    entity: str
    key: str
    action: str
    """`create`, `change` or `delete`, or a word that is not known yet."""
    event: str
    """The same for every attempt at one event; empty where there is none."""
    stamp: datetime | None
    """The record's own, after the change; None for a record that is gone."""
    user: str
    source: str
    """`api` or `app`."""
    merged_into: str | None = None
    """Of a record that is gone: the one that it was merged into."""
    others: tuple[str, ...] = ()
    """Keys of further records that the event is about: a merge has two."""
    changed: frozenset[str] = frozenset()
    """The fields that a change changed, as v2 names them; none where that is not told."""


def read(body: bytes, content_type: str = JSON) -> Delivery:
    """The event that a body tells of. Raises Malformed."""
    if content_type.partition(";")[0].strip().lower() != JSON:
        raise Malformed(f"it is not sent as {JSON}")
    try:
        told = wire.read(body)
    except (wire.Unreadable, ValueError, RecursionError):
        raise Malformed("it is no JSON") from None
    meta = told.get("meta") if isinstance(told, dict) else None
    if not isinstance(meta, dict):
        raise Malformed("it has no 'meta'")
    delivery = _v2(told, meta) if "entity" in meta else _v1(told, meta)
    if not delivery.entity or not _KEY.fullmatch(delivery.key):
        raise Malformed("it names no record")
    return delivery


def _v2(told: Mapping[str, Any], meta: Mapping[str, Any]) -> Delivery:
    action, into, swallowed = _text(meta, "action"), _text(meta, "merged_to_id"), _text(meta, "merged_from_id")
    return Delivery(
        entity=_text(meta, "entity"),
        key=_text(meta, "entity_id"),
        action=action,
        event=_text(meta, "id"),
        stamp=None if action == GONE or swallowed else shapes.stamp(_record(told, "data")),
        user=_text(meta, "user_id"),
        source=_text(meta, "change_source"),
        merged_into=into if _KEY.fullmatch(into) else None,
        others=tuple(one for one in (into, swallowed) if _KEY.fullmatch(one)),
        changed=frozenset(_record(told, "previous") if action == "change" else ()),
    )


def _v1(told: Mapping[str, Any], meta: Mapping[str, Any]) -> Delivery:
    """v1 has no id of events: the microsecond stands for it. Of a merge it names both records, not which one went."""
    said = _text(meta, "action")
    entity, key = _text(meta, "object"), _text(meta, "id")
    action = _ACTIONS.get(said, said)
    current, previous = _record(told, "current"), _record(told, "previous")
    micro = _text(meta, "timestamp_micro")
    both = {_text(one, "id") for one in (current, previous)} - {key} if said == "merged" else set()
    return Delivery(
        entity=entity,
        key=key,
        action=action,
        event=f"{micro}/{entity}/{key}" if micro else "",
        stamp=None if action == GONE or said == "merged" else shapes.stamp(current),
        user=_text(meta, "user_id"),
        source=_text(meta, "change_source"),
        others=tuple(sorted(one for one in both if _KEY.fullmatch(one))),
    )


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _record(told: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = told.get(key)
    return value if isinstance(value, dict) else {}
