"""Every operation once over HTTP, judged by OpenAPI, and its price against the table from Pipedrive's documents."""

import csv
import re
from typing import Any

import httpx
import pytest

from connectors.pipedrive.simulator import Account
from connectors.pipedrive.simulator.costs import COSTS
from connectors.pipedrive.simulator.routes import OPERATIONS, find
from tests.connectors.pipedrive.openapi import REFERENCE, load_judge, response_keys


@pytest.mark.reference
def test_every_price_is_the_documented_one() -> None:
    load_judge()
    with (REFERENCE / "token-costs.csv").open(newline="") as file:
        rows = {(r["api_version"], r["method"], r["path"]): int(r["tokens"]) for r in csv.DictReader(file)}
    assert {key: rows[key] for key in COSTS} == COSTS


def test_every_operation_with_a_price_has_an_endpoint() -> None:
    assert {(o.version, o.method, o.template) for o in OPERATIONS} == set(COSTS)


def test_words_win_over_variables_in_paths() -> None:
    operation, names, _ = find("v2", "GET", "/deals/archived")
    assert operation is not None and operation.template == "/deals/archived" and names == {}


@pytest.mark.reference
def test_every_operation_answers_as_documented(client: httpx.Client, account: Account) -> None:
    load_judge()
    account.add_filter("Open deals", "deals")
    _tour(client)
    missed = {o.name for o in OPERATIONS} - {e.operation for e in account.ledger.entries if e.ok}
    assert missed == set()


def _tour(client: httpx.Client) -> None:
    def ask(method: str, path: str, body: object = None) -> Any:
        response = client.request(method, path, json=body)
        assert response.status_code in (200, 201), (method, path, response.text)
        return response.json()

    for entity in ("organization", "person", "deal", "product"):
        options = {"field_name": "Kind", "field_type": "set", "options": [{"label": "a"}, {"label": "b"}]}
        path = f"/api/v2/{entity}Fields"
        one = f"{path}/{ask('POST', path, options)['data']['field_code']}"
        added = ask("POST", f"{one}/options", [{"label": "c"}])["data"][0]["id"]
        ask("PATCH", f"{one}/options", [{"id": added, "label": "d"}])
        ask("DELETE", f"{one}/options", [{"id": added}])
        ask("PATCH", one, {"field_name": "Sort"})
        ask("GET", one)
        ask("GET", f"{path}?include_fields=ui_visibility")
        ask("DELETE", one)
    made = {
        "organizations": {"name": "Acme", "address": {"value": "1 Main Street"}},
        "persons": {"name": "Ann Lee", "org_id": 1, "emails": [{"value": "a@b.example"}]},
        "deals": {"title": "Invoice 17", "org_id": 1, "value": 12.5},
        "products": {"name": "Hammer", "code": "H-1", "prices": [{"currency": "USD", "price": 9.95}]},
    }
    for plural, body in made.items():
        ask("POST", f"/api/v2/{plural}", body)
        ask("GET", f"/api/v2/{plural}/1")
        ask("GET", f"/api/v2/{plural}?limit=1")
        ask("PATCH", f"/api/v2/{plural}/1", {"owner_id": 1})
        ask("GET", f"/api/v2/{plural}/search?term=1&exact_match=true")
    line = {"product_id": 1, "item_price": 9.95, "quantity": 2}
    ask("POST", "/api/v2/deals/1/products", line)
    ask("POST", "/api/v2/deals/1/products/bulk", {"data": [line, line]})
    ask("PATCH", "/api/v2/deals/1/products/1", {"quantity": 3})
    ask("GET", "/api/v2/deals/1/products")
    ask("GET", "/api/v2/deals/products?deal_ids=1,2")
    ask("DELETE", "/api/v2/deals/1/products/1")
    ask("DELETE", "/api/v2/deals/1/products?ids=2,3")
    ask("GET", "/api/v2/deals/archived")
    ask("GET", "/api/v2/itemSearch?term=hammer&item_types=product")
    ask("GET", "/api/v2/itemSearch/field?term=Acme&entity_type=organization&field=name")
    pipeline = ask("POST", "/api/v2/pipelines", {"name": "Invoices"})["data"]["id"]
    stage = ask("POST", "/api/v2/stages", {"name": "Sent", "pipeline_id": pipeline})["data"]["id"]
    for path, body in ((f"stages/{stage}", {"name": "Out"}), (f"pipelines/{pipeline}", {"name": "Bills"})):
        ask("GET", f"/api/v2/{path}")
        ask("PATCH", f"/api/v2/{path}", body)
        ask("GET", f"/api/v2/{path.split('/')[0]}")
        ask("DELETE", f"/api/v2/{path}")
    ask("POST", "/api/v1/notes", {"content": "<p>Paid</p>", "deal_id": 1})
    ask("PUT", "/api/v1/notes/1", {"content": "<p>Paid in full</p>"})
    ask("GET", "/v1/notes/1")
    ask("GET", "/v1/notes?deal_id=1&sort=add_time DESC")
    ask("DELETE", "/api/v1/notes/1")
    _work(ask)
    _leads(ask)
    for path in ("users", "users/me", "users/1", "currencies", "activityTypes", "filters?type=deals", "filters/1"):
        ask("GET", f"/api/v1/{path}")
    hook = {"subscription_url": "https://sync.example.com/x", "event_action": "*", "event_object": "*", "name": "x"}
    ask("POST", "/api/v1/webhooks", hook)
    ask("GET", "/api/v1/webhooks")
    ask("DELETE", "/api/v1/webhooks/1")
    for plural in ("organizations", "persons", "deals"):
        ask("POST", f"/api/v2/{plural}", made[plural] | ({} if plural == "organizations" else {"org_id": 2}))
        ask("PUT", f"/api/v1/{plural}/1/merge", {"merge_with_id": 2})
    for plural in ("deals", "persons", "organizations"):
        ask("DELETE", f"/api/v2/{plural}/2")
    ask("DELETE", "/api/v2/products/1")


