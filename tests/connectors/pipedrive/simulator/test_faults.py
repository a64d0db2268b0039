"""Failures on demand: before the write, after it, and without any answer."""

import time

import httpx
import pytest

from connectors.pipedrive.simulator import Account, Fault, Faults, RunningSimulator
from connectors.pipedrive.simulator.faults import parse_fault

PATH = "/api/v2/organizations"
NEW = {"name": "Acme"}


@pytest.mark.parametrize("kind", ["429", "500", "502", "503"])
def test_a_failure_before_the_write_leaves_nothing(
    kind: str, client: httpx.Client, running: RunningSimulator, account: Account
) -> None:
    running.faults.add(kind)
    assert client.post(PATH, json=NEW).status_code == int(kind)
    assert account.records("organization") == [] and account.ledger.requests == 0
    assert client.post(PATH, json=NEW).status_code == 200


def test_a_failure_after_the_write_leaves_the_record(
    client: httpx.Client, running: RunningSimulator, account: Account
) -> None:
    running.faults.add("500-after@POST /organizations")
    assert client.post(PATH, json=NEW).status_code == 500
    assert [row["name"] for row in account.records("organization")] == ["Acme"]
    assert [(w.path, w.ok) for w in account.ledger.writes] == [("/organizations", True)]


@pytest.mark.parametrize(("kind", "written"), [("cut-before", 0), ("cut-after", 1)])
def test_a_cut_connection_gives_no_answer(
    kind: str, written: int, client: httpx.Client, running: RunningSimulator, account: Account
) -> None:
    running.faults.add(kind)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        client.post(PATH, json=NEW)
    assert len(account.records("organization")) == written
    assert client.get(PATH).status_code == 200


def test_useless_answers_with_status_200(client: httpx.Client, running: RunningSimulator) -> None:
    running.faults.add("null")
    running.faults.add("html#2")
    assert client.get(PATH).content == b"null"
    page = client.get(PATH)
    assert (page.status_code, page.headers["content-type"][:9]) == (200, "text/html")


def test_a_slow_answer_is_late_and_right(client: httpx.Client, running: RunningSimulator) -> None:
    running.faults.add("slow=0.15@GET /organizations")
    began = time.monotonic()
    assert client.get(PATH).status_code == 200
    assert time.monotonic() - began >= 0.15


def test_a_fault_strikes_by_method_path_and_count(client: httpx.Client, running: RunningSimulator) -> None:
    fault = running.faults.add(Fault("503", method="GET", path="/deals/*", nth=2, times=2))
    assert [client.get("/api/v2/deals/1").status_code for _ in range(4)] == [404, 503, 503, 404]
    assert client.get(PATH).status_code == 200
    assert (fault.seen, fault.struck) == (4, 2)


def test_chances_are_the_same_for_the_same_seed() -> None:
    runs = []
    for _ in range(2):
        faults = Faults(Fault("500", chance=0.3, times=None), seed=5)
        runs.append([faults.pick("GET", "/deals") is not None for _ in range(50)])
    assert runs[0] == runs[1] and 5 < sum(runs[0]) < 25


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("cut-after@POST /deals#2", Fault("cut-after", "POST", "/deals", nth=2)),
        ("500%0.05", Fault("500", times=None, chance=0.05)),
        ("slow=2.5@GET /deals/*", Fault("slow", "GET", "/deals/*", seconds=2.5)),
        ("429*3", Fault("429", times=3)),
    ],
)
def test_a_fault_is_read_from_its_text(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault


def test_a_fault_that_makes_no_sense_says_so() -> None:
    with pytest.raises(ValueError, match="unknown fault 'explode': one of 429"):
        parse_fault("explode")
    with pytest.raises(ValueError, match="not a fault: '500@'"):
        parse_fault("500@")
