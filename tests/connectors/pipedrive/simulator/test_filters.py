"""Lists by a saved filter: every condition that Pipedrive's document names, and nothing else that was asked for."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from connectors.pipedrive.simulator import Account


def condition(field: str, operator: str, value: Any = None, of: str = "deal") -> dict[str, Any]:
    value = None if value is None else str(value)
    return {"object": of, "field_id": "1", "operator": operator, "value": value, "field_code": field}


def listed(client: httpx.Client, path: str, **query: Any) -> list[Any]:
    answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return [row.get("title", row.get("name", row.get("subject"))) for row in answer.json()["data"]]


@pytest.fixture
def deals(account: Account) -> Account:
    """Three deals of two organizations."""
    oak = account.add_organization("Oak Homes")["id"]
    elm = account.add_organization("Elm Street")["id"]
    account.add_field("deal", "PO", "varchar")
    account.add("deal", title="Small", value=10, org_id=oak, custom={"PO": "P-1"})
    account.add("deal", title="Middle", value=200, org_id=oak, status="won")
    account.add("deal", title="Large", value=3000, org_id=elm, custom={"PO": "Q-2"})
    return account


@pytest.mark.parametrize(
    ("field", "operator", "value", "expected"),
    [
        ("value", "=", 200, ["Middle"]),
        ("value", "!=", 200, ["Small", "Large"]),
        ("value", "<", 200, ["Small"]),
        ("value", "<=", 200, ["Small", "Middle"]),
        ("value", ">", 200, ["Large"]),
        ("value", ">=", 200, ["Middle", "Large"]),
        ("status", "=", "won", ["Middle"]),
        ("title", "LIKE '$%'", "s", ["Small"]),
        ("title", "LIKE '%$%'", "L", ["Small", "Middle", "Large"]),
        ("title", "NOT LIKE '$%'", "s", ["Middle", "Large"]),
        ("PO", "IS NULL", None, ["Middle"]),
        ("PO", "IS NOT NULL", None, ["Small", "Large"]),
        ("PO", "=", "q-2", ["Large"]),
    ],
)
def test_each_operator_keeps_what_it_says(
    field: str, operator: str, value: Any, expected: list[str], client: httpx.Client, deals: Account
) -> None:
    code = deals.fields.named("deal", "PO")["field_code"] if field == "PO" else field
    key = deals.add_filter("f", "deals", [condition(code, operator, value)])["id"]
    assert listed(client, "/api/v2/deals", filter_id=key) == expected


def test_all_of_one_group_and_any_of_the_other_must_hold(client: httpx.Client, deals: Account) -> None:
    every = [condition("status", "=", "open")]
    some = [condition("value", "<", 50), condition("name", "=", "elm street", of="organization")]
    key = deals.add_filter("f", "deals", every, some)["id"]
    assert listed(client, "/api/v2/deals", filter_id=key) == ["Small", "Large"]
    deals.edit("deal", 1, status="lost")
    assert listed(client, "/api/v2/deals", filter_id=key) == ["Large"]


def test_a_filter_overrides_every_other_and_shows_nothing_that_is_deleted(client: httpx.Client, deals: Account) -> None:
    key = deals.add_filter("All", "deals")["id"]
    deals.remove("deal", 3)
    others = {"status": "won", "org_id": 99, "updated_since": "2030-01-01T00:00:00Z"}
    assert listed(client, "/api/v2/deals", filter_id=key, **others) == ["Small", "Middle"]
    assert listed(client, "/api/v2/deals", filter_id=key, limit=1) == ["Small"]


def test_a_filter_of_another_kind_or_of_nowhere_is_refused(client: httpx.Client, deals: Account) -> None:
    key = deals.add_filter("Customers", "org")["id"]
    for path, number in (("/api/v2/deals", key), ("/api/v2/organizations", 99), ("/api/v1/leads", key)):
        answer = client.get(path, params={"filter_id": number})
        assert answer.status_code == 400 and "Filter not found" in answer.json()["error"]


def test_every_list_that_documents_it_takes_a_filter(client: httpx.Client, deals: Account) -> None:
    deals.add_person("Ann Lee", "ann@oak.example")
    deals.add_product("Lamp")
    deals.add("activity", subject="Call")
    deals.add("lead", title="Maybe", organization_id=1)
    deals.add("project", title="Garden")
    kinds = {
        "org": ("/api/v2/organizations", "organization", "name", "Oak Homes"),
        "people": ("/api/v2/persons", "person", "name", "Ann Lee"),
        "products": ("/api/v2/products", "product", "name", "Lamp"),
        "activity": ("/api/v2/activities", "activity", "subject", "Call"),
        "projects": ("/api/v2/projects", "project", "title", "Garden"),
        "leads": ("/api/v1/leads", "lead", "title", "Maybe"),
    }
    for kind, (path, entity, field, value) in kinds.items():
        wanted = deals.add_filter("this", kind, [condition(field, "=", value, of=entity)])["id"]
        others = deals.add_filter("not this", kind, [condition(field, "=", "?", of=entity)])["id"]
        assert listed(client, path, filter_id=wanted) == [value]
        assert listed(client, path, filter_id=others) == []
