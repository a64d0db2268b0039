"""A draft's values as a query would show them once QuickBooks holds them. Pure but for what the company file has."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.quickbooks_desktop import custom_fields, notation
from connectors.quickbooks_desktop.carrier import without_unknown
from connectors.quickbooks_desktop.entities import sources
from connectors.quickbooks_desktop.notation import Shape
from connectors.quickbooks_desktop.shaping import address, reference, rounded
from connectors.quickbooks_desktop.texts import safe
from connectors.quickbooks_desktop.writing import CUSTOM
from engine.protocol import Option, Record, Site


def canonical(site: Site, entity: str, values: Mapping[str, Any]) -> Record:
    """Texts in QuickBooks' characters, numbers as their types can say them, addresses in QuickBooks' parts.

    Optional custom fields that the company is known not to have are left out.
    """
    shapes = {shape.name: shape for shape in sources()[entity].shapes}
    fields = site.custom_fields.get(entity, ())
    if any(one.optional for one in fields):
        values = without_unknown(fields, entity, values, custom_fields.definitions(site.state))
    return {name: _shown(shapes.get(name), name, value) for name, value in values.items()}


def _shown(shape: Shape | None, name: str, value: Any) -> Any:
    if shape is not None and shape.word == "ref" and isinstance(value, Option | str) and value:
        key, text = reference(value)
        return {"ListID": key} if key else {"FullName": safe(text or "").text}
    if isinstance(value, Option):
        value = value.key
    if name.startswith(CUSTOM) and isinstance(value, bool | Decimal):
        return custom_fields.text_of(name, value, None)  # QuickBooks keeps text whatever the type [facts 2.8]
    if isinstance(value, str):
        value = safe(value).text
    if shape is None or value is None:
        return value
    if shape.word in notation.NUMBERS and isinstance(value, Decimal):
        return rounded(shape.word, value)
    if shape.word == "address":
        own = address(value)
        return {part: safe(one).text if isinstance(one, str) else one for part, one in own.items()} if own else None
    return value
