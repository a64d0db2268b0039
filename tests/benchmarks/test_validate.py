"""How long a set of a hundred files takes to be checked: run by `make bench`, not with the tests."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import mappings
from engine.mapping.compiler import validate_set
from engine.registry import Registry
from engine.specs.diagnostics import Diagnostic
from engine.specs.presets import read_set

BUILT_IN = Path(mappings.__path__[0])
FILES = 100
MOST = 1.0
"""Seconds of processor time, after the program has started."""


def hundred(folder: Path) -> int:
    """The built-in set again and again, each copy with names, selections and templates of its own; how many lines."""
    sources = sorted(one for one in BUILT_IN.glob("*.yaml") if one.name != "preset.yaml")
    shutil.copy(BUILT_IN / "preset.yaml", folder)
    note = (BUILT_IN / "payment_note.html").read_text("utf-8")
    lines = 0
    for number in range(FILES):
        copy, source = divmod(number, len(sources))
        text = sources[source].read_text("utf-8")
        for name in (one.stem for one in sources):
            text = re.sub(rf"(mapping:|via:) {name}\b", rf"\1 {name}_{copy}", text)
        text = re.sub(r"\n  (name|label|code): (\w+)", rf"\n  \1: \2 || 'copy {copy}'", text)
        text = text.replace("{{ RefNumber", f"{copy} {{{{ RefNumber").replace(
            "Pipedrive: {{", f"Pipedrive {copy}: {{{{"
        )
        if "payment_note.html" in text:
            text = text.replace("payment_note.html", f"note_{copy}.html")
            own = note.replace("linked.invoices", f"linked.invoices_{copy}")
            (folder / f"note_{copy}.html").write_text(own, "utf-8")
        if "\nonly:" not in text:  # so that no two of them write the same records
            text += f"only: \"'copy {copy}' != 'none'\"\n"
        (folder / f"{sources[source].stem}_{copy}.yaml").write_text(text, "utf-8")
        lines += text.count("\n")
    return lines


def test_a_hundred_files_are_checked_within_a_second(
    benchmark: BenchmarkFixture, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalogues = Registry.load().catalogues
    lines = hundred(tmp_path)
    seconds: list[float] = []

    def run() -> list[Diagnostic]:
        began = time.process_time()
        made, found = read_set(tmp_path)
        assert len(made.mappings) == FILES
        found += validate_set(made, catalogues)
        seconds.append(time.process_time() - began)
        return found

    found = benchmark.pedantic(run, rounds=3)
    unknown = [one for one in found if one.code != "E205"]  # the last copy is not whole
    assert not unknown, unknown[0].text()
    benchmark.extra_info.update(files=FILES, first=round(seconds[0], 3))
    with capsys.disabled():
        print(f"\n{FILES} mapping files ({lines:,} lines) checked in {seconds[0]:.2f} s, again in {min(seconds):.2f} s")
    assert seconds[0] < MOST
