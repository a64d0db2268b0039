"""Merging one organization, person or deal into another, which stays.

What pointed at the merged record points at the other; empty fields are filled from it; listeners get a delete with
`merged_to_id` and a change with `merged_from_id` [facts: 6; filling assumed].
"""

from copy import deepcopy
from typing import Any

from .events import Actor
from .records import Records
from .refusals import Invalid

Record = dict[str, Any]

LINKS = {"organization": "org_id", "person": "person_id", "deal": "deal_id"}
POINTING = ("person", "deal", "note", "activity")


def merge(account: Records, entity: str, key: int, into: int, actor: Actor) -> Record:
    """The stored record that stays. Raises Missing, and Invalid for a record and itself."""
    with account.changing():
        gone, stays = account.living(entity, key), account.living(entity, into)
        if gone is stays:
            raise Invalid("merge_with_id: a record cannot be merged into itself")
        fills = {name: value for name, value in gone.items() if stays.get(name) in (None, "", []) and value}
        fills["custom_fields"] = gone["custom_fields"] | stays["custom_fields"]
        before = {name: deepcopy(stays.get(name)) for name in fills if fills[name] != stays.get(name)}
        stays |= fills | {"update_time": account.now}
        _point(account, entity, key, into)
        gone |= {"is_deleted": True, "update_time": account.now}
        account.tell("delete", entity, None, gone, actor, merged_to=into)
        account.tell("change", entity, stays, before, actor, merged_from=key)
        return stays


def _point(account: Records, entity: str, key: int, into: int) -> None:
    """Lets everything that points at `key` point at `into`."""
    link, tables = LINKS[entity], account.tables
    for table in POINTING:
        for row in tables[table].values():
            if row.get(link) == key:
                row |= {link: into, "update_time": account.now}
    for row in tables["lead"].values():
        name = "organization_id" if entity == "organization" else link
        if row.get(name) == key:
            row |= {name: into, "update_time": account.now}
    if entity == "deal":
        for line in tables.lines(key):
            moved = tables.remove("deal_product", line["id"])
            tables.add("deal_product", moved | {"deal_id": into})
