"""Every mistake is found before any data is there: with its code, its line and column, and words that help."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.mapping.compiler import compile_set, validate_set
from engine.specs.codes import CODES
from engine.specs.diagnostics import Diagnostic, InvalidMappingSet, nearest
from engine.specs.linter import check_set
from engine.specs.presets import load_set
from engine.specs.source import Mark, Source
from tests.engine.specs.broken import BESIDE, BROKEN, GOOD, HEAD
from tests.engine.specs.catalogues import CATALOGUES, folder


def findings(path: Path) -> list[Diagnostic]:
    """Of the folder itself: the presets that some extend are of other systems."""
    return [one for one in check_set(path, CATALOGUES) if not one.file.startswith("preset:")]


@pytest.mark.parametrize(("code", "what", "text"), BROKEN, ids=[f"{code} {what}" for code, what, _ in BROKEN])
def test_a_mistake_is_found_at_its_place(code: str, what: str, text: str, tmp_path: Path) -> None:
    before = text[: text.index("‸")]
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    found = findings(folder(tmp_path, broken=text.replace("‸", ""), **BESIDE))
    assert [(one.code, one.line, one.column) for one in found if one.severity == "error"] == [(code, line, column)], [
        one.text() for one in found
    ]
    assert found[0].file == f"{tmp_path}/broken.yaml"
    assert found[0].message.endswith(".") and found[0].hint
    assert found[0].excerpt == text.replace("‸", "").splitlines()[line - 1]


def test_what_the_broken_ones_start_from_is_valid(tmp_path: Path) -> None:
    assert findings(folder(tmp_path, good=GOOD, **BESIDE)) == []


def test_every_kind_of_semantic_error_has_a_broken_mapping() -> None:
    elsewhere = {"E120", "E261", "E241", "E242", "E243", "E101", "E102", "E103", "E104", "E105", "E106", "E107", "E108"}
    elsewhere |= {"E131", "E132", "E266", "E267", "E268"}
    assert {code for code in CODES if code[0] == "E"} - {code for code, _, _ in BROKEN} == elsewhere


def test_a_finding_shows_the_line_a_caret_and_the_nearest_name(tmp_path: Path) -> None:
    (found,) = findings(folder(tmp_path, a=GOOD + "  website: Emial\n"))
    assert found.text().splitlines() == [
        f"E203 {tmp_path}/a.yaml:6:12 'Emial' is not a field of books.Customer. Did you mean 'Email'?",
        "  6 |   website: Emial",
        "    |            ^",
    ]


def test_a_finding_as_json_has_every_part(tmp_path: Path) -> None:
    (found,) = findings(folder(tmp_path, a=GOOD + "  website: Emial\n"))
    assert json.loads(json.dumps(found.json())).keys() == {
        "file", "line", "column", "code", "severity", "message", "hint"}  # fmt: skip


def test_a_mapping_with_many_mistakes_shows_them_all_in_order(tmp_path: Path) -> None:
    text = HEAD + "fields:\n  name: Nam\n  web: Emial\n  staff: Email\n"
    assert [one.code for one in findings(folder(tmp_path, a=text))] == ["E203", "E204", "E203", "E231"]


def test_mistakes_of_shape_and_of_names_in_one_file_show_all_at_once(tmp_path: Path) -> None:
    text = GOOD + "  staff: {from: Balance, uper: true}\n  website: Emial\nmatch:\n  - {source: Emial, target: name}\n"
    text += "conflicts: mine\nscoep: {}\n"
    assert [one.code for one in findings(folder(tmp_path, a=text))] == ["E110", "E203", "E203", "E113", "E110"]


def test_two_files_may_not_define_one_mapping(tmp_path: Path) -> None:
    (found,) = findings(folder(tmp_path, a=GOOD, b=GOOD))
    assert (found.code, found.line, found.column) == ("E120", 1, 10) and "a.yaml" in found.message


def test_mappings_that_wait_for_one_another_are_found(tmp_path: Path) -> None:
    text = "mapping: {0}\nfrom: books.Invoice\nto: crm.deal\nfields:\n  title: RefNumber\n"
    text += "  stage: {{from: CustomerRef.ListID, via: {1}, otherwise: wait}}\n"
    found = findings(folder(tmp_path, a=text.format("a", "b"), b=text.format("b", "a")))
    assert [(one.code, one.line) for one in found if one.code == "E261"] == [("E261", 6)]
    assert "a -> b -> a" in str(found) or "b -> a -> b" in str(found)


SETTINGS = """preset: mine
settings:
  site: {type: text, help: The web site.}
  day: {type: date, help: D, default: null}
