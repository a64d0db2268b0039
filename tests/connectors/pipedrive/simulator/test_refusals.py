"""What the service refuses, with the bodies that clients of it have recorded."""

import json
from typing import Any

import httpx
import pytest

from connectors.pipedrive.simulator import Account
from tests.connectors.pipedrive.openapi import REFERENCE, load_judge

HASH = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def acme(account: Account) -> None:
    account.add_organization("Acme")
    account.add_deal("Invoice 1", org_id=1)
    account.add_field("organization", "Customer type", "enum", ["Retail", "Trade"])
    account.add_field("organization", "Regions", "set", ["North", "South"])


def code(account: Account, name: str) -> str:
    return str(account.fields.named("organization", name)["field_code"])


def refused(response: httpx.Response, status: int, *parts: str) -> dict[str, Any]:
    body: dict[str, Any] = response.json()
    assert response.status_code == status, body
    for part in parts:
        assert part in body["error"], body
    return body


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("organizations", {"name": "A", "email": "a@b.c"}, "email: Parameter 'email' is not allowed for this request"),
        ("organizations", {"name": "A", HASH: "x"}, f"Parameter '{HASH}' is not allowed for this request"),
        ("organizations", {"name": "A", "custom_fields": {HASH: "x"}}, f"custom_fields: Unknown key '{HASH}'"),
        ("organizations", {}, "name: is required"),
        ("organizations", {"name": "  "}, "name: must not be empty"),
        ("organizations", {"name": "x" * 256}, "name: must not be longer than 255 characters"),
        ("organizations", {"name": "A", "owner_id": "1"}, "owner_id: The value is not a valid 'number'"),
        ("organizations", {"name": "A", "owner_id": True}, "owner_id: The value is not a valid 'number'"),
        ("organizations", {"name": "A", "owner_id": 99}, "owner_id: user 99 not found"),
        ("organizations", {"name": "A", "visible_to": "3"}, "visible_to: must be one of 1, 3, 5, 7"),
        ("organizations", {"name": "A", "address": {"city": "X", "value": "Y"}}, "address: Unknown key 'city'"),
        ("organizations", {"name": "A", "address": None}, "address: The value is not a valid 'object'"),
        ("organizations", {"name": "A", "add_time": "2026-01-01 10:00:00"}, "add_time: not a valid datetime"),
        ("organizations", {"name": "A", "label_ids": [5]}, "label_ids: no label 5"),
        ("deals", {"title": "D"}, "either person_id or org_id is required"),
        ("deals", {"title": "D", "org_id": 1, "add_time": "2026-01-01T00:00:00Z"}, "'add_time' is not allowed"),
        ("deals", {"title": "D", "org_id": 1, "value": "12.50"}, "value: The value is not a valid 'number'"),
        ("deals", {"title": "D", "org_id": 1, "currency": "XXX"}, "currency: unknown currency"),
        ("deals", {"title": "D", "org_id": 1, "lost_reason": "r"}, "lost_reason: cannot be set while the deal is open"),
        ("deals", {"title": "D", "org_id": 1, "won_time": "2026-01-01T00:00:00Z"}, "won_time: cannot be set"),
        ("deals", {"title": "D", "org_id": 1, "expected_close_date": None}, "The value is not a valid 'string'"),
        ("deals", {"title": "D", "org_id": 1, "probability": 101}, "probability: must be between 0 and 100"),
        ("persons", {"emails": []}, "name: is required"),
        ("persons", {"name": "A", "emails": "a@b.c"}, "emails: The value is not a valid 'array'"),
        ("products", {"name": "P", "prices": [{"currency": "USD", "price": 1}] * 2}, "only one price per currency"),
        ("products", {"name": "P", "is_linkable": 1}, "is_linkable: The value is not a valid 'boolean'"),
    ],
)
def test_a_malformed_record_is_refused_and_not_stored(
    path: str, body: Any, text: str, client: httpx.Client, account: Account
) -> None:
    before = json.loads(account.dump())["tables"]
    answer = refused(client.post(f"/api/v2/{path}", json=body), 400, "Validation failed: ", text)
    assert answer["code"] == "ERR_SCHEMA_VALIDATION_FAILED"
    assert json.loads(account.dump())["tables"] == before


def test_several_faults_are_told_at_once(client: httpx.Client) -> None:
    answer = refused(client.post("/api/v2/deals", json={"value": "1", "bogus": 1}), 400)
    assert answer["error"].count("; ") == 2


def test_an_option_is_written_as_its_number_and_never_as_text(client: httpx.Client, account: Account) -> None:
    kind = code(account, "Customer type")
    text = f"custom_fields: Expected 'number' as value for single option custom field '{kind}'"
    for value in ("1", "Retail"):
        refused(client.patch("/api/v2/organizations/1", json={"custom_fields": {kind: value}}), 400, text)
    refused(client.patch("/api/v2/organizations/1", json={"custom_fields": {kind: 77}}), 400, "no option 77")
    assert client.patch("/api/v2/organizations/1", json={"custom_fields": {kind: 2}}).status_code == 200
    assert account.custom("organization", account.record("organization", 1)) == {"Customer type": "Trade"}


