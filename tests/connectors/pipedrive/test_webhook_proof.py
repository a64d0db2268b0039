"""Which deliveries are authentic: HTTP Basic, HMAC-SHA256 with and without a time stamp, and both at once."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.pipedrive.webhook_proof import Proof
from engine.errors import InvalidSettings

BODY = b'{"meta": {"entity": "deal"}}'
NOW = datetime(2026, 11, 20, 9, 15, 30, tzinfo=UTC)
BASIC = {"user": "pipedrive", "password": "long and rändom"}
SECRET = "s3cret"


def basic(user: str = BASIC["user"], password: str = BASIC["password"]) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def signed(message: bytes = BODY, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def objections(block: Mapping[str, Any] | None, headers: Mapping[str, str], body: bytes = BODY) -> tuple[str, ...]:
    return Proof.of(block).objections(headers, body, NOW)


def test_without_anything_configured_nothing_is_authentic() -> None:
    assert not Proof.of(None).configured
    assert objections(None, basic() | {"x-signature": signed()})
    assert objections({"url": "https://gateway.example"}, basic())


def test_basic_takes_the_very_user_and_password() -> None:
    assert objections(BASIC, basic()) == ()
    assert objections(BASIC, {"authorization": basic()["authorization"].replace("Basic", "BASIC")}) == ()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic(password="wrong"),
        basic(user="other"),
        basic(user="", password=""),
        {"authorization": "Basic"},
        {"authorization": "Basic not-base64!"},
        {"authorization": "Bearer " + base64.b64encode(b"pipedrive:long").decode()},
        {"authorization": basic()["authorization"] + ", " + basic()["authorization"]},
    ],
)
def test_basic_refuses_everything_else(headers: dict[str, str]) -> None:
    assert len(objections(BASIC, headers)) == 1


def test_the_signature_is_over_the_raw_body() -> None:
    block = {"hmac": {"secret": SECRET}}
    assert objections(block, {"x-signature": signed()}) == ()
    assert objections(block, {"x-signature": signed().upper()}) == ()
    assert objections(block, {"x-signature": signed()}, BODY + b" ")
    assert objections(block, {"x-signature": signed(secret="other")})
    assert objections(block, {"x-signature": ""})
    assert objections(block, {"x-signature": "zz"})
    assert objections(block, basic())


def test_header_encoding_and_prefix_are_as_the_gateway_has_them() -> None:
    block = {"hmac": {"secret": SECRET, "header": "X-Hub-Signature-256", "encoding": "base64", "prefix": "sha256="}}
    code = base64.b64encode(bytes.fromhex(signed())).decode()
    assert objections(block, {"x-hub-signature-256": f"sha256={code}"}) == ()
    assert objections(block, {"x-hub-signature-256": code}), "the prefix is missing"
    assert objections(block, {"x-hub-signature-256": f"sha256={signed()}"}), "that is hex"


@pytest.mark.parametrize(
    ("stamp", "good"),
    [
        (str(int(NOW.timestamp())), True),
        (str(int(NOW.timestamp() * 1000)), True),
        ("2026-11-20T09:15:00Z", True),
        ("2026-11-20T10:15:00+01:00", True),
        (str(int(NOW.timestamp()) - 299), True),
        (str(int(NOW.timestamp()) - 301), False),
        (str(int(NOW.timestamp()) + 301), False),
        ("yesterday", False),
        ("9" * 40, False),
        ("", False),
    ],
)
def test_the_time_of_signing_has_a_tolerance(stamp: str, good: bool) -> None:
    block = {"hmac": {"secret": SECRET, "timestamp_header": "X-Timestamp", "tolerance": "5 minutes"}}
    headers = {"x-timestamp": stamp, "x-signature": signed(stamp.encode() + b"." + BODY)}
    assert (objections(block, headers) == ()) is good


def test_a_time_stamp_that_is_signed_cannot_be_renewed_by_somebody_else() -> None:
    block = {"hmac": {"secret": SECRET, "timestamp_header": "X-Timestamp"}}
    old = str(int((NOW - timedelta(hours=1)).timestamp()))
    signature = signed(old.encode() + b"." + BODY)
    assert objections(block, {"x-timestamp": str(int(NOW.timestamp())), "x-signature": signature})
    body_only = {"hmac": {**block["hmac"], "signed": "body"}}
    assert objections(body_only, {"x-timestamp": str(int(NOW.timestamp())), "x-signature": signed()}) == ()


def test_every_configured_check_must_pass() -> None:
    block = {**BASIC, "hmac": {"secret": SECRET}}
    both = basic() | {"x-signature": signed()}
    assert objections(block, both) == ()
    assert len(objections(block, basic())) == 1
    assert len(objections(block, {"x-signature": signed()})) == 1
    assert len(objections(block, {})) == 2


@pytest.mark.parametrize(
    "block",
    [
        {"user": "pipedrive"},
        {"password": "alone"},
        {"user": "pipedrive", "password": ""},
        {"hmac": {"secret": ""}},
        {"hmac": {"secret": SECRET, "signed": "timestamp.body"}},
        {"hmac": {"secret": SECRET, "tolerance": "a while"}},
    ],
)
def test_half_a_check_is_refused_when_the_connection_opens(block: dict[str, Any]) -> None:
    with pytest.raises(InvalidSettings) as error:
        Proof.of(block)
    assert SECRET not in str(error.value) and "alone" not in str(error.value)


def test_no_secret_is_printed() -> None:
    shown = repr(Proof.of({**BASIC, "hmac": {"secret": SECRET}}))
    assert BASIC["password"] not in shown and SECRET not in shown
