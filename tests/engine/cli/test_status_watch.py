"""`engine status --watch` as a person at a terminal has it: it goes on showing what is, until Ctrl-C."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime

import pytest

from engine.store import Store
from tests.engine.cli.conftest import Installation

WATCH = [sys.executable, "-m", "engine.cli.main", "status", "--watch", "--every", "0.2"]
LEFT, CURSOR = "\x1b[?1049l", "\x1b[?25h"
"""What gives a terminal its own screen and its cursor back."""


class Terminal:
    """A process on a terminal of its own, and all that it has written there."""

    def __init__(self, installed: Installation) -> None:
        self._ours, theirs = os.openpty()
        environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "160", "LINES": "60"}
        self.process = subprocess.Popen(
            WATCH, cwd=installed.folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        self.text = ""

    def read(self, until: str, times: int = 1, patience: float = 30) -> None:
        """Wait until that has been written so often; empty: until the process has closed the terminal."""
        deadline = time.monotonic() + patience
        while not until or self.text.count(until) < times:
            left = deadline - time.monotonic()
            assert left > 0 and select.select([self._ours], [], [], left)[0], f"no {until!r} in {self.text!r}"
            try:
                self.text += os.read(self._ours, 65536).decode()
            except OSError:  # Linux's way of saying that nobody writes there any more
                assert not until, self.text
                return

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


def visited(store: Store, ticket: str, message: str) -> None:
    now = datetime.now(UTC)
    with store.transaction() as tx:
        tx.visits.put("acme", "quickbooks_desktop", ticket, {"ended_at": now, "message": message}, now)


def test_a_watched_status_shows_what_changes_and_ctrl_c_gives_the_terminal_back(installed: Installation) -> None:
    assert installed.run("store", "upgrade").exit_code == 0
    with (
        closing(Store.open(f"sqlite:///{installed.folder / 'engine.db'}")) as store,
        closing(Terminal(installed)) as terminal,
    ):
        terminal.read("Nothing has been read yet", times=2)
        visited(store, "a", "The first company file was locked.")
        terminal.read("The first company file was locked.")
        visited(store, "b", "The second one as well.")
        terminal.read("The second one as well.", times=2)
        terminal.process.send_signal(signal.SIGINT)
        terminal.read("")
        assert terminal.process.wait(20) == 0
        assert "Traceback" not in terminal.text
        assert LEFT in terminal.text and CURSOR in terminal.text[terminal.text.rindex(LEFT) - 20 :]


@pytest.mark.parametrize("seconds", ["0", "0.1", "often"])
def test_looks_follow_each_other_at_a_distance_that_lets_others_work(installed: Installation, seconds: str) -> None:
    result = installed.run("status", "--watch", "--every", seconds)
    assert (result.exit_code, "--every" in result.output) == (2, True)
