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
from tests.connectors.quickbooks_desktop.operations_file import Element, iterates, message

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
IN_NO_TABLE = {"Account", "Bill", "BillPaymentCheck", "JournalEntry", "PurchaseOrder", "ShipMethod"}
"""Entities that the table has no message of; the description has all."""

SEVERAL = {"Item", "Terms", "Person"}
Line = tuple[str, str, str, frozenset[str]]
"""Path, type, length, options."""


def public(reference: Path, message: str, element: str) -> list[Line]:
    """An element's fields in the US desktop edition, in their order, as the table has them."""
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


def described(element: Element, before: str = "") -> Iterator[tuple[Line, bool]]:
    """The same as the description has it, with whether a field may repeat."""
    for one in element.children:
        if one.here:
            path = f"{before}{one.name}"
            word = TYPES[one.type] if one.type else "aggregate"
            yield (path, word, one.length, frozenset(one.options)), one.many
            yield from described(one, f"{path}/")


def ours(shapes: tuple[Shape, ...]) -> list[Line]:
    return [line for line, _ in catalogued(shapes)]


def catalogued(shapes: tuple[Shape, ...], before: str = "") -> Iterator[tuple[Line, bool]]:
    for shape in shapes:
        if shape.word == "position":
            continue
        path = f"{before}{shape.name}"
        word = "aggregate" if shape.word in notation.NESTED else shape.word
        yield (path, word, str(shape.length or ""), frozenset(shape.options)), shape.many
        yield from catalogued(shape.children, f"{path}/")


@pytest.mark.reference
@pytest.mark.parametrize("name", sorted(set(sources()) - SEVERAL - IN_NO_TABLE))
def test_an_entity_has_exactly_the_public_elements_in_their_order(reference: Path, name: str) -> None:
    source = sources()[name]
    (element,) = source.reads[0].answers
    table = public(reference, TABLES.get(name, f"{name}QueryRs"), element)
    assert ours(source.shapes) == table


@pytest.mark.reference
@pytest.mark.parametrize("name", sorted(set(sources()) - SEVERAL))
def test_an_entity_is_what_the_description_says_repetitions_included(reference: Path, name: str) -> None:
    source = sources()[name]
    (element,) = source.reads[0].answers
    there = message(reference, f"{name}QueryRs").inner(element)
    assert list(catalogued(source.shapes)) == list(described(there))


@pytest.mark.reference
@pytest.mark.parametrize("name", sorted(name for name, source in sources().items() if source.add or source.mod))
@pytest.mark.parametrize("act", ["Add", "Mod"])
def test_what_is_written_has_the_public_order_and_what_it_must_have(reference: Path, name: str, act: str) -> None:
    change = sources()[name].add if act == "Add" else sources()[name].mod
    assert change is not None
    there = message(reference, f"{name}{act}Rq").inner(f"{name}{act}")
    assert list(catalogued(change.shapes)) == list(described(there))
    assert change.required == tuple(one.name for one in there.children if one.here and one.required)


@pytest.mark.reference
@pytest.mark.parametrize("name", sorted(set(sources()) - SEVERAL))
def test_lines_links_and_custom_fields_are_asked_for_exactly_where_the_query_can(reference: Path, name: str) -> None:
    source = sources()[name]
    asked = {one.name for one in message(reference, f"{name}QueryRq").children if one.here}
    assert bool(source.lines) == ("IncludeLineItems" in asked)
    assert bool(source.links) == ("IncludeLinkedTxns" in asked)
    assert source.entity.custom == ("OwnerID" in asked)
    assert source.lines <= source.own and source.links <= source.own


@pytest.mark.reference
def test_what_a_deletion_is_called_is_what_qbxml_calls_it(reference: Path) -> None:
    for source in sources().values():
        kind = "Txn" if source.is_transaction else "List"
        (allowed,) = [one for one in message(reference, f"{kind}DeletedQueryRq").children if one.options]
        assert set(source.deleted) <= set(allowed.options), source.entity.name


def test_turns_are_numbered_and_nothing_else_is() -> None:
    """Two repeating elements that take turns lose their order in two lists."""
    numbered = {
        shape.name
        for source in sources().values()
        for shape in source.shapes
        if any(one.word == "position" for one in shape.children)
    }
    assert {"InvoiceLineRet", "InvoiceLineGroupRet", "JournalDebitLine", "JournalCreditLine"} <= numbered
    assert {"ItemLineRet", "ItemGroupLineRet"} <= numbered and "ExpenseLineRet" not in numbered


@pytest.mark.reference
@pytest.mark.parametrize("name", ["Item", "Terms"])
def test_an_entity_of_several_elements_has_what_any_of_them_has_in_an_order_that_fits_all(
    reference: Path, name: str
) -> None:
    source = sources()[name]
    mine = ours(source.shapes)
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
    mine = ours(sources()["Person"].shapes)
    for element in ("EmployeeRet", "OtherNameRet", "VendorRet"):
        table = public(reference, "EntityQueryRs", element)
        assert [line for line in table if line in mine] == mine, element


@pytest.mark.reference
def test_iterators_are_used_exactly_where_qbxml_has_them(reference: Path) -> None:
    for source in sources().values():
        for read in source.reads:
            assert read.iterates == iterates(reference, f"{read.query}QueryRq"), read.query


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
