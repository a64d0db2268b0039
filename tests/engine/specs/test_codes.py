"""Every code has an example; the wrong one yields that code alone, the right one nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.protocol import Field, Names
from engine.registry import Registry
from engine.settings import InvalidSettingsFile, Settings
from engine.specs.codes import CODES
from engine.specs.diagnostics import Diagnostic
from engine.specs.examples import EXAMPLES, Example
from engine.specs.linter import check_set

REGISTRY = Registry.load()
NAMES = {"quickbooks_desktop": Names({"Invoice": (Field("Deal status"),)}, how_to_add={"Invoice": "Add {name}."})}
PRESET = "preset: mine\nextends: preset:default\n"


def findings(folder: Path, example: Example, text: str) -> list[Diagnostic]:
    """As `engine validate` finds them."""
    mappings = folder / "mappings"
    mappings.mkdir()
    for name, content in {"preset.yaml": PRESET, **example.beside, example.file: text}.items():
        (folder if name == "engine.yaml" else mappings).joinpath(name).write_text(content, "utf-8")
    if example.file != "engine.yaml":
        return check_set(mappings, REGISTRY.catalogues, names=NAMES)
    try:
        environment = {"PIPEDRIVE_API_TOKEN": "0" * 40}
        (acme,) = Settings.load(folder / "engine.yaml", REGISTRY, environment=environment).connections.values()
    except InvalidSettingsFile as refused:
        return list(refused.diagnostics)
    return check_set(mappings, REGISTRY.catalogues, acme.settings, acme.places)


def test_every_code_has_an_example_and_no_other() -> None:
    assert EXAMPLES.keys() == CODES.keys()


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_wrong_example_yields_exactly_its_code_with_a_next_step(code: str, tmp_path: Path) -> None:
    found = findings(tmp_path, EXAMPLES[code], EXAMPLES[code].wrong)
    assert {one.code for one in found} == {code}, [one.text() for one in found]
    assert all(one.severity == ("error" if code[0] == "E" else "warning") for one in found)
    assert all(one.hint for one in found), [one.text() for one in found]
    assert all((one.line and one.excerpt) or code in ("W303", "E131") for one in found)


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_right_example_yields_nothing(code: str, tmp_path: Path) -> None:
    found = findings(tmp_path, EXAMPLES[code], EXAMPLES[code].right)
    assert not found, [one.text() for one in found]