def _work(ask: Any) -> None:
    """Activities, projects and tasks."""
    done = {"subject": "Call back", "type": "call", "deal_id": 1, "participants": [{"person_id": 1, "primary": True}]}
    ask("POST", "/api/v2/activities", done | {"due_date": "2026-12-01", "due_time": "09:30", "duration": "01:00"})
    ask("PATCH", "/api/v2/activities/1", {"done": True, "location": {"value": "1 Main Street"}, "note": "<p>x</p>"})
    ask("GET", "/api/v2/activities/1?include_fields=attendees")
    ask("GET", "/api/v2/activities?deal_id=1&done=true&sort_by=due_date")
    ask("DELETE", "/api/v2/activities/1")
    ask("POST", "/api/v2/projects", {"title": "Kitchen", "deal_ids": [1]})
    ask("PATCH", "/api/v2/projects/1", {"status": "completed"})
    ask("GET", "/api/v2/projects/1")
    ask("GET", "/api/v2/projects?deal_id=1")
    ask("POST", "/api/v2/tasks", {"title": "Order tiles", "project_id": 1, "assignee_id": 1})
    ask("POST", "/api/v2/tasks", {"title": "Call the shop", "project_id": 1, "parent_task_id": 1, "milestone": 1})
    ask("PATCH", "/api/v2/tasks/1", {"done": 1, "due_date": None})
    ask("GET", "/api/v2/tasks/1")
    ask("GET", "/api/v2/tasks?parent_task_id=null&is_done=true")
    for path in ("tasks/1", "projects/1"):
        ask("DELETE", f"/api/v2/{path}")


def _leads(ask: Any) -> None:
    """Leads, with a custom field of the deals."""
    code = ask("POST", "/api/v2/dealFields", {"field_name": "Budget", "field_type": "monetary"})["data"]["field_code"]
    body = {"title": "Estimate 4", "organization_id": 1, "value": {"amount": 99.5, "currency": "USD"}}
    lead = ask("POST", "/api/v1/leads", body | {code: 12.5, f"{code}_currency": "EUR"})["data"]
    assert (lead[code], lead[f"{code}_currency"]) == (12.5, "EUR")
    ask("GET", f"/api/v1/leads/{lead['id']}")
    ask("GET", "/api/v1/leads?organization_id=1&sort=title")
    ask("PATCH", f"/api/v1/leads/{lead['id']}", {"is_archived": True, code: None})
    ask("GET", "/api/v1/leads/archived")
    ask("DELETE", f"/api/v1/leads/{lead['id']}")


UNDOCUMENTED = {
    "/deals": {"creator_user_id", "archive_time", "local_won_date", "local_lost_date", "local_close_date"},
}
"""Keys that only the document's examples have."""
FEATURES = {
    "/organizations": {"website", "linkedin", "industry", "annual_revenue", "employee_count"},
    "/persons": {"postal_address", "notes", "im", "birthday", "job_title"},
}
"""Keys of features that an account may lack."""


@pytest.mark.reference
@pytest.mark.parametrize("path", ["/organizations", "/persons", "/deals", "/products", "/pipelines", "/stages"])
def test_a_record_has_the_documented_keys_and_no_others(path: str, client: httpx.Client) -> None:
    load_judge()
    client.post("/api/v2/organizations", json={"name": "Acme"})
    client.post("/api/v2/persons", json={"name": "Ann"})
    client.post("/api/v2/deals", json={"title": "Deal", "org_id": 1})
    client.post("/api/v2/products", json={"name": "Hammer"})
    shown = set(client.get(f"/api/v2{path}").json()["data"][0])
    documented = response_keys("v2", "get", path) - FEATURES.get(path, set())
    assert shown - UNDOCUMENTED.get(path, set()) == documented


@pytest.mark.reference
def test_a_line_and_a_note_have_the_documented_keys(client: httpx.Client, account: Account) -> None:
    load_judge()
    account.add_organization("Acme")
    account.add_deal("Deal", org_id=1)
    account.add_product("Hammer")
    line = {"product_id": 1, "item_price": 1, "quantity": 1}
    shown = set(client.post("/api/v2/deals/1/products", json=line).json()["data"])
    assert shown == response_keys("v2", "post", "/deals/{id}/products", "201")
    shown = set(client.post("/api/v1/notes", json={"content": "x", "deal_id": 1}).json()["data"])
    assert shown == response_keys("v1", "post", "/notes")


def test_each_entry_of_the_ledger_names_an_operation(client: httpx.Client, account: Account) -> None:
    mark = account.ledger.mark()
    client.post("/api/v2/organizations", json={"name": "Acme"})
    client.get("/api/v2/organizations/1")
    client.get("/api/v2/organizations/2")
    after = account.ledger.since(mark)
    assert after.by_operation["v2 GET /organizations/{id}"] == (2, 2)
    assert after.spent == 7
    assert [(w.method, w.path, w.body, w.status) for w in after.writes] == [
        ("POST", "/organizations", {"name": "Acme"}, 200)
    ]
    assert all(re.fullmatch(r"v\d [A-Z]+ /\S+", entry.operation) for entry in after.entries)
