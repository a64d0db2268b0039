"""Organizations become QuickBooks customers, and deals estimates with lines, by a folder of YAML alone."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.served import Served, running

MAPPINGS = Path(__file__).parent / "back_to_the_books"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two organizations, one of them a customer already, with a deal each; then visits until all is done."""
    with running(tmp_path_factory.mktemp("back") / "work", customers=1, mappings=MAPPINGS) as one:
        known = one.company.records("Customer")[0]["FullName"]
        for name, value in (("Harbour Café", "1250.50"), (known, "80")):
            organization = one.account.add_organization(name)["id"]
            one.account.add_deal(f"Pump for {name}", org_id=organization, value=Decimal(value), currency="USD")
        in_step(one)
        yield one


def in_step(served: Served) -> None:
    """Visits, as the Web Connector makes them, until nothing is left for one."""
    for _ in range(8):
        served.until(lambda one: one.account.ledger.entries)
        assert served.visit().ok
        served.settle()
        if served.status()["busy"] == 0:
            return
    raise AssertionError(f"it never ends: {served.status()}")


def estimates(served: Served) -> dict[str, dict[str, Any]]:
    return {one["Memo"]: one for one in served.company.records("Estimate")}


def test_an_organization_becomes_a_customer_and_a_known_one_is_linked(served: Served) -> None:
    names = [one["Name"] for one in served.company.records("Customer")]
    assert names.count("Harbour Café") == 1
    assert sorted(names) == ["Delta Studios 1", "Harbour Café", "Warehouse"]  # the last is a job of the first


def test_a_deal_becomes_an_estimate_with_its_line(served: Served) -> None:
    made = estimates(served)
    assert len(made) == 2
    estimate = made["Pump for Harbour Café"]
    assert estimate["CustomerRef"]["FullName"] == "Harbour Café"
    (line,) = estimate["Lines"]
    assert (line["ItemRef"]["FullName"], line["Desc"]) == ("Installation", "As agreed")
    assert (line["Quantity"], line["Rate"], line["Amount"]) == (Decimal(1), Decimal("1250.50"), Decimal("1250.50"))


def test_a_change_in_pipedrive_changes_the_customer_and_the_estimate_and_makes_no_other(served: Served) -> None:
    (organization,) = served.account.records("organization", name="Harbour Café")
    served.account.edit("organization", organization["id"], name="Harbour Café & Bar")
    (deal,) = served.account.records("deal", title="Pump for Harbour Café")
    served.account.edit("deal", deal["id"], title="Two pumps")
    served.until(lambda one: one.status()["busy"] > 0)
    in_step(served)
    assert sorted(estimates(served))[-1] == "Two pumps" and len(estimates(served)) == 2
    assert "Harbour Café & Bar" in [one["Name"] for one in served.company.records("Customer")]
    assert served.status()["mappings"]["estimates"]["parked"] == {}
