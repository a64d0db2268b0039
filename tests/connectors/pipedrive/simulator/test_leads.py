"""Leads, merging and visibility: v1's own shapes, and who sees what."""

import httpx
import pytest

from connectors.pipedrive.simulator import Account
from tests.connectors.pipedrive.openapi import load_judge, response_keys


@pytest.fixture
def company(account: Account) -> int:
    return int(account.add_organization("Acme")["id"])


def test_a_lead_of_nobody_is_refused(client: httpx.Client, company: int) -> None:
    assert client.post("/api/v1/leads", json={"title": "Estimate"}).status_code == 400
    made = client.post("/api/v1/leads", json={"title": "Estimate", "organization_id": company})
    assert made.status_code == 201
    path = f"/api/v1/leads/{made.json()['data']['id']}"
    assert client.patch(path, json={"organization_id": None}).status_code == 400


def test_an_amount_of_a_lead_needs_its_currency(client: httpx.Client, company: int) -> None:
    body = {"title": "Estimate", "organization_id": company, "value": {"amount": 5}}
    assert client.post("/api/v1/leads", json=body).status_code == 400


def test_custom_fields_of_a_lead_are_the_deals_at_the_root_in_v1s_shapes(
    client: httpx.Client, account: Account, company: int
) -> None:
    codes = {
        kind: account.add_field("deal", kind, kind, ["a", "b"])["field_code"]
        for kind in ("varchar", "enum", "set", "monetary", "double")
    }
    options = {
        kind: [one["id"] for one in account.fields.get("deal", codes[kind])["options"]] for kind in ("enum", "set")
    }
    values = {
        codes["varchar"]: "x",
        codes["enum"]: str(options["enum"][1]),
        codes["set"]: ",".join(map(str, options["set"])),
        codes["monetary"]: 12.5,
        f"{codes['monetary']}_currency": "EUR",
    }
    made = client.post("/api/v1/leads", json={"title": "Estimate", "organization_id": company, **values}).json()["data"]
    assert {key: made[key] for key in values} == values
    assert codes["double"] not in made, "what is not set does not appear"
    path = f"/api/v1/leads/{made['id']}"
    cleared = client.patch(path, json={codes["set"]: None}).json()["data"]
    assert codes["set"] not in cleared and codes["enum"] in cleared
    for wrong in ({codes["enum"]: "b"}, {codes["set"]: "x,y"}, {"f" * 40: "x"}, {"custom_fields": {}}):
        assert client.patch(path, json=wrong).status_code == 400, wrong


def test_an_archived_lead_is_listed_apart_and_a_deleted_one_is_gone(client: httpx.Client, company: int) -> None:
    key = client.post("/api/v1/leads", json={"title": "Estimate", "organization_id": company}).json()["data"]["id"]
    client.patch(f"/api/v1/leads/{key}", json={"is_archived": True})
    assert client.get("/api/v1/leads").json()["data"] == []
    assert [one["id"] for one in client.get("/api/v1/leads/archived").json()["data"]] == [key]
    client.delete(f"/api/v1/leads/{key}")
    assert client.get(f"/api/v1/leads/{key}").status_code == 404


def test_pages_of_leads_are_told_as_documented_or_like_other_lists(
    client: httpx.Client, account: Account, company: int
) -> None:
    for number in range(3):
        account.add("lead", title=f"Estimate {number}", organization_id=company)
    flat = client.get("/api/v1/leads?limit=2").json()["additional_data"]
    assert flat["more_items_in_collection"] is True
    account.switches.nested_lead_pages = True
    nested = client.get("/api/v1/leads?limit=2&start=2").json()["additional_data"]
    assert nested["pagination"]["more_items_in_collection"] is False


@pytest.mark.reference
def test_a_lead_has_the_documented_keys_and_no_others(client: httpx.Client, company: int) -> None:
    load_judge()
    shown = set(client.post("/api/v1/leads", json={"title": "E", "organization_id": company}).json()["data"])
    assert shown == response_keys("v1", "post", "/leads", "201")


def test_merging_keeps_the_one_that_is_named_in_the_body(client: httpx.Client, account: Account, company: int) -> None:
    other = account.add_organization("ACME Inc.", address={"value": "1 Main Street"})["id"]
    deal = account.add_deal("D", org_id=company)["id"]
    lead = account.add("lead", title="L", organization_id=company)["id"]
    assert client.put(f"/api/v1/organizations/{company}/merge", json={"merge_with_id": other}).json()["data"] == {
        "id": other
    }
    assert client.get(f"/api/v2/organizations/{company}").json()["data"]["is_deleted"] is True
    assert account.record("deal", deal)["org_id"] == other
    assert client.get(f"/api/v1/leads/{lead}").json()["data"]["organization_id"] == other
    for wrong in ({"merge_with_id": other}, {"merge_with_id": "1"}, {}):
        assert client.put(f"/api/v1/organizations/{other}/merge", json=wrong).status_code == 400


def test_a_user_sees_what_is_his_and_what_is_not_hidden(client: httpx.Client, account: Account) -> None:
    user = account.add_user("Sam", "sam@acme.example")["id"]
    account.add_token("token-of-sam", user)
    hidden = account.add_organization("Hidden", visible_to=1)["id"]
    his = account.add_organization("His", visible_to=1, owner_id=user)["id"]
    everyones = account.add_organization("Everyone's")["id"]
    as_sam = {"x-api-token": "token-of-sam"}
    listed = client.get("/api/v2/organizations", headers=as_sam).json()["data"]
    assert [one["id"] for one in listed] == [his, everyones]
    assert client.get(f"/api/v2/organizations/{hidden}", headers=as_sam).status_code == 404
    assert client.patch(f"/api/v2/organizations/{hidden}", headers=as_sam, json={"name": "x"}).status_code == 404
    found = client.get("/api/v2/organizations/search?term=hidden", headers=as_sam).json()["data"]["items"]
    assert found == []
    assert len(client.get("/api/v2/organizations").json()["data"]) == 3, "an admin sees all of them"


def test_a_filter_is_listed_by_its_kind_and_shows_its_conditions(client: httpx.Client, account: Account) -> None:
    condition = {"object": "deal", "field_id": "1", "operator": "=", "value": "open", "field_code": "status"}
    account.add_filter("Open deals", "deals", [condition])
    account.add_filter("Customers", "org")
    assert [one["name"] for one in client.get("/api/v1/filters?type=org").json()["data"]] == ["Customers"]
    plain = client.get("/api/v1/filters/1").json()["data"]["conditions"]["conditions"][0]["conditions"][0]
    coded = client.get("/api/v1/filters/1?include_field_code=true").json()["data"]["conditions"]["conditions"][0]
    assert ("field_code" in plain, coded["conditions"][0]["field_code"]) == (False, "status")


def test_every_answer_says_the_accounts_time(client: httpx.Client) -> None:
    assert client.get("/api/v1/users/me").headers.get_list("date") == ["Sun, 22 Nov 2026 12:00:00 GMT"]
