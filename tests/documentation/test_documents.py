"""What users read agrees with what there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from engine.cli.main import main
from engine.cli.reference import pages, walk
from engine.mapping.compiler import validate_set
from engine.mapping.coverage import coverage
from engine.mapping.testcases import Suite, run_tests
from engine.registry import Registry
from engine.settings import Settings
from engine.specs.loader import load_text
from engine.specs.presets import load_set, read_set
from engine.specs.validator import validate

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "connectors").glob("*.md")])
COMMANDS = dict(walk(main, "engine"))
FROM_SCRATCH = {
    "estimates": """
mapping: estimates
settings: {first_invoice_date: "2026-01-01"}
tests:
  - name: An estimate becomes an open deal with its lines.
    record:
      TxnID: E1
      RefNumber: "17"
      TxnDate: "2026-02-01"
      DueDate: "2026-03-01"
      IsActive: true
      TotalAmount: 40
      CurrencyCode: USD
      CustomerRef: {ListID: C1}
      Lines: [{LineKey: L1, ItemRef: {ListID: I1}, Desc: Hours, LineQuantity: 2, LinePrice: 20}]
    links: {customers: {C1: "5"}, products: {I1: "11"}}
    expect:
      group: E1|USD
      fields:
        {title: Estimate 17, value: 40, currency: USD, org_id: "5", status: open, custom.Valid until: "2026-03-01"}
      children: {products: {E1|L1: {product_id: "11", quantity: 2, item_price: 20, comments: Hours}}}
  - {name: An old one is left out., record: {TxnID: E2, TxnDate: "2025-02-01"}, expect: {left_out: since}}
  - name: A deleted one is lost.
    gone: deleted
    record: {TxnID: E1}
    expect: {fields: {status: lost, lost_reason: Deleted in QuickBooks}}
""",
    "vendors": """
mapping: vendors
tests:
  - name: A vendor becomes an organization.
    record:
      ListID: V1
      Name: Mill
      CompanyName: The Mill, Inc.
      Email: Office@mill.example
      Phone: 555-0100
      VendorAddress: {Addr1: 1 Mill Road, City: Troy}
    expect:
      match: [[office@mill.example], [mill]]
      fields:
        name: The Mill, Inc.
        address: {lines: [1 Mill Road], city: Troy, region: null, postal_code: null, country: null}
        custom.Email: office@mill.example
        custom.Phone: 555-0100
        custom.Kind: Vendor
  - name: A deleted one gets a note.
    gone: deleted
    record: {ListID: V1}
    expect: {note: Vendor deleted in QuickBooks on 2026-07-01}
""",
}
"""What the two mappings that docs/mapping-language.md writes from scratch must do."""


def fenced(language: str) -> Iterator[tuple[str, str]]:
    """Every block of a language in the documents, with where it stands."""
    for path in DOCUMENTS:
        text = path.read_text("utf-8")
        for found in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.M | re.S):
            yield f"{path.relative_to(ROOT)}:{text[: found.start()].count(chr(10)) + 2}", found[1]


BLOCKS = [pytest.param(text, id=where) for where, text in fenced("ya?ml")]
PAGES = pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_up_to_date(name: str) -> None:
    assert (ROOT / "docs" / name).read_text("utf-8") == PAGES[name], "`make docs` writes it"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example_and_every_option_a_word(name: str) -> None:
    command = COMMANDS[name]
    assert command.help
    if name != "engine":
        assert re.search(r"Examples?:\s+engine ", command.help), name
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            assert option.help, f"{name} {option.opts}"


@pytest.mark.parametrize("text", BLOCKS)
def test_yaml_in_a_document_is_valid_and_does_what_it_says(text: str, tmp_path: Path) -> None:
    """A mapping joins the set that it extends, else the built-in one; tests pass there; preset.yaml and engine.yaml
    have their shape."""
    root = load_text(text, "block.yaml")
    catalogues = Registry.load().catalogues
    base = str(root.at("extends").value).partition("/")[0] if root.get("extends") else "preset:default"
    if root.get("tests"):
        (tmp_path / "tests.yaml").write_text(text)
        outcomes = run_tests(tmp_path / "tests.yaml", "tests.yaml", load_set("preset:default"), catalogues)
        assert outcomes and [str(one.differences) for one in outcomes if one.differences] == []
    elif root.get("mapping"):
        (tmp_path / "preset.yaml").write_text(f"preset: documented\nextends: {base}\n")
        (tmp_path / "mapping.yaml").write_text(text)
        made, found = read_set(tmp_path)
        found += validate_set(made, catalogues)
        assert not [one.text() for one in found if one.file.endswith("mapping.yaml")]
    elif root.get("preset"):
        assert not validate(root, "preset")
    elif root.get("connections"):
        (tmp_path / "engine.yaml").write_text(text)
        assert Settings.load(tmp_path / "engine.yaml", Registry.load(), secrets=False).connections
    else:
        raise AssertionError("a block is a mapping, tests, a preset.yaml or an engine.yaml, whole")


def test_the_documents_have_yaml_of_each_kind_that_a_user_writes() -> None:
    texts = [str(one.values[0]) for one in BLOCKS]
    assert any("\ntests:" in text for text in texts) and any(text.startswith("mapping:") for text in texts)


@pytest.mark.parametrize("name", ["estimates", "vendors"])
def test_the_pairs_written_from_the_language_page_alone_make_what_they_say(name: str, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "mapping-language.md").read_text("utf-8")
    block = next(text for where, text in fenced("yaml") if text.startswith(f"mapping: {name}\n"))
    assert block in page
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "preset.yaml").write_text("preset: mine\nextends: preset:default\n")
    (folder / f"{name}.yaml").write_text(block)
    (tmp_path / "tests.yaml").write_text(FROM_SCRATCH[name])
    suite = Suite(load_set(folder), Registry.load().catalogues)
    outcomes = suite.run(tmp_path / "tests.yaml", "tests.yaml")
    assert [str(one.differences) for one in outcomes if one.differences] == []
    assert coverage(suite.set, outcomes).missed == ()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_inside_the_repository_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target


def test_tests_named_in_documents_exist() -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    for path in DOCUMENTS:
        text = path.read_text("utf-8")
        named = re.findall(r"`(test_\w+)`", text)
        assert not [one for one in named if f"def {one}(" not in sources], path.name
        assert not [one for one in re.findall(r"tests/[\w/]+\.py", text) if not (ROOT / one).is_file()], path.name


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
