"""Endpoints of /api/v1 for leads, which v2 only searches and converts [OpenAPI v1 and v2]."""

from typing import Any

from . import filters, v1_custom
from .calls import Call, Endpoint, Reply, good
from .moments import with_millis
from .queries import PAGE, PAGE_LIMIT
from .refusals import Invalid, Missing
from .v1 import cut

Record = dict[str, Any]

SORTS = ("id", "title", "owner_id", "creator_id", "was_seen", "expected_close_date", "next_activity_id", "add_time",
         "update_time")  # fmt: skip


def list_leads(call: Call) -> Reply:
    """Those that are not archived, oldest first [OpenAPI v1 getLeads]."""
    since = call.query.moment("updated_since") or ""
    return _listed(call, archived=False, since=since)


def list_archived_leads(call: Call) -> Reply:
    """At twice the price [OpenAPI v1 getArchivedLeads]."""
    return _listed(call, archived=True, since="")


def _listed(call: Call, archived: bool, since: str) -> Reply:
    query, account = call.query, call.account
    chosen = filters.chosen(account, "lead", query)
    start, limit = query.whole("start") or 0, query.whole("limit", 1, PAGE_LIMIT) or PAGE
    wanted = {name: query.whole(name) for name in ("owner_id", "person_id", "organization_id")}
    name = query.choice("sort", SORTS, "add_time")  # a bare name by the schema, with ASC or DESC by its words
    query.finish()
    rows = [
        row
        for row in account.tables["lead"].values()
        if row["is_archived"] is archived and account.sees(call.actor.user_id, row)
        and (chosen(row) if chosen is not None else (
            row["update_time"] >= since and all(value is None or row[key] == value for key, value in wanted.items())
        ))
    ]  # fmt: skip
    rows = sorted(rows, key=lambda row: str(row[name] or ""))
    shown, page = cut(rows, start, limit)
    # The document puts the paging beside nothing else, other v1 lists nest it [OpenAPI v1 getLeads].
    paging = {"pagination": page} if account.switches.nested_lead_pages else page
    return good([_shown(call, row) for row in shown], **paging)


def _shown(call: Call, row: Record) -> Record:
    """A lead with the custom fields that are set, at the root."""
    shown = {key: value for key, value in row.items() if key != "custom_fields"}
    shown |= {key: with_millis(row[key]) for key in ("add_time", "update_time")}
    shown["cc_email"] = f"{call.account.company}+1+lead{row['id'][:8]}@pipedrivemail.com"
    return shown | v1_custom.shown(call.account.custom_fields("lead"), row["custom_fields"])


def _key(call: Call) -> str:
    """The lead of the path, where the caller sees it."""
    key = call.path["id"]
    if not call.account.sees(call.actor.user_id, call.account.find("lead", key)):
        raise Missing("Lead not found")
    return key


def _body(call: Call) -> Any:
    if not isinstance(call.body, dict):
        return call.body
    if "custom_fields" in call.body:  # v1 has hashes at the root [facts: 1]
        raise Invalid("custom_fields: Parameter 'custom_fields' is not allowed for this request")
    rest, values = v1_custom.taken(call.account.custom_fields("lead"), call.body)
    return rest | ({"custom_fields": values} if values else {})


def get_lead(call: Call) -> Reply:
    call.query.finish()
    return good(_shown(call, call.account.find("lead", _key(call))))


def add_lead(call: Call) -> Reply:
    return good(_shown(call, call.account.create("lead", _body(call), call.actor)), 201)


def change_lead(call: Call) -> Reply:
    return good(_shown(call, call.account.update("lead", _key(call), _body(call), call.actor)))


def delete_lead(call: Call) -> Reply:
    return good({"id": call.account.delete("lead", _key(call), call.actor)["id"]})


ENDPOINTS: dict[tuple[str, str], Endpoint] = {
    ("GET", "/leads"): list_leads,
    ("POST", "/leads"): add_lead,
    ("GET", "/leads/archived"): list_archived_leads,
    ("GET", "/leads/{id}"): get_lead,
    ("PATCH", "/leads/{id}"): change_lead,
    ("DELETE", "/leads/{id}"): delete_lead,
}
"""(method, path template) -> function."""
