"""Passwords of those who call us: made into a hash for engine.yaml, checked in constant time. Nothing else."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass

COST, BLOCK, PARALLEL = 2**14, 8, 1
"""scrypt's n, r and p: about 16 MB and 40 ms. [RFC 7914; OWASP password storage]"""

MOST_MEMORY = 128 * 1024 * 1024
LENGTH = 32


@dataclass(frozen=True, slots=True)
class _Hash:
    cost: int
    block: int
    parallel: int
    salt: bytes
    digest: bytes


def hash_password(password: str) -> str:
    """`scrypt$n$r$p$salt$hash` with a new salt; salt and hash in URL-safe base64."""
    salt = secrets.token_bytes(16)
    digest = _scrypt(password, COST, BLOCK, PARALLEL, salt)
    return f"scrypt${COST}${BLOCK}${PARALLEL}${_encode(salt)}${_encode(digest)}"


def is_hash(text: str) -> bool:
    """Whether a text is what hash_password makes (any sensible cost)."""
    return _parse(text) is not None


def verify(password: str, hashed: str) -> bool:
    """Whether the password is the one that was hashed; takes as long either way. A broken hash fits nothing."""
    known = _parse(hashed)
    if known is None:
        _scrypt(password, COST, BLOCK, PARALLEL, b"")
        return False
    return hmac.compare_digest(_scrypt(password, known.cost, known.block, known.parallel, known.salt), known.digest)


def _scrypt(password: str, cost: int, block: int, parallel: int, salt: bytes) -> bytes:
    return hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"), salt=salt, n=cost, r=block, p=parallel, maxmem=MOST_MEMORY,
        dklen=LENGTH,
    )  # fmt: skip


def _parse(text: str) -> _Hash | None:
    kind, *rest = text.split("$")
    if kind != "scrypt" or len(rest) != 5:
        return None
    try:
        cost, block, parallel = (int(number) for number in rest[:3])
        salt, digest = _decode(rest[3]), _decode(rest[4])
    except (ValueError, binascii.Error):
        return None
    sensible = cost > 1 and cost & (cost - 1) == 0 and block > 0 and 0 < parallel <= 16
    if not sensible or 130 * cost * block * parallel > MOST_MEMORY or len(digest) != LENGTH:
        return None
    return _Hash(cost, block, parallel, salt, digest)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
