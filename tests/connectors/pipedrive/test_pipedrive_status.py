"""Each class of answer that is no success: what the engine does about it, and a sentence that a person can act on."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.pipedrive import status
from connectors.pipedrive.status import TROUBLES
from connectors.pipedrive.troubles import AFTERWARDS, MARK, render, replaced
from engine.protocol import Failure, Query
from tests.connectors.pipedrive.conftest import Bench, Bencher, new
from tests.connectors.pipedrive.openapi import REFERENCE

SHAPES = REFERENCE / "error-shapes.json"
PAGE = Path(__file__).resolve().parents[3] / "docs" / "pipedrive.md"
CLASSES = {
    "unknown root key (for example a custom-field hash at the root)": ("invalid", Failure.REFUSED),
    "enum option id sent as a string": ("invalid", Failure.REFUSED),
    "unknown key inside custom_fields": ("invalid", Failure.REFUSED),
    "updated_since with fractional seconds": ("invalid", Failure.REFUSED),
    "expected_close_date null in PATCH": ("invalid", Failure.REFUSED),
    "generic bad request": ("invalid", Failure.REFUSED),
    "subscription_url not reachable": ("invalid", Failure.REFUSED),
    "bad or missing token": ("unauthorized", Failure.CONFIGURATION),
    "company account not open": ("unpaid", Failure.CONFIGURATION),
    "plan limit": ("plan", Failure.REFUSED),
    "OAuth scope missing": ("scope", Failure.CONFIGURATION),
    "traffic continues after 429": ("edge", Failure.UNSENT),
    "no such record": ("gone", Failure.GONE),
    "no such webhook": ("gone", Failure.GONE),
    "resource permanently gone": ("gone", Failure.GONE),
    "more than 40 webhooks for the user": ("invalid", Failure.REFUSED),
    "burst or daily budget": ("burst", Failure.UNSENT),
    "": ("unknown", Failure.UNKNOWN),
    "maintenance": ("unknown", Failure.UNKNOWN),
}
"""`when` of error-shapes.json -> our class, and what the engine is told, as the answer to the update of a record."""


@pytest.mark.reference
@pytest.mark.parametrize("number", range(19))
def test_each_documented_error_is_classed_and_told_in_a_sentence(bench: Bench, number: int) -> None:
    if not SHAPES.is_file():
        pytest.skip("../shared/reference is not there")
    shapes = json.loads(SHAPES.read_text("utf-8"))["shapes"]
    assert len(shapes) == len(CLASSES), "a shape without a class"
    shape = shapes[number]
    name, failure = CLASSES[shape.get("when", "")]
    failed = answered(bench, shape["status"], shape["body"], shape.get("content_type"), shape.get("headers"))
    assert failed.failure is failure
    trouble = TROUBLES[name]
    assert failed.message.startswith(trouble.means) and failed.message.endswith((".", trouble.act))
    assert "Traceback" not in failed.message and len(failed.message) < 700
    if "Validation failed" in str(shape["body"]):
        assert failed.field == ("custom_fields" if "custom_fields" in str(shape["body"]) else None)


def answered(bench: Bench, code: int, body: Any, kind: str | None = None, headers: Any = None) -> Any:
    """What comes of an update that is answered so."""
    client = bench.endpoint._client
    bench.endpoint._account.ready()
    text = body if isinstance(body, str) else json.dumps(body)

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(code, text=text, headers={"content-type": kind or "application/json", **(headers or {})})

    before = client._http
    client._http = httpx.Client(transport=httpx.MockTransport(answer), base_url=before.base_url, headers=before.headers)
    try:
        with pytest.raises(status.Stopped) as stopped:
            client.send("organization.update", place={"id": "1"}, body={"name": "A"})
    finally:
        client._http.close()
        client._http = before
    return stopped.value.failed


def test_the_field_at_fault_is_named() -> None:
    def field(error: str) -> str | None:
        return status.failure(400, {"success": False, "error": error}, True, True).failed.field

    assert field("Validation failed: abc: Parameter 'abc' is not allowed for this request") == "abc"
    assert field("Validation failed: custom_fields: Unknown key 'f00'; name: too long") == "custom_fields"
    assert field("Bad request") is None


@pytest.mark.parametrize("body", [None, [], "x", {}, {"error": None}, {"errors": {"url": []}}, {"error": {"a": 1}}])
@pytest.mark.parametrize("code", [400, 403, 404, 409, 415, 418, 500])
def test_an_error_without_its_envelope_still_makes_a_sentence(code: int, body: Any) -> None:
    failed = status.failure(code, body, False, True).failed
    assert failed.message.endswith(".") and "None" not in failed.message


def test_the_edges_page_pauses_the_whole_company(bench_of: Bencher) -> None:
    bench = bench_of()
    failed = answered(bench, 403, "<html>Cloudflare</html>", "text/html")
    assert failed.failure is Failure.UNSENT and failed.again_after is not None
    write = new("organization", name="A")
    bench.work.add(write)
    mark = bench.account.ledger.mark()
    bench.endpoint.drain()
    assert bench.account.ledger.since(mark).requests == 0


def test_what_pipedrive_may_add_or_leave_empty_spoils_no_reading(bench: Bench) -> None:
    org = bench.account.add_organization("Acme")
    bench.account.add_deal("Deal", org_id=org["id"])
    real = bench.endpoint._client._exchange

    def exchange(*given: Any) -> httpx.Response:
        response = real(*given)
        body = response.json()
        for row in body["data"] if isinstance(body["data"], list) else []:
            row |= {"a_new_key": {"deep": [1]}, "expected_close_date": "0000-00-00", "owner_id": None}
            if "status" in row:
                row["status"] = "a_new_status"
        return httpx.Response(response.status_code, json=body)

    bench.endpoint._client._exchange = exchange  # type: ignore[method-assign]
    (found,) = bench.read("deal").values()
    assert found.record["status"] == "a_new_status" and found.record["expected_close_date"] is None
    assert bench.carry(Query("organization", id="again")).done


def test_the_page_of_pipedrive_is_up_to_date() -> None:
    page = PAGE.read_text("utf-8")
    assert replaced(page) == page, "`make docs` writes it"
    with pytest.raises(ValueError, match="no line"):
        replaced("# A page")
    assert replaced(f"# A page\n\n{MARK}\nold") == f"# A page\n\n{render()}\n"


def test_every_class_has_its_row_and_every_failure_its_words() -> None:
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", render(), re.M)
    assert [row[1].strip() for row in rows[1:]] == [one.means for one in TROUBLES.values()]
    assert set(AFTERWARDS) == set(Failure)
