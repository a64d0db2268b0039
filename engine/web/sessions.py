"""The key that signs session cookies: made once, and kept in the store, so that every process takes the others'."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256

from engine.store.store import Store

SCOPE, KEY = "dashboard", "signing key"


def signing_key(store: Store, clock: Callable[[], datetime]) -> str:
    """The key of this store's dashboard."""
    return str(store.state(SCOPE, clock).change(KEY, lambda kept: kept or secrets.token_urlsafe(48)))


def cookie_name(key: str) -> str:
    """Cookies don't tell ports apart; so two servers on one machine name theirs apart."""
    return f"engine_{sha256(key.encode()).hexdigest()[:8]}"
