"""Endpoints of /api/v2: each turns a call into an act of the account and shows the result."""

from collections.abc import Callable
from functools import partial
from typing import Any

from . import filters
from .calls import Call, Endpoint, Reply, good
from .fields import EXTRAS, FIELD_ENTITIES
from .moments import before
from .queries import IDS_LIMIT, paged
from .records import PURGED_AFTER_DAYS
from .refusals import Forbidden, Invalid, Missing
from .search import SEARCHED, by_field, found, item, term_of
from .views import View

Record = dict[str, Any]

PLURALS = {"organizations": "organization", "persons": "person", "deals": "deal", "products": "product"}
SORTS = ("id", "update_time", "add_time")
CREATED = {"product": 201}
"""Documented statuses of POST; all others answer 200 [OpenAPI v2]."""
STATUSES = ("open", "won", "lost", "deleted")
SEARCH_LINKS = {
    "person": {"organization_id": "org_id"},
    "deal": {"organization_id": "org_id", "person_id": "person_id"},
}
ITEM_LIMIT = 100
"""Page size of /itemSearch [OpenAPI v2]."""


# -- organizations, persons, deals, products ------------------------------------------------------


def list_records(entity: str, call: Call) -> Reply:
    return _listed(entity, call, archived=False)


def list_archived(call: Call) -> Reply:
    return _listed("deal", call, archived=True)


def _listed(entity: str, call: Call, archived: bool) -> Reply:
    query, view = call.query, View(call.account, entity, call.query)
    chosen = filters.chosen(call.account, entity, query)
    ids = query.ids("ids")
    equal = {"owner_id": query.whole("owner_id")}
    for name in {"person": ("org_id",), "deal": ("person_id", "org_id", "pipeline_id", "stage_id")}.get(entity, ()):
        equal[name] = query.whole(name)
    wanted = {name: value for name, value in equal.items() if value is not None}
    since = query.moment("updated_since") or ""
    until = (query.moment("updated_until") if entity != "product" else None) or "9999"
    keep = _deal_filter(call, archived) if entity == "deal" else _living
    if entity == "person" and (deal_id := query.whole("deal_id")) is not None:
        ids = _person_of(call, deal_id, ids)

    def asked(row: Record) -> bool:
        if chosen is not None:
            return not row["is_deleted"] and row.get("is_archived", False) is archived and chosen(row)
        return (
            keep(row)
            and since <= row["update_time"] < until
            and (ids is None or row["id"] in ids)
            and all(row[name] == value for name, value in wanted.items())
        )

    table, user_id = call.account.tables[entity], call.actor.user_id
    rows = [row for row in table.values() if asked(row) and call.account.sees(user_id, row)]
    rows, cursor = paged(rows, query, ("id", "name", *SORTS[1:]) if entity == "product" else SORTS)
    return good([view.show(row) for row in rows], next_cursor=cursor)


def _living(row: Record) -> bool:
    return not row["is_deleted"]


def _person_of(call: Call, deal_id: int, ids: set[int] | None) -> set[int]:
    deal = call.account.tables["deal"].get(deal_id)
    own = {deal["person_id"]} if deal and deal["person_id"] else set()
    return own if ids is None else own & ids


def _deal_filter(call: Call, archived: bool) -> Callable[[Record], bool]:
    """By status; without one all that are not deleted. Deleted ones show for 30 days [OpenAPI v2 getDeals]."""
    statuses = call.query.words("status", STATUSES)
    limit = before(call.account.clock(), days=PURGED_AFTER_DAYS)

    def keep(row: Record) -> bool:
        if row["is_archived"] is not archived:
            return False
        if row["is_deleted"]:
            return statuses is not None and "deleted" in statuses and row["update_time"] >= limit
        return statuses is None or row["status"] in statuses

    return keep


def get_record(entity: str, call: Call) -> Reply:
    """Also deleted and archived ones, with their flags set [assumed for deleted]."""
    if entity == "product":
        call.query.finish()  # takes no parameters [OpenAPI v2 getProduct]
        return good(View(call.account, entity).show(_found(entity, call)))
    view = View(call.account, entity, call.query)
    call.query.finish()
    return good(view.show(_found(entity, call)))


def _found(entity: str, call: Call) -> Record:
    """The stored record, if the token's user sees it: a hidden one is not found [assumed: 404]."""
    row = call.account.find(entity, call.number())
    if not call.account.sees(call.actor.user_id, row):
        raise Missing(f"{entity.capitalize()} not found")
    return row


def add_record(entity: str, call: Call) -> Reply:
    call.query.finish()
    row = call.account.create(entity, call.body, call.actor)
    usual = 201 if call.account.switches.creations_answer_201 else 200
    return good(View(call.account, entity).show(row), CREATED.get(entity, usual))


def change_record(entity: str, call: Call) -> Reply:
    call.query.finish()
    _found(entity, call)
    row = call.account.update(entity, call.number(), call.body, call.actor)
    return good(View(call.account, entity).show(row))


