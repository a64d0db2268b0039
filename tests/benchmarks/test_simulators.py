"""How quick the simulators answer, since a demo asks thousands of times: run by `make bench`, not with the tests."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
from pytest_benchmark.fixture import BenchmarkFixture

from connectors.pipedrive.simulator import Account, serve
from connectors.quickbooks_desktop.simulator.sample_company import sample_company

INVOICES = (
    '<?xml version="1.0"?><?qbxml version="13.0"?><QBXML><QBXMLMsgsRq onError="stopOnError">'
    '<InvoiceQueryRq iterator="Start"><MaxReturned>100</MaxReturned><IncludeLineItems>true</IncludeLineItems>'
    "</InvoiceQueryRq></QBXMLMsgsRq></QBXML>"
)


def test_a_page_of_a_hundred_invoices_of_twelve_hundred(benchmark: BenchmarkFixture) -> None:
    company = sample_company(customers=400, clock=lambda: datetime(2026, 7, 1, tzinfo=UTC))
    assert benchmark.pedantic(lambda: company.process(INVOICES), rounds=5).count("<InvoiceRet>") == 100


def test_a_page_of_five_hundred_organizations(benchmark: BenchmarkFixture) -> None:
    account = Account(plan="ultimate")
    account.limits.burst = None
    account.add_field("organization", "QuickBooks ID", "varchar")
    for number in range(500):
        account.add_organization(f"Org {number}", custom={"QuickBooks ID": f"80-{number}"})
    with (
        serve(account) as running,
        httpx.Client(base_url=running.url, headers={"x-api-token": account.token}) as client,
    ):
        answer = benchmark.pedantic(lambda: client.get("/api/v2/organizations?limit=500"), rounds=20)
    assert len(answer.json()["data"]) == 500
