"""Endpoints of /api/v1 that merge records: the path's record goes, `merge_with_id` stays [OpenAPI v1 mergePersons]."""

from functools import partial
from typing import Any

from .calls import Call, Endpoint, Reply, good
from .merging import merge
from .moments import as_v1
from .numbers import is_whole
from .refusals import Invalid, Missing

Record = dict[str, Any]

PLURALS = {"organizations": "organization", "persons": "person", "deals": "deal"}
SHOWN = {
    "organization": ("id",),
    "person": ("id", "name", "first_name", "last_name", "owner_id", "org_id", "add_time", "update_time"),
    "deal": ("id", "title", "value", "currency", "status", "stage_id", "pipeline_id", "org_id", "person_id",
             "creator_user_id", "add_time", "update_time"),
}  # fmt: skip
"""What the answers show here; the document's have more, all of it optional."""


def merge_records(entity: str, call: Call) -> Reply:
    """The record that stays, and which one it was merged with."""
    body, key = call.body, call.number()
    if not isinstance(body, dict) or set(body) != {"merge_with_id"} or not is_whole(body["merge_with_id"]):
        raise Invalid("merge_with_id: is required, a number, and nothing else is allowed")
    for one in (key, body["merge_with_id"]):
        if not call.account.sees(call.actor.user_id, call.account.living(entity, one)):
            raise Missing(f"{entity.capitalize()} not found")
    stays = merge(call.account, entity, key, body["merge_with_id"], call.actor)
    shown = {name: as_v1(stays[name]) if name.endswith("_time") else stays[name] for name in SHOWN[entity]}
    return good(shown if entity == "organization" else shown | {"merge_what_id": key})


ENDPOINTS: dict[tuple[str, str], Endpoint] = {
    ("PUT", f"/{plural}/{{id}}/merge"): partial(merge_records, entity) for plural, entity in PLURALS.items()
}
"""(method, path template) -> function."""
