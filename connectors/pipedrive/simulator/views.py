"""Stored records as the API shows them: v2's keys with every custom field, v1's notes with the names behind ids."""

from typing import Any

from .deals import local_days
from .moments import as_v1
from .queries import CUSTOM_LIMIT, Query
from .records import Records
from .refusals import Invalid
from .switches import Switches

Record = dict[str, Any]

DETAILS = ("website", "linkedin", "industry", "annual_revenue", "employee_count")
SYNCED = ("postal_address", "notes", "im", "birthday", "job_title")
HIDDEN = frozenset({"first_won_time"})
"""Shown only when asked for [OpenAPI v2 include_fields]."""


class View:
    """How one request wants records of one entity shown."""

    def __init__(self, account: Records, entity: str, query: Query | None = None) -> None:
        self.account = account
        self.entity = entity
        fields = account.fields.custom(entity)
        self.codes = list(fields)
        self.include: list[str] = []
        self.option_labels = self.labels = False
        if query is None:
            return
        asked = query.words("custom_fields", limit=CUSTOM_LIMIT)
        if asked is not None:
            if unknown := [code for code in asked if code not in fields]:
                raise Invalid(f"custom_fields: Unknown key '{unknown[0]}'")  # [assumed]
            self.codes = asked
        if entity != "product":
            self.include = query.words("include_fields", COUNTS[entity]) or []
            self.option_labels = query.flag("include_option_labels")
            self.labels = query.flag("include_labels")

    def show(self, row: Record) -> Record:
        """A record as v2 answers it; unset custom fields are null [facts: 4]."""
        custom = row["custom_fields"]
        shown = {key: value for key, value in row.items() if key not in HIDDEN}
        shown["custom_fields"] = {code: custom.get(code) for code in self.codes}
        if self.entity == "deal":
            shown |= local_days(row)
        elif self.entity == "product":
            shown["prices"] = [{"product_id": row["id"], **price} for price in row["prices"]]
            shown["category"] = None if row["category"] is None else str(row["category"])
        else:
            self._optional(shown, self.account.switches)
        for name in self.include:
            shown[name] = row[name] if name in HIDDEN else self._count(row, name)
        if self.option_labels:
            shown["custom_fields"] = {code: self._labelled(code, custom.get(code)) for code in self.codes}
        if self.labels:
            shown["labels"] = self._options("label_ids", row["label_ids"])
        return shown

    def _optional(self, shown: Record, switches: Switches) -> None:
        """Keys that exist only with a feature of the company [facts: 5]."""
        if self.entity == "organization" and not switches.company_details:
            for key in DETAILS:
                del shown[key]
        if self.entity == "person" and switches.contact_sync:
            for key in SYNCED:
                shown.setdefault(key, None)

    def _options(self, code: str, ids: list[int]) -> list[Record]:
        options = {option["id"]: option["label"] for option in self.account.fields.get(self.entity, code)["options"]}
        return [{"id": key, "label": options.get(key)} for key in ids]

    def _labelled(self, code: str, value: Any) -> Any:
        if value is None or self.account.fields.get(self.entity, code)["field_type"] not in ("enum", "set"):
            return value
        shown = self._options(code, value if isinstance(value, list) else [value])
        return shown if isinstance(value, list) else shown[0]

    def _count(self, row: Record, name: str) -> int:
        table, wanted = COUNTS[self.entity][name]
        link = {"organization": "org_id", "person": "person_id", "deal": "deal_id"}[self.entity]
        return sum(
            other.get(link) == row["id"] and not other.get("is_deleted") and other.get("active_flag", True)
            and all(other[key] in values for key, values in wanted.items())
            for other in self.account.tables[table].values()
        )  # fmt: skip


_Count = tuple[str, dict[str, tuple[str, ...]]]
_deals: dict[str, _Count] = {
    "open_deals_count": ("deal", {"status": ("open",)}),
    "closed_deals_count": ("deal", {"status": ("won", "lost")}),
    "won_deals_count": ("deal", {"status": ("won",)}),
    "lost_deals_count": ("deal", {"status": ("lost",)}),
    "notes_count": ("note", {}),
}
COUNTS: dict[str, dict[str, _Count]] = {
    "organization": _deals | {"people_count": ("person", {})},
    "person": _deals,
    "deal": {"first_won_time": ("", {}), "products_count": ("deal_product", {}), "notes_count": ("note", {})},
}
"""The include_fields that are simulated; others of the document are refused rather than invented."""


def note_v1(account: Records, row: Record, user_id: int) -> Record:
    """A note as v1 answers it, with the names of what it hangs on [OpenAPI v1 notes]."""
    tables = account.tables
    deal, person = tables["deal"].get(row["deal_id"] or 0), tables["person"].get(row["person_id"] or 0)
    project, task = tables["project"].get(row["project_id"] or 0), tables["task"].get(row["task_id"] or 0)
    organization, author = tables["organization"].get(row["org_id"] or 0), tables["user"][row["user_id"]]
    return row | {
        "add_time": as_v1(row["add_time"]),
        "update_time": as_v1(row["update_time"]),
        "deal": {"title": deal["title"]} if deal else None,
        "person": {"name": person["name"]} if person else None,
        "organization": {"name": organization["name"]} if organization else None,
        "project": {"title": project["title"]} if project else None,
        "task": {"title": task["title"]} if task else None,
        "user": {
            "email": author["email"], "icon_url": None, "is_you": author["id"] == user_id, "name": author["name"],
        },
    }  # fmt: skip


def user_v1(row: Record, user_id: int) -> Record:
    """A user as v1 answers it."""
    times = {key: as_v1(row[key]) for key in ("last_login", "created", "modified")}
    return row | times | {"is_you": row["id"] == user_id}
