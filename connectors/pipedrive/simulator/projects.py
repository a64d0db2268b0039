"""The rules of projects and their tasks: one level of subtasks, who a task is assigned to, being done."""

from typing import Any

from .refusals import Invalid

Record = dict[str, Any]

NEW_PROJECT: Record = {
    "description": None,
    "status": "open",
    "board_id": 1,
    "phase_id": 1,
    "start_date": None,
    "end_date": None,
    "deal_ids": [],
    "person_ids": [],
    "org_ids": [],
    "label_ids": [],
    "health_status": None,
    "archive_time": None,
    "custom_fields": {},
}
NEW_TASK: Record = {
    "description": None,
    "is_done": False,
    "is_milestone": False,
    "due_date": None,
    "start_date": None,
    "parent_task_id": None,
    "assignee_ids": [],
    "priority": None,
    "marked_as_done_time": None,
}
SENT_AS = {"done": "is_done", "milestone": "is_milestone"}
"""Keys that a request and an answer name differently [OpenAPI v2 addTask]."""


def task_changes(before: Record | None, kept: Record, tasks: dict[Any, Record], now: str) -> Record:
    """The checked body completed. Raises Invalid where a subtask would get a subtask [OpenAPI v2 addTask]."""
    after = {SENT_AS.get(key, key): value for key, value in kept.items()}
    if "assignee_id" in after:  # overwrites the list when both are sent [OpenAPI v2]
        one = after.pop("assignee_id")
        after["assignee_ids"] = [] if one is None else [one]
    parent = after.get("parent_task_id")
    if parent is not None and tasks[parent]["parent_task_id"] is not None:
        raise Invalid("parent_task_id: cannot be a task that is already a subtask")
    if "is_done" in after and after["is_done"] != (before or NEW_TASK)["is_done"]:
        after["marked_as_done_time"] = now if after["is_done"] else None
    return NEW_TASK | after if before is None else after
