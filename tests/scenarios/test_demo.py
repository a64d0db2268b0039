"""The demo from beginning to end, in a small world: visits, people, a power cut, Ctrl-C, and every wire judged."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.demo.checks.state import final_state
from connectors.demo.report import Silent, as_data
from connectors.demo.run import Outcome, Run
from connectors.demo.stage import Stage
from connectors.pipedrive.simulator.app import App

REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "reference"
SCALE = 0.1
MAPPINGS = {
    "customers", "invoices", "payments", "products", "customer_types", "payment_terms", "sales_reps", "deal_outcomes",
}  # fmt: skip


@dataclass
class Played:
    """A demo that was played, with everything that went over the wires."""

    stage: Stage
    run: Run
    outcome: Outcome
    exchanges: list[httpx.Response] = field(default_factory=list)


def play(folder: Path, *, kill: bool = False, seed: int = 2) -> Played:
    """One demo in this process; the server is one of its own."""
    stage = Stage.set(seed, SCALE)
    run = Run(stage, folder, Silent(), port=any_port(), kill=kill)
    try:
        run.open()
        outcome = run.play()
    finally:
        run.close()
    return Played(stage, run, outcome)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """A quiet demo, with Pipedrive's whole traffic recorded."""
    with pytest.MonkeyPatch.context() as patch:
        exchanges = record(patch)
        made = play(tmp_path_factory.mktemp("demo") / "work")
    made.exchanges = exchanges
    yield made


def record(patch: pytest.MonkeyPatch) -> list[httpx.Response]:
    """From now on every request to the Pipedrive simulator is kept with its answer."""
    exchanges: list[httpx.Response] = []
    answer = App.__call__

    async def tapped(self: App, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        body, sent = b"", []

        async def hear() -> Any:
            nonlocal body
            message = await receive()
            body += message.get("body", b"")
            return message

        async def tell(message: Any) -> None:
            sent.append(message)
            await send(message)

        await answer(self, scope, hear, tell)
        if scope["type"] == "http" and sent:
            url = "http://pipedrive.invalid" + scope["path"] + ("?" + scope["query_string"].decode()).rstrip("?")
            request = httpx.Request(scope["method"], url, headers=scope["headers"], content=body)
            content = b"".join(message.get("body", b"") for message in sent)
            exchanges.append(
                httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=content, request=request)
            )

    patch.setattr(App, "__call__", tapped)
    return exchanges


# --------------------------------------------------------------------------------------------------- what comes of it
def test_every_check_holds(played: Played) -> None:
    failed = {check.name: check.problems for check in played.outcome.verdict.checks if not check.holds}
    assert failed == {}


def test_the_report_has_the_counts_of_every_mapping(played: Played) -> None:
    data = as_data(played.outcome)
    assert data["mappings"].keys() >= MAPPINGS
    keys = {"created", "linked", "updated", "unchanged", "waiting", "parked"}
    assert all(one.keys() >= keys for one in data["mappings"].values())
    assert data["mappings"]["customers"]["linked"] >= 5
    wait = sum(one.outcome == "parked" for one in played.stage.diary.expected.values())
    assert sum(data["mappings"]["customers"]["parked"].values()) == wait > 0
    assert data["mappings"]["payments"]["created"] >= 40
    assert data["visits"] >= 4
    assert (data["duplicates"], data["wrong_links"], data["last_visit_writes"]) == (0, 0, 0)
    assert data["first_deal_seconds"] < 30


def test_the_server_counts_no_fewer_tokens_than_pipedrive_charges(played: Played) -> None:
    assert played.outcome.tokens_counted >= played.outcome.tokens_spent > 0


@pytest.mark.reference
def test_every_qbxml_request_is_valid(played: Played) -> None:
    if not REFERENCE.is_dir():
        pytest.skip("needs ../shared/reference/quickbooks (Intuit's schemas)")
    from lxml import etree

    schema = etree.XMLSchema(etree.parse(REFERENCE / "quickbooks" / "xsd" / "qbxmlops130.xsd"))
    assert len(played.run.requests) > 20
    for request in played.run.requests:
        schema.assertValid(etree.fromstring(request.encode()))
        assert re.search(r'<\?qbxml version="13\.0"\?>', request)


@pytest.mark.reference
def test_every_exchange_with_pipedrive_fits_its_documents(played: Played) -> None:
    from tests.connectors.pipedrive.openapi import load_judge

    judge = load_judge()
    for response in played.exchanges:
        judge.check(response.request, response)
    assert judge.checked > 300


# ------------------------------------------------------------------------------------------------------- power and end
def test_a_server_killed_in_the_middle_of_the_second_visit_ends_with_the_same_state(
    played: Played, tmp_path: Path
) -> None:
    killed = play(tmp_path / "work", kill=True)
    assert [check.problems for check in killed.outcome.verdict.checks if not check.holds] == []
    assert final_state(killed.stage.scene()) == final_state(played.stage.scene())
    assert killed.outcome.state == played.outcome.state


def command(*options: str) -> subprocess.Popen[str]:
    """`engine demo` as a person starts it."""
    return subprocess.Popen(
        [sys.executable, "-m", "engine.cli.main", "demo", "--scale", "0.1", *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"COLUMNS": "120"},
    )  # fmt: skip


def any_port() -> int:
    """A free one, and not the usual one: somebody may look at a demo meanwhile."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def nobody_listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_the_command_prints_its_counts_and_ends_well(tmp_path: Path) -> None:
    port = any_port()
    process = command("--exit", "--json", "--port", str(port), "--folder", str(tmp_path))
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    data = json.loads(out)
    assert [check["problems"] for check in data["checks"] if not check["holds"]] == []
    assert data["money"]["USD"]["difference"] in ("0", "0.00")
    assert nobody_listens(port)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_stopping_it_at_any_time_leaves_nothing_behind(sign: signal.Signals) -> None:
    port = any_port()
    process = command("--port", str(port))
    deadline = time.monotonic() + 60
    while nobody_listens(port):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(sign)
    process.communicate(timeout=30)
    assert nobody_listens(port)
