"""The judge itself: it must object to what the documents do not allow, or its silence means nothing."""

import httpx
import pytest

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
