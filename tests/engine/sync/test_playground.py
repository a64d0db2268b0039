"""An edited mapping is tried over a record, and nothing that is live notices."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import UserError
from engine.specs.diagnostics import InvalidMappingSet
from engine.sync.playground import Edit, Playground
from tests.engine.sync.conftest import COMPANIES, World
from tests.engine.sync.memory import BOOKS, CRM

CATALOGUES = {"books": BOOKS, "crm": CRM}
LOUD = COMPANIES.replace("name: name\n  mail", "name: {from: name, upper: true}\n  mail")
TESTS = """
mapping: companies
tests:
  - {name: A name stays as it is., record: {id: c1, name: Acme}, expect: {fields: {name: Acme}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mappings"


@pytest.fixture
def playground(world: World, folder: Path) -> Playground:
    """Over a connection that has one client, in step."""
    world.books.put("client", "c1", name="Acme", town="Bayshore", mail="a@acme.example")
    world.settle()
    return Playground(world.connection, str(folder), CATALOGUES)


def test_an_edit_is_tried_over_a_held_record_with_its_trace(playground: Playground) -> None:
    tried = playground.attempt(Edit("companies", LOUD), "c1")
    ((element, draft),) = tried.drafts
    assert (element.key, draft.values["name"], tried.trouble) == ("c1", "ACME", "")
    (line,) = [one for one in draft.trace if one.field == "name"]
    assert (line.input, line.steps) == ("Acme", (("upper", "ACME"),))


def test_a_record_may_be_written_out_instead(playground: Playground) -> None:
    tried = playground.attempt(Edit("companies", LOUD), "id: c9\nname: Mill")
    assert tried.drafts[0][1].values["name"] == "MILL"


def test_a_mistake_is_shown_with_its_place_and_makes_no_draft(playground: Playground) -> None:
    tried = playground.attempt(Edit("companies", COMPANIES.replace("city: {from: town", "city: {from: twon")), "c1")
    (found,) = tried.diagnostics
    assert (found.code, found.hint, tried.drafts) == ("E203", "Did you mean 'town'?", ())
    assert found.excerpt.strip().startswith("city:")


def test_a_text_that_is_no_yaml_is_a_finding_too(playground: Playground) -> None:
    tried = playground.attempt(Edit("companies", "mapping: [companies"), "c1")
    assert tried.diagnostics
    assert tried.trouble


def test_a_record_that_is_not_held_or_misspelt_is_told_apart_from_a_wrong_mapping(playground: Playground) -> None:
    assert "holds no books.client c7" in playground.attempt(Edit("companies", COMPANIES), "c7").trouble
    misspelt = playground.attempt(Edit("companies", COMPANIES), "id: c1\nnmae: Acme")
    assert (misspelt.diagnostics[0].file, misspelt.trouble) == ("the record", "The record cannot be read.")


def test_trying_and_testing_leave_files_store_and_systems_alone(
    playground: Playground, world: World, folder: Path
) -> None:
    before = {file: file.read_bytes() for file in folder.iterdir()}
    writes, status = len(world.crm.writes), world.status()
    playground.attempt(Edit("companies", LOUD), "c1")
    playground.tests(Edit("companies", LOUD))
    assert {file: file.read_bytes() for file in folder.iterdir()} == before
    world.settle()
    assert (len(world.crm.writes), world.status()["mappings"]) == (writes, status["mappings"])


def test_the_tests_beside_the_set_run_with_the_edit(playground: Playground, folder: Path) -> None:
    (folder / "tests").mkdir()
    (folder / "tests" / "companies.yaml").write_text(TESTS)
    assert [one.differences for one in playground.tests(Edit("companies", COMPANIES))] == [()]
    (loud,) = playground.tests(Edit("companies", LOUD))
    assert [str(one) for one in loud.differences] == ["name: ACME instead of Acme"]


def test_an_edit_is_saved_into_the_file_that_its_mapping_stands_in(playground: Playground, folder: Path) -> None:
    file = playground.save(Edit("companies", LOUD))
    assert (file, file.read_text()) == (folder / "m0.yaml", LOUD)
    assert playground.origin("companies").text == LOUD
    assert sorted(one.name for one in folder.iterdir()) == ["m0.yaml", "m1.yaml", "m2.yaml"]


def test_what_would_be_refused_is_not_saved(playground: Playground, folder: Path) -> None:
    with pytest.raises(InvalidMappingSet):
        playground.save(Edit("companies", "mapping: companies"))
    assert (folder / "m0.yaml").read_text() == COMPANIES


def test_a_preset_is_not_edited_in_its_place(world: World) -> None:
    playground = Playground(world.connection, "preset:default", CATALOGUES)
    assert playground.saves_to is None
    with pytest.raises(UserError, match="not edited in its place"):
        playground.save(Edit("companies", COMPANIES))


def test_a_mapping_that_a_preset_brings_is_shown_as_its_and_saved_as_ones_own(world: World, tmp_path: Path) -> None:
    base, folder = tmp_path / "presets" / "base", tmp_path / "mine"
    for one in (base, folder):
        one.mkdir(parents=True)
    (base / "preset.yaml").write_text('preset: base\nversion: "1"\nsummary: A base.\n')
    (base / "companies.yaml").write_text(COMPANIES)
    (folder / "preset.yaml").write_text('preset: mine\nversion: "1"\nsummary: Mine.\nextends: preset:base\n')
    playground = Playground(world.connection, str(folder), CATALOGUES)
    assert (playground.origin("companies").place, playground.origin("companies").own) == (
        "preset:base/companies.yaml", False,
    )  # fmt: skip
    assert playground.save(Edit("companies", LOUD)) == folder / "companies.yaml"
    assert playground.origin("companies").own
