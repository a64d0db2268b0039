"""Finds records by text, as the search endpoints do; the index may lag behind the records.

Case is ignored, the least length is two characters, one with exact_match [OpenAPI v2 search]. Scores are
invented: only their order means something [assumed].
"""

from collections.abc import Callable
from typing import Any

from .moments import before
from .queries import Query
from .records import Records
from .refusals import Invalid

Record = dict[str, Any]

SEARCHED = {
    "organization": ("name", "address", "notes", "custom_fields"),
    "person": ("name", "email", "phone", "notes", "custom_fields"),
    "deal": ("title", "notes", "custom_fields"),
    "product": ("name", "code", "custom_fields"),
}
"""Searchable fields by entity [OpenAPI v2 itemSearch]."""
SEARCHED_TYPES = frozenset({"address", "varchar", "text", "varchar_auto", "double", "monetary", "phone"})
"""Searchable custom field types [OpenAPI v2 itemSearch]."""


def term_of(query: Query) -> tuple[str, bool]:
    """The term and whether it must match as a whole."""
    exact = query.flag("exact_match")
    term = query.text("term") or ""
    _long_enough(term, exact)
    return term, exact


def _long_enough(term: str, exact: bool) -> None:
    if len(term) < (1 if exact else 2):
        raise Invalid("term: must be at least 2 characters long, or 1 with an exact match")


def found(account: Records, entity: str, term: str, exact: bool, fields: list[str]) -> list[Record]:
    """Result rows, best first, each with `id`, `score` and the matched record under `row`."""
    indexed = before(account.clock(), seconds=account.switches.search_delay)
    wanted = term.casefold()
    hits = []
    notes = _notes(account, entity) if "notes" in fields else {}
    for row in account.tables[entity].values():
        if row["is_deleted"] or (account.switches.search_delay and row["update_time"] > indexed):
            continue
        texts = _texts(account, entity, row, fields, notes.get(row["id"], []))
        scores = [len(wanted) / max(1, len(text)) for text in map(str.casefold, texts) if _fits(text, wanted, exact)]
        if scores:
            hits.append({"id": row["id"], "score": round(max(scores), 4), "row": row})
    return sorted(hits, key=lambda hit: (-hit["score"], hit["id"]))


def _fits(text: str, wanted: str, exact: bool) -> bool:
    return text == wanted if exact else wanted in text


def _notes(account: Records, entity: str) -> dict[int, list[str]]:
    link = {"organization": "org_id", "person": "person_id", "deal": "deal_id"}[entity]
    texts: dict[int, list[str]] = {}
    for note in account.tables["note"].values():
        if note["active_flag"] and note[link] is not None:
            texts.setdefault(note[link], []).append(note["content"])
    return texts


def _texts(account: Records, entity: str, row: Record, fields: list[str], notes: list[str]) -> list[str]:
    texts = [row[name] for name in ("name", "title", "code") if name in fields and row.get(name)]
    if "address" in fields and row.get("address"):
        texts.append(row["address"]["value"] or "")
    for name, key in (("email", "emails"), ("phone", "phones")):
        if name in fields:
            texts += [item["value"] for item in row.get(key, ())]
    if "custom_fields" in fields:
        texts += custom_texts(account, entity, row)
    return texts + notes


def custom_texts(account: Records, entity: str, row: Record) -> list[str]:
    """The bare values of searchable custom fields."""
    known = account.fields.custom(entity)
    return [plain_text(v) for code, v in row["custom_fields"].items() if known[code]["field_type"] in SEARCHED_TYPES]


def plain_text(value: Any) -> str:
    return str(value["value"]) if isinstance(value, dict) else str(value)


def item(account: Records, entity: str, hit: Record) -> Record:
    """A result in the shape of the search endpoints [OpenAPI v2]."""
    row, tables = hit["row"], account.tables
    shown: Record = {"id": row["id"], "type": entity, "visible_to": row["visible_to"], "owner": {"id": row["owner_id"]}}
    shown["custom_fields"] = custom_texts(account, entity, row)
    if entity != "product":
        shown["notes"] = _notes(account, entity).get(row["id"], [])
    if entity == "organization":
        shown |= {"name": row["name"], "address": (row["address"] or {}).get("value")}
    elif entity == "person":
        shown |= {"name": row["name"], "phones": [p["value"] for p in row["phones"]]}
        shown |= {"emails": [e["value"] for e in row["emails"]], "organization": _named(tables, row["org_id"])}
    elif entity == "product":
        shown |= {"name": row["name"], "code": row["code"]}
    else:
        stage = tables["stage"][row["stage_id"]]
        person = tables["person"].get(row["person_id"] or 0)
        shown |= {key: row[key] for key in ("title", "value", "currency", "status", "is_archived")}
        shown["stage"] = {"id": stage["id"], "name": stage["name"]}
        shown["person"] = {"id": person["id"], "name": person["name"]} if person else None
        shown["organization"] = _named(tables, row["org_id"])
    return {"result_score": hit["score"], "item": shown}


def _named(tables: Any, key: int | None) -> Record | None:
    row = tables["organization"].get(key or 0)
    return {"id": row["id"], "name": row["name"]} if row else None


def by_field(account: Records, entity: str, code: str, term: str, match: str) -> list[Record]:
    """Records whose one field matches, case-sensitively [OpenAPI v2 itemSearch/field]."""
    _long_enough(term, match == "exact")
    field = account.fields.by_entity[entity].get(code)
    if field is None or field["field_type"] not in SEARCHED_TYPES:
        raise Invalid("field: not a searchable field")
    fits: dict[str, Callable[[str, str], bool]] = {
        "exact": lambda text, part: text == part,
        "beginning": lambda text, part: text.startswith(part),
        "middle": lambda text, part: part in text,
    }
    rows = []
    for row in account.tables[entity].values():
        value = row["custom_fields"].get(code) if field["is_custom_field"] else row.get(code)
        if value is not None and not row["is_deleted"] and fits[match](plain_text(value), term):
            rows.append({"id": row["id"], "name": row.get("name") or row.get("title")})
    return rows
