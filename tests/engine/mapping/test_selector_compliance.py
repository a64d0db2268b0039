"""The closures answer the JMESPath project's own compliance cases as the specification does."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.mapping.functions import equal
from engine.mapping.selector import BadExpression, parse, selector
from engine.mapping.values import Unfit

SUITE = Path(__file__).parents[3] / ".." / "shared" / "reference" / "jmespath" / "compliance"


def cases() -> list[Any]:
    found = []
    for file in sorted(SUITE.glob("*.json")):
        groups = json.loads(file.read_text("utf-8"), parse_float=Decimal)
        for number, group in enumerate(groups):
            for case in group["cases"]:
                if "bench" not in case:
                    name = f"{file.stem}-{number}-{case['expression']}"
                    found.append(pytest.param(group["given"], case, id=name))
    return found


def alike(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, Decimal) or isinstance(other, Decimal):
        return Decimal(str(one)) == Decimal(str(other))
    return equal(one, other)


@pytest.mark.reference
@pytest.mark.skipif(not SUITE.is_dir(), reason="the reference data (../shared/reference/jmespath) is not here")
@pytest.mark.parametrize(("given", "case"), cases())
def test_a_compliance_case_is_answered_as_specified(given: Any, case: dict[str, Any]) -> None:
    if "error" in case:
        with pytest.raises((BadExpression, Unfit, ValueError)):
            selector(case["expression"]).search(given)
        return
    assert alike(selector(case["expression"]).search(given), case["result"])


@pytest.mark.reference
@pytest.mark.skipif(not SUITE.is_dir(), reason="the reference data (../shared/reference/jmespath) is not here")
def test_the_suite_is_the_whole_suite() -> None:
    assert len(cases()) > 850


@pytest.mark.parametrize("text", ["A[?B == 'x'].C.D", "join(', ', A[].B) || C", "{a: B, c: [D, E.F]}", "A[0].B | C"])
def test_every_name_of_an_expression_knows_its_place(text: str) -> None:
    def names(node: dict[str, Any]) -> list[tuple[str, int]]:
        own = [(node["value"], node["at"])] if node["type"] == "field" else []
        return own + [found for child in node["children"] if isinstance(child, dict) for found in names(child)]

    found = names(parse(text))
    assert found and all(text[at:].startswith(name) for name, at in found)
