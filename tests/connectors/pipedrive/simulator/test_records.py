"""Organizations, persons, products and notes: what is kept, listed, found and forgotten."""

from typing import Any

import httpx
import pytest

from connectors.pipedrive.simulator import Account

from .conftest import Clock


def data(response: httpx.Response) -> Any:
    assert response.status_code in (200, 201), response.text
    return response.json()["data"]


def ids(response: httpx.Response) -> list[int]:
    return [row["id"] for row in data(response)]


def test_names_are_not_unique(client: httpx.Client) -> None:
    made = [data(client.post("/api/v2/organizations", json={"name": "Acme"}))["id"] for _ in range(2)]
    assert made == [1, 2]


def test_omitted_parts_of_an_address_become_null(client: httpx.Client, account: Account) -> None:
    account.add_organization("Acme", address={"value": "1 Main St", "locality": "Troy", "postal_code": "12180"})
    row = data(client.patch("/api/v2/organizations/1", json={"address": {"value": "2 Main St,\n Troy"}}))
    assert (row["address"]["value"], row["address"]["locality"]) == ("2 Main St, Troy", None)


def test_a_patch_replaces_all_emails(client: httpx.Client, account: Account) -> None:
    account.add_person("Ann Lee", "ann@acme.example")
    row = data(client.patch("/api/v2/persons/1", json={"emails": [{"value": "b@acme.example"}]}))
    assert row["emails"] == [{"value": "b@acme.example", "primary": True, "label": "work"}]
    assert data(client.patch("/api/v2/persons/1", json={"emails": []}))["emails"] == []


def test_a_persons_name_is_made_of_its_parts(client: httpx.Client, account: Account) -> None:
    account.add_person("Ann Lee")
    assert data(client.patch("/api/v2/persons/1", json={"last_name": "Ray"}))["name"] == "Ann Ray"


def test_every_custom_field_is_shown_and_null_clears_one(client: httpx.Client, account: Account) -> None:
    text = account.add_field("organization", "QuickBooks ID", "varchar")["field_code"]
    owed = account.add_field("organization", "Open balance", "monetary")["field_code"]
    account.add_organization("Acme")
    row = data(client.patch("/api/v2/organizations/1", json={"custom_fields": {text: "80-1"}}))
    assert row["custom_fields"] == {text: "80-1", owed: None}
    body = {"custom_fields": {text: None, owed: {"value": 12.5, "currency": "USD"}}}
    row = data(client.patch("/api/v2/organizations/1", json=body))
    assert row["custom_fields"] == {text: None, owed: {"value": 12.5, "currency": "USD"}}
    some = data(client.get(f"/api/v2/organizations?custom_fields={text}"))
    assert some[0]["custom_fields"] == {text: None}


def test_a_deleted_record_is_hidden_readable_and_then_gone(
    client: httpx.Client, account: Account, clock: Clock
) -> None:
    account.add_organization("Acme")
    assert data(client.delete("/api/v2/organizations/1")) == {"id": 1}
    assert ids(client.get("/api/v2/organizations")) == ids(client.get("/api/v2/organizations?ids=1")) == []
    assert data(client.get("/api/v2/organizations/1"))["is_deleted"] is True
    assert client.patch("/api/v2/organizations/1", json={"name": "B"}).status_code == 404
    clock.move(days=31)
    assert client.get("/api/v2/organizations/1").status_code == 404


def test_deleted_deals_are_listed_for_thirty_days(client: httpx.Client, account: Account, clock: Clock) -> None:
    account.add_organization("Acme")
    account.add_deal("D", org_id=1)
    client.delete("/api/v2/deals/1")
    assert ids(client.get("/api/v2/deals?status=deleted")) == [1]
    clock.move(days=31)
    assert ids(client.get("/api/v2/deals?status=deleted,open")) == []


def test_pages_follow_the_cursor_without_gap_or_repeat(client: httpx.Client, account: Account) -> None:
    for number in range(7):
        account.add_organization(f"Org {number}")
    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        params: Any = {"limit": 3, "sort_direction": "desc"} | ({"cursor": cursor} if cursor else {})
        answer = client.get("/api/v2/organizations", params=params)
        seen += ids(answer)
        cursor, pages = answer.json()["additional_data"]["next_cursor"], pages + 1
        account.add_organization("made meanwhile")
    assert (seen, pages) == ([7, 6, 5, 4, 3, 2, 1], 3)


def test_a_cursor_keeps_to_its_order(client: httpx.Client, account: Account) -> None:
    account.add_organization("A")
    account.add_organization("B")
    cursor = client.get("/api/v2/organizations?limit=1").json()["additional_data"]["next_cursor"]
    assert client.get(f"/api/v2/organizations?cursor={cursor}&sort_by=update_time").status_code == 400


