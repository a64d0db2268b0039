"""The catalogue against the public tables, and what is asked for because of it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.quickbooks_desktop import notation
from connectors.quickbooks_desktop.connector import QuickBooksDesktop
from connectors.quickbooks_desktop.entities import sources
from connectors.quickbooks_desktop.notation import Shape
from engine.registry import connector_faults

TYPES = {
    "IDTYPE": "id", "STRTYPE": "text", "BOOLTYPE": "boolean", "DATETYPE": "date", "DATETIMETYPE": "datetime",
    "AMTTYPE": "amount", "PRICETYPE": "price", "QUANTYPE": "quantity", "PERCENTTYPE": "percent", "INTTYPE": "integer",
    "FLOATTYPE": "decimal", "GUIDTYPE": "guid", "TIMEINTERVALTYPE": "interval", "ENUMTYPE": "enum",
}  # fmt: skip
TABLES = {
    "Employee": "EntityQueryRs",
    "OtherName": "EntityQueryRs",
    "Vendor": "EntityQueryRs",
    "Person": "EntityQueryRs",
}
Line = tuple[str, str, str, frozenset[str]]
"""Path, type, length, options."""


def public(reference: Path, message: str, element: str) -> list[Line]:
    """An element's fields in the US desktop edition, in their order."""
    found: list[Line] = []
    left_out: list[str] = []
    with (reference / "tables" / "fields-qbxml130.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            path = row["path"].removeprefix(f"{element}/")
            if row["message"] != message or path == row["path"] or any(path.startswith(one) for one in left_out):
                continue
            if "QBD" in row["not_in_edition"].split("|"):
                left_out.append(f"{path}/")
                continue
            words = row["enum_values"].replace(" [DEFAULT]", "").replace(" [Default]", "")
            options = frozenset(filter(None, (word.strip() for word in words.split(","))))
            found.append((path, TYPES.get(row["type"], row["type"]), row["max_len_qbd"], options))
    assert found, f"{message} has no {element}"
    return found


def ours(shapes: tuple[Shape, ...], before: str = "") -> Iterator[Line]:
    for shape in shapes:
        if shape.word == "position":
            continue
        path = f"{before}{shape.name}"
        word = "aggregate" if shape.word in notation.NESTED else shape.word
        yield path, word, str(shape.length or ""), frozenset(shape.options)
        yield from ours(shape.children, f"{path}/")


@pytest.mark.reference
@pytest.mark.parametrize("name", sorted(set(sources()) - {"Item", "Terms", "Person"}))
def test_an_entity_has_exactly_the_public_elements_in_their_order(reference: Path, name: str) -> None:
    source = sources()[name]
    (element,) = source.reads[0].answers
    table = public(reference, TABLES.get(name, f"{name}QueryRs"), element)
    assert list(ours(source.shapes)) == table


@pytest.mark.reference
@pytest.mark.parametrize("name", ["Item", "Terms"])
def test_an_entity_of_several_elements_has_what_any_of_them_has_in_an_order_that_fits_all(
    reference: Path, name: str
) -> None:
    source = sources()[name]
    mine = list(ours(source.shapes))
    lengths = {path: (word, int(length or 0)) for path, word, length, _ in mine}
    seen: set[str] = set()
    for element in source.reads[0].answers:
        table = public(reference, f"{name}QueryRs", element)
        roots = [path for path, *_ in table if "/" not in path]
        assert [path for path, *_ in mine if path in roots] == roots, element
        for path, word, length, options in table:
            assert lengths[path][0] == word, (element, path)
            assert lengths[path][1] >= int(length or 0), (element, path)
            assert options <= {option for found, *_, each in mine if found == path for option in each}, (element, path)
        seen.update(path for path, *_ in table)
    assert {path for path, *_ in mine} == seen


@pytest.mark.reference
def test_a_person_has_only_what_employees_other_names_and_vendors_all_have(reference: Path) -> None:
    mine = list(ours(sources()["Person"].shapes))
    for element in ("EmployeeRet", "OtherNameRet", "VendorRet"):
        table = public(reference, "EntityQueryRs", element)
        assert [line for line in table if line in mine] == mine, element


@pytest.mark.reference
def test_iterators_are_used_exactly_where_qbxml_has_them(reference: Path) -> None:
    with (reference / "tables" / "fields-qbxml130.csv").open(newline="") as file:
        table = {row["message"] for row in csv.DictReader(file) if row["path"] == "@iterator"}
    for name in set(sources()) - set(TABLES):
        for read in sources()[name].reads:
            assert read.iterates == (f"{read.query}QueryRq" in table), read.query


def test_the_connector_keeps_the_contract() -> None:
    assert list(connector_faults(QuickBooksDesktop)) == []


def test_a_derived_field_asks_for_what_it_needs_and_for_no_more() -> None:
    asked = sources()["Customer"].asked(("IsJob", "Emails"))
    assert asked == ("ListID", "TimeModified", "EditSequence", "ParentRef", "Sublevel", "Email")


def test_a_query_that_names_no_fields_asks_for_all_but_private_ones() -> None:
    asked = sources()["Employee"].asked(())
    assert {"Name", "Email", "DataExtRet"} <= set(asked)
    assert not {"SSN", "BirthDate", "EmployeePayrollInfo"} & set(asked)
    assert "SSN" in sources()["Employee"].asked(("SSN",))


def test_what_other_entities_look_up_is_always_asked_for() -> None:
    assert "CurrencyCode" in sources()["Currency"].asked(("IsActive",))
    assert {"Name", "FirstName", "LastName", "Email"} <= set(sources()["Person"].asked(("Phone",)))


def test_relations_and_voiding_are_asked_for_whatever_is_wanted() -> None:
    asked = sources()["Invoice"].asked(("RefNumber",))
    assert {"LinkedTxn", "Subtotal", "Memo", "TxnDate"} <= set(asked)
    assert "InvoiceLineRet" not in asked


@pytest.mark.parametrize("line", ["Name", "Name nonsense", "  Name text 3", "Contacts object", "Name text 3 extra"])
def test_a_line_that_is_not_in_the_notation_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="not in the notation"):
        notation.read(line)
