"""A context for drafts, and records of the small catalogues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from engine.mapping.compiled import CompiledMapping
from engine.mapping.draft import Context, Draft, Element, Resolved
from tests.engine.specs.catalogues import BOOKS, compiled

NEW_YORK = ZoneInfo("America/New_York")
MISSING = Resolved("missing")


def context(
    links: Mapping[tuple[str, str], Resolved] | None = None,
    named: Mapping[tuple[str, str], Resolved] | None = None,
    linked: Mapping[str, list[dict[str, Any]]] | None = None,
) -> Context:
    return Context(
        links=lambda mapping, key: (links or {}).get((mapping, key), MISSING),
        named=lambda mapping, text: (named or {}).get((mapping, text), MISSING),
        linked=linked or {},
        today=date(2026, 7, 1),
        now=datetime(2026, 7, 1, 12, tzinfo=UTC),
        zone=NEW_YORK,
    )


def record(entity: str, **values: Any) -> dict[str, Any]:
    """A record of which every field was read: those not given are null or empty."""
    fields = {one.name: [] if one.many else None for one in BOOKS[entity].fields}
    fields |= {BOOKS[entity].key: "80000001-1"}
    if BOOKS[entity].custom:
        fields["custom"] = {}
    return {**fields, **values}


def customers(path: Path, rules: str, more: str = "", **settings: Any) -> CompiledMapping:
    """A mapping of customers with these rules besides the name."""
    text = "mapping: customers\nfrom: books.Customer\nto: crm.organization\n" + more
    preset = "settings:\n" + "".join(f"  {name}: {{type: text, help: x, default: null}}\n" for name in settings)
    files = {"preset": preset} if settings else {}
    text += "fields:\n  name: FullName\n" + "".join(f"  {line}\n" for line in rules.splitlines())
    return compiled(path, settings, customers=text, **files).mappings["customers"]


def drafted(mapping: CompiledMapping, read: dict[str, Any], given: Context | None = None, trace: bool = False) -> Draft:
    """The draft of a record, evaluated both ways: by the rules and by the function written of them."""
    quick, traced = (mapping.draft(one(mapping, read), given or context(), each) for each in (False, True))
    assert quick.trace == [] and encoded(quick) == encoded(replace(traced, trace=[]))
    return traced if trace else quick


def encoded(draft: Draft) -> str:
    """A draft with the types of its values."""
    return repr(draft)


def one(mapping: CompiledMapping, values: dict[str, Any]) -> Element:
    (element,) = mapping.elements(values)
    return element
