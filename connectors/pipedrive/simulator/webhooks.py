"""Webhooks as v1 stores them: created, listed, deleted, never changed [facts: 5 "Webhooks"]."""

import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .events import Actor
from .numbers import is_whole
from .refusals import Invalid, WebhookRefused

if TYPE_CHECKING:
    from .records import Records

Record = dict[str, Any]

ACTIONS = ("create", "change", "delete", "*")
OBJECTS = ("activity", "deal", "lead", "note", "organization", "person", "pipeline", "product", "stage", "user", "*")
PER_USER = 40
KEYS = frozenset({
    "subscription_url", "event_action", "event_object", "name", "user_id", "http_auth_user",
    "http_auth_password", "version",
})  # fmt: skip


def create_webhook(account: "Records", body: Any, actor: Actor) -> Record:
    """A stored webhook; raises WebhookRefused."""
    if not isinstance(body, dict):
        raise Invalid("body: The value is not a valid 'object'")
    if errors := _errors(account, body):
        raise WebhookRefused("invalid", errors)
    user_id = body.get("user_id", actor.user_id)
    hooks = account.tables["webhook"]
    if sum(hook["user_id"] == user_id for hook in hooks.values()) >= PER_USER:
        raise WebhookRefused("full", {})  # [facts: 5; 422]
    return account.tables.add("webhook", {
        "id": account.tables.next_id("webhook"), "company_id": 1, "owner_id": actor.user_id, "user_id": user_id,
        "event_action": body["event_action"], "event_object": body["event_object"], "name": body["name"],
        "subscription_url": body["subscription_url"], "version": body.get("version", "2.0"), "is_active": 1,
        "add_time": account.now.replace("Z", ".000Z"), "remove_time": None, "type": "general",
        "http_auth_user": body.get("http_auth_user"), "http_auth_password": body.get("http_auth_password"),
        "remove_reason": None, "last_delivery_time": None, "last_http_status": None, "admin_id": actor.user_id,
    })  # fmt: skip


def delete_webhook(account: "Records", key: int) -> None:
    if key not in account.tables["webhook"]:
        raise WebhookRefused("missing", {"id": ["not found"]})
    account.tables.remove("webhook", key)


def _errors(account: "Records", body: Record) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {key: ["is not allowed"] for key in body if key not in KEYS}
    for key, allowed in (("event_action", ACTIONS), ("event_object", OBJECTS), ("version", ("1.0", "2.0"))):
        if (key in body or key != "version") and body.get(key) not in allowed:
            errors[key] = [f"must be one of {', '.join(allowed)}"]
    for key in ("http_auth_user", "http_auth_password"):
        if not isinstance(body.get(key), str | None):
            errors[key] = ["must be a text"]
    name = body.get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= 255:
        errors["name"] = ["must have 1 to 255 characters"]
    if "user_id" in body and not (is_whole(body["user_id"]) and account.exists("user", body["user_id"])):
        errors["user_id"] = ["not found"]
    if not _reachable(body.get("subscription_url"), account.switches.webhook_urls_are_checked):
        errors["subscription_url"] = ["invalid or non-reachable URL"]
    return errors


def _reachable(url: object, ask: bool) -> bool:
    if not isinstance(url, str):
        return False
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or host.endswith("pipedrive.com"):
        return False
    if not ask:
        return True
    try:
        socket.create_connection((host, parts.port or (443 if parts.scheme == "https" else 80)), 2).close()
    except (OSError, ValueError):
        return False
    return True
