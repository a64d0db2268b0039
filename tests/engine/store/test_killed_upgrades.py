"""A process that dies in the middle of an upgrade loses nothing: the next one brings the store forward, whole."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.store import Store
from engine.store.migrations import HEAD
from tests.engine.store.released import REVISIONS, as_then, held, leave

FIRST = "0001"
NAMES = ["copy", *(f"migration {one}" for one in sorted(REVISIONS) if one != FIRST), "commit"]
MOMENTS = [f"{name} {moment}" for name in NAMES for moment in ("before", "after")]


def upgraded(url: str, until: str) -> subprocess.CompletedProcess[str]:
    """What became of an upgrade that was to be killed at that moment."""
    command = [sys.executable, "-m", "tests.engine.store.killed_upgrade", url, until]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, timeout=60)


def test_the_moments_at_which_it_is_killed_are_all_that_there_are(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/engine.db"
    leave(url, FIRST)
    assert upgraded(url, until="never").stdout.splitlines() == MOMENTS


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_upgrade_that_was_killed_is_done_by_the_next_with_all_that_the_store_holds(
    tmp_path: Path, moment: str
) -> None:
    url = f"sqlite:///{tmp_path}/engine.db"
    before = leave(url, FIRST)
    assert upgraded(url, until=moment).returncode == -signal.SIGKILL
    store = Store(url)
    assert store.upgrade() == (HEAD if moment == "commit after" else FIRST)
    assert store.check() == []
    after = held(store)
    store.close()
    assert as_then(before, after) == before
    copy = Store(f"{url}.before-{HEAD}-was-{FIRST}")
    assert held(copy) == before
    copy.close()
