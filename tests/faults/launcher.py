"""A warm process that forks servers and workers: the command with everything imported already, and faults built in.

Speaks JSON, a line each way: {"start": {...}} forks one and answers its pid, {"wait": pid} waits for its end.
Imports nothing that starts a thread, so that a fork is the whole process.
"""

from __future__ import annotations

import inspect
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import click

ROOT = Path(__file__).resolve().parents[2]


class Launcher:
    """The harness's end of it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.launcher"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        self._ask({"wait": 0})  # it is warm

    def start(self, **order: Any) -> int:
        """A new process's id; see `_run` for what it needs to know."""
        return int(self._ask({"start": order}))

    def wait(self, pid: int) -> int:
        """Its exit status, once it has ended."""
        return int(self._ask({"wait": pid}))

    def kill(self, pid: int) -> None:
        """SIGKILL, and wait."""
        os.kill(pid, signal.SIGKILL)  # its number is kept until it is waited for
        self.wait(pid)

    def ended(self, pid: int) -> bool:
        """Whether it has ended by itself or was killed; to be waited for."""
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        return state == "Z"

    def close(self) -> None:
        """Ends it, and with it what it still has running."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _ask(self, order: dict[str, Any]) -> str:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()


def _run(order: dict[str, Any]) -> None:
    """In the fork: run the command."""
    import connectors.pipedrive.client as client
    import engine.sync.crew as crew
    import engine.sync.sender as sender
    from connectors.pipedrive.connector import PipedriveEndpoint
    from engine.cli.main import main
    from engine.registry import Registry
    from engine.sync.engine import Engine
    from tests.faults import mutants
    from tests.faults.clock import Clock
    from tests.faults.strikes import Plan, Strikes

    sys.setswitchinterval(0.0005)
    log = os.open(order["log"], os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.environ |= order["environment"]
    clock = Clock(Path(order["clock"]))
    opened = Engine.open.__func__  # type: ignore[attr-defined]
    Engine.open = classmethod(  # type: ignore[assignment]
        lambda cls, settings, registry: opened(cls, settings, registry, clock)
    )
    crew.OWNER = sender.OWNER = me = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"  # made at the import
    _default(crew.Crew.__init__, "me", me)
    _default(sender.Sender.__init__, "me", me)
    sender.BEAT, sender.LOOK = timedelta(seconds=0.4), timedelta(seconds=0.2)  # real time: a run lasts two seconds
    crew.ALIVE = timedelta(days=2)  # the clock leaps between two beats; who died, the others see by its process
    begin = sender.Sender.start

    def begun(itself: sender.Sender) -> None:
        begin(itself)
        threading.Thread(target=_when_asked, args=(itself, clock), daemon=True).start()

    sender.Sender.start = begun  # type: ignore[method-assign]
    client._TIMEOUT = client.httpx.Timeout(order["patience"])
    Registry.load = classmethod(lambda cls: _REGISTRY)  # type: ignore[assignment]
    ssl.create_default_context = lambda *_, **__: _CONTEXT  # type: ignore[assignment]
    drain = PipedriveEndpoint.drain

    def drained(itself: PipedriveEndpoint) -> timedelta | None:
        try:
            return drain(itself)
        finally:
            clock.looked()

    PipedriveEndpoint.drain = drained  # type: ignore[method-assign]
    if order["mutant"]:
        mutants.apply(order["mutant"])
    Strikes(Plan(**order["plan"]), clock, order["survey"]).install()
    main(["--config", order["config"], *order["command"]], standalone_mode=False)


def _default(function: Any, name: str, value: Any) -> None:
    """Give a parameter another default."""
    known = [one for one in inspect.signature(function).parameters.values() if one.default is not one.empty]
    assert name in {one.name for one in known}
    function.__defaults__ = tuple(value if one.name == name else one.default for one in known)


def _when_asked(sender: Any, clock: Any) -> None:
    """Rings for every endpoint whenever the harness asks for it, since its pauses are of real time."""
    asked = 0
    while True:
        if asked != (asked := clock.asked):
            for name in list(sender._names):
                sender._ring(name)
        time.sleep(0.004)


def _loop() -> None:
    """Forks and waits as it is told, until nobody tells it anything."""
    running: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        if "start" in order:
            pid = os.fork()
            if pid == 0:
                status = 1
                try:
                    _run(order["start"])
                    status = 0
                except click.ClickException as told:  # as the command itself would end
                    sys.stderr.write(told.format_message() + "\n")
                    status = told.exit_code
                except BaseException:
                    sys.excepthook(*sys.exc_info())
                finally:
                    os._exit(status)
            running.add(pid)
            print(pid, flush=True)
        else:
            pid = order["wait"]
            print(os.waitpid(pid, 0)[1] if pid in running else 0, flush=True)
            running.discard(pid)
    for pid in running:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    import engine.cli.main
    import engine.registry
    import engine.store.upgrades
    import tests.faults.mutants
    import tests.faults.strikes  # noqa: F401

    _REGISTRY = engine.registry.Registry.load()
    _CONTEXT = ssl.create_default_context()
    _loop()
