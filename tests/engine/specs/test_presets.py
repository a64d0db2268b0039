"""Sets extend presets: field by field, mapping by mapping."""

from __future__ import annotations

from pathlib import Path

from engine.specs.presets import load_set, presets, read_set
from tests.engine.specs.catalogues import folder

EXTENDS = "mapping: customers\nextends: preset:default/customers\n"


def rules(path: Path) -> dict[str, object]:
    mapping = load_set(path).mapping("customers")
    assert mapping is not None
    return {rule.path: rule for rule in mapping.rules}


def test_single_fields_are_overridden_added_and_removed(tmp_path: Path) -> None:
    base = load_set("preset:default").mapping("customers")
    assert base is not None
    made = rules(folder(tmp_path, customers=EXTENDS + "fields: {address: null, name: FullName}\ncustom: {Fax: Fax}\n"))
    assert made.keys() == ({rule.path for rule in base.rules} | {"custom.Fax"}) - {"address"}
    assert made["name"].select.text == "FullName" and made["name"].mark.source.file == f"{tmp_path}/customers.yaml"  # type: ignore[attr-defined]
    assert made["custom.Email"].mark.source.file == "preset:default/customers.yaml"  # type: ignore[attr-defined]


def test_whole_parts_are_removed_by_null(tmp_path: Path) -> None:
    made = load_set(folder(tmp_path, customers=EXTENDS + "same_as: null\nwhen_deleted: {note: null}\n")).mapping(
        "customers"
    )
    base = load_set("preset:default").mapping("customers")
    assert made is not None and base is not None
    assert (
        made.same_as is None and made.gone[0].note is None and made.gone[0].rules[0].name == base.gone[0].rules[0].name
    )


def test_a_childs_field_is_overridden_without_repeating_the_list(tmp_path: Path) -> None:
    text = "mapping: invoices\nextends: preset:default/invoices\nchildren: {products: {fields: {comments: null}}}\n"
    mapping = load_set(folder(tmp_path, invoices=text)).mapping("invoices")
    assert mapping is not None
    assert [rule.path for rule in mapping.children[0].rules] == ["product_id", "quantity", "item_price"]


def test_settings_and_templates_come_along_with_a_mapping(tmp_path: Path) -> None:
    made = load_set(folder(tmp_path, payments="mapping: payments\nextends: preset:default/payments\n"))
    assert "first_invoice_date" in made.settings and "payment_note.html" in made.templates


def test_a_folder_that_extends_a_preset_has_all_its_mappings_but_those_without(tmp_path: Path) -> None:
    preset = "preset: mine\nextends: preset:default\nwithout: [payments, sales_reps]\n"
    made = load_set(folder(tmp_path, preset=preset, customers=EXTENDS + "conflicts: park\n"))
    base = {one.name for one in load_set("preset:default").mappings}
    assert {one.name for one in made.mappings} == base - {"payments", "sales_reps"}
    mapping = made.mapping("customers")
    assert mapping is not None and mapping.conflicts == "park"


def test_a_template_beside_the_mappings_takes_the_presets_place(tmp_path: Path) -> None:
    preset = "preset: mine\nextends: preset:default\n"
    made = load_set(folder(tmp_path, preset=preset, payment_note_html="mine"))
    assert made.templates["payment_note.html"].text == "mine"


def test_a_folder_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    made, found = read_set(tmp_path / "nowhere")
    assert made.mappings == () and [one.code for one in found] == ["E109"]


def test_without_what_is_not_there_is_a_finding(tmp_path: Path) -> None:
    _, found = read_set(folder(tmp_path, preset="extends: preset:default\nwithout: [paymens]\n"))
    assert [(one.code, one.line, one.column) for one in found] == [("E119", 2, 11)]


def test_every_preset_that_can_be_named_loads() -> None:
    assert presets() == ["preset:default", "preset:contacts", "preset:wholesale"]
    assert all(load_set(name).mappings for name in presets())


def test_merging_replaces_a_rule_as_a_whole(tmp_path: Path) -> None:
    made = rules(folder(tmp_path, customers=EXTENDS + "fields: {owner_id: {setting: stage}}\n"))
    assert made["owner_id"].via is None  # type: ignore[attr-defined]


def test_a_set_that_is_made_for_another_version_of_the_engine_is_a_finding(tmp_path: Path) -> None:
    _, found = read_set(folder(tmp_path, preset="preset: mine\nextends: preset:default\nengine: '>=99'\n"))
    assert [(one.code, one.line, one.column) for one in found] == [("E109", 3, 9)]


def test_a_preset_is_taken_from_another_folder_where_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "newer").mkdir()
    (tmp_path / "mine").mkdir()
    newer = folder(tmp_path / "newer", preset="preset: default\n", customers=EXTENDS + "conflicts: park\n")
    mine = folder(tmp_path / "mine", customers="mapping: customers\nextends: preset:theirs/customers\n")
    mapping = load_set(mine, instead={"preset:theirs": newer}).mapping("customers")
    assert mapping is not None and mapping.conflicts == "park"
