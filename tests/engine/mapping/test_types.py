"""Types are inferred through selections and transforms, and what cannot fit is found before any data is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.mapping.compiler import validate_set
from engine.specs.diagnostics import InvalidMappingSet
from engine.specs.presets import load_set
from tests.engine.specs.catalogues import CATALOGUES, folder

PRESET = "settings:\n  word: {type: text, help: x}\n  count: {type: number, help: x}\n"


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("website: {from: Balance, round: 1}", "E231"),
        ("website: {from: Emails, transform: [first, number]}", "E231"),
        ("staff: {from: Email, transform: [lower, number]}", None),
        ("staff: {from: '[Balance, Balance]', sum: true}", None),
        ("staff: {from: '[Balance, Email]', transform: [first]}", None),  # not known before there is data
        ("staff: {from: Emails, sum: true}", "E236"),
        ("staff: {from: Email, percent: 10}", "E236"),
        ("founded: {from: TimeModified, date: true}", None),
        ("founded: {from: Since, add_days: 30}", None),
        ("founded: {from: Since, upper: true}", "E231"),
        ("labels: {from: Email, split: ','}", None),
        ("labels: {from: Emails, map: upper}", None),
        ("labels: {from: Emails, map: number}", "E231"),
        ("labels: {from: '[Balance]', map: upper}", "E237"),
        ("website: {from: Emails, map: first}", "E237"),
        ("vip: {from: Email, boolean: true}", None),
        ("rank: {from: IsActive, choose: {true: high, false: middle}}", "E232"),
        ("rank: {from: JobStatus, choose: {Awarded: high}}", "E238"),
        ("website: {from: Email, regex: '('}", "E237"),
        ("website: {from: Email, regex: '(a+)+'}", "E237"),
        ("website: {from: Email, truncate: {setting: word}}", "E243"),
        ("website: {from: Email, truncate: {setting: count}}", None),
        ("website: {from: Email, lookup: {setting: count}}", "E243"),
        ("website: Email[::0]", "E221"),
    ],
)
def test_a_rules_type_is_followed_to_its_target(rule: str, code: str | None, tmp_path: Path) -> None:
    assert found(tmp_path, f"  name: FullName\n  {rule}\n") == ([code] if code else [])


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("{from: FullName, pad: 61}", "E233"),
        ("{from: FullName, pad: 60}", None),
        ("{from: FullName, transform: [{pad: 61}, {truncate: 60}]}", None),
        ('{template: "%s{{ FullName }}"}' % ("x" * 61), "E233"),
        ('{template: "%s{{ FullName }}"}' % ("x" * 60), None),
    ],
)  # fmt: skip
def test_text_that_is_too_long_by_construction_is_found(rule: str, code: str | None, tmp_path: Path) -> None:
    assert found(tmp_path, f"  name: {rule}\n") == ([code] if code else [])


def found(path: Path, fields: str) -> list[str]:
    text = f"mapping: customers\nfrom: books.Customer\nto: crm.organization\nfields:\n{fields}"
    try:
        all_found = validate_set(load_set(folder(path, preset=PRESET, customers=text)), CATALOGUES)
    except InvalidMappingSet as refused:
        all_found = list(refused.diagnostics)
    return [one.code for one in all_found if one.severity == "error"]
