"""Endpoints of /api/v2 for what people have to do: activities, projects and their tasks."""

from collections.abc import Callable
from functools import partial
from typing import Any

from . import filters
from .calls import Call, Endpoint, Reply, good
from .moments import with_millis
from .queries import paged

Record = dict[str, Any]

SORTS = ("id", "update_time", "add_time", "due_date")
MILLIS = ("add_time", "update_time", "marked_as_done_time", "status_change_time", "archive_time")


def _activity(row: Record, include: list[str]) -> Record:
    """Attendees only when asked for [OpenAPI v2 include_fields]; this simulator invites nobody."""
    return {key: value for key, value in row.items() if key != "attendees" or key in include}


def _with_millis(row: Record) -> Record:
    """A project or a task; their deletion has no key of its own [OpenAPI v2]."""
    shown = {key: value for key, value in row.items() if key != "is_deleted"}
    return shown | {key: with_millis(shown[key]) for key in MILLIS if shown.get(key)}


def list_activities(call: Call) -> Reply:
    query = call.query
    chosen = filters.chosen(call.account, "activity", query)
    include = query.words("include_fields", ("attendees",)) or []
    ids = query.ids("ids")
    wanted: Record = {name: query.whole(name) for name in ("owner_id", "deal_id", "person_id", "org_id")}
    wanted["lead_id"] = query.text("lead_id")
    wanted["done"] = None if query.text("done") is None else query.flag("done")
    since, until = query.moment("updated_since") or "", query.moment("updated_until") or "9999"
    rows = [
        row
        for row in call.account.tables["activity"].values()
        if not row["is_deleted"] and (chosen(row) if chosen is not None else (
            since <= row["update_time"] < until and (ids is None or row["id"] in ids)
            and all(value is None or row[name] == value for name, value in wanted.items())
        ))
    ]  # fmt: skip
    rows, cursor = paged(rows, query, SORTS)
    return good([_activity(row, include) for row in rows], next_cursor=cursor)


def get_activity(call: Call) -> Reply:
    include = call.query.words("include_fields", ("attendees",)) or []
    call.query.finish()
    return good(_activity(call.account.find("activity", call.number()), include))


def list_tasks(call: Call) -> Reply:
    """Without `updated_since`, unlike the other lists [OpenAPI v2 getTasks]."""
    query = call.query
    wanted: Record = {"project_id": query.whole("project_id")}
    for name in ("is_done", "is_milestone"):
        wanted[name] = None if query.text(name) is None else query.flag(name)
    wanted = {name: value for name, value in wanted.items() if value is not None}
    parent = query.text("parent_task_id")
    if parent is not None:
        wanted["parent_task_id"] = None if parent == "null" else query.whole("parent_task_id")
    assignee = query.whole("assignee_id")
    rows = [
        row
        for row in call.account.tables["task"].values()
        if not row["is_deleted"] and (assignee is None or assignee in row["assignee_ids"])
        and all(row[name] == value for name, value in wanted.items())
    ]  # fmt: skip
    rows, cursor = paged(rows, query, ("id",), sortable=False)
    return good([_with_millis(row) for row in rows], next_cursor=cursor)


def list_projects(call: Call) -> Reply:
    """Those that are not archived [OpenAPI v2 getProjects]."""
    query = call.query
    chosen = filters.chosen(call.account, "project", query)
    statuses = query.words("status", ("open", "completed", "canceled", "deleted"))
    phase = query.whole("phase_id")
    links = {f"{name}s": query.whole(name) for name in ("deal_id", "person_id", "org_id")}
    rows = [
        row
        for row in call.account.tables["project"].values()
        if not row["is_deleted"] and row["archive_time"] is None and (chosen(row) if chosen is not None else (
            phase in (None, row["phase_id"]) and (statuses is None or row["status"] in statuses)
            and all(value is None or value in row[name] for name, value in links.items())
        ))
    ]  # fmt: skip
    rows, cursor = paged(rows, query, ("id",), sortable=False)
    return good([_with_millis(row) for row in rows], next_cursor=cursor)


def get_one(entity: str, call: Call) -> Reply:
    """A deleted task or project is not found [assumed: its answer could not say that it is deleted]."""
    call.query.finish()
    return good(_with_millis(call.account.living(entity, call.number())))


def add_one(entity: str, show: Callable[[Record], Record], status: int, call: Call) -> Reply:
    return good(show(call.account.create(entity, call.body, call.actor)), status)


def change_one(entity: str, show: Callable[[Record], Record], call: Call) -> Reply:
    return good(show(call.account.update(entity, call.number(), call.body, call.actor)))


def delete_one(entity: str, call: Call) -> Reply:
    call.query.finish()
    return good({"id": call.account.delete(entity, call.number(), call.actor)["id"]})


def _endpoints() -> dict[tuple[str, str], Endpoint]:
    bare: Callable[[Record], Record] = partial(_activity, include=[])
    table: dict[tuple[str, str], Endpoint] = {
        ("GET", "/activities"): list_activities,
        ("GET", "/activities/{id}"): get_activity,
        ("POST", "/activities"): partial(add_one, "activity", bare, 200),
        ("PATCH", "/activities/{id}"): partial(change_one, "activity", bare),
        ("DELETE", "/activities/{id}"): partial(delete_one, "activity"),
        ("GET", "/projects"): list_projects,
        ("GET", "/tasks"): list_tasks,
    }
    for entity in ("project", "task"):
        one = f"/{entity}s/{{id}}"
        table |= {
            ("POST", f"/{entity}s"): partial(add_one, entity, _with_millis, 201),
            ("GET", one): partial(get_one, entity),
            ("PATCH", one): partial(change_one, entity, _with_millis),
            ("DELETE", one): partial(delete_one, entity),
        }
    return table


ENDPOINTS = _endpoints()
"""(method, path template) -> function."""
