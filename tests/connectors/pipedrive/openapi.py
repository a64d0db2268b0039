"""Judges traffic with Pipedrive's own OpenAPI documents, through openapi-core; for use as an httpx event hook.

    judge = load_judge()                       # skips the test where the reference data is absent
    client = httpx.Client(event_hooks={"response": [judge.hook]})

What a server accepted (status under 400) must be a valid request, and every documented answer must be a valid
response. Error bodies are undocumented nearly everywhere: those are held to the envelope in error-shapes.json.
The documents are read with the overlay that the reference's README describes; besides, lists of words may hold
several (`_listed`), and three contradictions are repaired (`_repair`).
"""

import hashlib
import json
import pickle
import re
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

REFERENCE = Path(__file__).parents[4] / "shared" / "reference" / "pipedrive"
HOST = "http://pipedrive.invalid"
BASES = {"v2": ["/api/v2"], "v1": ["/api/v1", "/v1"]}
METHODS = ("get", "post", "put", "patch", "delete")


def load_judge() -> "Judge":
    """The shared judge; skips the running test where there is no reference data."""
    if not REFERENCE.is_dir():
        pytest.skip("needs ../shared/reference/pipedrive (Pipedrive's OpenAPI documents)")
    return Judge()


@dataclass
class _Request:
    """What openapi-core wants to know of a request."""

    path: str
    method: str
    content_type: str
    body: bytes | None
    parameters: RequestParameters
    host_url: str = HOST


@dataclass
class _Response:
    status_code: int
    content_type: str
    data: bytes
    headers: Headers = field(default_factory=Headers)


class Judge:
    """Checks requests and answers; raises AssertionError that says what is wrong with which."""

    def __init__(self) -> None:
        self.checked = 0
        self.seen: set[tuple[str, str, int]] = set()

    def hook(self, response: httpx.Response) -> None:
        """For `event_hooks`: reads the answer and checks it with its request."""
        response.read()
        self.check(response.request, response)

    def check(self, request: httpx.Request, response: httpx.Response) -> None:
        """One exchange."""
        path = request.url.path
        version = "v2" if path.startswith("/api/v2") else "v1"
        self.checked += 1
        self.seen.add((request.method, path, response.status_code))
        if response.status_code >= 400:
            check_error(version, path, response)
            return
        asked, answered = _asked(request), _answered(response)
        api = document(version)
        try:
            api.validate_request(asked)
            api.validate_response(asked, answered)
        except OpenAPIError as error:
            reasons = "; ".join(str(e.message) + f" at {list(e.absolute_path)}" for e in _schema_errors(error))
            where = f"{request.method} {request.url.raw_path.decode()} -> {response.status_code}"
            raise AssertionError(f"{where}: {error!r} {reasons}\n{response.text[:2000]}") from error


def _schema_errors(error: BaseException) -> list[Any]:
    cause: BaseException | None = error
    while cause is not None:
        if errors := getattr(cause, "schema_errors", None):
            return list(errors)
        cause = cause.__cause__
    return []


def check_error(version: str, path: str, response: httpx.Response) -> None:
    """The envelopes of error-shapes.json, by status and API version."""
    if response.headers["content-type"].startswith("text/html"):
        assert response.status_code in (403, 502), f"HTML with status {response.status_code}"
        return
    body = response.json()
    assert body["success"] is False
    if "/webhooks" in path and response.status_code in (400, 404, 422):
        assert body["status"] == "error" and isinstance(body["errors"], dict)
        return
    assert isinstance(body["error"], str) and body["error"]
    if version == "v2" and response.status_code == 400:
        assert body["code"] == "ERR_SCHEMA_VALIDATION_FAILED"


@cache
def document(version: str) -> OpenAPI:
    """The prepared document of `v1` or `v2`."""
    unchecked = Config(spec_validator_cls=None)  # type: ignore[arg-type]  # None is how it is switched off
    return OpenAPI.from_dict(plain_document(version), config=unchecked)


