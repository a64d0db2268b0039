"""`engine test`: runs the tests that travel with mappings, and shows what came out otherwise."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from time import perf_counter
from typing import Any

import click
from rich.text import Text

from engine.cli.here import Here, here
from engine.cli.output import as_json, console, print_json
from engine.cli.sets import TESTS, Chosen, chosen_sets
from engine.mapping.coverage import Coverage, coverage as covered
from engine.mapping.testcases import Difference, Outcome, Suite, files_of_tests
from engine.specs.presets import load_set


@dataclass(frozen=True)
class Ran:
    """The tests of one set."""

    where: str
    outcomes: tuple[Outcome, ...]
    coverage: Coverage


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--coverage", is_flag=True, help="Say which rules no test expects anything of.")
@as_json
@here
def test(here: Here, paths: tuple[str, ...], coverage: bool, as_json: bool) -> None:
    """Run the tests of mappings.

    They stand in the folder tests beside the mappings: records in, expected fields out. Nothing is read or written
    elsewhere.

    PATH is a folder of mappings, a file of one or of its tests, or a preset (preset:default). Without any, the tests
    of all connections in engine.yaml are run. Exit status 1 if a test fails, and with --coverage if a rule has none.

    \b
    Examples:
      engine test
      engine test mappings/tests/customers.yaml
      engine test preset:default --coverage
    """
    began = perf_counter()
    ran = [_run(one, here) for one in chosen_sets(here, paths)]
    outcomes = [outcome for one in ran for outcome in one.outcomes]
    failed = sum(bool(one.differences) for one in outcomes)
    missed = sum(len(one.coverage.missed) for one in ran) if coverage else 0
    if as_json:
        print_json(_data(ran, coverage))
    else:
        for one in outcomes:
            if one.differences:
                _show(one)
        if coverage:
            _show_coverage(ran)
        _summarise(len(outcomes), failed, perf_counter() - began, ran)
    if failed or missed:
        sys.exit(1)


def _run(chosen: Chosen, here: Here) -> Ran:
    suite = Suite(load_set(chosen.where), here.registry.catalogues)
    outcomes = [one for file in files_of_tests(chosen.folder) if _meant(chosen, file)
                for one in suite.run(file, f"{chosen.where}/{TESTS}/{file.name}")]  # fmt: skip
    if chosen.only is not None and chosen.only.parent.name != TESTS:
        outcomes = [one for one in outcomes if one.mapping in ("", chosen.only.stem)]
    return Ran(chosen.where, tuple(outcomes), covered(suite.set, outcomes))


def _meant(chosen: Chosen, file: Path) -> bool:
    return chosen.only is None or chosen.only.parent.name != TESTS or chosen.only.resolve() == file.resolve()


def _data(ran: Sequence[Ran], coverage: bool) -> dict[str, Any]:
    tests = [
        {"name": one.name, "where": one.where, "passed": not one.differences,
         "differences": [{"what": d.what, "made": d.made, "wanted": d.wanted} for d in one.differences]}
        for of in ran for one in of.outcomes
    ]  # fmt: skip
    data: dict[str, Any] = {"ok": all(one["passed"] for one in tests), "tests": tests}
    if coverage:
        data["coverage"] = [
            {"set": one.where, "percent": one.coverage.percent, "parts": one.coverage.total,
             "missed": [{"mapping": part.mapping, "part": part.name, "where": part.where}
                        for part in one.coverage.missed]}
            for one in ran
        ]  # fmt: skip
    return data


def _show(outcome: Outcome) -> None:
    out = console()
    out.print(Text.assemble(("FAIL ", "bold red"), (outcome.where, "bold"), f" {outcome.name}"))
    for one in outcome.differences:
        for line in diff(one):
            out.print(line)


def diff(one: Difference) -> list[Text]:
    """A difference in three lines, what differs marked by colour: the part, - what was expected, + what came."""
    expected = Text(f"    - {one.wanted}" if one.wanted else "    - nothing")
    made = Text(f"    + {one.made}")
    expected.stylize("red")
    made.stylize("green")
    start = len("    - ")
    for how, first, last, begin, end in SequenceMatcher(None, one.wanted, one.made, autojunk=False).get_opcodes():
        if how != "equal" and one.relation == "instead of" and one.wanted:
            expected.stylize("bold reverse", start + first, start + last)
            made.stylize("bold reverse", start + begin, start + end)
    said = " must contain" if one.relation == "without" else ""
    return [Text(f"  {one.what}{said}"), expected, made]


def _show_coverage(ran: Sequence[Ran]) -> None:
    out = console()
    for of in ran:
        for part in of.coverage.missed:
            line = ("untested ", "yellow"), part.where, f" {part.mapping}: {part.name}"
            out.print(Text.assemble(*line))
        tested = of.coverage.total - len(of.coverage.missed)
        out.print(f"{of.where}: {of.coverage.percent} % ({tested} of {of.coverage.total} parts tested)", markup=False)


def _summarise(number: int, failed: int, seconds: float, ran: Sequence[Ran]) -> None:
    if not number:
        places = ", ".join(f"{one.where}/{TESTS}" for one in ran)
        click.echo(f"No tests in {places}. docs/mapping-language.md shows how to write one.")
        return
    words = f"{failed} of {number} failed" if failed else f"{number} passed"
    console().print(Text(f"{words} in {seconds:.2f} s", style="bold red" if failed else "bold green"))
