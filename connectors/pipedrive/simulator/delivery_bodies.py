"""The bodies of webhook deliveries, v1 and v2: shapes of their own, not the API's [facts: 6, webhook samples]."""

import hashlib
import uuid
from datetime import UTC
from typing import Any

from .events import Event
from .moments import as_v1
from .state import Account

Record = dict[str, Any]

V1_ACTIONS = {"create": "added", "change": "updated", "delete": "deleted"}
OBJECTS = frozenset({"activity", "deal", "lead", "note", "organization", "person", "pipeline", "product", "stage"})

NOT_IN_V2 = frozenset({
    "custom_fields", "is_deleted", "source_lead_id", "arr", "mrr", "acv", "website", "linkedin", "industry",
    "annual_revenue", "employee_count", "last_update_user_id", "task_id", "pinned_to_project_flag",
    "pinned_to_task_flag",
})  # fmt: skip
ALSO_IN_V2: dict[str, Record] = {
    "organization": {"country_code": None, "picture_id": None},
    "note": {"project_id": None},
}
"""How a v2 delivery's keys differ from the record's [webhook samples]."""


def matches(hook: Record, event: Event) -> bool:
    """Whether a webhook wants to hear of an event; lines of deals have no event here."""
    return (
        event.entity in OBJECTS
        and hook["event_action"] in ("*", event.action)
        and hook["event_object"] in ("*", event.entity)
    )


def body_v2(account: Account, hook: Record, event: Event, attempt: int) -> Record:
    """create: previous null; delete: data null and previous the last state; change: previous the changed keys."""
    shown_before = None if event.previous is None else _v2(account, event, event.previous)
    data = None if event.current is None else _v2(account, event, event.current)
    meta: Record = {
        "action": event.action,
        "company_id": "1",
        "correlation_id": _uuid(event, "correlation"),
        "entity_id": str(event.entity_id),
        "entity": event.entity,
        "id": _uuid(event, "event"),
        "is_bulk_edit": False,
        "timestamp": event.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{event.at.microsecond // 1000:03d}Z",
        "type": hook["type"],
        "user_id": str(event.actor.user_id),
        "version": "2.0",
        "webhook_id": str(hook["id"]),
        "webhook_owner_id": str(hook["owner_id"]),
        "change_source": event.actor.source,
        "permitted_user_ids": [str(key) for key in account.tables["user"]],
        "attempt": attempt,
        "host": f"{account.company}.pipedrive.com",
    }
    if event.merged_to_id is not None:
        meta["merged_to_id"] = str(event.merged_to_id)
    if event.merged_from_id is not None:
        meta["merged_from_id"] = str(event.merged_from_id)
    return {"data": data, "previous": shown_before, "meta": meta}


def _v2(account: Account, event: Event, record: Record) -> Record:
    shown = {key: value for key, value in record.items() if key not in NOT_IN_V2}
    if "visible_to" in shown:
        shown["visible_to"] = str(shown["visible_to"])
    if event.entity == "organization" and "label_ids" in shown:
        labels = shown.pop("label_ids")
        shown["label"] = labels[0] if labels else None
    if "id" in record:
        shown |= ALSO_IN_V2.get(event.entity, {})
    if "custom_fields" in record:
        fields = account.fields.custom(event.entity)
        whole = "id" in record  # a full state names every field, a previous only what changed
        codes = fields if whole else [code for code in record["custom_fields"] if code in fields]
        values = record["custom_fields"]
        shown["custom_fields"] = {code: _custom_v2(fields[code]["field_type"], values.get(code)) for code in codes}
    return shown


def _custom_v2(kind: str, value: Any) -> Any:
    """The webhook's shape of a custom field, by type [facts: 4 "Custom field values"]."""
    if value is None:
        return None
    if kind in ("enum", "user", "people", "org"):
        return {"type": kind, "id": value}
    if kind == "set":
        return {"type": kind, "values": [{"id": key} for key in value]}
    if kind in ("daterange", "timerange"):
        shown = {"type": kind, "from": value["value"], "until": value["until"]}
        return shown | ({"timezone_id": None} if kind == "timerange" else {})
    if kind == "time":
        return {"type": kind, "value": value["value"], "timezone_id": None}
    return {"type": kind, **value} if isinstance(value, dict) else {"type": kind, "value": value}


def body_v1(account: Account, hook: Record, event: Event, attempt: int) -> Record:
    """v1's body: current and previous in full, custom fields at the root, `event` as `updated.deal`."""
    action = V1_ACTIONS[event.action]
    current = None if event.current is None else _v1(account, event.entity, event.current)
    previous = event.previous
    if event.action == "change" and event.current is not None:
        changed = event.previous or {}
        custom = event.current.get("custom_fields", {}) | changed.get("custom_fields", {})
        previous = event.current | changed | {"custom_fields": custom}
    stamp = event.at.timestamp()
    return {
        "v": 1,
        "matches_filters": {"current": []},
        "meta": {
            "v": 1,
            "matches_filters": {"current": []},
            "action": action,
            "object": event.entity,
            "id": event.entity_id,
            "company_id": 1,
            "user_id": event.actor.user_id,
            "host": f"{account.company}.pipedrive.com",
            "timestamp": int(stamp),
            "timestamp_micro": int(stamp * 1_000_000),
            "prepublish_timestamp": int(stamp * 1_000) + 27,
            "permitted_user_ids": list(account.tables["user"]),
            "trans_pending": False,
            "is_bulk_update": False,
            "pipedrive_service_name": False,
            "change_source": event.actor.source,
            "webhook_id": str(hook["id"]),
        },
        "retry": attempt - 1,
        "current": current,
        "previous": None if previous is None else _v1(account, event.entity, previous),
        "event": f"{action}.{event.entity}",
    }


def _v1(account: Account, name: str, record: Record) -> Record:
    """A record in v1's keys: the owner is `user_id`, names stand beside the ids."""
    shown = {key: value for key, value in record.items() if key not in ("custom_fields", "is_deleted")}
    if "owner_id" in shown:
        shown["user_id"] = shown.pop("owner_id")
        shown["owner_name"] = account.tables["user"][shown["user_id"]]["name"]
    if "visible_to" in shown:
        shown["visible_to"] = str(shown["visible_to"])
    for key, entity in (("org", "organization"), ("person", "person")):
        other = account.tables[entity].get(shown.get(f"{key}_id") or 0)
        if f"{key}_id" in shown:
            shown[f"{key}_name"] = other["name"] if other else None
    for key, value in shown.items():
        if key.endswith("_time") and isinstance(value, str):
            shown[key] = as_v1(value)
    for code, value in record.get("custom_fields", {}).items():
        field = account.fields.by_entity[name].get(code)
        shown |= _custom_v1(code, str(value) if field and field["field_type"] == "enum" and value else value)
    return shown


def _custom_v1(code: str, value: Any) -> Record:
    """A custom field at the root, its parts beside it as `hash_part` [facts: 4 "Custom field values"]."""
    if isinstance(value, dict):
        parts = {f"{code}_{part}": inner for part, inner in value.items() if part != "value"}
        return {code: value["value"], **parts}
    if isinstance(value, list):
        return {code: ",".join(map(str, value))}
    return {code: value}


def _uuid(event: Event, what: str) -> str:
    """The same for every attempt at one event, so that a receiver can tell repeats."""
    text = f"{what}/{event.at.isoformat()}/{event.entity}/{event.entity_id}/{event.number}"
    return str(uuid.UUID(hashlib.sha256(text.encode()).hexdigest()[:32], version=4))
