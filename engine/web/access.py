"""Decides who a visitor of the dashboard is, and whether he may look or act.

Without users in engine.yaml, whoever comes from this very machine is its operator and everybody else is nobody. With
users everybody signs in: over TLS (or on this machine), and under the address that engine.yaml gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from starlette.requests import Request

from engine.settings import Settings
from engine.web.addresses import host_name, is_loopback, on_loopback
from engine.web.sessions import Sessions

Role = Literal["reader", "operator"]

NOT_HERE = (
    "This page is shown on the server's own machine only. Open it there, or through an SSH tunnel, or give it users "
    "in engine.yaml (docs/security.md says how)."
)
NOT_READABLY = (
    "Here a password would travel readable by others. Open the page over https. Behind a proxy, name it under "
    "server.proxies in engine.yaml, and let it send X-Forwarded-Proto."
)
NOT_UNDER_THIS_NAME = "This server is not known under that name. Open the address that engine.yaml gives as server.url."


@dataclass(frozen=True, slots=True)
class User:
    """Who is signed in. The name goes into the journal with what he does."""

    name: str
    role: Role

    @property
    def may_act(self) -> bool:
        """Whether he may change anything."""
        return self.role == "operator"


LOCAL = User("local", "operator")
"""Somebody at this very machine, while no users are set up."""


class Access:
    """Who may see the dashboard."""

    def __init__(self, settings: Settings, sessions: Sessions) -> None:
        self._sessions = sessions
        self._public = urlsplit(settings.server.public or "").hostname
        self.by_password = bool(settings.dashboard.users)
        """Whether there are users who sign in."""

    def refusal(self, request: Request) -> str | None:
        """Why nobody can be let in who comes like this; None: that depends on who it is."""
        here = on_loopback(_client(request), request.headers)
        if not self.by_password:
            return None if here else NOT_HERE
        host = host_name(request.headers.get("host", "")).lower()
        if not (host == self._public or is_loopback(host)):
            return NOT_UNDER_THIS_NAME
        return None if here or request.url.scheme == "https" else NOT_READABLY

    def user(self, request: Request) -> User | None:
        """The visitor, or None for somebody who may not even look. Blocks."""
        if self.refusal(request) is not None:
            return None
        if not self.by_password:
            return LOCAL
        found = self._sessions.user(request, active="x-refresh" not in request.headers)
        return User(found.name, found.role) if found else None


def _client(request: Request) -> str:
    return request.client.host if request.client else ""