def delete_record(entity: str, call: Call) -> Reply:
    call.query.finish()
    _found(entity, call)
    return good({"id": call.account.delete(entity, call.number(), call.actor)["id"]})


# -- pipelines and stages -------------------------------------------------------------------------


def list_setup(entity: str, call: Call) -> Reply:
    """An unknown pipeline_id answers an empty list [facts: 5, observed]."""
    pipeline = call.query.whole("pipeline_id") if entity == "stage" else None
    rows = [row for row in call.account.tables[entity].values() if _living(row)]
    if pipeline is not None:
        rows = [row for row in rows if row["pipeline_id"] == pipeline]
    rows, cursor = paged(rows, call.query, (*SORTS, "order_nr") if entity == "stage" else SORTS)
    return good(rows, next_cursor=cursor)


def get_setup(entity: str, call: Call) -> Reply:
    call.query.finish()
    return good(call.account.find(entity, call.number()))


def _admin_only(call: Call) -> None:
    """Pipelines and stages need the admin scope [OpenAPI v2]; a plain user's token lacks it [assumed]."""
    if not call.account.is_admin(call.actor.user_id):
        raise Forbidden("Scope and URL mismatch")


def add_setup(entity: str, call: Call) -> Reply:
    _admin_only(call)
    return good(call.account.create(entity, call.body, call.actor))


def change_setup(entity: str, call: Call) -> Reply:
    _admin_only(call)
    return good(call.account.update(entity, call.number(), call.body, call.actor))


def delete_setup(entity: str, call: Call) -> Reply:
    _admin_only(call)
    return delete_record(entity, call)


# -- lines of deals -------------------------------------------------------------------------------


def list_lines(call: Call) -> Reply:
    call.account.find("deal", call.number())
    rows = call.account.tables.lines(call.number())
    rows, cursor = paged(rows, call.query, (*SORTS, "order_nr"))
    return good(rows, next_cursor=cursor)


def list_lines_of_deals(call: Call) -> Reply:
    ids = call.query.ids("deal_ids", IDS_LIMIT)
    if not ids:
        raise Invalid("deal_ids: is required")
    rows = [line for key in sorted(ids) for line in call.account.tables.lines(key)]
    rows, cursor = paged(rows, call.query, (*SORTS, "deal_id", "order_nr"))
    return good(rows, next_cursor=cursor)


def add_line(call: Call) -> Reply:
    return good(call.account.lines.add(call.number(), [call.body], call.actor)[0], 201)


def add_lines(call: Call) -> Reply:
    if not isinstance(call.body, dict) or set(call.body) != {"data"}:
        raise Invalid("data: is required, and nothing else is allowed")
    return good(call.account.lines.add(call.number(), call.body["data"], call.actor), 201)


def change_line(call: Call) -> Reply:
    line_id = call.number("product_attachment_id")
    return good(call.account.lines.change(call.number(), line_id, call.body, call.actor))


def delete_line(call: Call) -> Reply:
    line_id = call.number("product_attachment_id")
    return good({"id": call.account.lines.remove_one(call.number(), line_id, call.actor)})


def delete_lines(call: Call) -> Reply:
    ids = call.query.ids("ids", IDS_LIMIT)
    call.query.finish()
    gone, more = call.account.lines.remove(call.number(), sorted(ids) if ids is not None else None, call.actor)
    return good({"ids": gone}, more_items_in_collection=more)


# -- fields ---------------------------------------------------------------------------------------


def _shown_field(field: Record, include: list[str]) -> Record:
    return {key: value for key, value in field.items() if key not in EXTRAS or key in include}


def list_fields(entity: str, call: Call) -> Reply:
    """In the order of creation, pages by position [facts: 5; order assumed]."""
    include = call.query.words("include_fields", EXTRAS) or []
    rows = [field | {"id": number} for number, field in enumerate(call.account.fields.all(entity), 1)]
    rows, cursor = paged(rows, call.query, ("id",))
    shown = [{key: value for key, value in _shown_field(row, include).items() if key != "id"} for row in rows]
    return good(shown, next_cursor=cursor)


def get_field(entity: str, call: Call) -> Reply:
    include = call.query.words("include_fields", EXTRAS) or []
    call.query.finish()
    return good(_shown_field(call.account.fields.get(entity, call.path["field_code"]), include))


def add_field(entity: str, call: Call) -> Reply:
    return good(_shown_field(call.account.create_field(entity, call.body), []))


def change_field(entity: str, call: Call) -> Reply:
    if not isinstance(call.body, dict):
        raise Invalid("body: The value is not a valid 'object'")
    return good(_shown_field(call.account.fields.change(entity, call.path["field_code"], call.body), []))


def delete_field(entity: str, call: Call) -> Reply:
    return good(_shown_field(call.account.delete_field(entity, call.path["field_code"]), []))


def add_options(entity: str, call: Call) -> Reply:
    return good(call.account.fields.add_options(entity, call.path["field_code"], call.body))


def change_options(entity: str, call: Call) -> Reply:
    return good(call.account.fields.change_options(entity, call.path["field_code"], call.body))


