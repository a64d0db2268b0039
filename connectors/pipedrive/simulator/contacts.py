"""What organizations and persons have beyond their checked body: defaults, and a person's two names."""

from typing import Any

from .refusals import Invalid

Record = dict[str, Any]

NEW_ORGANIZATION: Record = {
    "name": "",
    "address": None,
    "label_ids": [],
    "website": None,
    "linkedin": None,
    "industry": None,
    "annual_revenue": None,
    "employee_count": None,
}
NEW_PERSON: Record = {
    "name": "",
    "first_name": None,
    "last_name": None,
    "org_id": None,
    "emails": [],
    "phones": [],
    "label_ids": [],
    "picture_id": None,
}


def person_changes(before: Record, kept: Record) -> Record:
    """The checked body completed: `name` is recomputed from first and last name where one of those is
    given [facts: 5, observed], else split at the first space [assumed]. Raises Invalid without a name.
    """
    after = (before | kept) if before is NEW_PERSON else dict(kept)
    if "first_name" in kept or "last_name" in kept:
        names = [kept.get("first_name", before["first_name"]), kept.get("last_name", before["last_name"])]
        after["name"] = " ".join(name for name in names if name)
    elif "name" in kept:
        first, _, last = kept["name"].partition(" ")
        after |= {"first_name": first, "last_name": last or None}
    if not after.get("name", before["name"]):
        raise Invalid("name: is required")
    return after
