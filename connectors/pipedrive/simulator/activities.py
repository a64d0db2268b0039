"""The rules of an activity: its type, its participants, being done.

Pure: the checked body in, the keys to store out.
"""

from typing import Any

from .moments import whole_clock
from .notes import sanitised
from .refusals import Invalid

Record = dict[str, Any]

TYPES = ("call", "meeting", "task", "deadline", "email", "lunch")
"""Key strings of the types that an account has from the start [OpenAPI v1 getActivityTypes; the set assumed]."""
NEW_ACTIVITY: Record = {
    "deal_id": None,
    "lead_id": None,
    "person_id": None,
    "org_id": None,
    "project_id": None,
    "due_date": None,
    "due_time": None,
    "duration": None,
    "busy": False,
    "done": False,
    "marked_as_done_time": None,
    "location": None,
    "participants": [],
    "attendees": [],
    "conference_meeting_client": None,
    "conference_meeting_url": None,
    "conference_meeting_id": None,
    "public_description": None,
    "priority": None,
    "note": None,
}


def activity_changes(before: Record | None, kept: Record, now: str) -> Record:
    """The checked body completed. Raises Invalid for two primary participants.

    Without a type it is a call, without a subject it is named after its type [assumed]. `person_id` follows the
    primary participant [facts: 5]; the list that is sent replaces the one that is there [assumed, as with e-mails].
    """
    after: Record = dict(kept) if before is not None else {"type": TYPES[0]} | NEW_ACTIVITY | kept
    if before is None:
        after.setdefault("subject", after["type"].capitalize())
    if "person_id" in kept:
        after["participants"] = [{"person_id": kept["person_id"], "primary": True}]
    elif "participants" in kept:
        after |= _participants(kept["participants"])
    for name in ("due_time", "duration"):
        if after.get(name):
            after[name] = whole_clock(after[name])  # answered with seconds [OpenAPI v2, examples]
    if after.get("note"):
        after["note"] = sanitised(after["note"])  # HTML [facts: 5]; rewritten like a note's content [assumed]
    done = kept.get("done")
    if done is not None and done != (before or NEW_ACTIVITY)["done"]:
        after["marked_as_done_time"] = now if done else None
    return after


def _participants(rows: list[Record]) -> Record:
    primary = [row["person_id"] for row in rows if row["primary"]]
    if len(primary) > 1:
        raise Invalid("participants: only one can be primary")  # [assumed]
    first = primary[0] if primary else rows[0]["person_id"] if rows else None
    shown = [{"person_id": row["person_id"], "primary": row["person_id"] == first} for row in rows]
    return {"participants": shown, "person_id": first}
