"""From the SOAP visit to the call of Pipedrive: one id, in the log, the journal and the stored requests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.store.store import Store
from tests.scenarios.served import Served, running


def lines(served: Served) -> list[dict[str, Any]]:
    """What was logged, as a program reads it."""
    return [json.loads(line) for line in served.log().splitlines() if line.startswith("{")]


def test_the_id_of_a_visit_finds_everything_that_came_of_it(tmp_path: Path) -> None:
    with running(tmp_path / "server", customers=3, log="{style: json, level: debug}") as served:
        served.visit()
        served.settle()
        served.server.stop()
        logged = lines(served)
        (first,) = {one["visit"] for one in logged if one["event"] == "visit" and one["system"] == "quickbooks_desktop"}
        story = [one for one in logged if first in (one.get("visit"), one.get("origin"))]
        told = [one["event"] for one in story]
        operations = [one["operation"] for one in story if one["event"] in ("call", "request")]
        assert operations[0] == "sendRequestXML" and "organization.create" in operations
        created = next(one for one in story if one["event"] == "link" and one["mapping"] == "customers")
        requests = [one for one in story if one["event"] == "request" and one.get("request") == created["request"]]
        (sent,) = [one for one in requests if one["operation"] == "organization.create"]  # others made its fields
        assert (sent["origin"], created["origin"]) == (first, first)
        assert {"call", "visit", "decide", "request", "link"} <= set(told)
        store = Store.open(served.store)
        with store.reading() as tx:
            intent = tx.intents.get("acme", created["request"])
            entries = tx.journal.story("acme", "customers", created["record"], 10)
        store.close()
        assert intent is not None and intent.request["origin"] == first
        assert {one.detail.get("origin") for one in entries} == {first}
