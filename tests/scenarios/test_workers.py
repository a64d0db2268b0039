"""A server and three workers over one PostgreSQL, killed at random: nothing is lost and nothing is doubled.

Takes minutes, since every death costs some processes' start: run with KILLED_WORKERS=1.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from connectors.demo.report import Silent
from connectors.demo.run import Outcome, Run
from connectors.demo.server import ENGINE
from connectors.demo.stage import Stage
from connectors.quickbooks_desktop.simulator.visit import VisitReport
from tests.postgres import new_store

SEED = int(os.environ.get("SEED", "11"))
WORKERS = 3
EVERY = (40, 90)
"""Requests to Pipedrive between two deaths of workers: counted, so that a busy machine gets on all the same."""
ANSWERS = 10
"""Answers of QuickBooks between two deaths of the server."""


class Worker:
    """One `engine worker`; may be killed and started again."""

    def __init__(self, config: Path, environment: dict[str, str], number: int) -> None:
        self._config, self._environment = config, os.environ | environment
        self._log = config.with_name(f"worker-{number}.log")
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            command = [*ENGINE, "--config", str(self._config), "worker"]
            self.process = subprocess.Popen(
                command,
                cwd=self._config.parent,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(20)


class Shared(Run):
    """The demo, played by a server with workers beside it. Somebody is always dying."""

    def _serve(self, config: Path, environment: dict[str, str]) -> None:
        self.draw, self.deaths, self._answers = random.Random(SEED), 0, 0
        super()._serve(config, environment)
        self.workers = [Worker(config, environment, number) for number in range(WORKERS)]
        self._calm = threading.Event()
        self._reaper = threading.Thread(target=self._reap)
        self._reaper.start()
        self._closing.append(self._rest)

    def _reap(self) -> None:
        ledger, enough = self.stage.account.ledger, 0
        while not self._calm.wait(0.05):
            if ledger.requests < enough:
                continue
            enough = ledger.requests + self.draw.randint(*EVERY)
            victim = self.draw.choice(self.workers)
            victim.kill()
            victim.start()
            self.deaths += 1

    def _rest(self) -> None:
        self._calm.set()
        self._reaper.join()
        self.ends = [worker.stop() for worker in self.workers]

    def _once(self) -> VisitReport:
        """A visit that breaks off with its server is followed by another one, as in any office."""
        while not (report := super()._once()).ok:
            time.sleep(0.5)
        return report

    def _called(self, line: str) -> None:
        """After an answer of QuickBooks, when no request is out: with one, others would rightly wait for minutes."""
        self._answers += line.startswith("receiveResponseXML")
        if line.startswith("receiveResponseXML") and self._answers % ANSWERS == 0:
            self.server.kill()
            self.server.start(patience=120)
            self.deaths += 1


def play(folder: Path) -> tuple[Shared, Outcome]:
    run = Shared(Stage.set(seed=2, scale=0.1), folder, Silent(), port=0)
    run.store = new_store(folder, "postgresql")
    try:
        run.open()
        return run, run.play()
    finally:
        run.close()


@pytest.mark.skipif("KILLED_WORKERS" not in os.environ, reason="takes minutes: KILLED_WORKERS=1 runs it")
def test_workers_and_servers_that_are_killed_at_random_lose_and_double_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The right to read an account outlives its holder by half a minute: each death may cost as much.
    monkeypatch.setattr("connectors.demo.run.PATIENCE", 600.0)
    monkeypatch.setattr("connectors.demo.run.STUCK", 45.0)
    run, outcome = play(tmp_path / "work")
    assert outcome.verdict.holds, outcome.verdict
    assert run.deaths > 5
    assert run.ends == [0] * WORKERS, "those that are asked to stop do"
