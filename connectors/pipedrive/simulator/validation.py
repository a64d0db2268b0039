"""Which keys each entity takes, and in which shape: a request's body in, a checked body out.

Keys and nullability follow the request schemas of OpenAPI v2 (v1 for notes and leads). Whatever the schema does not
name is refused at the root, as the live service does [facts: 4, client-nodejs 651]; v1 notes are held to
the same [assumed, stricter]. Rules between keys (won_time only when won) belong to the entities' modules.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from . import values
from .activities import TYPES
from .refusals import Forbidden, Invalid
from .values import LONG_TEXT, Check, Fault, Known, reference, text

NOTE_LENGTH = 100_000
"""Bytes of a note: documented for activity notes "as other entities" [facts: 5]; for notes assumed."""
FREQUENCIES = ("one-time", "annually", "semi-annually", "quarterly", "monthly", "weekly")
CYCLES = 208


@dataclass(frozen=True)
class Key:
    """What may stand under one root key."""

    check: Check
    required: bool = False
    nullable: bool = False
    only_new: bool = False
    only_changed: bool = False
    switch: str | None = None
    """The switch without which the key is refused."""
    feature: str | None = None


class Book(Known, Protocol):
    """What validation asks the account besides the values' own questions."""

    def custom_fields(self, entity: str) -> dict[str, dict[str, Any]]: ...
    def has_feature(self, feature: str) -> bool: ...
    def label_ids(self, entity: str) -> set[int]: ...


_owned = {
    "owner_id": Key(reference("user")),
    "visible_to": Key(values.choice(1, 3, 5, 7)),
}
_labelled = {"label_ids": Key(values.whole_list)}
_details = "company_details"
_sync = "contact_sync"
_id = Key(reference("organization"))

_price = values.parts(
    {"currency": values.currency, "price": values.number},
    {"cost": values.number, "direct_cost": values.number, "notes": text(255)},
)


def _prices(value: Any, known: Known) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise Fault("The value is not a valid 'array'")
    kept = [_price(item, known) for item in value]
    codes = [item["currency"] for item in kept]
    if len(set(codes)) != len(codes):
        raise Fault("only one price per currency")  # [OpenAPI v2 addProduct]
    return kept


_participant = values.parts({"person_id": reference("person")}, {"primary": values.flag})


def _participants(value: Any, known: Known) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise Fault("The value is not a valid 'array'")
    return [_participant(item, known) for item in value]


def _users(value: Any, known: Known) -> list[int]:
    return [reference("user")(one, known) for one in values.whole_list(value, known)]


