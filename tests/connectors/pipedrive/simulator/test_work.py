"""Activities, projects and tasks: what the documents say of them beside their shapes."""

import httpx
import pytest

from connectors.pipedrive.simulator import Account
from tests.connectors.pipedrive.openapi import load_judge, response_keys
from tests.connectors.pipedrive.simulator.conftest import Clock


def test_the_person_of_an_activity_is_its_primary_participant(client: httpx.Client, account: Account) -> None:
    ann, bob = account.add_person("Ann")["id"], account.add_person("Bob")["id"]
    both = [{"person_id": ann, "primary": False}, {"person_id": bob, "primary": True}]
    made = client.post("/api/v2/activities", json={"subject": "Call", "participants": both}).json()["data"]
    assert made["person_id"] == bob
    alone = {"participants": [{"person_id": ann}]}
    changed = client.patch(f"/api/v2/activities/{made['id']}", json=alone).json()["data"]
    assert changed["person_id"] == ann, "the list was replaced"
    assert changed["participants"] == [{"person_id": ann, "primary": True}]


def test_the_person_of_an_activity_is_read_only_unless_switched(client: httpx.Client, account: Account) -> None:
    person = account.add_person("Ann")["id"]
    refused = client.post("/api/v2/activities", json={"subject": "Call", "person_id": person})
    assert (refused.status_code, "person_id" in refused.json()["error"]) == (400, True)
    account.switches.activity_person_id = True
    made = client.post("/api/v2/activities", json={"subject": "Call", "person_id": person}).json()["data"]
    assert made["participants"] == [{"person_id": person, "primary": True}]


def test_an_activity_says_when_it_was_done(client: httpx.Client, clock: Clock) -> None:
    key = client.post("/api/v2/activities", json={"due_time": "09:30", "type": "meeting"}).json()["data"]["id"]
    clock.move(hours=1)
    done = client.patch(f"/api/v2/activities/{key}", json={"done": True}).json()["data"]
    assert (done["marked_as_done_time"], done["due_time"]) == ("2026-11-22T13:00:00Z", "09:30:00")
    again = client.patch(f"/api/v2/activities/{key}", json={"done": False}).json()["data"]
    assert again["marked_as_done_time"] is None


@pytest.mark.parametrize("body", [{"type": "golf"}, {"done": 1}, {"due_date": "1.12.2026"}, {"subjekt": "x"}])
def test_an_activity_that_does_not_fit_is_refused(body: dict[str, object], client: httpx.Client) -> None:
    assert client.post("/api/v2/activities", json=body).status_code == 400


def test_a_task_needs_a_project_and_has_one_level_below_it(client: httpx.Client, account: Account) -> None:
    assert client.post("/api/v2/tasks", json={"title": "Order"}).status_code == 400
    project = account.add("project", title="Kitchen")["id"]
    first = client.post("/api/v2/tasks", json={"title": "Order", "project_id": project}).json()["data"]["id"]
    below = {"title": "Call", "project_id": project, "parent_task_id": first}
    second = client.post("/api/v2/tasks", json=below).json()["data"]["id"]
    assert client.post("/api/v2/tasks", json=below | {"parent_task_id": second}).status_code == 400
    client.delete(f"/api/v2/tasks/{first}")
    assert client.get(f"/api/v2/tasks/{second}").status_code == 404, "it went with the one above"


def test_a_task_is_sent_and_shown_under_different_names(client: httpx.Client, account: Account) -> None:
    project = account.add("project", title="Kitchen")["id"]
    body = {"title": "Order", "project_id": project, "done": 1, "assignee_id": 1}
    made = client.post("/api/v2/tasks", json=body).json()["data"]
    assert (made["is_done"], made["assignee_ids"]) == (True, [1])
    assert client.patch(f"/api/v2/tasks/{made['id']}", json={"is_done": False}).status_code == 400


@pytest.mark.reference
@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/activities", {"subject": "Call"}, "200"),
        ("/projects", {"title": "Kitchen"}, "201"),
        ("/tasks", {"title": "Order", "project_id": 1}, "201"),
    ],
)
def test_it_has_the_documented_keys_and_no_others(
    path: str, body: dict[str, object], status: str, client: httpx.Client, account: Account
) -> None:
    load_judge()
    account.add("project", title="Kitchen")
    shown = set(client.post(f"/api/v2{path}", json=body).json()["data"])
    only_when_asked = {"attendees"} if path == "/activities" else set()
    hidden = {"is_deleted"} - shown
    assert shown == response_keys("v2", "post", path, status) - only_when_asked - hidden
