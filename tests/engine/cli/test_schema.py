"""`engine schema` writes what editors complete mappings and settings from."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from jsonschema import Draft202012Validator

from connectors.pipedrive.simulator import Account, RunningSimulator, serve
from engine.specs.loader import load_text
from tests.engine.cli.conftest import Installation


@pytest.fixture
def account(installed: Installation) -> Iterator[RunningSimulator]:
    """A simulated account with a custom field of its own, in place of Pipedrive."""
    made = Account(token="t0ken-of-the-test")
    made.add_field("organization", "Region", "enum", ["East", "West"])
    with serve(made) as running:
        installed.change("engine.yaml", "    pipedrive:\n", f'    pipedrive:\n      url: "{running.url}"\n')
        yield running


@pytest.mark.parametrize("kind", ["mapping", "settings", "preset", "tests"])
def test_each_schema_is_one(kind: str, installed: Installation) -> None:
    Draft202012Validator.check_schema(json.loads(installed.run("schema", kind).stdout))


def test_engine_yaml_is_valid_by_its_schema(installed: Installation) -> None:
    schema = json.loads(installed.run("schema", "settings").stdout)
    plain = load_text(installed.config.read_text("utf-8"), "engine.yaml").plain()
    assert not list(Draft202012Validator(schema).iter_errors(plain))


def test_with_a_connection_an_editor_knows_the_accounts_own_fields(
    installed: Installation, account: RunningSimulator
) -> None:
    result = installed.run("schema", "--connection", "acme", "-o", "schemas/mapping.schema.json")
    assert result.exit_code == 0, result.output
    schema = json.loads((installed.folder / "schemas" / "mapping.schema.json").read_text("utf-8"))
    custom = schema["$defs"]["to pipedrive.organization"]["properties"]["custom"]["properties"]
    assert custom["Region"]["then"]["properties"]["value"]["enum"] == ["East", "West"]
    assert "sales_reps" in schema["$defs"]["rule-block"]["properties"]["via"]["enum"]
    assert "no custom fields are known yet" in result.stderr  # QuickBooks has not visited us


def test_an_unknown_connection_is_said_to_be_none(installed: Installation) -> None:
    result = installed.run("schema", "--connection", "amce")
    assert (result.exit_code, result.stdout) == (1, "")
