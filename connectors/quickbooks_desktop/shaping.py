"""Values become the elements of an Add or a Mod, and are compared with what is there. Pure.

Which elements there are, and their order, is data of the catalogue. [facts 2.2, 2.5]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from connectors.quickbooks_desktop import notation
from connectors.quickbooks_desktop.notation import Shape
from connectors.quickbooks_desktop.qbxml import Part
from connectors.quickbooks_desktop.texts import safe
from engine.protocol import Option

LINES = ("Addr1", "Addr2", "Addr3", "Addr4", "Addr5")
COMMON = {"City": "city", "State": "region", "PostalCode": "postal_code", "Country": "country"}
STEPS = {"amount": Decimal("0.01"), "price": Decimal("0.00001"), "percent": Decimal("0.00001"),
         "quantity": Decimal("0.00001"), "integer": Decimal(1)}  # fmt: skip
"""The finest that a number of each type can say. [XSD]"""

WHOLE = {"amount": 13, "price": 10, "percent": 10, "quantity": 10, "integer": 10, "decimal": 15}
"""Digits before the point. [XSD; decimal: assumed]"""


ALTERNATIVES = (
    ("Rate", "RatePercent", "PriceLevelRef"), ("MarkupRate", "MarkupRatePercent", "PriceLevelRef"),
    ("SerialNumber", "LotNumber"),
)  # fmt: skip
"""Of each of these a line has one. [XSD; an estimate's could have a Rate with a price level]"""


class Unfit(ValueError):
    """A value that QuickBooks cannot take; `str()` is a sentence, `field` the field at fault."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(f"{field}: {sentence}")
        self.field = field


def elements(shapes: Iterable[Shape], values: Mapping[str, Any]) -> tuple[Part, ...]:
    """The elements for these values in the message's order. An empty one clears its field. [facts 2.5]

    Raises Unfit, also for a field that the message does not have.
    """
    left = set(values)
    made: list[Part] = []
    for shape in shapes:
        if shape.name in left:
            left.discard(shape.name)
            made += _repeated(shape, values[shape.name]) if shape.many else [_element(shape, values[shape.name])]
    for name in sorted(left):
        raise Unfit(name, "QuickBooks does not let this field be written here.")
    for alternatives in ALTERNATIVES:
        if len(given := [name for name in alternatives if name in values]) > 1:
            raise Unfit(given[1], f"QuickBooks takes one of {' and '.join(given)}, not both.")
    return tuple(made)


def _repeated(shape: Shape, values: Any) -> list[Part]:
    """One element for each value of a list."""
    if not isinstance(values, list | tuple):
        raise Unfit(shape.name, "It takes a list.")
    return [_element(shape, value) for value in values]


def _element(shape: Shape, value: Any) -> Part:
    if shape.word == "ref":
        return shape.name, _reference(shape, value)
    if shape.word == "address":
        own = address(value) or {}
        # every part, so that nothing of an earlier address stays; the note only where it is meant
        return shape.name, tuple(
            (part.name, leaf(part, own.get(part.name), shape.name))
            for part in shape.children
            if part.name != "Note" or "Note" in own
        )
    if shape.word in notation.NESTED:
        if not isinstance(value, Mapping):
            raise Unfit(shape.name, "It takes an object.")
        return shape.name, elements(shape.children, value)
    return shape.name, leaf(shape, value, "")


def _reference(shape: Shape, value: Any) -> tuple[Part, ...]:
    """By key where there is one, else by name; nothing clears it. [clearing by an empty ListID: assumed]"""
    key, name = reference(value)
    if key:
        return (("ListID", leaf(shape.children[0], key, shape.name)),)
    if name:
        return (("FullName", leaf(shape.children[1], name, shape.name)),)
    return (("ListID", ""),)


def reference(value: Any) -> tuple[str | None, str | None]:
    """Key and name of what a reference's value means; a bare text is a name."""
    if isinstance(value, Option):
        return value.key, None
    if isinstance(value, Mapping):
        return value.get("ListID") or None, value.get("FullName") or None
    return None, str(value) if value else None


def address(value: Any) -> dict[str, Any] | None:
    """An address in QuickBooks' own parts, also from the contract's common ones; None for an empty one."""
    if not value:
        return None
    if not isinstance(value, Mapping):
        value = {"lines": [line for line in str(value).splitlines() if line.strip()]}
    if not any(name in value for name in ("lines", *COMMON.values())):
        return dict(value)
    lines = [str(line) for line in value.get("lines") or ()]
    own: dict[str, Any] = dict(zip(LINES, [*lines, *[None] * len(LINES)], strict=False))
    if len(lines) > len(LINES):
        own["Addr5"] = ", ".join(lines[4:])
    return {**own, **{part: value.get(common) for part, common in COMMON.items()}}


def leaf(shape: Shape, value: Any, within: str) -> str:
    """A value as an element's text; Unfit if it is too long or of another kind."""
    where = f"{within}.{shape.name}" if within else shape.name
    if isinstance(value, Option):
        value = value.key
    if shape.word == "boolean":
        if not isinstance(value, bool) and value is not None:
            raise Unfit(where, "It takes true or false.")
        return "true" if value else "false"
    if value is None or value == "":
        if shape.options:
            raise Unfit(where, f"It cannot be empty; it takes {', '.join(shape.options)}.")
        return ""
    if shape.word in notation.NUMBERS:
        return _number(shape, value, where)
    if isinstance(value, bool | Mapping | list | tuple):
        raise Unfit(where, "It takes a text.")
    text = safe(str(value)).text
    if shape.options and text not in shape.options:
        raise Unfit(where, f"'{text}' is none of {', '.join(shape.options)}.")
    if shape.length is not None and len(text) > shape.length:
        raise Unfit(where, f"The text has {len(text)} characters; QuickBooks takes {shape.length}. Shorten it.")
    return text


def _number(shape: Shape, value: Any, where: str) -> str:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise Unfit(where, "It takes a number.") from None
    if isinstance(value, bool) or not number.is_finite():
        raise Unfit(where, "It takes a number.")
    if number.adjusted() >= WHOLE[shape.word]:
        raise Unfit(where, "The number is too large for QuickBooks.")
    return f"{rounded(shape.word, number):f}"


def rounded(word: str, number: Decimal) -> Decimal:
    """The number as its type can say it, halves away from zero; a price loses noughts that say nothing."""
    step = STEPS.get(word)
    if step is None:
        return number
    made = number.quantize(step, ROUND_HALF_UP)
    return made if word in ("amount", "integer") else _short(made)


def _short(number: Decimal) -> Decimal:
    """Without noughts at the end of its fraction."""
    short = number.normalize()
    return short.quantize(Decimal(1)) if isinstance(short.as_tuple().exponent, int) and short == int(short) else short


def means(shape: Shape, wanted: Any, there: Any) -> bool:
    """Whether a field already says what is wanted: texts but for their blanks, references by key or name."""
    if shape.word == "ref":
        (key, name), (own_key, own_name) = reference(wanted), reference(there)
        if key and own_key:
            return key == own_key
        return _plain(name) == _plain(own_name) if name or not key else False
    if shape.word == "address":
        return _full(address(wanted)) == _full(address(there))
    if shape.word == "boolean":
        return bool(wanted) == bool(there)
    if shape.word in notation.NUMBERS and wanted is not None and there is not None:
        try:
            one, other = Decimal(str(wanted)), Decimal(str(there))
        except InvalidOperation:
            return False
        return rounded(shape.word, one) == rounded(shape.word, other)
    return _plain(wanted) == _plain(there)


def _full(parts: Mapping[str, Any] | None) -> dict[str, str]:
    return {name: _plain(value) for name, value in (parts or {}).items() if name != "Note" and _plain(value)}


def _plain(value: Any) -> str:
    """A text as it is compared: QuickBooks flattens line breaks and strips ends."""
    return "" if value is None else " ".join(safe(str(value.key if isinstance(value, Option) else value)).text.split())


def same_text(one: Any, other: Any) -> bool:
    """Whether two values of a custom field mean the same; they are text whatever their type. [facts 2.8]"""
    first, second = _plain(one), _plain(other)
    if first == second:
        return True
    try:
        return Decimal(first) == Decimal(second)
    except InvalidOperation:
        return False
