"""`engine codes` explains what `engine validate` says."""

from __future__ import annotations

import json

from tests.engine.cli.conftest import Installation


def test_a_code_is_explained_with_wrong_and_right(installed: Installation) -> None:
    lines = installed.run("codes", "e203").output.splitlines()
    assert lines[0] == "E203  The source has no such field."
    assert lines.index("Wrong: customers.yaml") < lines.index("Right: customers.yaml")
    assert "      Open balance: Ballance" in lines


def test_what_stands_beside_the_example_is_shown(installed: Installation) -> None:
    assert "Beside it: vendors.yaml" in installed.run("codes", "E261").output


def test_all_codes_are_listed(installed: Installation) -> None:
    listed = json.loads(installed.run("codes", "--json").output)
    assert len(listed) > 60
    assert all(one["code"] in installed.run("codes").output for one in listed)


def test_a_code_as_json_has_its_example(installed: Installation) -> None:
    data = json.loads(installed.run("codes", "E120", "--json").output)
    assert data.keys() == {"code", "summary", "file", "wrong", "right", "beside"}


def test_an_unknown_code_is_said_to_be_none(installed: Installation) -> None:
    result = installed.run("codes", "E999")
    assert result.exit_code == 1
    assert "There is no code E999." in result.output