def test_a_set_is_cleared_with_null_and_not_with_an_empty_list(client: httpx.Client, account: Account) -> None:
    regions = code(account, "Regions")
    account.edit("organization", 1, custom={"Regions": ["North", "South"]})
    refused(client.patch("/api/v2/organizations/1", json={"custom_fields": {regions: []}}), 400, "non-empty array")
    answer = client.patch("/api/v2/organizations/1", json={"custom_fields": {regions: None}})
    assert answer.json()["data"]["custom_fields"][regions] is None


@pytest.mark.parametrize(
    "query",
    [
        "limit=501",
        "limit=0",
        "updated_since=2026-11-22T10:00:00.123Z",
        "updated_since=2026-11-22",
        "sort_by=name",
        "cursor=nonsense",
        "ids=1,x",
        "ids=" + ",".join(map(str, range(101))),
        "custom_fields=" + HASH,
        "name=Acme",
    ],
)
def test_a_malformed_list_is_refused(query: str, client: httpx.Client) -> None:
    refused(client.get(f"/api/v2/organizations?{query}"), 400, "Validation failed: ")


def test_a_body_that_is_not_json_is_refused(client: httpx.Client) -> None:
    refused(client.post("/api/v2/organizations", data={"name": "Acme"}), 400, "only application/json")
    headers = {"content-type": "application/json"}
    refused(client.post("/api/v2/organizations", content=b"{", headers=headers), 400, "not valid JSON")


def test_a_query_on_a_write_is_refused_before_it_is_done(client: httpx.Client, account: Account) -> None:
    refused(client.post("/api/v2/organizations?dry_run=1", json={"name": "B"}), 400, "dry_run")
    assert len(account.records("organization")) == 1


@pytest.mark.parametrize("headers", [{}, {"x-api-token": "wrong"}, {"authorization": "Basic x"}])
def test_without_the_token_nothing_is_answered(headers: dict[str, str], client: httpx.Client) -> None:
    del client.headers["x-api-token"]
    response = client.get("/api/v2/deals", headers=headers)
    assert (response.status_code, response.headers["x-401-by-gw"]) == (401, "true")
    assert response.json() == {
        "success": False,
        "error": "unauthorized access",
        "errorCode": 401,
        "error_info": "Please check developers.pipedrive.com",
    }


def test_the_token_in_the_query_works_only_where_the_switch_allows_it(client: httpx.Client, account: Account) -> None:
    token = client.headers.pop("x-api-token")
    assert client.get(f"/v1/users/me?api_token={token}").status_code == 401
    account.switches.query_token = True
    assert client.get(f"/v1/users/me?api_token={token}").status_code == 200


@pytest.mark.reference
def test_recorded_bodies_have_the_same_keys(client: httpx.Client, account: Account) -> None:
    load_judge()
    shapes = json.loads((REFERENCE / "error-shapes.json").read_text())["shapes"]
    account.switches.open_deals_limit = 0
    hook = {"subscription_url": "not a url", "event_action": "*", "event_object": "*", "name": "x"}
    kind = code(account, "Customer type")
    answers = {
        "unknown root key": client.post("/api/v2/deals", json={"title": "x", "bogus": 1}),
        "enum option id sent": client.patch("/api/v2/organizations/1", json={"custom_fields": {kind: "1"}}),
        "updated_since": client.get("/api/v2/deals?updated_since=2026-01-01T00:00:00.5Z"),
        "generic bad request": client.post("/api/v1/notes", json={"content": "x"}),
        "subscription_url not": client.post("/api/v1/webhooks", json=hook),
        "bad or missing token": client.get("/api/v2/deals", headers={"x-api-token": "no"}),
        "plan limit": client.post("/api/v2/deals", json={"title": "x", "org_id": 1}),
        "no such record": client.get("/api/v2/deals/99"),
        "no such webhook": client.delete("/api/v1/webhooks/99"),
    }
    for start, answer in answers.items():
        shape = next(shape for shape in shapes if shape.get("when", "").startswith(start))
        assert (answer.status_code, set(answer.json())) == (shape["status"], set(shape["body"])), start


def test_an_unknown_path_and_a_wrong_method_are_told_apart(client: httpx.Client) -> None:
    refused(client.get("/api/v2/invoices"), 404)
    refused(client.get("/v2/deals"), 404)
    refused(client.put("/api/v2/deals/1", json={}), 405)
    refused(client.get("/api/v2/deals/first"), 404)


def test_plan_limits_are_403_with_a_code(client: httpx.Client, account: Account) -> None:
    account.switches.custom_fields_limit = 2
    body = refused(client.post("/api/v2/dealFields", json={"field_name": "x", "field_type": "text"}), 403)
    assert body["code"] == "feature_capping_custom_fields_limit"
    account.switches.open_deals_limit = 1
    body = refused(client.post("/api/v2/deals", json={"title": "x", "org_id": 1}), 403)
    assert body["code"] == "feature_capping_deals_limit"
    won = client.post("/api/v2/deals", json={"title": "x", "org_id": 1, "status": "won"})
    assert won.status_code == 200


def test_fields_of_features_the_company_lacks_are_403(client: httpx.Client, account: Account) -> None:
    refused(client.patch("/api/v2/organizations/1", json={"website": "https://acme.example"}), 403)
    refused(client.post("/api/v2/persons", json={"name": "A", "job_title": "Clerk"}), 403)
    account.switches.company_details = True
    answer = client.patch("/api/v2/organizations/1", json={"website": "https://acme.example"})
    assert answer.json()["data"]["website"] == "https://acme.example"
