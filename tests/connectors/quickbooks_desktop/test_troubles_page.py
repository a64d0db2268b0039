"""The tables of docs/quickbooks.md: complete, and as fresh as what they are made of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connectors.quickbooks_desktop.simulator.soap_client import NUMBERS
from connectors.quickbooks_desktop.status import CODES, HRESULTS
from connectors.quickbooks_desktop.troubles import AFTERWARDS, MARK, render, replaced
from engine.protocol import Failure

PAGE = Path(__file__).resolve().parents[3] / "docs" / "quickbooks.md"
TOLD = {
    1000, 1001, 1002, 1003, 1004, 1007, 1008, 1009, 1010, 1012, 1013, 1014, 1022, 1023, 1024, 1026, 1030, 1036, 1037,
    1039, 1040, 1041, 1042, 1043, 1044, 1045, 1046, 1048, 1051, 1085,
}  # fmt: skip
"""What users quote. [facts 1.6]"""


def test_the_page_of_quickbooks_is_up_to_date() -> None:
    page = PAGE.read_text("utf-8")
    assert replaced(page) == page, "`make docs` writes it"


def test_a_stale_page_is_noticed_and_a_page_without_the_mark_is_left_alone() -> None:
    assert replaced(f"# A page\n\n{MARK}\nold") == f"# A page\n\n{render()}\n"
    with pytest.raises(ValueError, match="no line"):
        replaced("# A page")


def test_every_code_that_a_person_may_see_has_a_row_with_what_to_do() -> None:
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", render(), re.M)
    named = {name.strip() for first, _, _ in rows for name in first.split(",")}
    assert {f"0x{code:08X}" for code in HRESULTS} | {str(code) for code in CODES} <= named
    assert {str(number) for number in TOLD | set(NUMBERS.values())} <= {name.removeprefix("QBWC") for name in named}
    assert all(meaning.strip() and action.strip() for _, meaning, action in rows)


def test_every_failure_has_its_words() -> None:
    assert set(AFTERWARDS) == set(Failure)
