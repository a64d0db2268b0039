"""What users read agrees with what there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from engine.cli.main import main
from engine.cli.reference import render, walk
from engine.cli.settings_reference import render_settings
from engine.mapping.compiler import validate_set
from engine.registry import Registry
from engine.settings import settings_schema
from engine.specs.presets import read_set

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "connectors").glob("*.md")])
COMMANDS = dict(walk(main, "engine"))


def fenced(language: str) -> Iterator[tuple[str, str]]:
    """Every block of a language in the documents, with where it stands."""
    for path in DOCUMENTS:
        text = path.read_text("utf-8")
        for found in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.M | re.S):
            yield f"{path.relative_to(ROOT)}:{text[: found.start()].count(chr(10)) + 2}", found[1]


MAPPINGS = [pytest.param(text, id=where) for where, text in fenced("ya?ml") if re.match(r"(#.*\n)*mapping:", text)]


def test_the_page_of_commands_is_up_to_date() -> None:
    assert (ROOT / "docs" / "commands.md").read_text("utf-8") == render(main), "`make docs` writes it"


def test_the_page_of_settings_is_up_to_date() -> None:
    page = render_settings(settings_schema(Registry.load()))
    assert (ROOT / "docs" / "settings.md").read_text("utf-8") == page, "`make docs` writes it"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example_and_every_option_a_word(name: str) -> None:
    command = COMMANDS[name]
    assert command.help
    if name != "engine":
        assert re.search(r"Examples?:\s+engine ", command.help), name
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            assert option.help, f"{name} {option.opts}"


@pytest.mark.parametrize("text", MAPPINGS)
def test_every_mapping_in_a_document_is_valid(text: str, tmp_path: Path) -> None:
    (tmp_path / "preset.yaml").write_text("preset: documented\nextends: preset:default\n")
    (tmp_path / "mapping.yaml").write_text(text)
    made, found = read_set(tmp_path)
    assert not [one.text() for one in found]
    assert not [
        one.text() for one in validate_set(made, Registry.load().catalogues) if one.file.endswith("mapping.yaml")
    ]


def test_the_documents_have_mappings_to_check() -> None:
    assert MAPPINGS


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_inside_the_repository_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target


def test_the_reading_order_names_files_that_exist() -> None:
    order = (ROOT / "README.md").read_text("utf-8").partition("**One record in one sitting**")[2]
    named = re.findall(r"^\d+\. `([^`]+)`", order, re.M)
    assert len(named) == 10
    assert not [one for one in named if not (ROOT / one).is_file()]


def test_commands_named_in_documents_exist() -> None:
    known = {name.removeprefix("engine ") for name in COMMANDS}
    for path in DOCUMENTS:
        for words in re.findall(r"`engine ((?:[a-z]+)(?: [a-z]+)?)", path.read_text("utf-8")):
            first = words.split()[0]
            assert words in known or first in known, f"{path.name}: engine {words}"


def test_the_readme_opens_with_the_two_commands() -> None:
    lines = [line for line in (ROOT / "README.md").read_text("utf-8").splitlines() if line.strip()]
    assert lines[2].startswith("make demo")
    assert lines[3].startswith("make test")
