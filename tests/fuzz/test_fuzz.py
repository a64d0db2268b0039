"""Nonsense does no harm: a short seeded run, and every input that ever did. `make fuzz` runs long."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz.run import FOUND, Found, drawn, run
from tests.fuzz.targets import Harm, Targets

COUNT = int(os.environ.get("FUZZ", "900"))


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Targets]:
    logging.disable(logging.CRITICAL)
    made = Targets(tmp_path_factory.mktemp("fuzz"))
    yield made
    made.close()
    logging.disable(logging.NOTSET)


def test_a_short_run_does_no_harm_and_reaches_what_lies_behind_the_first_check(targets: Targets) -> None:
    came = run(targets, COUNT, seed=7)
    assert {one.partition(":")[0] for one in came} == set(targets.names)
    for reached in (
        "soap: 200", "soap: 500", "answers: read", "answers: unreadable", "webhooks: 204", "webhooks: 401",
        "mappings: diagnosed", "mappings: refused", "presets: refused", "presets: read", "dashboard: 303",
    ):  # fmt: skip
        assert came[reached], f"{reached} was never reached: {came}"


def test_the_samples_are_valid_so_that_nonsense_gets_far(targets: Targets) -> None:
    assert {targets.take("soap", one) for one in targets.samples["soap"]} == {"200"}
    assert {targets.take("answers", one) for one in targets.samples["answers"]} == {"read"}
    assert [targets.take("webhooks", one) for one in targets.samples["webhooks"]] == ["204", "401"] * 2


def test_an_input_is_the_same_whenever_it_is_drawn(targets: Targets) -> None:
    assert drawn(targets, "soap", 6, 7) == drawn(targets, "soap", 6, 7) != drawn(targets, "soap", 6, 8)


def test_harm_is_noticed_and_its_input_kept(targets: Targets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def let_in(name: str, data: bytes) -> str:
        raise Harm("let in")

    monkeypatch.setattr("tests.fuzz.run.FOUND", tmp_path)
    monkeypatch.setattr(targets, "take", let_in)
    with pytest.raises(Found, match="let in"):
        run(targets, 1, seed=7)
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "path", [one for one in sorted(FOUND.iterdir()) if one.name != ".gitkeep"], ids=lambda one: one.name
)
def test_what_once_did_harm_does_none_any_more(targets: Targets, path: Path) -> None:
    targets.take(path.name.partition("-")[0], path.read_bytes())
