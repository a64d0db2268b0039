"""The fields every account has from the start, as the v2 field lists name them.

Codes and types follow the record schemas of OpenAPI v2; the labels are the app's usual ones [assumed].
"""

from typing import Any

VISIBILITY = [(1, "Owner & followers"), (3, "Entire company")]
STATUSES = [("open", "Open"), ("won", "Won"), ("lost", "Lost"), ("deleted", "Deleted")]

ADDRESS_PARTS = (
    "country", "admin_area_level_1", "admin_area_level_2", "locality", "sublocality", "route",
    "street_number", "subpremise", "postal_code",
)  # fmt: skip

COMMON = """
id int ID
owner_id user Owner
add_time date Created
update_time date Updated
visible_to visible_to Visible to
label_ids set Labels
"""

TABLES = {
    "organization": "name varchar Name\naddress address Address" + COMMON,
    "person": "name varchar Name\nfirst_name varchar First name\nlast_name varchar Last name\n"
    "emails varchar Email\nphones phone Phone\norg_id org Organization" + COMMON,
    "deal": "title varchar Title\nvalue monetary Value\ncurrency varchar Currency\norg_id org Organization\n"
    "person_id people Contact person\npipeline_id double Pipeline\nstage_id stage Stage\n"
    "status status Status\nprobability int Probability\nlost_reason varchar_options Lost reason\n"
    "expected_close_date date Expected close date\nwon_time date Won time\nlost_time date Lost time\n"
    "close_time date Closed time\nstage_change_time date Last stage change" + COMMON,
    "product": "name varchar Name\ncode varchar Product code\ndescription text Description\n"
    "unit varchar Unit\ntax double Tax\ncategory enum Category\nprices price_list Unit prices\n"
    "is_linkable boolean Linkable" + COMMON,
}


def builtin_fields(entity: str) -> list[dict[str, Any]]:
    """Field records of an entity, without any custom one."""
    rows = []
    for line in TABLES[entity].split("\n"):
        if not line:
            continue
        code, kind, name = line.split(" ", 2)
        if entity == "product" and code == "label_ids":
            continue  # products have no labels [OpenAPI v2 products]
        rows.append(field(code, name, kind, custom=False))
    return rows


def field(code: str, name: str, kind: str, *, custom: bool) -> dict[str, Any]:
    """One field record; options only where the type has them."""
    options: list[dict[str, Any]] | None = None
    if kind in ("enum", "set"):
        options = []
    elif kind == "visible_to":
        options = [{"id": key, "label": label} for key, label in VISIBILITY]
    elif kind == "status":
        options = [{"id": key, "label": label} for key, label in STATUSES]
    return {
        "field_name": name,
        "field_code": code,
        "description": None,
        "field_type": kind,
        "options": options,
        "subfields": _subfields(code, name, kind),
        "is_custom_field": custom,
        "is_optional_response_field": False,
    }


def _subfields(code: str, name: str, kind: str) -> list[dict[str, str]] | None:
    parts: tuple[str, ...] = ()
    if kind == "address":
        parts = ("value", *ADDRESS_PARTS)
    elif kind == "monetary":
        parts = ("value", "currency")
    elif kind in ("daterange", "timerange"):
        parts = ("value", "until")
    rows = []
    for part in parts:
        numeric = kind == "monetary" and part == "value"
        rows.append({
            "field_code": part,
            "field_name": f"{part} of {name}",
            "field_type": "double" if numeric else "varchar",
        })  # fmt: skip
    return rows or None
