"""What a delivery says of which record, in both versions, and what is no delivery."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.pipedrive.webhook_delivery import Delivery, Malformed, read
from tests.connectors.pipedrive.openapi import REFERENCE, load_judge


@pytest.fixture(scope="module")
def samples() -> dict[str, Any]:
    load_judge()
    loaded: dict[str, Any] = json.loads((REFERENCE / "webhook-samples.json").read_text())
    return loaded


def of(sample: Any) -> Delivery:
    return read(json.dumps(sample).encode())


@pytest.mark.reference
@pytest.mark.parametrize(
    ("name", "entity", "key", "action", "stamp"),
    [
        ("v2_create_deal", "deal", "501", "create", datetime(2026, 11, 1, 8, tzinfo=UTC)),
        ("v2_change_deal_won", "deal", "501", "change", datetime(2026, 11, 20, 9, 15, 30, tzinfo=UTC)),
        ("v2_delete_deal", "deal", "501", "delete", None),
        ("v2_create_note", "note", "601", "create", None),
        ("v1_updated_deal", "deal", "501", "change", datetime(2026, 11, 20, 9, 15, 30, tzinfo=UTC)),
    ],
)
def test_each_sample_is_understood(
    samples: dict[str, Any], name: str, entity: str, key: str, action: str, stamp: datetime | None
) -> None:
    delivery = of(samples[name])
    assert (delivery.entity, delivery.key, delivery.action) == (entity, key, action)
    assert delivery.user == "9000001" and delivery.source in ("api", "app")
    if name != "v2_create_note":
        assert delivery.stamp == stamp


@pytest.mark.reference
def test_a_repeated_attempt_is_the_same_event(samples: dict[str, Any]) -> None:
    assert of(samples["v2_change_deal_third_attempt"]).event == of(samples["v2_change_deal_won"]).event != ""
    later = json.loads(json.dumps(samples["v1_updated_deal"])) | {"retry": 2}
    assert of(later).event == of(samples["v1_updated_deal"]).event != ""


@pytest.mark.reference
def test_a_merge_names_both_records(samples: dict[str, Any]) -> None:
    gone, survivor = of(samples["v2_delete_organization_by_merge"]), of(samples["v2_change_organization_by_merge"])
    assert (gone.key, gone.merged_into, gone.others) == ("302", "301", ("301",))
    assert (survivor.key, survivor.merged_into, survivor.others) == ("301", None, ("302",))


def test_a_merge_in_v1_names_both_records() -> None:
    body = {
        "meta": {"v": 1, "action": "merged", "object": "organization", "id": 301, "timestamp_micro": 5},
        "current": {"id": 301},
        "previous": {"id": 302},
        "event": "merged.organization",
    }
    assert of(body).others == ("302",)


def test_a_lead_has_a_uuid_for_a_key() -> None:
    key = "adf21080-0e10-11eb-879b-05d71fb426ec"
    assert of({"meta": {"action": "change", "entity": "lead", "entity_id": key}, "data": None}).key == key


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"meta": []}',
        b'{"meta": {}}',
        b'{"meta": {"entity": "deal"}}',
        b'{"meta": {"entity": "deal", "entity_id": "1 or 2", "action": "change"}}',
        b'{"meta": {"entity": "deal", "entity_id": true}}',
        b'{"meta": {"object": "deal", "id": {}}}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_delivery_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(Malformed):
        read(body)


def test_a_strange_record_in_a_delivery_does_no_harm() -> None:
    for data in ([], "x", {"update_time": 5}, {"update_time": "soon"}, {"update_time": None, "add_time": ""}):
        told = of({"meta": {"action": "change", "entity": "deal", "entity_id": "7", "id": []}, "data": data})
        assert (told.key, told.stamp, told.event) == ("7", None, "")
