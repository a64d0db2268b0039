"""`engine explain` over a store that a sync has filled."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.engine.cli.conftest import Installation
from tests.scenarios.two_way import BEGIN, nothing_yet


@pytest.fixture
def filled(installed: Installation) -> Installation:
    """A customer with an invoice, in step."""
    world = nothing_yet(installed.folder, str(installed.folder / "mappings"))
    at = BEGIN - timedelta(days=30)
    world.company.add_item("ItemService", "Work", price=Decimal("85.00"), at=at)
    key = world.company.add_customer("Acme", CompanyName="Acme", CurrencyRef="US Dollar", at=at)
    world.company.add_invoice(key, [{"ItemRef": "Work", "Quantity": Decimal(2)}], RefNumber="0071", at=at)
    world.settle()
    world.close()
    return installed


def test_the_way_of_an_invoice_is_told_with_each_rule(filled: Installation) -> None:
    result = filled.run("explain", "0071")
    assert result.exit_code == 0, result.output
    assert "quickbooks_desktop.Invoice" in result.output and "is pipedrive.deal 1 'Invoice 0071'" in result.output
    assert "custom.Paid: nothing -> Open" in result.output
    assert "invoices.yaml:" in result.output


def test_one_field_is_told_alone_and_for_programs(filled: Installation) -> None:
    data = json.loads(filled.run("explain", "0071", "custom.Paid", "--json").output)
    (mapping,) = [one for one in data["records"][0]["mappings"] if one["mapping"] == "invoices"]
    assert [(one["field"], one["sent"]) for one in mapping["fields"]] == [("custom.Paid", "Open")]
    assert len(mapping["entries"]) == 1


def test_what_is_not_held_says_why_that_may_be(filled: Installation) -> None:
    result = filled.run("explain", "0072")
    assert result.exit_code == 1
    assert "It was never read" in result.output


def test_parked_records_are_listed_and_decided_by_commands(filled: Installation) -> None:
    assert filled.run("parked", "list").output == "Nothing is parked.\n"
    assert filled.run("parked", "retry", "--all").output == "0 records: done.\n"
    assert filled.run("parked", "list", "--ignored").output == "Nothing is ignored.\n"
    assert filled.run("parked", "ignore", "--all").output == "0 records: done.\n"
    assert filled.run("parked", "unignore", "80000001").exit_code == 1
    result = filled.run("parked", "link", "80000001", "17")
    assert result.exit_code == 1 and "`engine parked list` shows what is." in result.output
    assert filled.run("parked", "skip").exit_code == 1
