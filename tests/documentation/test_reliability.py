"""docs/reliability.md names tests that exist, at least one for each claim, and combinations that the matrix has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.faults.points import Combination, combinations
from tests.faults.table import LAYOUTS

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "reliability.md").read_text()
CLAIMS, MATRIX = (
    part.split("\n## ")[0] for part in (TEXT.split("| claim | tests |")[1], TEXT.split("## The matrix")[1])
)
ROWS = [line.strip("|").split("|") for line in CLAIMS.splitlines() if line.startswith("| ")]


def test_there_are_claims() -> None:
    assert len(ROWS) > 12


@pytest.mark.parametrize(("claim", "tests"), ROWS, ids=[row[0].strip() for row in ROWS])
def test_every_test_that_is_named_for_a_claim_exists(claim: str, tests: str) -> None:
    named = set(re.findall(r"`(test_\w+)`", tests))
    assert named, f"nothing could break: {claim}"
    sources = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    missing = {name for name in named if f"def {name}(" not in sources}
    assert not missing, f"{missing} are named for: {claim}"


def test_the_matrix_has_every_row_that_there_is_and_nothing_was_lost_or_doubled() -> None:
    rows = [line.strip("| ").split(" | ") for line in MATRIX.splitlines() if re.search(r"\| (\d+, .*|–) \|$", line)]
    known = {layout: set(combinations(layout)) for layout in LAYOUTS}
    assert {Combination(row[0], row[1]) for row in rows} == {one for of in known.values() for one in of}
    for row in rows:
        for layout, cell in zip(LAYOUTS, row[2:], strict=True):
            can_happen = Combination(row[0], row[1]) in known[layout]
            assert re.fullmatch(r"[1-9]\d*, 0, 0", cell) if can_happen else cell == "–", row
