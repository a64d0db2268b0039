"""What happened to a record, as listeners of an account (webhook delivery, tests) are told it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Source = Literal["api", "app"]
Action = Literal["create", "change", "delete"]


@dataclass(frozen=True)
class Actor:
    """Who acts: a user, through the API or in the app [facts: 6, change_source has these two values]."""

    user_id: int
    source: Source = "api"


@dataclass(frozen=True)
class Event:
    """One change of one record; `current` and `previous` are copies, in the record's stored form.

    create: previous is None; delete: current is None and previous the last state; change: previous holds
    only the keys that changed, custom fields under `custom_fields` [facts: 6].
    """

    at: datetime
    action: Action
    entity: str
    entity_id: int
    current: dict[str, Any] | None
    previous: dict[str, Any] | None
    actor: Actor
    number: int
    """Counts the events of an account, so that two are never mistaken for one."""
    merged_to_id: int | None = None
    merged_from_id: int | None = None


def changed_keys(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The old values of what differs; empty when nothing does."""
    old = {key: before.get(key) for key in after if key != "custom_fields" and before.get(key) != after[key]}
    mine, theirs = before.get("custom_fields", {}), after.get("custom_fields", {})
    custom = {code: mine.get(code) for code in mine | theirs if mine.get(code) != theirs.get(code)}
    return old | {"custom_fields": custom} if custom else old
