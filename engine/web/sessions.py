"""Sessions of the dashboard: a signed cookie names one, the store says whose it is and whether it is still good.

So signing out ends it for whoever has a copy of the cookie, in every process. Of a session's name the store keeps a
hash only. Which pages need one is left to access.py.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from engine.settings import DashboardUser, Settings
from engine.store.state import StoreState
from engine.store.store import Store

SCOPE, KEY, ID = "dashboard", "signing key", "id"
NOTED = timedelta(minutes=1)
"""How old the last note of somebody's activity gets before it is written anew."""


class Sessions:
    """Those of one store. Everything but the cookie's own reading and writing blocks."""

    def __init__(self, store: Store, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._state: StoreState = store.state(SCOPE, clock)
        self._settings, self._clock = settings.dashboard, clock
        kept = self._settings.session_secret or self._state.change(KEY, lambda one: one or secrets.token_urlsafe(48))
        self._key = str(kept)

    def cookies(self, app: ASGIApp) -> ASGIApp:
        """The application with `request.session`: signed, out of scripts' reach, and over TLS only where that is used.

        Cookies don't tell ports apart, so two servers on one machine name theirs apart.
        """
        name = f"engine_{sha256(self._key.encode()).hexdigest()[:8]}"
        options: dict[str, Any] = {"secret_key": self._key, "session_cookie": name, "max_age": None}
        plain = SessionMiddleware(app, **options)
        secure = SessionMiddleware(app, https_only=True, **options)

        async def with_session(scope: Scope, receive: Receive, send: Send) -> None:
            await (secure if scope.get("scheme") == "https" else plain)(scope, receive, send)

        return with_session

    def begin(self, request: Request, user: DashboardUser) -> None:
        """A new session for somebody who has just proved who he is; nothing of the one before stays."""
        request.session.clear()
        request.session[ID] = secrets.token_urlsafe(32)
        now = self._clock().isoformat()
        kept = {"user": user.name, "proof": _proof(user), "since": now, "seen": now}
        self._state.put(_kept_as(request), kept, self._settings.idle)

    def user(self, request: Request, *, active: bool) -> DashboardUser | None:
        """Whose session this is, if it is still good. `active`: a person did this, and not a page by itself."""
        if ID not in request.session:
            return None
        key, now = _kept_as(request), self._clock()
        found = self._state.get(key)
        if found is None:
            return None
        user = self._settings.users.get(found["user"])
        if user is None or found["proof"] != _proof(user):
            return None  # somebody took the user or the password away
        if now - datetime.fromisoformat(found["since"]) >= self._settings.longest:
            return None
        if active and now - datetime.fromisoformat(found["seen"]) >= min(NOTED, self._settings.idle / 10):
            self._state.change(key, lambda kept: kept and {**kept, "seen": now.isoformat()}, self._settings.idle)
        return user

    def end(self, request: Request) -> None:
        """Sign out."""
        if ID in request.session:
            self._state.put(_kept_as(request), None)
        request.session.clear()


def _kept_as(request: Request) -> str:
    return f"session/{sha256(request.session[ID].encode()).hexdigest()}"


def _proof(user: DashboardUser) -> str:
    """Changes with the password, so that a new one ends all sessions that began with the old one."""
    return sha256(user.password_hash.encode()).hexdigest()[:16]
