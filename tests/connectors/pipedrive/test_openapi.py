"""The judge itself: it must object to what the documents do not allow, or its silence means nothing."""

import json

import httpx
import pytest

from connectors.pipedrive.simulator import Account, serve
from connectors.pipedrive.simulator.app import Exchange
from tests.connectors.pipedrive import judged
from tests.connectors.pipedrive.openapi import Judge, load_judge

pytestmark = pytest.mark.reference

ORGANIZATION = {"id": 7, "name": "Acme", "owner_id": 1, "address": None, "label_ids": []}


@pytest.fixture
def judge() -> Judge:
    return load_judge()


def exchange(
    method: str, path: str, status: int, answer: object, asked: object = None
) -> tuple[httpx.Request, httpx.Response]:
    request = httpx.Request(method, "http://127.0.0.1" + path, json=asked)
    return request, httpx.Response(status, json=answer, request=request)


def test_a_null_where_the_service_sends_null_passes(judge: Judge) -> None:
    answer = {"success": True, "data": [ORGANIZATION], "additional_data": {"next_cursor": None}}
    judge.check(*exchange("GET", "/api/v2/organizations?limit=500", 200, answer))


def test_a_text_id_in_an_answer_is_caught(judge: Judge) -> None:
    answer = {"success": True, "data": ORGANIZATION | {"id": "7"}}
    with pytest.raises(AssertionError, match="'7' is not of type 'integer'"):
        judge.check(*exchange("GET", "/api/v2/organizations/7", 200, answer))


def test_a_request_that_the_document_does_not_allow_is_caught_when_it_was_accepted(judge: Judge) -> None:
    answer = {"success": True, "data": ORGANIZATION}
    with pytest.raises(AssertionError, match="'name' is a required property"):
        judge.check(*exchange("POST", "/api/v2/organizations", 200, answer, {"owner_id": 1}))


def test_null_is_refused_in_requests_where_the_document_has_no_null(judge: Judge) -> None:
    answer = {"success": True, "data": {"id": 1, "title": "x"}}
    with pytest.raises(AssertionError, match="None"):
        judge.check(*exchange("PATCH", "/api/v2/deals/1", 200, answer, {"expected_close_date": None}))


def test_a_path_that_no_document_has_is_caught(judge: Judge) -> None:
    with pytest.raises(AssertionError, match="PathNotFound"):
        judge.check(*exchange("GET", "/api/v2/invoices", 200, {"success": True, "data": []}))


def test_both_documented_statuses_of_a_creation_pass(judge: Judge) -> None:
    for status in (200, 201):
        answer = {"success": True, "data": ORGANIZATION}
        judge.check(*exchange("POST", "/api/v2/organizations", status, answer, {"name": "Acme"}))


def test_an_error_body_without_its_envelope_is_caught(judge: Judge) -> None:
    with pytest.raises(KeyError):
        judge.check(*exchange("GET", "/api/v2/deals/1", 404, {"message": "no"}))


def as_seen(answer: object, size: int = 1) -> Exchange:
    data = {"success": True, "data": [*[ORGANIZATION] * size, answer], "additional_data": {"next_cursor": None}}
    kind = [(b"content-type", b"application/json")]
    return Exchange("GET", "/api/v2/organizations", [], b"", 200, kind, json.dumps(data).encode())


@pytest.mark.parametrize("size", [1, 5000])
def test_what_the_simulator_answers_wrongly_is_caught_wherever_it_stands_in_a_list(judge: Judge, size: int) -> None:
    judged.judge(as_seen(ORGANIZATION | {"id": 8}, size))
    with pytest.raises(AssertionError, match="'8' is not of type 'integer'"):
        judged.judge(as_seen(ORGANIZATION | {"id": "8"}, size))


def test_the_traffic_of_every_test_is_seen(judge: Judge) -> None:
    account = Account()
    with serve(account) as running:
        httpx.get(f"{running.url}/api/v2/organizations", headers={"x-api-token": account.token}, verify=False)
        httpx.get(f"{running.url}/api/v2/organizations", headers={"x-api-token": "wrong"}, verify=False)
    assert [(one.method, one.target, one.status) for one in judged._seen] == [
        ("GET", "/api/v2/organizations", 200),
        ("GET", "/api/v2/organizations", 401),
    ]
