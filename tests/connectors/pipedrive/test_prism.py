"""The simulator's answers before a judge that nobody here wrote: prism, a proxy that knows Pipedrive's documents.

Everything that the product and a simulated account said to each other over a whole demo is played again through
`prism proxy`, which refuses what the documents do not have, in requests as in answers. Runs where Node and prism are
there (`npm install @stoplight/prism-cli`, with its `prism` on the PATH or named by PRISM), else says what it lacks.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from connectors.pipedrive.simulator.app import App, Exchange
from tests.connectors.pipedrive.openapi import REFERENCE, plain_document
from tests.scenarios.test_demo import play

PRISM = os.environ.get("PRISM") or shutil.which("prism")
NUMBER = "x-exchange"

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="prism needs Node, and there is no `node` on the PATH"),
    pytest.mark.skipif(PRISM is None, reason="needs prism (npm install @stoplight/prism-cli, and PRISM or the PATH)"),
    pytest.mark.skipif(not REFERENCE.is_dir(), reason="needs ../shared/reference/pipedrive"),
]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[Exchange]:
    """What the product and a simulated account say to each other over a whole demo; the same is heard once."""
    heard: list[Exchange] = []
    hear = heard.append
    App.witnesses.append(hear)
    try:
        played = play(tmp_path_factory.mktemp("prism") / "work")
    finally:
        App.witnesses.remove(hear)
    assert played.outcome.verdict.holds
    once = {(one.method, one.target, one.request, one.answer): one for one in heard if one.status < 400}
    return list(once.values())


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_prism_objects_to_nothing_that_was_said(version: str, said: list[Exchange], tmp_path: Path) -> None:
    prefix = f"/api/{version}"
    spoken = [one for one in said if one.target.startswith(prefix)]
    assert len({one.target.partition("?")[0] for one in spoken}) >= (3 if version == "v1" else 20)
    with (
        played_back(spoken) as upstream,
        prism(version, upstream, tmp_path) as proxy,
        httpx.Client(verify=False) as ask,
    ):
        for number, one in enumerate(spoken):
            answer = again(ask, proxy, one, one.target.removeprefix(prefix), number)
            assert answer.status_code == one.status, (one.method, one.target, answer.text[:2000])


def test_prism_objects_to_a_wrong_answer(said: list[Exchange], tmp_path: Path) -> None:
    listed = next(one for one in said if one.target.startswith("/api/v2/organizations") and one.method == "GET")
    body = json.loads(listed.answer)
    body["data"] = [{"id": "seven", "name": "Acme"}]
    wrong = Exchange(
        listed.method, listed.target, listed.request_headers, b"", 200, listed.answer_headers, json.dumps(body).encode()
    )
    with played_back([wrong]) as upstream, prism("v2", upstream, tmp_path) as proxy, httpx.Client(verify=False) as ask:
        answer = again(ask, proxy, wrong, listed.target.removeprefix("/api/v2"), 0)
    assert answer.status_code == 500 and "violation" in answer.text.lower()


def again(ask: httpx.Client, proxy: str, one: Exchange, target: str, number: int) -> httpx.Response:
    """The request once more, through the proxy."""
    kept = {b"content-type", b"accept", b"x-api-token"}
    headers = [(name, value) for name, value in one.request_headers if name in kept]
    headers.append((NUMBER.encode(), str(number).encode()))
    return ask.request(one.method, proxy + target, headers=headers, content=one.request or None, timeout=30)


@contextmanager
def played_back(spoken: list[Exchange]) -> Iterator[str]:
    """A server that gives the answers once more, by the number in the request."""

    class Playback(BaseHTTPRequestHandler):
        def answer(self) -> None:
            one = spoken[int(self.headers[NUMBER])]
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.send_response(one.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(one.answer)))
            self.end_headers()
            self.wfile.write(one.answer)

        def log_message(self, *_: object) -> None:
            pass

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Playback, f"do_{method}", Playback.answer)
    with ThreadingHTTPServer(("127.0.0.1", 0), Playback) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def prism(version: str, upstream: str, folder: Path) -> Iterator[str]:
    """A proxy in front of `upstream` that answers with an error where the document is not kept."""
    assert PRISM is not None
    document = folder / f"{version}.json"
    spoken = {key: value for key, value in plain_document(version).items() if key != "servers"}
    document.write_text(json.dumps(spoken))
    port = _port()
    command = [PRISM, "proxy", "-h", "127.0.0.1", "-p", str(port), "--errors", str(document), upstream]
    with (folder / "prism.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait(process, port, folder / "prism.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 90
    while "Prism is listening" not in log.read_text():
        assert process.poll() is None and time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
