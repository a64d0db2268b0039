"""Whether a delivery is authentic: HTTP Basic as Pipedrive sends it, HMAC-SHA256 as a gateway before us signs it. Pure.

Pipedrive signs nothing [facts: Pipedrive 1]; the signature is for whoever puts a signing gateway before this server.
Every check that is configured must pass, all of them are made, and each takes the same time whatever is wrong.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from engine.errors import InvalidSettings

from .durations import duration

BODY, STAMPED = "body", "timestamp.body"
MILLISECONDS_FROM = 10**11
"""A time stamp of this or more is in milliseconds: as seconds it would lie in the year 5138."""

SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "description": "How deliveries prove themselves: user and password, hmac, or both. Each that is here must pass.",
    "properties": {
        "user": {"type": "string", "minLength": 1, "description": "HTTP Basic user name."},
        "password": {
            "type": "string",
            "minLength": 1,
            "description": "HTTP Basic password, as ${NAME} or file:PATH. Long and random: nobody types it.",
        },
        "url": {
            "type": "string",
            "pattern": "^https?://",
            "description": "Where Pipedrive shall deliver, if a gateway is in between. Default: this server's address.",
        },
        "hmac": {
            "type": "object",
            "additionalProperties": False,
            "required": ["secret"],
            "description": "Behind a gateway that signs with HMAC-SHA256; Pipedrive itself signs nothing.",
            "properties": {
                "secret": {
                    "type": "string",
                    "minLength": 1,
                    "description": "The shared secret, as ${NAME} or file:PATH.",
                },
                "header": {
                    "type": "string",
                    "default": "X-Signature",
                    "description": "The header that holds the signature.",
                },
                "encoding": {"enum": ["hex", "base64"], "default": "hex", "description": "How it is written."},
                "prefix": {
                    "type": "string",
                    "default": "",
                    "description": "What stands before it in the header, such as sha256=.",
                },
                "timestamp_header": {
                    "type": "string",
                    "description": "The header with the time of signing: seconds or milliseconds since 1970, or ISO.",
                },
                "tolerance": {
                    "type": ["string", "number"],
                    "default": "5 minutes",
                    "description": "How far that time may lie from ours.",
                },
                "signed": {
                    "enum": [BODY, STAMPED],
                    "description": "What is signed. Default: timestamp.body where there is a timestamp_header, else "
                    "body.",
                },
            },
        },
    },
}


@dataclass(frozen=True, slots=True)
class Signature:
    """How a gateway signs. With a time stamp that is signed too, an old delivery cannot be sent again later."""

    secret: str = field(repr=False)
    header: str = "x-signature"
    encoding: str = "hex"
    prefix: str = ""
    timestamp_header: str | None = None
    tolerance: timedelta = timedelta(minutes=5)
    signed: str = BODY

    @classmethod
    def of(cls, block: Mapping[str, Any]) -> Signature:
        """Reads the block `hmac`. Raises InvalidSettings."""
        if not block.get("secret"):
            raise InvalidSettings("pipedrive: webhook: hmac: 'secret' is missing.", "Give it as ${NAME} or file:PATH.")
        stamped = block.get("timestamp_header")
        signed = block.get("signed", STAMPED if stamped else BODY)
        if signed == STAMPED and not stamped:
            raise InvalidSettings(
                "pipedrive: webhook: hmac: 'signed: timestamp.body' needs a time stamp.", "Name its timestamp_header."
            )
        return cls(
            secret=str(block["secret"]),
            header=str(block.get("header", "X-Signature")).lower(),
            encoding=str(block.get("encoding", "hex")),
            prefix=str(block.get("prefix", "")),
            timestamp_header=str(stamped).lower() if stamped else None,
            tolerance=duration(block.get("tolerance", "5 minutes"), "webhook: hmac: tolerance"),
            signed=str(signed),
        )


@dataclass(frozen=True, slots=True)
class Proof:
    """What deliveries must show."""

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    signature: Signature | None = None
    url: str | None = None
    """Where Pipedrive delivers, if not at this server's own address."""

    @classmethod
    def of(cls, block: Mapping[str, Any] | None) -> Proof:
        """Reads the block `webhook`; without one nothing is ever authentic. Raises InvalidSettings."""
        block = block or {}
        for one, other in (("user", "password"), ("password", "user")):
            if block.get(other) and not block.get(one):
                raise InvalidSettings(f"pipedrive: webhook: '{one}' is missing.", f"It belongs to '{other}'.")
        return cls(
            user=block.get("user") or None,
            password=block.get("password") or None,
            signature=Signature.of(block["hmac"]) if "hmac" in block else None,
            url=block.get("url") or None,
        )

    @property
    def configured(self) -> bool:
        """Whether there is anything to check. If not, the receiver stays closed."""
        return self.user is not None or self.signature is not None

    def objections(self, headers: Mapping[str, str], body: bytes, now: datetime) -> tuple[str, ...]:
        """What speaks against a delivery, in a few words each; none: it is authentic. Header names in lower case."""
        if not self.configured:
            return ("nothing is configured to check it by",)
        return (*self._basic(headers), *self._signed(headers, body, now))

    def _basic(self, headers: Mapping[str, str]) -> Iterator[str]:
        if self.user is None or self.password is None:
            return
        given = _basic_pair(headers.get("authorization", ""))
        if not _same(given, f"{self.user}:{self.password}".encode()):
            yield "user and password are wrong" if given else "it brings no user and password"

    def _signed(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Iterator[str]:
        how = self.signature
        if how is None:
            return
        stamp = headers.get(how.timestamp_header, "") if how.timestamp_header else ""
        message = stamp.encode() + b"." + body if how.signed == STAMPED else body
        expected = hmac.digest(how.secret.encode(), message, "sha256")
        given = headers.get(how.header, "")
        if not _same(_decoded(given, how), expected):
            yield "its signature is wrong" if given else f"it has no signature in {how.header}"
        if how.timestamp_header:
            at = _moment(stamp)
            if at is None:
                yield f"it has no time in {how.timestamp_header}"
            elif abs(at - now) > how.tolerance:
                yield "it was signed too long ago, or a clock is wrong"


def _same(given: bytes, expected: bytes) -> bool:
    """In constant time, the length of what is expected included."""
    return hmac.compare_digest(hashlib.sha256(given).digest(), hashlib.sha256(expected).digest())


def _basic_pair(header: str) -> bytes:
    """`user:password` as sent; empty for anything else."""
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _decoded(given: str, how: Signature) -> bytes:
    if not given.startswith(how.prefix):
        return b""
    text = given.removeprefix(how.prefix).strip()
    try:
        return bytes.fromhex(text) if how.encoding == "hex" else base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _moment(text: str) -> datetime | None:
    text = text.strip()
    try:
        if text.isascii() and text.isdigit():
            number = int(text[:20])
            return datetime.fromtimestamp(number / 1000 if number >= MILLISECONDS_FROM else number, UTC)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