SCHEMAS: dict[str, dict[str, Key]] = {
    "organization": {
        "name": Key(text(255, empty=False), required=True),
        "add_time": Key(values.moment, only_new=True),
        "address": Key(values.address),
        "website": Key(text(255), nullable=True, feature=_details),
        "linkedin": Key(text(255), nullable=True, feature=_details),
        "industry": Key(values.whole(0, 10**14 - 1), nullable=True, feature=_details),
        "annual_revenue": Key(values.whole(0, 10**14 - 1), nullable=True, feature=_details),
        "employee_count": Key(values.whole(0, 10**14 - 1), nullable=True, feature=_details),
        **_owned,
        **_labelled,
    },
    "person": {
        "name": Key(text(255, empty=False)),
        "first_name": Key(text(255)),  # by the guide, not in the schema [facts: 5]
        "last_name": Key(text(255)),
        "org_id": _id,
        "add_time": Key(values.moment, only_new=True),
        "emails": Key(values.contacts),
        "phones": Key(values.contacts),
        "postal_address": Key(values.address, feature=_sync),
        "notes": Key(text(10_000), feature=_sync),
        "im": Key(values.contacts, feature=_sync),
        "birthday": Key(values.day, feature=_sync),
        "job_title": Key(text(255), feature=_sync),
        **_owned,
        **_labelled,
    },
    "deal": {
        "title": Key(text(255, empty=False), required=True),
        "person_id": Key(reference("person")),
        "org_id": _id,
        "pipeline_id": Key(reference("pipeline")),
        "stage_id": Key(reference("stage")),
        "value": Key(values.number),
        "currency": Key(values.currency),
        "is_deleted": Key(values.flag),
        "is_archived": Key(values.flag),
        "archive_time": Key(values.old_moment),
        "status": Key(values.choice("open", "won", "lost")),
        "probability": Key(values.within(0, 100), nullable=True),
        "lost_reason": Key(text(255), nullable=True),
        "close_time": Key(values.moment, nullable=True),
        "won_time": Key(values.moment),
        "lost_time": Key(values.moment),
        "expected_close_date": Key(values.close_day),
        **_owned,
        **_labelled,
    },
    "product": {
        "name": Key(text(255, empty=False), required=True),
        "code": Key(text(255)),
        "description": Key(text(LONG_TEXT)),
        "unit": Key(text(255)),
        "tax": Key(values.number),
        "category": Key(values.number),
        "is_linkable": Key(values.flag),
        "prices": Key(_prices),
        "billing_frequency": Key(values.choice(*FREQUENCIES)),
        "billing_frequency_cycles": Key(values.whole(1, CYCLES), nullable=True),
        **_owned,
    },
    "deal_product": {
        "product_id": Key(reference("product"), required=True),
        "item_price": Key(values.number, required=True),
        "quantity": Key(values.number, required=True),
        "tax": Key(values.number),
        "comments": Key(text(LONG_TEXT)),
        "discount": Key(values.number),
        "is_enabled": Key(values.flag),
        "tax_method": Key(values.choice("exclusive", "inclusive", "none")),
        "discount_type": Key(values.choice("percentage", "amount")),
        "product_variation_id": Key(reference("product_variation"), nullable=True),
        "billing_frequency": Key(values.choice(*FREQUENCIES)),
        "billing_frequency_cycles": Key(values.whole(1, CYCLES), nullable=True),
        "billing_start_date": Key(values.day, nullable=True),
    },
    "activity": {
        "subject": Key(text(255, empty=False)),
        "type": Key(values.choice(*TYPES)),  # an unknown key string is refused [assumed]
        "deal_id": Key(reference("deal")),
        "lead_id": Key(reference("lead")),
        "org_id": Key(reference("organization")),
        "person_id": Key(reference("person"), switch="activity_person_id"),
        "project_id": Key(reference("project")),
        "due_date": Key(values.close_day),
        "due_time": Key(values.clock),
        "duration": Key(values.clock),
        "busy": Key(values.flag),
        "done": Key(values.flag),
        "location": Key(values.address),
        "participants": Key(_participants),
        "public_description": Key(text(LONG_TEXT)),
        "priority": Key(values.number),
        "note": Key(text(NOTE_LENGTH)),
        "owner_id": Key(reference("user")),
    },
    "project": {
        "title": Key(text(255, empty=False), required=True),
        "description": Key(text(LONG_TEXT)),
        "status": Key(values.choice("open", "completed", "canceled")),
        "board_id": Key(values.choice(1)),
        "phase_id": Key(values.choice(1)),
        "owner_id": Key(reference("user")),
        "start_date": Key(values.day),
        "end_date": Key(values.day),
        "deal_ids": Key(values.whole_list),
        "person_ids": Key(values.whole_list),
        "org_ids": Key(values.whole_list),
        "health_status": Key(values.number),
    },
    "task": {
        "title": Key(text(255, empty=False), required=True),
        "project_id": Key(reference("project"), required=True),
        "parent_task_id": Key(reference("task"), nullable=True),
        "description": Key(text(LONG_TEXT), nullable=True),
        "done": Key(values.bit),
        "milestone": Key(values.bit),
        "due_date": Key(values.day, nullable=True),
        "start_date": Key(values.day, nullable=True),
        "assignee_id": Key(reference("user"), nullable=True),
        "assignee_ids": Key(_users),
        "priority": Key(values.number, nullable=True),
    },
    "lead": {
        "title": Key(text(255, empty=False), required=True),
        "owner_id": Key(reference("user")),
        "person_id": Key(reference("person"), nullable=True),
        "organization_id": Key(reference("organization"), nullable=True),
        "value": Key(values.parts({"amount": values.number, "currency": values.currency}), nullable=True),
        "expected_close_date": Key(values.day, nullable=True),
        "visible_to": Key(values.choice("1", "3", "5", "7")),
        "was_seen": Key(values.flag),
        "is_archived": Key(values.flag, only_changed=True),
        "origin_id": Key(text(255), nullable=True, only_new=True),
        "channel_id": Key(text(255), nullable=True),
    },
    "pipeline": {
        "name": Key(text(255, empty=False), required=True),
        "is_deal_probability_enabled": Key(values.flag),
    },
    "stage": {
        "name": Key(text(255, empty=False), required=True),
        "pipeline_id": Key(reference("pipeline"), required=True),
        "deal_probability": Key(values.whole(0, 100)),
        "is_deal_rot_enabled": Key(values.flag),
        "days_to_rotten": Key(values.whole(1, 36_500)),
    },
    "note": {
        "content": Key(text(NOTE_LENGTH, empty=False), required=True),
        "deal_id": Key(reference("deal"), nullable=True),
        "person_id": Key(reference("person"), nullable=True),
        "org_id": Key(reference("organization"), nullable=True),
        "lead_id": Key(reference("lead")),
        "project_id": Key(reference("project"), nullable=True),
        "task_id": Key(reference("task"), nullable=True),
        "user_id": Key(reference("user")),
        "add_time": Key(values.old_moment),
        "pinned_to_deal_flag": Key(values.bit),
        "pinned_to_person_flag": Key(values.bit),
        "pinned_to_organization_flag": Key(values.bit),
        "pinned_to_project_flag": Key(values.bit),
        "pinned_to_task_flag": Key(values.bit),
    },
}
"""Root keys by entity. A deal takes no add_time in v2 [facts: 5]."""

