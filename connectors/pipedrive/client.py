"""One HTTP call to Pipedrive, paid for, paced and classed. The only file that knows httpx.

What lets us in (`access`) goes in a header; `?api_token=` would land in logs. Redirects are not followed: it must not
travel to another host.
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, NamedTuple

import httpx

from engine.protocol import Site

from . import status, wire
from .access import Access, Pass
from .budget import Budget
from .grants import Form, Said
from .operations import Operation, operation
from .pace import Pace, Pause
from .quota import Quota
from .settings import Settings

logger = logging.getLogger(__name__)
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)


class Answer(NamedTuple):
    """What a successful call brought."""

    data: Any
    """The answer's `data`."""
    cursor: str | None
    """Of the next page, for `cursor` (v2) or `start` (v1); None on the last."""
    server_time: datetime | None
    """The service's clock, whole seconds UTC."""
    headers: Mapping[str, str]


class Client:
    """The account of one connection. Every method may be called from any thread."""

    def __init__(
        self,
        access: Access,
        budget: Budget,
        pace: Pace,
        pause: Pause,
        quota: Quota,
        transport: httpx.BaseTransport | None = None,
        timed: Callable[[str, float, str], None] = lambda call, seconds, outcome: None,
    ) -> None:
        self.budget = budget
        self.pace = pace
        self.pause = pause
        self.quota = quota
        self._access = access
        self._timed = timed
        self._http = httpx.Client(
            headers={"accept": "application/json", "user-agent": "ml-connector"},
            timeout=_TIMEOUT,
            follow_redirects=False,
            trust_env=transport is None,
            verify=_certificates(),
            transport=transport,
            limits=httpx.Limits(max_connections=32, keepalive_expiry=15.0),
        )

    @classmethod
    def of(cls, settings: Settings, site: Site, access: Access) -> Client:
        """For a connection, with the company's budget and pause behind it."""
        shared = site.shared(f"pipedrive:{settings.company}")
        pace = Pace.of(settings.url, access.window, settings.burst)
        pause, quota = Pause(shared, site.clock), Quota(shared, site.clock)
        return cls(access, Budget(settings, shared, site.clock), pace, pause, quota, timed=site.timed)

    def __repr__(self) -> str:
        return f"Client({type(self._access).__name__})"

    def close(self) -> None:
        """Lets go of the sockets."""
        self._http.close()

    def send(
        self,
        name: str,
        *,
        place: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        prepaid: bool = False,
        showing: Pass | None = None,
    ) -> Answer:
        """Carries the operation of that name; `place` fills its path. `prepaid`: its tokens are counted already.
        `showing`: a pass to be tried in place of the one in use.

        Raises Stopped with what the engine is to be told: UNSENT before anything went out, and as `status` says
        about everything that is no success.
        """
        wanted = operation(name)
        self.pause.check()
        self.quota.check(wanted.method)
        shown = showing or self._access.current(self.ask)
        if not prepaid:
            self.budget.spend(wanted.tokens)
        with self.pause.turn():
            response = self._paced(name, shown, wanted, place or {}, query or {}, body)
            if response.status_code == 401 and showing is None:
                fresh = self._access.renewed(shown, self.ask)
                if fresh is not None:
                    shown = fresh
                    self.budget.spend(wanted.tokens)
                    response = self._paced(name, shown, wanted, place or {}, query or {}, body)
            return self._answer(wanted, response, shown)

    def ask(self, form: Form) -> Said:
        """Sends a form to the token endpoint, which costs no tokens. Raises Stopped where no answer came."""
        try:
            response = self._http.post(form.url, content=form.body, headers=dict(form.headers))
        except _NEVER_SENT as error:
            raise status.unreachable(form.url, type(error).__name__) from None
        except httpx.HTTPError as error:
            raise status.cut(False, type(error).__name__) from None
        return Said(response.status_code, response.content)

    def _paced(self, name: str, shown: Pass, wanted: Operation, *given: Any) -> httpx.Response:
        with self.pace.place():
            self.pause.check()
            response = self._measured(name, wanted, lambda: self._exchange(shown, wanted, *given))
            self._listen(response.headers)
            return response

    def _measured(self, name: str, wanted: Operation, exchange: Callable[[], httpx.Response]) -> httpx.Response:
        """Tell how long it took and how it ended, whatever that is."""
        began, outcome = time.perf_counter(), "none"
        try:
            response = exchange()
            outcome = str(response.status_code)
            return response
        except status.Stopped as stopped:
            outcome = stopped.failed.code or outcome
            raise
        finally:
            seconds = time.perf_counter() - began
            self._timed(name, seconds, outcome)
            level = logging.INFO if wanted.writes else logging.DEBUG
            told = {"operation": name, "status": outcome, "seconds": round(seconds, 3), "tokens": wanted.tokens}
            logger.log(level, "request", extra=told)

    def _exchange(
        self, shown: Pass, wanted: Operation, place: Mapping[str, str], query: Mapping[str, str], body: Any
    ) -> httpx.Response:
        url = f"{shown.url}/api/{wanted.version}{wanted.path.format(**place)}"
        content = None if body is None else wire.write(body)
        headers = dict([shown.header] if body is None else [shown.header, ("content-type", "application/json")])
        try:
            return self._http.request(wanted.method, url, params=query, content=content, headers=headers)
        except _NEVER_SENT as error:
            raise status.unreachable(shown.url, type(error).__name__) from None
        except httpx.HTTPError as error:
            timed_out = isinstance(error, httpx.TimeoutException)
            raise status.cut(wanted.writes, type(error).__name__, timed_out) from None

    def _listen(self, headers: Mapping[str, str]) -> None:
        says: Callable[[str], int | None] = lambda key: _whole(headers.get(key))  # noqa: E731
        self.pace.heard(says("x-ratelimit-limit"), says("x-ratelimit-remaining"), says("x-ratelimit-reset"))
        self.budget.heard(
            says("x-daily-ratelimit-token-limit"), says("x-daily-ratelimit-token-remaining")
        )  # [facts: 1]: seen, undocumented, and missing at times
        self.quota.heard(says("x-daily-requests-left"))

    def _answer(self, wanted: Operation, response: httpx.Response, shown: Pass) -> Answer:
        if response.status_code == 429:
            raise self._too_much(wanted, response.headers)
        try:
            body = wire.read(response.content) if response.content else None
        except wire.Unreadable:
            if response.status_code == 403:
                raise self.pause.edge() from None
            if response.is_success:
                raise status.cut(wanted.writes, "the answer is no JSON") from None
            body = None
        self.pause.succeeded()
        self.budget.flowed(wanted.tokens)
        if not response.is_success or response.is_redirect:
            raise status.failure(response.status_code, _masked(body, shown.secret), wanted.writes, "{" in wanted.path)
        if (
            not isinstance(body, dict)
            or body.get("success") is False
            or ("data" not in body and wanted.method != "DELETE")
        ):
            raise status.cut(wanted.writes, "the answer is empty")  # v1 sends 200 with null at times [facts: 4]
        return Answer(body.get("data"), _next(body), _server_time(response.headers), response.headers)

    def _too_much(self, wanted: Operation, headers: Mapping[str, str]) -> status.Stopped:
        """A bare 429 says not which limit: the day's tokens, if the window still has room, or if a whole window of
        silence did not help and no header says that others fill it [facts: Pipedrive 3]."""
        left = _whole(headers.get("x-daily-ratelimit-token-remaining"))
        room = _whole(headers.get("x-ratelimit-remaining"))
        logger.warning("limit.reached", extra={"status": 429, "tokens_left": left, "room_in_window": room})
        dry = left is not None and left < wanted.tokens
        if dry or (room is not None and room > 0) or (room is None and self.pause.refusals > 1):
            self.budget.ran_dry(wanted.tokens)
            return self.pause.budget(self.budget.ends())
        return self.pause.burst(_whole(headers.get("x-ratelimit-reset")))


def _masked(body: Any, secret: str) -> Any:
    """The body without our token, should the service ever echo it."""
    if isinstance(body, dict):
        return {key: _masked(value, secret) for key, value in body.items()}
    return body.replace(secret, "***") if isinstance(body, str) else body


@cache
def _certificates() -> ssl.SSLContext:
    """Whom we trust, read once for all accounts: each reading takes half a megabyte, and a server has a thousand."""
    return httpx.create_ssl_context()


def _next(body: Mapping[str, Any]) -> str | None:
    more = body.get("additional_data") or {}
    pages = more.get("pagination") or more  # of leads told beside it [OpenAPI v1 getLeads]
    if pages.get("more_items_in_collection") and "start" in pages:
        return str(pages.get("next_start", pages["start"] + pages.get("limit", 0)))
    cursor = more.get("next_cursor")
    return str(cursor) if cursor else None


def _server_time(headers: Mapping[str, str]) -> datetime | None:
    try:
        return parsedate_to_datetime(headers.get("date", "")).astimezone(UTC)
    except (TypeError, ValueError):
        return None


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.strip().isdigit() else None