def test_updated_since_includes_its_second_and_updated_until_does_not(
    client: httpx.Client, account: Account, clock: Clock
) -> None:
    account.add_organization("A")
    clock.move(seconds=10)
    account.add_organization("B")
    path = "/api/v2/organizations"
    assert ids(client.get(path, params={"updated_since": "2026-11-22T12:00:10Z"})) == [2]
    assert ids(client.get(path, params={"updated_until": "2026-11-22T12:00:10Z"})) == [1]
    assert ids(client.get(path, params={"updated_since": "2026-11-22T13:00:10+01:00"})) == [2]


def test_a_write_that_changes_nothing_leaves_the_time_alone(
    client: httpx.Client, account: Account, clock: Clock
) -> None:
    account.add_organization("A")
    clock.move(seconds=10)
    row = data(client.patch("/api/v2/organizations/1", json={"name": "A"}))
    assert row["update_time"] == row["add_time"]


def test_deals_are_filtered_by_what_they_point_at(client: httpx.Client, account: Account) -> None:
    account.add_organization("A")
    account.add_person("Ann")
    account.add_deal("1", org_id=1)
    account.add_deal("2", person_id=1, status="won")
    path = "/api/v2/deals"
    assert ids(client.get(f"{path}?org_id=1")) == [1]
    assert ids(client.get(f"{path}?person_id=1&status=won,lost")) == [2]
    assert ids(client.get(f"{path}?status=lost")) == ids(client.get(f"{path}?pipeline_id=99")) == []
    assert ids(client.get(f"{path}?ids=2,99")) == [2]
    assert ids(client.get("/api/v2/persons?deal_id=2")) == [1]
    assert ids(client.get("/api/v2/stages?pipeline_id=99")) == []


def test_option_labels_come_on_request(client: httpx.Client, account: Account) -> None:
    kind = account.add_field("organization", "Type", "enum", ["Retail", "Trade"])["field_code"]
    label = account.add_label("organization", "Customer")
    account.add_organization("A", label_ids=[label], custom={"Type": "Trade"})
    row = data(client.get("/api/v2/organizations/1?include_option_labels=true&include_labels=true"))
    assert row["custom_fields"][kind]["label"] == "Trade"
    assert row["labels"] == [{"id": label, "label": "Customer"}]


def test_fields_are_made_with_opaque_keys_and_repeated_names(client: httpx.Client) -> None:
    made = [
        data(client.post("/api/v2/dealFields", json={"field_name": "Due date", "field_type": "date"})) for _ in range(2)
    ]
    codes = [field["field_code"] for field in made]
    assert len(set(codes)) == 2 and all(len(code) == 40 and int(code, 16) for code in codes)
    listed = data(client.get("/api/v2/dealFields?limit=500"))
    assert [f["field_code"] for f in listed if f["is_custom_field"]] == codes
    assert {"title", "value", "stage_id"} <= {f["field_code"] for f in listed if not f["is_custom_field"]}


def test_options_are_changed_all_or_none(client: httpx.Client, account: Account) -> None:
    field = account.add_field("deal", "Terms", "enum", ["Net 15", "Net 30"])
    path = f"/api/v2/dealFields/{field['field_code']}/options"
    assert client.post(path, json=[{"label": "Net 60"}, {"label": "Net 30"}]).status_code == 400
    assert [o["label"] for o in account.fields.named("deal", "Terms")["options"]] == ["Net 15", "Net 30"]
    assert client.patch(path, json=[{"id": field["options"][0]["id"], "label": "Net 10"}]).status_code == 200
    assert client.post("/api/v2/dealFields/title/options", json=[{"label": "x"}]).status_code == 400


def test_a_deleted_option_is_taken_from_its_records(client: httpx.Client, account: Account) -> None:
    field = account.add_field("organization", "Type", "enum", ["Retail"])
    account.add_organization("A", custom={"Type": "Retail"})
    path = f"/api/v2/organizationFields/{field['field_code']}/options"
    client.request("DELETE", path, json=[{"id": field["options"][0]["id"]}])
    assert account.record("organization", 1)["custom_fields"] == {}


def test_a_note_comes_back_rewritten_but_with_its_text(client: httpx.Client, account: Account) -> None:
    account.add_organization("A")
    sent = "<p onclick='x'><b>Payment</b> 5 &lt; 6 &#39;cash&#39;</p><script>alert(1)</script><table>Ref 7<br/></table>"
    note = data(client.post("/api/v1/notes", json={"content": sent, "org_id": 1, "add_time": "2025-03-01 12:00:00"}))
    assert note["content"] == "<p><strong>Payment</strong> 5 &lt; 6 'cash'</p>Ref 7<br>"
    assert (note["add_time"], note["update_time"]) == ("2025-03-01 12:00:00", "2026-11-22 12:00:00")
    assert note["organization"] == {"name": "A"}


