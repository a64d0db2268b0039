"""Whatever people do to the built-in files: it is found before any data is there, or it works. Nothing falls over.

`MUTATIONS` in the environment says how many are tried of each kind.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import mappings
from engine.mapping.compiled import CompiledSet
from engine.mapping.compiler import compile_set, validate_set
from engine.mapping.draft import Problem
from engine.mapping.testcases import Trial, case_context, complete, files_of_tests
from engine.protocol import Catalogue
from engine.registry import Registry
from engine.specs.loader import load_file
from engine.specs.presets import read_set
from tests.engine.specs.mutators import MUTATORS, Mutator

BUILT_IN = Path(mappings.__path__[0])
CATALOGUES = Registry.load().catalogues
CASES = [load_file(path).plain() for path in files_of_tests(BUILT_IN)]
EACH = int(os.environ.get("MUTATIONS", "40"))
OF_DATA = ("the target needs a value here, and there is none",)
"""Beginnings of what may be found wrong with a record only when it is there."""


def problems(compiled: CompiledSet) -> Iterator[Problem]:
    """What is wrong with the drafts of every record of the built-in tests, in all that mappings do with it."""
    for file in CASES:
        mapping = compiled.mappings.get(file["mapping"])
        entity = CATALOGUES[mapping.source[0]][mapping.source[1]] if mapping is not None else None
        for case in file["tests"] if mapping is not None and entity is not None else ():
            assert mapping is not None and entity is not None
            trial = Trial(mapping, complete(entity, case["record"]), case, case_context(file, case))
            for key in mapping.match:
                key.source_values(trial.record)
            for element in trial.elements:
                draft = mapping.draft(element, trial.context, trace=True)
                if mapping.is_one_per:
                    draft = mapping.combine([(element.key, draft), ("another", draft)])
                yield from draft.problems
                for how in ("deleted", "voided", "gone"):
                    mapping.gone(how, element, trial.context)


def checked(folder: Path, catalogues: dict[str, Catalogue]) -> tuple[bool, list[Problem]]:
    """Whether the set of a folder is valid, and what then goes wrong with the records."""
    made, found = read_set(folder)
    if not any(one.severity == "error" for one in found):
        found += validate_set(made, catalogues)
    for one in found:
        assert one.message and one.text() and one.json() and one.github()
        assert one.line or one.code in ("W303", "E109"), one.text()
    if any(one.severity == "error" for one in found):
        return False, []
    return True, list(problems(compile_set(made, catalogues, {})))


def test_the_built_in_set_has_no_problem_with_its_records() -> None:
    assert checked(BUILT_IN, dict(CATALOGUES)) == (True, [])


@pytest.mark.parametrize("mutate", MUTATORS, ids=lambda one: one.__name__)
def test_a_changed_file_is_refused_or_works(mutate: Mutator, tmp_path: Path) -> None:
    for one in (*BUILT_IN.glob("*.yaml"), *BUILT_IN.glob("*.html")):
        shutil.copy(one, tmp_path)
    names = sorted(one.name for one in BUILT_IN.glob("*.yaml") if one.name != "preset.yaml")
    refused = 0
    for seed in range(EACH):
        dice = random.Random(f"{mutate.__name__} {seed}")
        path = tmp_path / dice.choice(names)
        good = path.read_text("utf-8")
        path.write_text(mutate(good, dice), "utf-8")
        valid, wrong = checked(tmp_path, dict(CATALOGUES))
        assert not [one for one in wrong if not one.message.startswith(OF_DATA)], (seed, path.name, wrong[0])
        refused += not valid
        path.write_text(good, "utf-8")
    assert refused > EACH // 4  # the changes are no harmless ones
