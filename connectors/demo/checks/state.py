"""Says what Pipedrive holds in words that do not depend on ids or the hour, so that two runs can be compared."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from connectors.demo.checks.notes import MOMENT
from connectors.demo.checks.scene import IDENTITY_FIELD, KEY, Scene


def final_state(scene: Scene) -> dict[str, list[Any]]:
    """Organizations, deals with their lines, notes and products, each list sorted; numbers and moments taken out."""
    names = {key: one["name"] for key, one in scene.organizations.items()}
    titles = {key: one["title"] for key, one in scene.deals.items()}
    stages = {one["id"]: one["name"] for one in scene.account.records("stage")}
    products = {key: one["name"] for key, one in scene.products.items()}
    return {
        "organizations": _sorted(
            [one["name"], (one["address"] or {}).get("value"), one["label_ids"], one["owner_id"], _custom(scene, one)]
            for one in scene.organizations.values()
        ),
        "deals": _sorted(
            [one["title"], one["value"], one["currency"], one["status"], one["lost_reason"], stages[one["stage_id"]],
             names.get(one["org_id"]), _custom(scene, one, "deal"), len(scene.invoices_of(one["id"])),
             _sorted([products[line["product_id"]], line["quantity"], line["item_price"], line["comments"], line["sum"]]
                     for line in scene.lines[one["id"]])]
            for one in scene.deals.values()
        ),
        "notes": _sorted(
            [titles.get(note.deal or 0), note.add_time, [KEY.sub("", MOMENT.sub("", line)) for line in note.lines]]
            for note in scene.notes
        ),
        "products": _sorted([one["name"], one["prices"], one["description"]] for one in scene.products.values()),
    }  # fmt: skip


def fingerprint(scene: Scene) -> str:
    """The final state as one short text."""
    text = json.dumps(final_state(scene), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _custom(scene: Scene, record: dict[str, Any], entity: str = "organization") -> dict[str, Any]:
    custom = scene.account.custom(entity, record)
    return {name: KEY.sub("", str(value)) for name, value in custom.items() if name != IDENTITY_FIELD}


def _sorted(rows: Any) -> list[Any]:
    return sorted(rows, key=lambda row: json.dumps(row, default=str))
