"""Whatever arrives, the simulator answers as the API would: never with a failure of its own."""

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from connectors.pipedrive.simulator import Account, RunningSimulator
from connectors.pipedrive.simulator.routes import OPERATIONS, Operation, find
from connectors.pipedrive.simulator.validation import SCHEMAS

KEYS = sorted(
    {key for schema in SCHEMAS.values() for key in schema}
    | {"custom_fields", "data", "options", "label", "id", "field_name", "field_type", "user_id", "subscription_url"}
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "x", "open", "USD", "enum", "2026-01-01", "2026-01-01T00:00:00Z", "https://a.example"]),
    st.text(max_size=20),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*KEYS, "value"]), inner, max_size=4),
    max_leaves=8,
)
BODIES = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5) | VALUES
QUERIES = st.dictionaries(
    st.sampled_from(
        [
            "limit",
            "cursor",
            "ids",
            "sort_by",
            "sort",
            "start",
            "term",
            "fields",
            "deal_ids",
            "field",
            "type",
            "lead_id",
            "parent_task_id",
            "done",
            "is_done",
            "filter_id",
            "status",
            "updated_since",
        ]
    ),
    st.sampled_from(["", "1", "-1", "abc", "1,2", "id", "eyJhIjoxfQ", "٣", "name", "9" * 30]),
    max_size=3,
)
pytestmark = pytest.mark.unjudged("nonsense that is accepted need not be documented")
QUIET = list(HealthCheck)


def send(running: RunningSimulator, client: httpx.Client, operation: Operation, **arguments: Any) -> httpx.Response:
    """To a fresh account with one record of each kind, so that examples do not depend on each other."""
    account = Account(token=client.headers["x-api-token"])
    account.limits.burst = None
    account.add_organization("Acme")
    account.add_person("Ann")
    account.add_product("Hammer")
    account.add_deal("D", org_id=1)
    account.add_line(1, product_id=1, item_price=1, quantity=1)
    account.add_note("x", deal_id=1)
    account.add("activity", subject="Call")
    account.add("project", title="Kitchen")
    account.add("task", title="Order", project_id=1)
    account.add_filter("Open deals", "deals")
    lead = account.add("lead", title="Estimate", organization_id=1)["id"]
    running.use(account)
    path = operation.template.replace("{field_code}", "label_ids")
    for name in ("{id}", "{product_attachment_id}"):
        path = path.replace(name, lead if "/leads/" in path else "1")
    return client.request(operation.method, f"/api/{operation.version}{path}", **arguments)


@settings(max_examples=300, suppress_health_check=QUIET)
@given(operation=st.sampled_from([o for o in OPERATIONS if o.method != "GET"]), body=BODIES)
@example(operation=find("v2", "POST", "/dealFields/label_ids/options")[0], body=[{}, {}])
def test_no_body_breaks_it(operation: Operation, body: Any, client: httpx.Client, running: RunningSimulator) -> None:
    assert send(running, client, operation, json=body).status_code < 500


@settings(max_examples=200, suppress_health_check=QUIET)
@given(operation=st.sampled_from([o for o in OPERATIONS if o.method == "GET"]), query=QUERIES)
def test_no_query_breaks_it(operation: Operation, query: Any, client: httpx.Client, running: RunningSimulator) -> None:
    assert send(running, client, operation, params=query).status_code < 500