def delete_options(entity: str, call: Call) -> Reply:
    return good(call.account.delete_options(entity, call.path["field_code"], call.body))


# -- search ---------------------------------------------------------------------------------------


def search_records(entity: str, call: Call) -> Reply:
    term, exact = term_of(call.query)
    fields = call.query.words("fields", SEARCHED[entity]) or list(SEARCHED[entity])
    wanted: Record = {}
    for name, key in SEARCH_LINKS.get(entity, {}).items():
        wanted[key] = call.query.whole(name)
    if entity == "deal":
        wanted["status"] = call.query.text("status")
    wanted = {key: value for key, value in wanted.items() if value is not None}
    hits = found(call.account, entity, term, exact, fields)
    hits = _seen(call, hits)
    hits = [hit for hit in hits if all(hit["row"][key] == value for key, value in wanted.items())]
    return _page_of_hits(call, [(entity, hit) for hit in hits], 500)


def _seen(call: Call, hits: list[Record]) -> list[Record]:
    return [hit for hit in hits if call.account.sees(call.actor.user_id, hit["row"])]


def search_items(call: Call) -> Reply:
    term, exact = term_of(call.query)
    entities = call.query.words("item_types", (*SEARCHED, "lead", "file", "mail_attachment", "project")) or SEARCHED
    allowed = {name for names in SEARCHED.values() for name in names} | {"description"}
    fields = call.query.words("fields", allowed) or sorted(allowed)
    hits = []
    for entity in SEARCHED:
        if entity in entities:
            own = [name for name in fields if name in SEARCHED[entity]]
            hits += [(entity, hit) for hit in _seen(call, found(call.account, entity, term, exact, own))]
    hits.sort(key=lambda pair: -pair[1]["score"])
    return _page_of_hits(call, hits, ITEM_LIMIT)


def _page_of_hits(call: Call, hits: list[tuple[str, Record]], limit: int) -> Reply:
    rows: list[Record] = [{"id": rank, "entity": entity, "hit": hit} for rank, (entity, hit) in enumerate(hits, 1)]
    rows, cursor = paged(rows, call.query, ("id",), limit)
    return good({"items": [item(call.account, row["entity"], row["hit"]) for row in rows]}, next_cursor=cursor)


def search_field(call: Call) -> Reply:
    query = call.query
    entity = query.choice("entity_type", SEARCHED, "")
    match = query.choice("match", ("exact", "beginning", "middle"), "exact")
    rows = by_field(call.account, entity, query.text("field") or "", query.text("term") or "", match)
    rows, cursor = paged(rows, query, ("id",))
    return good(rows, next_cursor=cursor)


def _endpoints() -> dict[tuple[str, str], Endpoint]:
    table: dict[tuple[str, str], Endpoint] = {
        ("GET", "/deals/archived"): list_archived,
        ("GET", "/deals/products"): list_lines_of_deals,
        ("GET", "/deals/{id}/products"): list_lines,
        ("POST", "/deals/{id}/products"): add_line,
        ("DELETE", "/deals/{id}/products"): delete_lines,
        ("POST", "/deals/{id}/products/bulk"): add_lines,
        ("PATCH", "/deals/{id}/products/{product_attachment_id}"): change_line,
        ("DELETE", "/deals/{id}/products/{product_attachment_id}"): delete_line,
        ("GET", "/itemSearch"): search_items,
        ("GET", "/itemSearch/field"): search_field,
    }
    for plural, entity in PLURALS.items():
        table |= {
            ("GET", f"/{plural}"): partial(list_records, entity),
            ("POST", f"/{plural}"): partial(add_record, entity),
            ("GET", f"/{plural}/{{id}}"): partial(get_record, entity),
            ("PATCH", f"/{plural}/{{id}}"): partial(change_record, entity),
            ("DELETE", f"/{plural}/{{id}}"): partial(delete_record, entity),
            ("GET", f"/{plural}/search"): partial(search_records, entity),
        }
    for entity in ("pipeline", "stage"):
        table |= {
            ("GET", f"/{entity}s"): partial(list_setup, entity),
            ("POST", f"/{entity}s"): partial(add_setup, entity),
            ("GET", f"/{entity}s/{{id}}"): partial(get_setup, entity),
            ("PATCH", f"/{entity}s/{{id}}"): partial(change_setup, entity),
            ("DELETE", f"/{entity}s/{{id}}"): partial(delete_setup, entity),
        }
    for entity in FIELD_ENTITIES:
        one = f"/{entity}Fields/{{field_code}}"
        table |= {
            ("GET", f"/{entity}Fields"): partial(list_fields, entity),
            ("POST", f"/{entity}Fields"): partial(add_field, entity),
            ("GET", one): partial(get_field, entity),
            ("PATCH", one): partial(change_field, entity),
            ("DELETE", one): partial(delete_field, entity),
            ("POST", f"{one}/options"): partial(add_options, entity),
            ("PATCH", f"{one}/options"): partial(change_options, entity),
            ("DELETE", f"{one}/options"): partial(delete_options, entity),
        }
    return table


ENDPOINTS = _endpoints()
"""(method, path template) -> function."""
