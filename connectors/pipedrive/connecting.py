"""Connects an account: a person opens a link that works once, grants access at Pipedrive, and comes back with a code.

Nobody can attach an account without such a link. The way back must be walked by the browser that set out (a cookie),
with a state that is random, used once and soon too old; and the account must be that of the company in engine.yaml.
"""

from __future__ import annotations

import hashlib
import hmac
import html
import logging
import secrets
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import timedelta
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from engine.errors import InvalidSettings, SystemUnavailable
from engine.protocol import HttpRequest, HttpResponse, Invitation, Site

from . import grants, wire
from .access import GrantedAccess
from .client import Client
from .settings import Settings
from .status import Stopped

logger = logging.getLogger(__name__)
OPEN_FOR: Final = timedelta(minutes=15)
"""A link, and the way to Pipedrive and back."""
COOKIE: Final = "pipedrive_connect"
CONNECT, CALLBACK = "/oauth/connect", "/oauth/callback"
AGAIN: Final = "Run `engine connect` again and open the link that it prints."


class Connecting:
    """The addresses below /oauth of one connection; `connected` is called when a person has come through."""

    def __init__(
        self, site: Site, settings: Settings, access: GrantedAccess, client: Client, connected: Callable[[], None]
    ) -> None:
        self._site = site
        self._company = settings.company
        self._access = access
        self._client = client
        self._connected = connected
        self._callback = f"{site.url}{CALLBACK}"

    def invite(self) -> Invitation:
        """A link that works once."""
        ticket = secrets.token_urlsafe(32)
        self._site.state.put(f"invitation/{_digest(ticket)}", True, OPEN_FOR)
        link = f"{self._site.url}{CONNECT}?{urlencode({'ticket': ticket})}"
        return Invitation(link, self._site.clock() + OPEN_FOR, self._callback)

    def disconnect(self) -> bool:
        """Gives the access back. Raises SystemUnavailable if Pipedrive cannot be told; it is forgotten all the same."""
        there = self._access.connected
        grant = self._access.forget()
        if grant is not None:
            try:
                self._client.ask(grants.revocation(self._access.app, grant))
            except Stopped as stopped:
                raise SystemUnavailable(f"{stopped.failed.message} Uninstall the app in Pipedrive.") from stopped
        return there

    def answer(self, request: HttpRequest) -> HttpResponse | None:
        """What a browser or Pipedrive is told here; None for other addresses."""
        carried = {
            (CONNECT, "GET"): self._set_out, (CALLBACK, "GET"): self._come_back, (CALLBACK, "DELETE"): self._uninstalled
        }.get((request.path, request.method))  # fmt: skip
        if carried is not None:
            return carried(request)
        return HttpResponse(405) if request.path in (CONNECT, CALLBACK) else None

    # ------------------------------------------------------------------------------------------------ the way
    def _set_out(self, request: HttpRequest) -> HttpResponse:
        if self._take(f"invitation/{_digest(_given(request, 'ticket'))}") is None:
            return _page(403, "This link does not work", f"It was used already, or is too old. {AGAIN}")
        state, browser = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self._site.state.put(f"state/{_digest(state)}", _digest(browser), OPEN_FOR)
        here = urlsplit(self._site.url)
        cookie = f"{COOKIE}={browser}; Path={here.path}/oauth; Max-Age={OPEN_FOR.seconds}; HttpOnly; SameSite=Lax"
        headers = {
            "location": grants.permission_url(self._access.app, self._callback, state),
            "set-cookie": f"{cookie}; Secure" if here.scheme == "https" else cookie,
            "cache-control": "no-store",
        }
        return HttpResponse(303, b"", headers)

    def _come_back(self, request: HttpRequest) -> HttpResponse:
        expected = self._take(f"state/{_digest(_given(request, 'state'))}")
        if expected is None or not hmac.compare_digest(str(expected), _digest(_cookie(request))):
            logger.warning("connect.refused", extra={"client": request.client})
            return _page(
                403, "Nothing was connected",
                f"This browser did not set out from here, came twice, or took more than a quarter of an hour. {AGAIN}",
            )  # fmt: skip
        if not (code := _given(request, "code")):
            words = _given(request, "error") or "it gave no reason"
            return _page(403, "Nothing was connected", f"Pipedrive says: {words}. {AGAIN}")
        try:
            user = self._exchanged(code)
        except Stopped as stopped:
            return _page(502, "Nothing was connected", stopped.failed.message)
        except InvalidSettings as error:
            return _page(403, "Nothing was connected", str(error))
        self._connected()
        logger.info("connect.done", extra={"user": user.get("name")})
        who = f"{user.get('name')} ({user.get('email')}) of {user.get('company_name') or self._company}"
        return _page(
            200, "Connected", f"This server now works in Pipedrive as {who}. You can close this page; `engine ping` "
            "says what this user may do.",
        )  # fmt: skip

    def _exchanged(self, code: str) -> Mapping[str, Any]:
        """Exchanges the code, and keeps the access if it is the right company's (2 tokens); its user."""
        asked_at, app = self._site.clock(), self._access.app
        grant = grants.read(app, self._client.ask(grants.exchange(app, self._callback, code)), asked_at)
        user: Mapping[str, Any] = self._client.send("user.me", showing=self._access.pass_of(grant)).data
        theirs = user.get("company_domain")
        if theirs != self._company:
            raise InvalidSettings(
                f"This account is that of the company '{theirs}', engine.yaml says '{self._company}'.",
                f"Switch companies in Pipedrive, or correct 'company'. {AGAIN}",
            )
        self._access.keep(grant, user)
        return user

    def _uninstalled(self, request: HttpRequest) -> HttpResponse:
        """Pipedrive's word that a user has removed the app [readme.io: app-uninstallation]."""
        ours = b64encode(f"{self._access.app.id}:{self._access.app.secret}".encode()).decode()
        if not hmac.compare_digest(_digest(request.headers.get("authorization", "")), _digest(f"Basic {ours}")):
            return HttpResponse(401)
        try:
            said = wire.read(request.body)
        except wire.Unreadable:
            said = None
        if isinstance(said, dict):
            self._access.taken_back(said.get("user_id"), said.get("company_id"))
        return HttpResponse(204)

    def _take(self, key: str) -> Any | None:
        """Reads and removes in one step: of two who come with the same, one gets it."""
        taken: list[Any] = []

        def remove(value: Any) -> None:
            taken[:] = [value]

        self._site.state.change(key, remove)
        return taken[0]


def _digest(text: str) -> str:
    """What is stored in the place of a secret, and compared: of one length whatever came."""
    return hashlib.sha256(text.encode()).hexdigest()


def _given(request: HttpRequest, name: str) -> str:
    """A parameter of the query, as it was first given; empty if it was not."""
    return parse_qs(request.query).get(name, [""])[0]


def _cookie(request: HttpRequest) -> str:
    try:
        found = SimpleCookie(request.headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        found = None
    return found.value if found is not None else ""


def _page(status: int, title: str, text: str) -> HttpResponse:
    body = (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title></head>\n<body><main><h1>{html.escape(title)}</h1>"
        f"<p>{html.escape(text)}</p></main></body>\n</html>\n"
    )
    headers = {"content-type": "text/html; charset=utf-8", "cache-control": "no-store"}
    return HttpResponse(status, body.encode(), headers)