"""


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "E242"),
        ({"site": 5}, "E241"),
        ({"site": "x", "day": "yesterday"}, "E241"),
        ({"site": "x", "sight": 1}, "E206"),
    ],
)
def test_settings_are_checked_when_a_set_is_bound(given: dict[str, object], code: str, tmp_path: Path) -> None:
    path = folder(tmp_path, preset=SETTINGS, a=GOOD + "  website: {setting: site}\n  founded: {setting: day}\n")
    made = load_set(path)
    assert validate_set(made, CATALOGUES) == []
    with pytest.raises(InvalidMappingSet) as refused:
        compile_set(made, CATALOGUES, given)
    assert [one.code for one in refused.value.diagnostics] == [code]


def test_a_settings_value_that_its_field_never_takes_is_found_where_it_stands(tmp_path: Path) -> None:
    settings = "settings:\n  rank: {type: text, default: high, help: R}\n"
    path = folder(tmp_path, preset=settings, a=GOOD + "  rank: {setting: rank}\n")
    assert check_set(path, CATALOGUES, {}) == []
    mark = Mark(Source.of("engine.yaml", "rank: highest"), 1, 7)
    (found,) = check_set(path, CATALOGUES, {"rank": "highest"}, {"rank": mark, "": mark})
    assert (found.code, found.file, found.column, found.hint) == ("E232", "engine.yaml", 7, "Did you mean 'high'?")
    with pytest.raises(InvalidMappingSet, match="E232"):
        compile_set(load_set(path), CATALOGUES, {"rank": "highest"})


def test_a_default_of_another_type_than_declared_is_found(tmp_path: Path) -> None:
    path = folder(
        tmp_path, preset="settings:\n  n: {type: number, help: N, default: x}\n", a=GOOD + "  staff: {setting: n}\n"
    )
    assert [(one.code, one.line) for one in findings(path)] == [("E243", 2)]


def test_a_setting_that_nothing_uses_is_a_warning_only(tmp_path: Path) -> None:
    path = folder(tmp_path, preset="settings:\n  n: {type: number, help: N, default: 1}\n", a=GOOD)
    assert [(one.code, one.severity) for one in findings(path)] == [("W301", "warning")]
    assert compile_set(load_set(path), CATALOGUES, {}).warnings[0].code == "W301"


def test_a_mistake_in_a_template_file_points_into_that_file(tmp_path: Path) -> None:
    path = folder(tmp_path, a=GOOD + "  website: {template: site.html}\n", site_html="<p>\n  {{ Emial }}</p>\n")
    (found,) = findings(path)
    assert (found.code, found.file, found.line, found.column) == ("E210", f"{tmp_path}/site.html", 2, 6)


def test_in_a_chain_of_extends_each_mistake_is_named_in_the_file_that_makes_it(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    head = "mapping: customers\nextends: {0}/customers\n"
    folder(tmp_path / "a", customers=GOOD + "  website: Emial\n")
    folder(tmp_path / "b", customers=head.format(tmp_path / "a") + "fields:\n  staff: Ballance\n")
    folder(tmp_path / "c", customers=head.format(tmp_path / "b") + "fields:\n  adress: BillAddress\n")
    found = [
        (one.code, one.file.removeprefix(f"{tmp_path}/"), one.line, one.column) for one in findings(tmp_path / "c")
    ]
    assert found == [
        ("E203", "a/customers.yaml", 6, 12),
        ("E203", "b/customers.yaml", 4, 10),
        ("E204", "c/customers.yaml", 4, 3),
    ]


def test_files_that_extend_one_another_in_a_circle_are_refused(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / name).mkdir()
        folder(tmp_path / name, customers=f"mapping: customers\nextends: {tmp_path / other}/customers\n")
    assert {(one.code, one.line) for one in findings(tmp_path / "a")} == {("E118", 2)}


@pytest.mark.parametrize(
    ("rule", "hint"),
    [
        ("USD", "Did you mean {value: USD}?"),
        ("Invoices / Sent", "Did you mean {value: Invoices / Sent}?"),
        ("true", "Did you mean {value: true}?"),
        ("5", "Did you mean {value: 5}?"),
        ("Emial", "Did you mean 'Email'?"),
    ],
)
def test_a_bare_word_where_a_value_was_meant_is_recognised(rule: str, hint: str, tmp_path: Path) -> None:
    (found,) = findings(folder(tmp_path, a=f"{GOOD}  website: {rule}\n"))
    assert (found.line, found.hint) == (6, hint)


def test_the_nearest_name_is_offered_only_where_one_is_near() -> None:
    assert nearest("ballance", ["Balance", "Email"]) == "Did you mean 'Balance'?"
    assert nearest("xyz", ["Balance", "Email"]) == ""
