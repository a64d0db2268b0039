"""Whatever is broken in the built-in set is found: one code, at its very line and column, before any data is there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import mappings
from engine.registry import Registry
from engine.specs.codes import CODES
from engine.specs.linter import check_set
from tests.engine.specs.broken import BROKEN
from tests.engine.specs.broken_set import BROKEN_SET, PLACES

BUILT_IN = Path(mappings.__path__[0])
CATALOGUES = Registry.load().catalogues
ELSEWHERE = {"E109", "E118", "E120", "E131", "E132", "E241", "E242", "E267", "E268"}
"""Codes of more than one file, of engine.yaml, or of an account: test_codes and test_findings have them."""


def place(text: str, at: int) -> tuple[int, int]:
    before = text[:at]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


@pytest.mark.parametrize(
    ("code", "file", "old", "new"), BROKEN_SET, ids=[f"{code} {file} {new[:40]}" for code, file, _, new in BROKEN_SET]
)
def test_a_broken_built_in_mapping_is_found_at_its_place(
    code: str, file: str, old: str, new: str, tmp_path: Path
) -> None:
    for one in (*BUILT_IN.glob("*.yaml"), *BUILT_IN.glob("*.html")):
        shutil.copy(one, tmp_path)
    path = tmp_path / f"{file}.yaml"
    good = path.read_text("utf-8")
    assert old in good, "the built-in set has changed: change the case with it"
    marked = good.replace(old, new, 1)
    broken = marked.replace("‸", "")
    path.write_text(broken, "utf-8")
    where, (line, column) = path.name, (0, 0)
    if "‸" in marked:
        line, column = place(marked, marked.index("‸"))
    else:
        other, at = PLACES[(code, file, old)]
        where = other if "." in other else f"{other}.yaml"
        text = (tmp_path / where).read_text("utf-8")
        line, column = place(text, text.index(at)) if at else (0, 0)
    found = check_set(tmp_path, CATALOGUES)
    assert [(one.code, Path(one.file).name, one.line, one.column) for one in found] == [(code, where, line, column)], [
        one.text() for one in found
    ]
    assert found[0].hint, found[0].text()


def test_the_corpus_is_large_and_every_code_is_in_it() -> None:
    assert len(BROKEN_SET) >= 130 and len(BROKEN_SET) + len(BROKEN) >= 240
    assert CODES.keys() - {code for code, *_ in BROKEN_SET} == ELSEWHERE
