"""The mapping of `test_mapping` as somebody would write it without the engine: in Python, with jmespath, with Jinja2.

Each takes a customer and gives the values of an organization, equal to the engine's in value and type.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import jinja2
import jmespath

REGIONS = {"JS": "West", "AK": "East"}
CENT = Decimal("0.01")


def python(record: dict[str, Any]) -> dict[str, Any]:
    """One function for one kind of record. As in the language, a field that was not read leaves its target alone, null
    clears it, and what the target cannot take is an error."""
    made: dict[str, Any] = {}
    if "CompanyName" in record and "FullName" in record:
        name = record["CompanyName"] or record["FullName"]
        if not name or len(name) > 60:
            raise ValueError("name")
        made["name"] = name
    if "Email" in record:
        email = record["Email"]
        made["website"] = email.lower() if email is not None else None
    if "Balance" in record:
        balance = record["Balance"]
        made["staff"] = balance
        made["custom.Balance"] = balance.quantize(CENT, ROUND_HALF_UP) if balance is not None else None
    if "Since" in record:
        since = record["Since"]
        if since is not None:
            date.fromisoformat(since)
        made["founded"] = since
    if "TimeModified" in record:
        modified = record["TimeModified"]
        made["seen_at"] = instant(modified) if modified is not None else None
        made["custom.Changed"] = modified[:10] if modified is not None else None
    if "IsActive" in record:
        active = record["IsActive"]
        made["vip"] = active
        made["rank"] = None if active is None else "high" if active else "low"
    if "ListID" in record:
        made["custom.Key"] = record["ListID"]
    if "ParentRef" in record:
        parent = record["ParentRef"]
        made["custom.Parent"] = parent["FullName"] if parent is not None else None
    if "CustomerTypeRef" in record:
        kind = record["CustomerTypeRef"]
        made["custom.Type"] = kind["FullName"] if kind is not None else None
    if "JobStatus" in record:
        status = record["JobStatus"]
        made["custom.Status"] = status if status is not None else "None"
    else:
        made["custom.Status"] = "None"
    if "SalesRepRef" in record:
        rep = record["SalesRepRef"]
        initials = rep["FullName"] if rep is not None else None
        made["custom.Region"] = REGIONS.get(initials) if initials is not None else None
        if "FullName" in record:
            made["custom.Label"] = f"{record['FullName']} ({initials or 'nobody'})"
    return made


def instant(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).isoformat()[:19] + "Z"


SELECTIONS = {
    "name": "CompanyName || FullName",
    "website": "Email",
    "staff": "Balance",
    "founded": "Since",
    "seen_at": "TimeModified",
    "vip": "IsActive",
    "rank": "IsActive",
    "custom.Key": "ListID",
    "custom.Parent": "ParentRef.FullName",
    "custom.Type": "CustomerTypeRef.FullName",
    "custom.Label": "[FullName, SalesRepRef.FullName || 'nobody']",
    "custom.Status": "JobStatus",
    "custom.Region": "SalesRepRef.FullName",
    "custom.Balance": "Balance",
    "custom.Changed": "TimeModified",
}
AFTER = {
    "website": str.lower,
    "seen_at": instant,
    "rank": {True: "high", False: "low"}.__getitem__,
    "custom.Label": "{0[0]} ({0[1]})".format,
    "custom.Region": REGIONS.get,
    "custom.Balance": lambda value: value.quantize(CENT, ROUND_HALF_UP),
    "custom.Changed": lambda value: value[:10],
}
SEARCHES = [(path, jmespath.compile(text), AFTER.get(path)) for path, text in SELECTIONS.items()]


def plain_jmespath(record: dict[str, Any]) -> dict[str, Any]:
    """A compiled jmespath for each field, and Python for the rest. It cannot tell missing from null."""
    made = {}
    for path, search, after in SEARCHES:
        value = search.search(record)
        made[path] = after(value) if after is not None and value is not None else value
    if made["custom.Status"] is None:
        made["custom.Status"] = "None"
    return made


TEXTS = {
    **{path: f"{{{{ {text} }}}}" for path, text in SELECTIONS.items()},
    "name": "{{ CompanyName or FullName }}",
    "website": "{{ Email | lower if Email is not none else none }}",
    "rank": "{{ none if IsActive is none else 'high' if IsActive else 'low' }}",
    "custom.Label": "{{ FullName }} ({{ SalesRepRef.FullName or 'nobody' }})",
    "custom.Status": "{{ JobStatus if JobStatus is not none else 'None given' }}",
}
ENVIRONMENT = jinja2.Environment(autoescape=False)
TEMPLATES = [(path, ENVIRONMENT.from_string(text)) for path, text in TEXTS.items()]
READ = {"staff": Decimal, "custom.Balance": lambda text: Decimal(text).quantize(CENT, ROUND_HALF_UP),
        "vip": "True".__eq__, "seen_at": instant, "custom.Region": REGIONS.get,
        "custom.Changed": lambda text: text[:10]}  # fmt: skip


def jinja(record: dict[str, Any]) -> dict[str, Any]:
    """A compiled template for each field, its text read back into the field's type."""
    made: dict[str, Any] = {}
    for path, one in TEMPLATES:
        text = one.render(record)
        read = READ.get(path)
        made[path] = None if text in ("None", "") else read(text) if read is not None else text
    if made["custom.Status"] == "None given":
        made["custom.Status"] = "None"
    return made