def test_a_note_needs_something_to_hang_on_and_its_times_in_v1s_form(client: httpx.Client, account: Account) -> None:
    account.add_organization("A")
    for body in (
        {"content": "x"},
        {"content": "", "org_id": 1},
        {"content": "x", "org_id": 9},
        {"content": "x", "org_id": 1, "add_time": "2026-01-01T10:00:00Z"},
        {"content": "x", "org_id": 1, "pinned_to_organization_flag": True},
        {"content": "x" * 100_001, "org_id": 1},
    ):
        assert client.post("/api/v1/notes", json=body).status_code == 400, body


def test_a_deleted_note_is_hidden_from_the_list_only(client: httpx.Client, account: Account) -> None:
    account.add_organization("A")
    for number in range(3):
        account.add_note(f"note {number}", org_id=1)
    assert data(client.delete("/api/v1/notes/2")) is True
    assert ids(client.get("/v1/notes?org_id=1&sort=id DESC")) == [3, 1]
    assert data(client.get("/v1/notes/2"))["active_flag"] is False
    page = client.get("/v1/notes?limit=1").json()["additional_data"]["pagination"]
    assert page == {"start": 0, "limit": 1, "more_items_in_collection": True, "next_start": 1}


def test_only_an_admin_writes_in_anothers_name(client: httpx.Client, account: Account) -> None:
    account.add_organization("A")
    account.add_user("Bo", "bo@acme.example")
    account.add_token("token-of-bo", 2)
    assert data(client.post("/v1/notes", json={"content": "x", "org_id": 1, "user_id": 2}))["user_id"] == 2
    bo = {"x-api-token": "token-of-bo"}
    assert client.post("/v1/notes", json={"content": "x", "org_id": 1, "user_id": 1}, headers=bo).status_code == 403
    assert data(client.get("/v1/users/me", headers=bo))["email"] == "bo@acme.example"
    assert data(client.post("/api/v2/organizations", json={"name": "B"}, headers=bo))["owner_id"] == 2


def test_only_an_admin_makes_pipelines(client: httpx.Client, account: Account) -> None:
    account.add_user("Bo", "bo@acme.example")
    account.add_token("token-of-bo", 2)
    bo = {"x-api-token": "token-of-bo"}
    assert client.post("/api/v2/pipelines", json={"name": "Mine"}, headers=bo).status_code == 403
    assert client.delete("/api/v2/stages/5", headers=bo).status_code == 403
    assert client.get("/api/v2/stages", headers=bo).status_code == 200


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("organizations/search?term=ACME inc&exact_match=true", [1]),
        ("organizations/search?term=acme", [1, 2]),
        ("organizations/search?term=80-42&fields=custom_fields", [2]),
        ("organizations/search?term=80-42&fields=name", []),
        ("persons/search?term=ann@acme.example&fields=email&exact_match=true", [1]),
        ("persons/search?term=ann&organization_id=2", []),
        ("itemSearch?term=ann&item_types=person", [1]),
    ],
)
def test_search_finds_by_field(path: str, found: list[int], client: httpx.Client, account: Account) -> None:
    account.add_field("organization", "QuickBooks ID", "varchar")
    account.add_organization("Acme Inc")
    account.add_organization("Acme Incorporated", custom={"QuickBooks ID": "80-42"})
    account.add_person("Ann", "ann@acme.example", org_id=1)
    assert [row["item"]["id"] for row in data(client.get(f"/api/v2/{path}"))["items"]] == found


def test_search_may_lag_behind(client: httpx.Client, account: Account, clock: Clock) -> None:
    account.switches.search_delay = 5
    account.add_organization("Acme")
    path = "/api/v2/organizations/search?term=acme"
    assert data(client.get(path))["items"] == []
    clock.move(seconds=6)
    assert len(data(client.get(path))["items"]) == 1
    assert client.get("/api/v2/organizations/search?term=a").status_code == 400


def test_webhooks_are_stored_up_to_forty(client: httpx.Client) -> None:
    hook = {
        "subscription_url": "https://sync.example.com/h",
        "event_action": "change",
        "event_object": "deal",
        "name": "x",
        "http_auth_user": "u",
        "http_auth_password": "p",
    }
    made = data(client.post("/api/v1/webhooks", json=hook))
    assert (made["version"], made["is_active"], made["http_auth_password"]) == ("2.0", 1, "p")
    for _ in range(39):
        client.post("/api/v1/webhooks", json=hook)
    assert client.post("/api/v1/webhooks", json=hook).status_code == 422
    assert client.post("/api/v1/webhooks", json=hook | {"event_action": "updated"}).status_code == 400
