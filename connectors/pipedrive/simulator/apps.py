"""Apps and the access that people granted them (OAuth2), without knowing HTTP [facts: 2 "OAuth"].

What is refused and in which words: Pipedrive's page of OAuth status codes [readme.io: marketplace-oauth-and-api-proxy-
status-codes].
"""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

Clock = Callable[[], datetime]

CODE_LIFE = timedelta(minutes=5)
ACCESS_LIFE = timedelta(hours=1)
IDLE_LIFE = timedelta(days=60)
"""Of a refresh token that nobody uses; each use renews it [facts: 2]."""
LENGTH = 768
"""Characters of a token: "store tokens in 768+ characters" [facts: 2]."""


class OAuthRefusal(Exception):
    """The token endpoint says no; the text is Pipedrive's, `error` the word of RFC 6749 for it."""

    def __init__(self, text: str, error: str) -> None:
        super().__init__(text)
        self.error = error


@dataclass(frozen=True)
class Registered:
    """An app as the Developer Hub has it."""

    id: str
    secret: str
    callback: str
    scopes: tuple[str, ...]


@dataclass
class Bearer:
    """What an access token stands for."""

    app: str
    user_id: int
    scopes: tuple[str, ...]
    until: float


@dataclass
class Apps:
    """Codes, access tokens and refresh tokens of one account. `rotates`: see Switches.oauth_rotates."""

    clock: Clock
    seed: int = 0
    known: dict[str, Registered] = field(default_factory=dict)
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    bearers: dict[str, Bearer] = field(default_factory=dict)
    refreshes: dict[str, dict[str, Any]] = field(default_factory=dict)
    made: int = 0
    renewals: int = 0
    """How often an access was renewed: a test's."""

    def register(self, app: Registered) -> None:
        """Puts an app into the Developer Hub."""
        self.known[app.id] = app

    def allow(self, app: Registered, user_id: int) -> str:
        """A person grants access; the code."""
        code = self._secret(40)
        self.codes[code] = {"app": app.id, "user_id": user_id, "until": (self.clock() + CODE_LIFE).timestamp()}
        return code

    def exchange(self, app: Registered, code: str, callback: str) -> dict[str, Any]:
        """A code for tokens, once."""
        if not callback:
            raise OAuthRefusal("Invalid request: redirect_uri is not a valid URI", "invalid_request")
        if callback != app.callback:
            raise OAuthRefusal("Invalid request: redirect_uri is invalid", "invalid_request")
        given = self.codes.get(code)
        if given is None or given["app"] != app.id:
            raise OAuthRefusal("Invalid grant: authorization_code is invalid", "invalid_grant")
        if given["until"] <= self.clock().timestamp():
            raise OAuthRefusal("Invalid grant: authorization_code has expired", "invalid_grant")
        del self.codes[code]
        return self._granted(app, given["user_id"], self._secret(LENGTH))

    def refresh(self, app: Registered, token: str, rotates: bool) -> dict[str, Any]:
        """A new access token; the old one goes on until its own end [assumed]."""
        held = self.refreshes.get(token)
        if held is None or held["app"] != app.id or held["until"] <= self.clock().timestamp():
            raise OAuthRefusal("Invalid grant: refresh_token is invalid", "invalid_grant")
        self.renewals += 1
        if rotates:
            del self.refreshes[token]
        return self._granted(app, held["user_id"], self._secret(LENGTH) if rotates else token)

    def revoke(self, app: Registered, token: str) -> None:
        """The app gives an access back: all of it, whichever token is named [RFC 7009; assumed]."""
        held = self.refreshes.get(token)
        bearer = self.bearers.get(token)
        if held is not None and held["app"] == app.id:
            self.uninstall(app.id, held["user_id"])
        elif bearer is not None and bearer.app == app.id:
            self.uninstall(app.id, bearer.user_id)

    def uninstall(self, app: str, user_id: int) -> None:
        """A person removes the app: its tokens end at once [assumed]."""
        self.bearers = {key: one for key, one in self.bearers.items() if (one.app, one.user_id) != (app, user_id)}
        self.refreshes = {
            key: one for key, one in self.refreshes.items() if (one["app"], one["user_id"]) != (app, user_id)
        }

    def bearer(self, token: str) -> Bearer | None:
        """What an access token stands for, while it lives."""
        found = self.bearers.get(token)
        return found if found is not None and found.until > self.clock().timestamp() else None

    def dump(self) -> dict[str, Any]:
        """Apps and tokens; codes are over before a restart is."""
        return {
            "known": [asdict(one) for one in self.known.values()], "made": self.made, "refreshes": self.refreshes,
            "bearers": {key: asdict(one) for key, one in self.bearers.items()},
        }  # fmt: skip

    def load(self, data: dict[str, Any]) -> None:
        self.known = {one["id"]: Registered(**{**one, "scopes": tuple(one["scopes"])}) for one in data["known"]}
        self.bearers = {key: Bearer(**{**one, "scopes": tuple(one["scopes"])}) for key, one in data["bearers"].items()}
        self.refreshes, self.made = data["refreshes"], data["made"]

    def _granted(self, app: Registered, user_id: int, refresh: str) -> dict[str, Any]:
        now = self.clock()
        access = self._secret(LENGTH)
        self.bearers[access] = Bearer(app.id, user_id, app.scopes, (now + ACCESS_LIFE).timestamp())
        self.refreshes[refresh] = {"app": app.id, "user_id": user_id, "until": (now + IDLE_LIFE).timestamp()}
        return {
            "access_token": access, "token_type": "Bearer", "expires_in": int(ACCESS_LIFE.total_seconds()),
            "refresh_token": refresh, "scope": ",".join(app.scopes),
        }  # fmt: skip

    def _secret(self, length: int) -> str:
        self.made += 1
        text = f"oauth {self.seed} {self.made}".encode()
        return hashlib.shake_256(text).hexdigest(length // 2)
