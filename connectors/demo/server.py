"""Runs `engine serve` as a process of its own and looks at it over HTTP, as any user's browser does."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ENGINE = (sys.executable, "-m", "engine.cli.main")
USUAL_PORT = 8800


class ServerFailed(Exception):
    """The server did not come up, or went down by itself; the message ends with the last lines of its log."""


def free_port(wanted: int | None = None) -> int:
    """The wanted port (raises OSError if it is taken), else the usual one if it is free, else any."""
    for port in (wanted,) if wanted is not None else (USUAL_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port or 0))
            except OSError:
                if wanted is not None:
                    raise
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port")


def password_hash(password: str) -> str:
    """What `engine password` makes of it."""
    made = subprocess.run(
        [*ENGINE, "password"], input=password, capture_output=True, text=True, check=False, timeout=60
    )
    if made.returncode:
        raise ServerFailed(f"`engine password` failed: {made.stderr.strip()}")
    return made.stdout.strip()


class Server:
    """One `engine serve`; may be killed and started again over the same store."""

    def __init__(self, config: Path, port: int, environment: dict[str, str]) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._port = port
        self._config = config
        self._environment = os.environ | environment
        self._log = config.with_name("server.log")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, patience: float = 30) -> None:
        """Starts and waits until it answers; raises ServerFailed after `patience` seconds."""
        command = [*ENGINE, "--config", str(self._config), "serve", "--port", str(self._port)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self._config.parent,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            self.check()
            try:
                self._get("/healthz")
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
            else:
                return
        raise self._failed(f"did not answer within {patience:.0f} seconds")

    def check(self) -> None:
        """Raises ServerFailed if the process has ended."""
        if self._process is None or self._process.poll() is not None:
            code = None if self._process is None else self._process.returncode
            raise self._failed(f"has ended by itself (status {code})")

    def status(self) -> dict[str, Any]:
        """What /status.json says."""
        self.check()
        data: dict[str, Any] = json.loads(self._get("/status.json"))
        return data

    @contextmanager
    def command(self, *words: str) -> Iterator[None]:
        """Runs another command over the same settings beside the server, for as long as the block lasts at most."""
        command = [*ENGINE, "--config", str(self._config), *words]
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=self._config.parent,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            yield
        finally:
            process.terminate()
            process.wait()

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def stop(self, patience: float = 15) -> None:
        """Asks it to stop and waits; kills it where asking does not help."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:  # noqa: S310 - our own server
            body: bytes = answer.read()
            return body

    def _failed(self, what: str) -> ServerFailed:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines() if self._log.exists() else []
        return ServerFailed("\n".join([f"The server {what}. {self._log}:", *lines[-12:]]))
