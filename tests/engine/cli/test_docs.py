"""`engine docs` says what a set does, in words."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.cli.main import main


def docs(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["docs", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize(
    "said",
    [
        "From Customer (QuickBooks) to organization (Pipedrive).",
        "1. `Emails` is its `Email`, or `persons.email` (compared as e-mail:",
        "| `name` | `CompanyName, else FullName` |  | follows; the source counts |",
        "| `Active` | `IsActive` | yes becomes Active, no becomes Inactive | follows; the source counts |",
        "- When the record is deleted: `Active` becomes Deleted, a note says `Deleted in QuickBooks on {{ today }}`.",
        "| `stage` | the setting `stage` |  | written once |",
        "- Only where `TxnType is 'Invoice'`.",
        "- Goes only to what is linked already; nothing is made.",
        "| `value` | `Total` (Subtotal + SalesTaxTotal) | the sum of several records | follows; the source counts |",
    ],
)
def test_the_page_of_the_built_in_set_says(said: str) -> None:
    assert said in docs("preset:default")


def test_every_rule_of_the_set_has_its_row() -> None:
    text = docs("preset:wholesale")
    assert text.count("\n## ") == 10 and "| `Purchase order` | `PONumber` |" in text


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_html_is_one_whole_file_that_needs_nothing_else(tmp_path: Path) -> None:
    assert docs("preset:default", "--html", "-o", str(tmp_path / "page.html")).startswith("Written ")
    text = (tmp_path / "page.html").read_text("utf-8")
    tags = Tags()
    tags.feed(text)
    assert tags.open == [] and {"table", "ol", "h1", "code"} <= tags.seen
    assert not tags.seen & {"script", "link", "img"} and "http" not in text
    assert "&lt;p&gt;Reversed in QuickBooks" in text


def test_a_system_and_an_entity_have_pages_too() -> None:
    assert "| `Estimate` |" in docs("quickbooks_desktop")
    assert "| `TotalAmount` | number |" in docs("quickbooks_desktop.Estimate")


def test_an_unknown_entity_names_the_nearest() -> None:
    result = CliRunner().invoke(main, ["docs", "pipedrive.deals"])
    assert result.exit_code == 1 and "Did you mean 'deal'?" in result.output
