"""docs/reliability.md names tests that exist, at least one for each claim, and combinations that the matrix has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.faults.points import Combination, combinations

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


def test_the_matrix_has_no_row_that_nothing_plays_and_nothing_lost_or_doubled() -> None:
    rows = [
        line.strip("| ").split(" | ") for line in MATRIX.splitlines() if re.match(r"\| \w+ .* \| .* \| \d|cannot", line)
    ]
    known = {one for database in ("sqlite", "postgresql") for one in combinations(database)}  # type: ignore[arg-type]
    assert {Combination(row[0], row[1]) for row in rows} <= known
    for row in rows:
        for cell in row[2:]:
            assert cell == "cannot happen" or re.fullmatch(r"\d+, 0, 0", cell), row
