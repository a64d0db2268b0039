"""The plugin in tests/conftest.py counts the checks against the reference data, also across xdist's workers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

INNER = """
import pytest

@pytest.mark.reference
def test_that_runs(): pass

@pytest.mark.reference
def test_without_its_data(): pytest.skip("no data here")

@pytest.mark.reference
@pytest.mark.skipif(True, reason="no data here")
def test_skipped_before_it_starts(): pass

def test_of_another_kind(): pytest.skip("never mind")
"""


def run(folder: Path, *options: str, required: bool) -> tuple[int, str]:
    (folder / "tests").mkdir(exist_ok=True)
    shutil.copy(ROOT / "tests" / "conftest.py", folder / "tests" / "conftest.py")
    (folder / "tests" / "test_inner.py").write_text(INNER)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = reference: r\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "REFERENCE"))}
    if required:
        environment["REFERENCE_CHECKS"] = "required"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, "tests"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "two workers"])
def test_checks_that_ran_and_were_skipped_are_counted(tmp_path: Path, options: tuple[str, ...]) -> None:
    status, output = run(tmp_path, *options, required=False)
    assert status == 0
    assert "reference checks: 1 ran, 2 skipped (../shared/reference is not there)" in output
    assert "1 passed, 3 skipped" in output.splitlines()[-1]


def test_where_all_are_required_a_skipped_one_fails(tmp_path: Path) -> None:
    status, output = run(tmp_path, required=True)
    assert status == 1
    assert "a reference check was skipped where all are required: Skipped: no data here" in output
    assert "1 passed, 1 skipped" in output.splitlines()[-1]
