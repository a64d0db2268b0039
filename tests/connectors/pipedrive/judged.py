"""Every exchange with a simulated Pipedrive account, in every test, is held to Pipedrive's OpenAPI documents.

A plugin of the whole suite, so that nobody can forget it: whatever the simulator's process is asked and answers while a
test runs (its module's fixtures included) is judged when the test ends, wherever the reference data is there. A test
that sends what is accepted and not documented says so: `@pytest.mark.unjudged("why")`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from connectors.pipedrive.simulator.app import App, Exchange

from .openapi import HOST, REFERENCE, Judge

_seen: list[Exchange] = []
_judged: set[tuple[object, ...]] = set()
ROWS = 20
"""Records of a long list that are judged in any case; of the others one of each kind."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "unjudged(why): its traffic with simulated Pipedrive is not held to OpenAPI")
    if REFERENCE.is_dir():
        App.witnesses.append(_seen.append)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    result = yield
    seen, _seen[:] = list(_seen), []
    if item.get_closest_marker("unjudged") is None:
        for exchange in seen:
            judge(exchange)
    return result


def judge(exchange: Exchange) -> None:
    """Raises AssertionError that says what is wrong; the same exchange is judged once."""
    key = (exchange.method, exchange.target, exchange.request, exchange.status, exchange.answer)
    if key in _judged:
        return
    _judged.add(key)
    request = httpx.Request(
        exchange.method, HOST + exchange.target, headers=exchange.request_headers, content=exchange.request
    )
    headers = [(name, value) for name, value in exchange.answer_headers if name != b"content-length"]
    answer = _shortened(exchange.answer)
    Judge().check(request, httpx.Response(exchange.status, headers=headers, content=answer, request=request))


def _shortened(answer: bytes) -> bytes:
    """A list's first records and one of each other kind: judging five hundred alike takes seconds."""
    if len(answer) < 20_000:
        return answer
    body = json.loads(answer)
    rows = body.get("data")
    if not isinstance(rows, list):
        return answer
    kinds = {json.dumps(_kind(row), sort_keys=True): row for row in rows[ROWS:]}
    return json.dumps(body | {"data": [*rows[:ROWS], *kinds.values()]}).encode()


def _kind(value: Any) -> Any:
    """A value with its scalars replaced by their types."""
    if isinstance(value, dict):
        return {key: _kind(one) for key, one in value.items()}
    if isinstance(value, list):
        return sorted({json.dumps(_kind(one), sort_keys=True) for one in value})
    return type(value).__name__
