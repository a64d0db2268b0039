"""Endpoints of /api/v1 that are still v1 only: notes, users, currencies, filters, webhooks [facts: 1]; leads
and merging have files of their own."""

from copy import deepcopy
from typing import Any

from .activities import TYPES
from .calls import Call, Endpoint, Reply, good
from .moments import as_v1
from .notes import LINKS
from .queries import PAGE, PAGE_LIMIT, Query
from .refusals import Invalid
from .views import note_v1, user_v1
from .webhooks import create_webhook, delete_webhook

Record = dict[str, Any]

NOTE_SORTS = ("id", "user_id", "deal_id", "person_id", "org_id", "content", "add_time", "update_time")
FILTERED = ("deals", "leads", "org", "people", "products", "activity", "projects")
"""Kinds of filters [OpenAPI v1]."""
PINNED = ("pinned_to_deal_flag", "pinned_to_person_flag", "pinned_to_organization_flag", "pinned_to_project_flag",
          "pinned_to_task_flag")  # fmt: skip


def cut(rows: list[Record], start: int, limit: int) -> tuple[list[Record], Record]:
    """A page by offset, with v1's description of it [facts: 4]."""
    more = start + limit < len(rows)
    page = {"start": start, "limit": limit, "more_items_in_collection": more}
    return rows[start : start + limit], page | ({"next_start": start + limit} if more else {})


def list_notes(call: Call) -> Reply:
    """Deleted ones are hidden here, though readable by id [facts: 4, observed]."""
    query = call.query
    start = query.whole("start") or 0
    limit = query.whole("limit", 1, PAGE_LIMIT) or PAGE
    wanted: Record = {name: query.whole(name) for name in (*LINKS, "user_id") if name != "lead_id"}
    wanted["lead_id"] = query.text("lead_id")
    wanted |= {name: None if query.text(name) is None else query.flag(name) for name in PINNED}
    since = query.moment("updated_since") or ""
    first, last = query.day("start_date") or "", query.day("end_date") or "9999"
    rows = [
        row
        for row in call.account.tables["note"].values()
        if row["active_flag"]
        and row["update_time"] >= since
        and first <= row["add_time"][:10] <= last
        and all(value is None or row[name] == value for name, value in wanted.items())
    ]
    rows = _sorted(rows, query)
    query.finish()
    rows, page = cut(rows, start, limit)
    return good([note_v1(call.account, row, call.actor.user_id) for row in rows], pagination=page)


def _sorted(rows: list[Record], query: Query) -> list[Record]:
    for term in reversed((query.text("sort") or "id ASC").split(",")):
        name, _, direction = term.strip().partition(" ")
        if name not in NOTE_SORTS or direction not in ("", "ASC", "DESC"):
            raise Invalid("sort: unknown field or direction")
        rows = sorted(rows, key=lambda row, by=name: row[by] or 0, reverse=direction == "DESC")  # type: ignore[misc]
    return rows


def get_note(call: Call) -> Reply:
    call.query.finish()
    return _note(call, call.account.find("note", call.number()))


def add_note(call: Call) -> Reply:
    return _note(call, call.account.create("note", call.body, call.actor))


def change_note(call: Call) -> Reply:
    return _note(call, call.account.update("note", call.number(), call.body, call.actor))


def delete_note(call: Call) -> Reply:
    call.account.delete("note", call.number(), call.actor)
    return good(True)


def _note(call: Call, row: Record) -> Reply:
    return good(note_v1(call.account, row, call.actor.user_id))


def list_users(call: Call) -> Reply:
    call.query.finish()
    return good([user_v1(row, call.actor.user_id) for row in call.account.tables["user"].values()])


def get_user(call: Call) -> Reply:
    call.query.finish()
    return good(user_v1(call.account.find("user", call.number()), call.actor.user_id))


def get_me(call: Call) -> Reply:
    """The token's user with the company [OpenAPI v1 getCurrentUser]."""
    call.query.finish()
    account = call.account
    me = user_v1(account.find("user", call.actor.user_id), call.actor.user_id)
    return good(me | {
        "company_id": 1, "company_name": account.company, "company_domain": account.company,
        "company_country": "US", "company_industry": "Other",
        "language": {"language_code": "en", "country_code": "US"},
    })  # fmt: skip


def list_currencies(call: Call) -> Reply:
    term = (call.query.text("term") or "").casefold()
    call.query.finish()
    rows = call.account.tables["currency"].values()
    return good([row for row in rows if term in row["name"].casefold() or term in row["code"].casefold()])


def list_activity_types(call: Call) -> Reply:
    """The types that every account starts with [OpenAPI v1 getActivityTypes; the set assumed]."""
    call.query.finish()
    born = as_v1(call.account.find("user", 1)["created"])
    return good([
        {"id": number, "order_nr": number, "name": name.capitalize(), "key_string": name, "icon_key": name,
         "active_flag": True, "color": "FFFFFF", "is_custom_flag": False, "add_time": born, "update_time": born}
        for number, name in enumerate(TYPES, 1)
    ])  # fmt: skip


def list_filters(call: Call) -> Reply:
    """Saved filters, without their conditions [OpenAPI v1 getFilters]."""
    kind = call.query.choice("type", FILTERED, "") if call.query.text("type") else None
    call.query.finish()
    rows = [row for row in call.account.tables["filter"].values() if kind in (None, row["type"])]
    return good([{key: value for key, value in row.items() if key != "conditions"} for row in rows])


def get_filter(call: Call) -> Reply:
    """One with its conditions, their field codes only when asked for [OpenAPI v1 getFilter]."""
    coded = call.query.flag("include_field_code")
    call.query.finish()
    row = deepcopy(call.account.find("filter", call.number()))
    for group in row["conditions"]["conditions"] if not coded else ():
        for one in group["conditions"]:
            one.pop("field_code", None)
    return good(row)


def list_webhooks(call: Call) -> Reply:
    call.query.finish()
    rows = list(call.account.tables["webhook"].values())
    return Reply(200, {"status": "ok", "success": True, "data": rows})


def add_webhook(call: Call) -> Reply:
    hook = create_webhook(call.account, call.body, call.actor)
    return Reply(201, {"status": "ok", "success": True, "data": hook})


def remove_webhook(call: Call) -> Reply:
    delete_webhook(call.account, call.number())
    return Reply(200, {"status": "ok", "success": True})


ENDPOINTS: dict[tuple[str, str], Endpoint] = {
    ("GET", "/notes"): list_notes,
    ("POST", "/notes"): add_note,
    ("GET", "/notes/{id}"): get_note,
    ("PUT", "/notes/{id}"): change_note,
    ("DELETE", "/notes/{id}"): delete_note,
    ("GET", "/users"): list_users,
    ("GET", "/users/me"): get_me,
    ("GET", "/users/{id}"): get_user,
    ("GET", "/currencies"): list_currencies,
    ("GET", "/activityTypes"): list_activity_types,
    ("GET", "/filters"): list_filters,
    ("GET", "/filters/{id}"): get_filter,
    ("GET", "/webhooks"): list_webhooks,
    ("POST", "/webhooks"): add_webhook,
    ("DELETE", "/webhooks/{id}"): remove_webhook,
}
"""(method, path template) -> function."""