CUSTOMISED = frozenset({"organization", "person", "deal", "product", "lead"})


def _switched_off(key: Key, book: Book) -> bool:
    return key.switch is not None and not book.has_feature(key.switch)


def check(entity: str, body: Any, book: Book, *, new: bool) -> dict[str, Any]:
    """The body with checked values, `custom_fields` included; raises Invalid with every fault found."""
    if not isinstance(body, dict):
        raise Invalid("body: The value is not a valid 'object'")
    schema = SCHEMAS[entity]
    reasons: list[str] = []
    kept: dict[str, Any] = {}
    for name, value in body.items():
        if name == "custom_fields" and entity in CUSTOMISED:
            kept[name] = _custom(entity, value, book, reasons)
            continue
        key = schema.get(name)
        if key is None or (key.only_changed if new else key.only_new) or _switched_off(key, book):
            reasons.append(f"{name}: Parameter '{name}' is not allowed for this request")
            continue
        if key.feature and not book.has_feature(key.feature):
            raise Forbidden(f"{name} is not available for this company")  # [facts: 5; 403 by S9]
        try:
            kept[name] = None if value is None and key.nullable else key.check(value, book)
        except Fault as fault:
            reasons.append(f"{name}: {fault}")
    if new:
        reasons += [f"{name}: is required" for name, key in schema.items() if key.required and name not in body]
    if unknown := set(kept.get("label_ids", ())) - book.label_ids(entity):
        reasons.append(f"label_ids: no label {min(unknown)}")
    if reasons:
        raise Invalid(*reasons)
    return kept


def _custom(entity: str, value: Any, book: Book, reasons: list[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        reasons.append("custom_fields: The value is not a valid 'object'")
        return {}
    fields = book.custom_fields(entity)
    kept = {}
    for code, item in value.items():
        if code not in fields:
            reasons.append(f"custom_fields: Unknown key '{code}'")
            continue
        try:
            kept[code] = values.custom_value(fields[code], item, book)
        except Fault as fault:
            reasons.append(f"custom_fields: {fault}")
    return kept