@cache
def plain_document(version: str) -> dict[str, Any]:
    """The document with the overlay; prepared once per content and kept in the system's temporary folder."""
    raw = (REFERENCE / f"openapi-{version}.yaml").read_bytes()
    key = hashlib.sha256(raw + Path(__file__).read_bytes()).hexdigest()[:20]
    kept = Path(tempfile.gettempdir()) / f"pipedrive-openapi-{version}-{key}.pickle"
    if kept.exists():
        found: dict[str, Any] = pickle.loads(kept.read_bytes())
        return found
    # Through JSON, so that YAML's aliases become copies: the overlay must not reach request schemas.
    data: dict[str, Any] = json.loads(json.dumps(yaml.load(raw, yaml.CSafeLoader), default=str))
    prepared = _overlaid(data, version)
    part = kept.with_suffix(f".{hashlib.sha256(str(id(data)).encode()).hexdigest()[:8]}.part")
    part.write_bytes(pickle.dumps(prepared))
    part.replace(kept)
    return prepared


def _overlaid(data: dict[str, Any], version: str) -> dict[str, Any]:
    data["servers"] = [{"url": HOST + base} for base in BASES[version]]
    for path, methods in data["paths"].items():
        for method, operation in methods.items():
            if method not in METHODS:
                continue
            operation.pop("security", None)
            for parameter in operation.get("parameters", ()):
                _listed(parameter)
            answers = operation["responses"]
            for content in (c for answer in answers.values() for c in answer.get("content", {}).values()):
                content.pop("example", None)
                content.pop("examples", None)
                _nullable(content.get("schema", {}))
                _repair(path, content.get("schema", {}))
            for one, other in (("200", "201"), ("201", "200")):
                if one in answers and other not in answers and method == "post":
                    answers[other] = answers[one]
    return data


def _listed(parameter: dict[str, Any]) -> None:
    """An enum that its description calls a comma-separated list, written as a pattern."""
    schema = parameter.get("schema", {})
    text = parameter.get("description", "").lower().replace("-", " ")
    if schema.get("type") == "string" and "enum" in schema and "comma separated" in text:
        words = "|".join(map(re.escape, schema.pop("enum")))
        schema["pattern"] = f"^({words})(,({words}))*$"


def _nullable(schema: Any) -> None:
    """Every property of a response may be null, as the service's answers are."""
    if isinstance(schema, list):
        for item in schema:
            _nullable(item)
    elif isinstance(schema, dict):
        for prop in schema.get("properties", {}).values():
            prop["nullable"] = True
            if "enum" in prop:
                prop["enum"] = [*prop["enum"], None]
        for item in schema.values():
            _nullable(item)


def _repair(path: str, schema: Any) -> None:
    """Response types that the documents themselves contradict: a deal's value is a number everywhere else, a
    product's code is text in the example of /itemSearch, and an activity type's times are v1's in its example."""
    if path not in ("/deals/search", "/products/search", "/activityTypes"):
        return
    if isinstance(schema, dict):
        if path == "/activityTypes":
            schema.pop("format", None)
        for name in ("value", "code"):
            prop = schema.get("properties", {}).get(name)
            if prop and prop.get("type") == "integer":
                prop["type"] = "number" if name == "value" else "string"
    for item in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        _repair(path, item)


def response_keys(version: str, method: str, path: str, status: str = "200") -> set[str]:
    """The keys that the document gives the records in `data` of an answer."""
    answer = plain_document(version)["paths"][path][method.lower()]["responses"][status]
    keys: set[str] = set()
    _collect(answer["content"]["application/json"]["schema"], keys)
    return keys


def _collect(schema: dict[str, Any], keys: set[str], inside: bool = False) -> None:
    for part in schema.get("allOf", ()):
        _collect(part, keys, inside)
    if inside:
        keys |= set(schema.get("properties", {}))
    elif "data" in schema.get("properties", {}):
        data = schema["properties"]["data"]
        _collect(data.get("items", data), keys, True)


def _asked(request: httpx.Request) -> _Request:
    parameters = RequestParameters(
        query=ImmutableMultiDict(request.url.params.multi_items()), header=Headers(request.headers.multi_items())
    )
    return _Request(
        request.url.path,
        request.method.lower(),
        request.headers.get("content-type", ""),
        request.content or None,
        parameters,
    )


def _answered(response: httpx.Response) -> _Response:
    kind = response.headers.get("content-type", "").partition(";")[0]
    return _Response(response.status_code, kind, response.content, Headers(response.headers.multi_items()))
