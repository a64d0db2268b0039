"""The rules of a lead, which lives in v1 alone: its key is a UUID, its custom fields are the deal's.

Pure: the checked body in, the keys to store out.
"""

import hashlib
import uuid
from typing import Any

from .refusals import Invalid

Record = dict[str, Any]

NEW_LEAD: Record = {
    "label_ids": [],
    "person_id": None,
    "organization_id": None,
    "origin_id": None,
    "channel": None,
    "channel_id": None,
    "source_deal_id": None,
    "is_archived": False,
    "was_seen": False,
    "value": None,
    "expected_close_date": None,
    "next_activity_id": None,
    "visible_to": "3",
}


def lead_key(seed: int, number: int) -> str:
    """The key of the account's lead of that number: a UUID [OpenAPI v1], the same for the same seed."""
    digest = hashlib.sha256(f"{seed}/lead/{number}".encode()).hexdigest()
    return str(uuid.UUID(digest[:32], version=4))


def lead_changes(before: Record | None, kept: Record) -> Record:
    """The checked body completed. Raises Invalid for a lead of nobody [OpenAPI v1 addLead]."""
    after = kept if before is not None else NEW_LEAD | kept
    whole = (before or {}) | after
    if whole["person_id"] is None and whole["organization_id"] is None:
        raise Invalid("lead: either person_id or organization_id is required")
    return after
