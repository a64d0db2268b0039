"""`engine validate` names every mistake with its place, and its exit status tells a script."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime

import pytest

from connectors.quickbooks_desktop import custom_fields
from engine.store.store import Store
from tests.engine.cli.conftest import Installation

RULE = "\nfields:\n  name: Companyname\n"


@pytest.fixture
def broken(installed: Installation) -> Installation:
    path = installed.folder / "mappings" / "customers.yaml"
    path.write_text(path.read_text("utf-8") + RULE, "utf-8")
    return installed


def test_a_fresh_installation_is_valid(installed: Installation) -> None:
    result = installed.run("validate")
    assert result.exit_code == 0, result.output
    assert "mappings: no errors" in result.output


@pytest.mark.parametrize("arguments", [(), ("mappings",), ("mappings/customers.yaml",)])
def test_a_mistake_is_named_with_file_line_column_and_what_to_write(
    broken: Installation, arguments: tuple[str, ...]
) -> None:
    result = broken.run("validate", *arguments)
    line = len((broken.folder / "mappings" / "customers.yaml").read_text("utf-8").splitlines())
    assert result.exit_code == 1
    assert f"mappings/customers.yaml:{line}:9" in result.output
    assert "Did you mean 'CompanyName'?" in result.output
    assert "1 error, 0 warnings" in result.output


def test_of_a_single_file_only_its_own_findings_are_shown(broken: Installation) -> None:
    result = broken.run("validate", "mappings/invoices.yaml")
    assert result.exit_code == 0
    assert "customers" not in result.output


def test_a_program_gets_json(broken: Installation) -> None:
    result = broken.run("validate", "--json")
    data = json.loads(result.output)
    assert (result.exit_code, data["ok"]) == (1, False)
    assert data["diagnostics"][0]["column"] == 9


def test_a_file_that_cannot_be_read_hides_no_mistake_in_another(broken: Installation) -> None:
    broken.change("mappings/sales_reps.yaml", "mapping:", "maping:")
    result = broken.run("validate")
    codes = [line.split()[0] for line in result.output.splitlines() if line[:1] == "E"]
    assert codes == ["E203", "E110", "E111"], result.output  # and customers' via: sales_reps is no mistake


def test_github_gets_annotations(broken: Installation) -> None:
    result = broken.run("validate", "--format", "github")
    line = len((broken.folder / "mappings" / "customers.yaml").read_text("utf-8").splitlines())
    place = f"::error file=mappings/customers.yaml,line={line},col=9,title=E203::"
    assert result.exit_code == 1
    assert result.output.startswith(place) and result.output.count("\n") == 1


def test_settings_that_mappings_need_are_named_at_their_place_in_engine_yaml(installed: Installation) -> None:
    installed.change(
        "engine.yaml", "      first_invoice_date:", "      first_invoice_day: null\n      first_invoice_date:"
    )
    result = installed.run("validate")
    text = installed.config.read_text("utf-8")
    line = text[: text.index("first_invoice_day")].count("\n") + 1
    assert result.exit_code == 1
    assert f"E206 engine.yaml:{line}:26 The mappings have no setting 'first_invoice_day'." in result.output


def test_mistakes_in_engine_yaml_come_as_json_too(installed: Installation) -> None:
    installed.change("engine.yaml", "    zone:", "    zome:")
    data = json.loads(installed.run("validate", "--json").output)
    assert [(one["code"], one["file"]) for one in data["diagnostics"]] == [
        ("E111", "engine.yaml"), ("E110", "engine.yaml")]  # fmt: skip


def test_engine_yaml_can_be_checked_by_itself(installed: Installation) -> None:
    assert installed.run("validate", "engine.yaml").output == f"{installed.config}: no errors\n"
    installed.change("engine.yaml", "    zone:", "\t zone:")
    result = installed.run("validate", "engine.yaml")
    assert (result.exit_code, result.output[:19]) == (1, "E101 engine.yaml:11")


def test_secrets_need_not_be_there_to_validate(installed: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIPEDRIVE_API_TOKEN")
    assert installed.run("validate").exit_code == 0


def test_mistakes_in_engine_yaml_are_found_too(installed: Installation) -> None:
    installed.change("engine.yaml", "    zone:", "    zome:")
    result = installed.run("validate")
    assert result.exit_code == 1
    assert "'zome' is not known here. Did you mean 'zone'?" in result.output


@pytest.mark.parametrize("path", ["preset:default", "nowhere", "preset:nothing"])
def test_presets_can_be_named_and_what_is_not_there_is_said(installed: Installation, path: str) -> None:
    result = installed.run("validate", path)
    assert result.exit_code == (0 if path == "preset:default" else 1)
    assert path in result.output


def test_a_custom_field_that_quickbooks_lacks_is_told_with_what_to_click_once_a_visit_has_read_them(
    installed: Installation,
) -> None:
    mapping = installed.folder / "mappings" / "deal_outcomes.yaml"
    mapping.write_text(f"{mapping.read_text('utf-8')}custom:\n  Deal stage: stage\n", "utf-8")
    assert installed.run("validate").exit_code == 0
    with closing(Store.open(f"sqlite:///{installed.folder}/engine.db")) as store:
        state = store.state("acme/quickbooks_desktop", lambda: datetime.now(UTC))
        custom_fields.learn(state, {"DataExtDefRet": {"DataExtName": "Deal status", "AssignToObject": "Customer"}})
    result = installed.run("validate")
    assert result.exit_code == 1
    assert "E268 mappings/deal_outcomes.yaml" in result.output
    assert "Additional Info, Define Fields, type 'Deal stage'" in result.output
    mapping.write_text(mapping.read_text("utf-8").replace(": stage", ": {from: stage, optional: true}"), "utf-8")
    assert installed.run("validate").exit_code == 0
