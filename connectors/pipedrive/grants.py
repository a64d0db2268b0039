"""The words of OAuth2: what a person is sent to, what the token endpoint is asked, what its answers mean. Pure; by
authlib, whose ways of sending are not used, since `client` alone sends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7009 import prepare_revoke_token_request

from . import status, wire
from .app import App

LIFE: Final = timedelta(hours=1)
"""Of an access, where the answer does not say [facts: Pipedrive 2]."""
FORM: Final = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}


class Form(NamedTuple):
    """One request to the token endpoint."""

    url: str
    headers: Mapping[str, str]
    body: str


class Said(NamedTuple):
    """What came back."""

    status: int
    content: bytes


Ask = Callable[[Form], Said]
"""Sends a form; raises Stopped where no answer came."""


@dataclass(frozen=True, slots=True)
class Grant:
    """An access that was granted or renewed; all that came back is kept."""

    answer: Mapping[str, Any] = field(repr=False)
    renewed_at: datetime
    """Our clock, before it was asked for."""

    @property
    def access(self) -> str:
        """The bearer token."""
        return str(self.answer["access_token"])

    @property
    def refresh(self) -> str:
        """What renews it."""
        return str(self.answer["refresh_token"])

    @property
    def expires_at(self) -> datetime:
        """Until when the bearer token is taken."""
        return self.renewed_at + timedelta(seconds=int(self.answer.get("expires_in") or LIFE.total_seconds()))

    @property
    def scopes(self) -> frozenset[str]:
        """What it allows; Pipedrive writes commas, the standard blanks."""
        return frozenset(str(self.answer.get("scope") or "").replace(",", " ").split())

    @property
    def host(self) -> str | None:
        """Where requests go, without a trailing slash."""
        return str(self.answer["api_domain"]).rstrip("/") if self.answer.get("api_domain") else None


def permission_url(app: App, callback: str, state: str) -> str:
    """The page on which a person grants access. The app's scopes are set in the Developer Hub, not asked for."""
    url: str = prepare_grant_uri(f"{app.url}/oauth/authorize", app.id, "code", callback, state=state)
    return url


def exchange(app: App, callback: str, code: str) -> Form:
    """Asks for the access that `code` stands for; it lives for five minutes and works once."""
    return _form(app, "token", prepare_token_request("authorization_code", redirect_uri=callback, code=code))


def renewal(app: App, grant: Grant) -> Form:
    """Asks for a new access token."""
    return _form(app, "token", prepare_token_request("refresh_token", refresh_token=grant.refresh))


def revocation(app: App, grant: Grant) -> Form:
    """Gives the access back [RFC 7009]."""
    body, _ = prepare_revoke_token_request(grant.refresh, "refresh_token")
    return _form(app, "revoke", body)


def read(app: App, said: Said, asked_at: datetime, earlier: Grant | None = None) -> Grant:
    """The access that came back, with what an answer may leave out taken from the `earlier` one. Raises Stopped."""
    answer = _json(said)
    if said.status >= 500 or said.status in (408, 429) or answer is None:
        raise status.cut(False, f"the token endpoint answered {said.status}")
    if said.status >= 400 or answer.get("error"):
        raise _refused(answer, renewing=earlier is not None)
    kept = {key: earlier.answer[key] for key in ("refresh_token", "api_domain") if earlier and key in earlier.answer}
    answer = {**kept, **answer}
    if not answer.get("access_token") or not answer.get("refresh_token"):
        raise status.cut(False, "the token endpoint's answer lacks a token")
    grant = Grant(answer, asked_at)
    if grant.host is not None and not app.trusts(grant.host):
        raise status.stopped("app", "it names a host that is not Pipedrive's")
    return grant


def _refused(answer: Mapping[str, Any], renewing: bool) -> status.Stopped:
    """Messages are those of Pipedrive's page of OAuth status codes; where they stand in the body it does not say."""
    words = str(answer.get("message") or answer.get("error_description") or answer.get("error"))
    told = f"{words} {answer.get('error')}".lower().replace("_", " ")
    if "invalid grant" in told:
        return status.stopped("lost" if renewing else "code", words)
    return status.stopped("app", words)


def _form(app: App, verb: str, body: str) -> Form:
    """With the app's id and secret by HTTP Basic [facts: Pipedrive 2]."""
    auth = ClientAuth(app.id, app.secret, "client_secret_basic")
    url, headers, body = auth.prepare("POST", f"{app.url}/oauth/{verb}", dict(FORM), body)
    return Form(url, headers, body)


def _json(said: Said) -> dict[str, Any] | None:
    try:
        answer = wire.read(said.content)
    except wire.Unreadable:
        return None
    return answer if isinstance(answer, dict) else None
