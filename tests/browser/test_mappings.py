"""The mappings in words, and the playground: a mistake is found, a record is tried, and nothing live notices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.watched import Watched
from tests.scenarios.served import Served, running

OWN = 'preset: own\nversion: "1"\nsummary: Our own.\nextends: preset:default\n'
TESTS = """
mapping: customer_types
tests:
  - name: A type keeps its name.
    record: {ListID: T1, Name: Builder, FullName: Builder, IsActive: true}
    expect: {fields: {label: Builder}}
"""


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server over a folder of mappings that may be edited."""
    folder: Path = tmp_path_factory.mktemp("dashboard")
    own = folder / "mappings"
    (own / "tests").mkdir(parents=True)
    (own / "preset.yaml").write_text(OWN)
    (own / "tests" / "customer_types.yaml").write_text(TESTS)
    with running(folder, customers=3, mappings=own) as served:
        served.visit()
        served.settle()
        yield served


@pytest.fixture
def playground(visitor: Watched) -> Page:
    return visitor.open("/mappings/acme/customers/playground")


def change(page: Page, old: str, new: str) -> None:
    """Edit the mapping as a person would."""
    text = page.get_by_label("The mapping")
    before = text.input_value()
    assert old in before
    text.fill(before.replace(old, new))


@pytest.mark.parametrize("path", ["/mappings", "/mappings/acme/invoices", "/mappings/acme/invoices/playground"])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_pages_can_be_used_by_anybody(visitor: Watched, path: str, colours: str) -> None:
    if colours == "dark":
        visitor.dark()
    visitor.open(path)
    visitor.phone()
    visitor.open(path)


def test_a_mapping_is_read_in_words_with_its_counts(visitor: Watched, dashboard: Served) -> None:
    page = visitor.open("/mappings")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="customers", exact=True))
    expect(row).to_contain_text("QuickBooks Customer")
    created = dashboard.status()["mappings"]["customers"]["outcomes"]["created"]
    expect(row.get_by_role("cell").nth(2)).to_have_text(str(created))
    page.get_by_role("link", name="customers", exact=True).click()
    expect(page.get_by_role("heading", name="customers", level=1)).to_be_visible()
    expect(page.get_by_text("What is not found is made.")).to_be_visible()


def test_a_mistake_is_found_with_its_place_and_what_was_meant(playground: Page, visitor: Watched) -> None:
    change(playground, "TotalBalance", "TotalBallance")
    playground.get_by_role("button", name="Try it").click()
    finding = playground.get_by_role("alert")
    expect(finding).to_contain_text("E203")
    expect(finding).to_contain_text("Did you mean 'TotalBalance'?")
    expect(playground.get_by_label("The mapping")).to_have_value(playground.get_by_label("The mapping").input_value())
    assert "TotalBallance" in playground.get_by_label("The mapping").input_value()
    visitor.check()


def test_a_held_record_shows_what_the_edit_makes_of_it(playground: Page, visitor: Watched, dashboard: Served) -> None:
    writes = len(dashboard.account.ledger.writes)
    change(playground, "name: CompanyName || FullName\n", "name: {from: CompanyName || FullName, upper: true}\n")
    playground.get_by_role("button", name="Try it").click()
    row = playground.get_by_role("row").filter(has=playground.get_by_role("rowheader", name="name", exact=True))
    shown = row.get_by_role("cell").first.inner_text()
    assert shown.split(" text")[0].isupper()
    expect(row).to_contain_text("upper:")
    expect(row).to_contain_text("customers.yaml:")
    visitor.check()
    dashboard.settle()
    assert len(dashboard.account.ledger.writes) == writes


def test_a_record_can_be_written_out(playground: Page) -> None:
    playground.get_by_label("Or one written out").fill("ListID: C9\nFullName: The Mill\nEmail: a@mill.example")
    playground.get_by_role("button", name="Try it").click()
    expect(playground.get_by_role("heading", name="Customer C9 becomes organization")).to_be_visible()
    expect(playground.get_by_text("matches by")).not_to_have_count(0)
    expect(playground.get_by_label("Or one written out")).to_have_value(
        "ListID: C9\nFullName: The Mill\nEmail: a@mill.example"
    )


def test_the_tests_of_a_mapping_run_with_the_edit(visitor: Watched) -> None:
    page = visitor.open("/mappings/acme/customer_types/playground")
    page.get_by_role("button", name="Run its tests").click()
    expect(page.get_by_text("1 passed")).to_be_visible()
    change(page, "label: FullName", "label: {from: FullName, upper: true}")
    page.get_by_role("button", name="Run its tests").click()
    expect(page.get_by_text("1 of 1 failed")).to_be_visible()
    expect(page.get_by_text("BUILDER")).to_be_visible()
    visitor.check()


def test_an_edit_is_saved_as_ones_own_file_only_on_purpose(visit: Visit, dashboard: Served) -> None:
    visitor = visit(dashboard.server.url)
    page = visitor.open("/mappings/acme/payment_terms/playground")
    file = dashboard.folder / "mappings" / "payment_terms.yaml"
    change(page, "mapping: payment_terms", "# ours\nmapping: payment_terms")
    page.get_by_role("button", name="Try it").click()
    assert not file.exists()
    page.get_by_role("button", name="Save as a file").click()
    expect(page.get_by_role("status").filter(has_text="payment_terms.yaml is saved")).to_be_visible()
    assert "# ours" in file.read_text()
    visitor.check()
