"""New sales with their lines: one Add that the schema allows, made once whatever breaks off, in a simulated company."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from connectors.quickbooks_desktop.simulator import recovery
from engine.protocol import Child, Failed, Failure, Request, Result, Write
from tests.connectors.quickbooks_desktop.ports import Clock, MemoryState
from tests.connectors.quickbooks_desktop.test_writing import Shop

SALES = ("Estimate", "SalesOrder", "Invoice")


@pytest.fixture
def shop(clock: Clock, state: MemoryState) -> Shop:
    return Shop(clock, state)


def decide_again(shop: Shop, request: Request, result: Result) -> None:
    """As the engine does with what was certainly not carried out."""
    again = (Failure.UNSENT, Failure.RETRY)
    if isinstance(request, Write) and isinstance(result, Failed) and result.failure in again:
        shop.work.due.append(replace(request, id=request.id + "+"))


def sale(shop: Shop, entity: str = "Estimate", **line: Any) -> Write:
    """A new sale with a line of the item, and one of words alone."""
    first = {"Amount": Decimal("35.00"), "Quantity": Decimal("3.5"), "ItemRef": "Work", "Desc": "Digging", **line}
    lines = (Child("a", None, first), Child("b", None, {"Desc": "As agreed", "Rate": None}))
    return Write("intent-1", entity, "create", None, {"CustomerRef": {"ListID": shop.customer}}, child="Lines",
                 add=lines)  # fmt: skip


@pytest.mark.parametrize("entity", SALES)
@pytest.mark.reference
def test_a_sale_goes_in_with_its_lines_in_the_schemas_order(
    shop: Shop, entity: str, qbxml_schema: etree.XMLSchema
) -> None:
    before = len(shop.company.ids(entity))
    write = sale(shop, entity)
    report = shop.visit(write)
    for text in report.requests:
        qbxml_schema.assertValid(etree.fromstring(text.encode()))
    written = shop.written(write)
    assert len(shop.company.ids(entity)) == before + 1
    lines = shop.shown(entity, written.key)["Lines"]
    assert [line.get("Desc") for line in lines] == ["Digging", "As agreed"]
    assert [(child.ref, child.key) for child in written.children] == [
        ("a", lines[0]["TxnLineID"]), ("b", lines[1]["TxnLineID"])
    ]  # fmt: skip


@pytest.mark.parametrize("at", range(4, 12))
@pytest.mark.parametrize("how", ["cut_before", "cut_after"])
def test_a_visit_that_breaks_off_at_any_call_makes_one_estimate(shop: Shop, at: int, how: str) -> None:
    write = sale(shop)
    shop.work.when_given = lambda request, result: decide_again(shop, request, result)
    getattr(shop.faults, how)(at)
    shop.visit(write)
    for _ in range(3):
        shop.clock.move(minutes=10)
        shop.visit()
    assert len(shop.company.ids("Estimate")) == 1


def test_an_estimate_whose_answer_cannot_be_had_is_left_to_a_person(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = sale(shop)
    shop.faults.cut_before("receiveResponseXML")
    shop.visit(write)
    for ident in shop.company.message_sets.stored():
        shop.company.message_sets.forget(ident)
    monkeypatch.setattr(recovery, "UNKNOWN", recovery.CHECKSUM)
    shop.clock.move(minutes=10)
    shop.visit()
    failed = shop.failed(write)
    assert (failed.failure, len(shop.company.ids("Estimate"))) == (Failure.REFUSED, 1)
    assert "Look for it there" in failed.message


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (Write("w", "Estimate", "create", None, {"CustomerRef": "Smith"}), "needs at least one line"),
        (Write("w", "Estimate", "children", "1-1", child="Lines", add=(Child("c"),)), "go in when it is made"),
        (Write("w", "Estimate", "create", None, {"CustomerRef": "Smith"}, child="Lines",
               add=(Child("c", None, {"Rate": Decimal(1), "RatePercent": Decimal(1)}),)), "Rate and RatePercent"),
    ],
)  # fmt: skip
def test_what_quickbooks_would_not_take_is_said_before_it_is_sent(shop: Shop, write: Write, words: str) -> None:
    report = shop.visit(write)
    assert not shop.mods(report)
    assert words in shop.failed(write).message
