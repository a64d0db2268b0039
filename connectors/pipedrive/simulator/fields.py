"""The field catalogue of an account: built-in and custom fields with their options.

Names are not unique; a custom field's key is 40 opaque hexadecimal digits [facts: 5 "Fields v2"].
"""

import hashlib
from typing import Any

from .builtin_fields import builtin_fields, field
from .numbers import is_whole
from .refusals import Forbidden, Invalid, Missing

FIELD_ENTITIES = ("organization", "person", "deal", "product")
OWNERS = {"lead": "deal"}
"""Whose custom fields an entity has that has none of its own [OpenAPI v1 addLead]."""
NEW_TYPES = (
    "varchar", "text", "double", "phone", "date", "daterange", "time", "timerange", "set", "enum",
    "varchar_auto", "address", "monetary", "org", "people", "user",
)  # fmt: skip
"""Types that can be created [OpenAPI v2 addDealField]."""
NAME_LENGTH = 255
"""Characters of a field name or an option label [OpenAPI v2]."""
OPTIONS_LIMIT = 10_000
"""Options of one field [facts: 4]."""
EXTRAS = ("ui_visibility", "important_fields", "required_fields")

FieldRecord = dict[str, Any]


class Fields:
    """Field records by entity and code; every change is checked first and happens as a whole."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.made = 0
        self.next_option = 1
        self.by_entity: dict[str, dict[str, FieldRecord]] = {
            entity: {row["field_code"]: row for row in builtin_fields(entity)} for entity in FIELD_ENTITIES
        }

    def all(self, entity: str) -> list[FieldRecord]:
        return list(self.by_entity[entity].values())

    def get(self, entity: str, code: str) -> FieldRecord:
        """One field; Missing if there is none of that code."""
        try:
            return self.by_entity[OWNERS.get(entity, entity)][code]
        except KeyError:
            raise Missing("Field not found") from None

    def custom(self, entity: str) -> dict[str, FieldRecord]:
        """Custom fields by key; empty for entities that have none."""
        rows = self.by_entity.get(OWNERS.get(entity, entity), {})
        return {code: row for code, row in rows.items() if row["is_custom_field"]}

    def count_custom(self) -> int:
        return sum(len(self.custom(entity)) for entity in self.by_entity)

    def named(self, entity: str, name: str) -> FieldRecord:
        """The first field of that name; KeyError if there is none. For people and tests, not for callers."""
        for row in self.by_entity[OWNERS.get(entity, entity)].values():
            if row["field_name"] == name:
                return row
        raise KeyError(f"{entity} has no field named {name!r}")

    def create(self, entity: str, body: dict[str, Any]) -> FieldRecord:
        """Makes a custom field from a v2 body; options are required for enum and set [OpenAPI v2]."""
        reasons = _key_faults(body, {"field_name", "field_type", "options"})
        kind = body.get("field_type")
        reasons += _label_faults("field_name", body.get("field_name"))
        if kind not in NEW_TYPES:
            reasons.append(f"field_type: must be one of {', '.join(NEW_TYPES)}")
        elif kind in ("enum", "set"):
            reasons += self._option_faults(body.get("options"), [])
        elif "options" in body:
            reasons.append("options: only for single and multiple option fields")
        if reasons:
            raise Invalid(*reasons)
        self.made += 1
        # A keyed count instead of a random source: the same after a restart, and never the same twice.
        code = hashlib.sha1(f"{self.seed}/{entity}/{self.made}".encode(), usedforsecurity=False).hexdigest()
        row = field(code, body["field_name"], str(kind), custom=True)
        row["description"] = body.get("description")
        row.update({key: body[key] for key in EXTRAS if key in body})
        row["options"] = [self._option(item["label"]) for item in body["options"]] if "options" in body else None
        self.by_entity[entity][code] = row
        return row

    def change(self, entity: str, code: str, body: dict[str, Any]) -> FieldRecord:
        """Renames or describes a custom field; its type cannot change [OpenAPI v2 updateDealField]."""
        row = self._own(entity, code)
        reasons = _key_faults(body, {"field_name"})
        if "field_name" in body:
            reasons += _label_faults("field_name", body["field_name"])
        if reasons:
            raise Invalid(*reasons)
        row.update(body)
        return row

    def delete(self, entity: str, code: str) -> FieldRecord:
        self._own(entity, code)
        return self.by_entity[entity].pop(code)

    def add_options(self, entity: str, code: str, body: Any) -> list[dict[str, Any]]:
        """Adds options, all or none, and returns the new ones [OpenAPI v2]."""
        row = self._with_options(entity, code)
        if faults := self._option_faults(body, row["options"]):
            raise Invalid(*faults)
        new = [self._option(item["label"]) for item in body]
        row["options"].extend(new)
        return new

    def change_options(self, entity: str, code: str, body: Any) -> list[dict[str, Any]]:
        """Renames options by id, all or none."""
        row = self._with_options(entity, code)
        known = _chosen(row, body)
        if faults := [text for item in body for text in _label_faults("label", item.get("label"))]:
            raise Invalid(*faults)
        for item in body:
            known[item["id"]]["label"] = item["label"]
        return [known[item["id"]] for item in body]

    def delete_options(self, entity: str, code: str, body: Any) -> list[dict[str, Any]]:
        """Removes options by id, all or none; records that hold them are the account's to clear."""
        row = self._with_options(entity, code)
        known = _chosen(row, body)
        gone = {item["id"] for item in body}
        row["options"] = [option for option in row["options"] if option["id"] not in gone]
        return [known[key] for key in sorted(gone)]

    def dump(self) -> dict[str, Any]:
        return {"made": self.made, "next_option": self.next_option, "by_entity": self.by_entity}

    def load(self, data: dict[str, Any]) -> None:
        self.made, self.next_option, self.by_entity = data["made"], data["next_option"], data["by_entity"]

    def _own(self, entity: str, code: str) -> FieldRecord:
        row = self.get(entity, code)
        if not row["is_custom_field"]:
            raise Forbidden("Only custom fields can be changed")
        return row

    def _with_options(self, entity: str, code: str) -> FieldRecord:
        row = self.get(entity, code)
        if row["field_type"] not in ("enum", "set"):
            raise Invalid("field_code: this field has no options")
        return row

    def _option(self, label: str) -> dict[str, Any]:
        option = {"id": self.next_option, "label": label}
        self.next_option += 1
        return option

    def _option_faults(self, items: Any, present: list[dict[str, Any]]) -> list[str]:
        if not isinstance(items, list) or not items:
            return ["options: must be a non-empty array"]
        faults: list[str] = []
        labels = [option["label"] for option in present]
        for item in items:
            if not isinstance(item, dict) or set(item) - {"label"}:
                faults.append("options: each must be an object with a label and nothing else")
                continue
            label = item.get("label")
            faults += _label_faults("label", label)
            if label in labels:
                faults.append(f"label: '{label}' exists already")  # [assumed: the app refuses it too]
            labels.append(label)
        if len(labels) > OPTIONS_LIMIT:
            faults.append(f"options: at most {OPTIONS_LIMIT}")
        return faults


def _key_faults(body: dict[str, Any], own: set[str]) -> list[str]:
    known = own | {"description", *EXTRAS}
    faults = [f"{key}: Parameter '{key}' is not allowed for this request" for key in body if key not in known]
    faults += [f"{key}: The value is not a valid 'object'" for key in EXTRAS if not isinstance(body.get(key, {}), dict)]
    if not isinstance(body.get("description"), str | None):
        faults.append("description: The value is not a valid 'string'")
    return faults


def _label_faults(key: str, value: object) -> list[str]:
    if not isinstance(value, str):
        return [f"{key}: The value is not a valid 'string'"]
    if not value.strip() or len(value) > NAME_LENGTH:
        return [f"{key}: must have 1 to {NAME_LENGTH} characters"]
    return []


def _chosen(row: FieldRecord, body: Any) -> dict[int, dict[str, Any]]:
    known = {option["id"]: option for option in row["options"]}
    if not isinstance(body, list) or not body:
        raise Invalid("options: must be a non-empty array")
    for item in body:
        if not isinstance(item, dict) or not is_whole(item.get("id")) or item["id"] not in known:
            raise Invalid("id: no such option of this field")
    return known
