"""The built-in presets do what their pages say, between both simulated systems."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.scenarios.served import Served, running

PRESETS = Path(__file__).parents[2] / "mappings" / "presets"


def person(served: Served) -> dict[str, Any]:
    (found,) = served.account.records("person")
    return found


def customer(served: Served, key: str) -> dict[str, Any]:
    (found,) = [one for one in served.company.records("Customer") if one["ListID"] == key]
    return found


def test_contacts_go_both_ways_and_only_the_field_that_was_changed(tmp_path: Path) -> None:
    with running(tmp_path / "work", customers=0, mappings=PRESETS / "contacts") as served:
        key = served.company.add_customer(
            "Acme", Contact="Ann Lee", Email="ann@acme.example, office@acme.example", Phone="555-0100"
        )
        assert served.visit().ok
        served.settle()
        made = person(served)
        assert (made["name"], [one["value"] for one in made["phones"]]) == ("Ann Lee", ["555-0100"])
        assert [one["value"] for one in made["emails"]] == ["ann@acme.example", "office@acme.example"]

        served.account.edit("person", made["id"], phones=[{"value": "555-0199", "primary": True, "label": "work"}])
        served.until(lambda one: one.visit().ok and customer(one, key)["Phone"] == "555-0199")
        served.settle()
        told = customer(served, key)
        assert (told["Phone"], told["Email"]) == ("555-0199", "ann@acme.example, office@acme.example")

        served.company.edit("Customer", key, Contact="Ann Chen")
        assert served.visit().ok
        served.settle()
        assert served.visit().ok
        served.settle()
        assert (person(served)["name"], person(served)["phones"][0]["value"]) == ("Ann Chen", "555-0199")

        quiet = customer(served, key)["EditSequence"], person(served)["update_time"]
        assert served.visit().ok
        served.settle()
        assert (customer(served, key)["EditSequence"], person(served)["update_time"]) == quiet, (
            "nothing goes in circles"
        )


def test_the_invoices_of_a_purchase_order_are_one_deal_that_is_won_when_all_are_paid(tmp_path: Path) -> None:
    with running(tmp_path / "work", customers=0, mappings=PRESETS / "wholesale") as served:
        company = served.company
        company.add_customer("Acme")
        invoices = [
            company.add_invoice("Acme", [{"ItemRef": "Installation", "Rate": Decimal(price)}], PONumber="A-17")
            for price in (60, 40)
        ]
        company.receive_payment("Acme", {invoices[0]: Decimal(60)})
        assert served.visit().ok
        served.settle()
        (deal,) = served.account.records("deal")
        assert (deal["title"], deal["value"], deal["status"]) == ("PO A-17", Decimal(100), "open")
        company.receive_payment("Acme", {invoices[1]: Decimal(40)})
        assert served.visit().ok
        served.settle()
        assert served.account.record("deal", deal["id"])["status"] == "won"


def test_a_user_may_look_after_several_regions(tmp_path: Path) -> None:
    shared = tmp_path / "set"
    shared.mkdir()
    settings = "{type: table, help: Regions., default: {West: jane@example.com, North: jane@example.com}}"
    (shared / "preset.yaml").write_text(
        f"preset: ours\nextends: preset:wholesale\nsettings:\n  region_owners: {settings}\n"
    )
    with running(tmp_path / "work", customers=0, mappings=shared) as served:
        jane = served.account.add_user("Jane", "jane@example.com")
        for region in ("West", "North"):
            served.company.add("CustomerType", Name=region)
            served.company.add_customer(f"{region} Shop", CustomerTypeRef=region)
        assert served.visit().ok
        served.settle()
        assert served.visit().ok
        served.settle()
        owners = {one["name"]: one["owner_id"] for one in served.account.records("organization")}
        assert owners == {"West Shop": jane["id"], "North Shop": jane["id"]}
