"""The account over HTTP: token, scope, rate, faults, endpoint, ledger, in that order; the rules are the account's.

A plain ASGI application, so that it runs under uvicorn, httpx.ASGITransport or anything else.
"""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from email.utils import format_datetime
from typing import ClassVar
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from . import answers, oauth
from .calls import Call, Reply
from .events import Actor
from .faults import AFTER, BEFORE, Fault, Faults
from .ledger import Entry
from .limits import Admission
from .numbers import decode, encode
from .queries import Query
from .refusals import Invalid, Refusal
from .routes import Operation, find, split
from .scopes import scopes
from .state import Account

DAILY_WRITES = 10_000
"""POST and PUT per user and UTC day [facts: 3, 2019; enforced only by the switch]."""
BODIES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True)
class Exchange:
    """One request as it came and the answer as it went."""

    method: str
    target: str
    """Path and query."""
    request_headers: list[tuple[bytes, bytes]]
    request: bytes
    status: int
    answer_headers: list[tuple[bytes, bytes]]
    answer: bytes


@dataclass(frozen=True)
class Caller:
    """Who asks: a user, by an API token or through an app."""

    user_id: int
    window: str
    """Whose requests are counted together."""
    scopes: frozenset[str] | None = None
    """Of an app; None: an API token may do what its user may."""


class App:
    """Answers requests for one account."""

    witnesses: ClassVar[list[Callable[[Exchange], None]]] = []
    """Told of every exchange of every account in this process that no fault made, before its answer goes out."""

    def __init__(self, account: Account, faults: Faults | None = None) -> None:
        self.requests = 0
        self.use(account, faults or Faults())

    def use(self, account: Account, faults: Faults) -> None:
        """Answers for this account from now on."""
        self.account = account
        self.faults = faults
        self._writes: dict[tuple[int, str], int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        body = await request.body()
        version, path = split(scope["path"])
        fault = self.faults.pick(request.method, path)
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        reply = self.reply(request, version, path, body, fault)
        if fault is not None and fault.kind in ("cut-before", "cut-after"):
            await _cut(receive)
            return
        if fault is not None and fault.kind == "slow-after":
            await asyncio.sleep(fault.seconds)
        date = format_datetime(self.account.clock().astimezone(UTC), usegmt=True)
        headers, payload = _answer(reply, date)
        if version and (fault is None or fault.kind == "slow"):
            target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            seen = Exchange(request.method, target, request.headers.raw, body, reply.status, headers, payload)
            for witness in self.witnesses:
                witness(seen)
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        if fault is not None and fault.kind == "truncated":
            await send({"type": "http.response.body", "body": payload[: len(payload) // 2], "more_body": True})
            await _cut(receive)
            return
        await send({"type": "http.response.body", "body": payload})

    def reply(self, request: Request, version: str, path: str, body: bytes, fault: Fault | None) -> Reply:
        """The whole way of one request, under the account's lock."""
        self.requests += 1
        query = Query(parse_qsl(request.url.query, keep_blank_values=True))
        with self.account.changing():
            if not version and path.startswith("/oauth/"):
                return self._oauth(request, body, fault)
            caller = self._caller(request, query)
            if isinstance(caller, Reply):
                return caller
            if fault is not None and fault.kind in BEFORE:
                return _faulty(fault.kind)
            operation, names, methods = find(version, request.method, path)
            if operation is None:
                return answers.wrong_method(methods) if methods else answers.no_such_path()
            if caller.scopes is not None and not caller.scopes & scopes(version, request.method, operation.template):
                return answers.wrong_scope()
            reply, tokens, kept = self._admitted(request, operation, names, query, body, caller)
            now = self.account.clock()
            self.account.ledger.add(
                Entry(now, request.method, path, operation.name, tokens, reply.status, kept, request.url.query)
            )
        if fault is not None and fault.kind in AFTER:
            return _faulty(fault.kind)
        return reply

    def _oauth(self, request: Request, body: bytes, fault: Fault | None) -> Reply:
        if fault is not None and fault.kind in BEFORE:
            return _faulty(fault.kind)
        reply = oauth.answer(self.account, request, body)
        return _faulty(fault.kind) if fault is not None and fault.kind in AFTER else reply

    def _caller(self, request: Request, query: Query) -> "Caller | Reply":
        """Who asks, or the 401."""
        account = self.account
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            granted = account.apps.bearer(bearer)
            if granted is None or not account.exists("user", granted.user_id):
                return answers.bad_bearer()
            return Caller(granted.user_id, f"{granted.app} {granted.user_id}", frozenset(granted.scopes))
        token = request.headers.get("x-api-token") or ""
        if account.switches.query_token:
            token = token or query.text("api_token") or ""
        user_id = account.tokens.get(token)
        if user_id is None or not account.exists("user", user_id):
            return answers.unauthorized(str(uuid.UUID(int=self.requests)))
        return Caller(user_id, token)

    def _admitted(
        self, request: Request, operation: Operation, names: dict[str, str], query: Query, body: bytes,
        caller: "Caller",
    ) -> tuple[Reply, int, object]:  # fmt: skip
        account, by_app = self.account, caller.scopes is not None
        admission = account.limits.admit(
            caller.window, operation.tokens, operation.is_search, account.clock(), oauth=by_app
        )
        if admission.verdict == "edge":
            return answers.edge(), 0, None
        headers = self._headers(admission, operation, None if by_app else caller.user_id)
        if admission.verdict != "ok" or (not by_app and self._writes_used_up(operation, caller.user_id)):
            limited = answers.over_limit()
            return Reply(limited.status, limited.payload, headers), 0, None
        kept: object = None
        try:
            kept = _json(request, body) if request.method in BODIES else None
            if operation.method not in ("GET", "DELETE"):
                query.finish()
            reply = operation.endpoint(Call(account, Actor(caller.user_id), names, query, kept))
        except Refusal as refusal:
            reply = answers.refused(refusal, operation.version)
        # Encoded under the lock: the payload may hold the records themselves.
        return Reply(reply.status, encode(reply.payload), headers + reply.headers), operation.tokens, kept

    def _headers(self, admission: Admission, operation: Operation, user_id: int | None) -> tuple[tuple[str, str], ...]:
        """Rate headers [facts: 1]: the burst window always, the daily ones by switch and method; `user_id`: of an API
        token, which alone has its creations counted."""
        limits, now = self.account.limits, self.account.clock()
        headers = [
            ("x-ratelimit-limit", str(admission.limit)),
            ("x-ratelimit-remaining", str(admission.remaining)),
            ("x-ratelimit-reset", str(admission.reset)),
        ]
        if self.account.switches.token_headers:
            headers.append(("x-daily-ratelimit-token-limit", str(limits.budget)))
            headers.append(("x-daily-ratelimit-token-remaining", str(limits.remaining(now))))
        if operation.method in ("POST", "PUT") and user_id is not None:
            key = (user_id, now.astimezone(UTC).date().isoformat())
            self._writes[key] = self._writes.get(key, 0) + (admission.verdict == "ok")
            allowed = self.account.switches.daily_writes_limit or DAILY_WRITES
            headers.append(("x-daily-requests-left", str(max(0, allowed - self._writes[key]))))
        return tuple(headers)

    def _writes_used_up(self, operation: Operation, user_id: int) -> bool:
        limit = self.account.switches.daily_writes_limit
        key = (user_id, self.account.clock().astimezone(UTC).date().isoformat())
        return limit is not None and operation.method in ("POST", "PUT") and self._writes[key] > limit


def create_app(account: Account, faults: Faults | None = None) -> App:
    """The ASGI application of an account."""
    return App(account, faults)


def _json(request: Request, body: bytes) -> object:
    """The request's JSON; an empty body is None. Only JSON is taken [facts: 2; status assumed]."""
    if not body:
        return None
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Invalid("body: only application/json is accepted")
    try:
        return decode(body)
    except ValueError:
        raise Invalid("body: not valid JSON") from None


def _faulty(kind: str) -> Reply:
    if kind == "null":
        return Reply(200, None)  # seen by clients in production [facts: 4, tap-pipedrive]
    if kind == "html":
        return Reply(200, "<html><body>Scheduled maintenance</body></html>", html=True)
    if kind in ("cut-before", "cut-after"):
        return Reply(500, None)
    reply = answers.broken(int(kind[:3]))
    rate = (("x-ratelimit-limit", "20"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "2"))
    return Reply(reply.status, reply.payload, rate if kind == "429" else (), reply.html)


def _answer(reply: Reply, date: str) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and body. The `Date` is the account's clock, not the server's, so that both can be moved by a test."""
    kind = b"text/html; charset=UTF-8" if reply.html else b"application/json; charset=utf-8"
    payload = reply.payload
    if reply.html:
        payload = payload.encode()
    elif not isinstance(payload, bytes):
        payload = encode(payload)
    headers = [(b"date", date.encode()), (b"content-type", kind), (b"content-length", str(len(payload)).encode())]
    headers += [(name.encode(), value.encode()) for name, value in reply.headers]
    return headers, payload


async def _cut(receive: Receive) -> None:
    """Drops the connection without an answer.

    ASGI has no word for that; under uvicorn the transport is reached through `receive`, elsewhere an error
    stands in for it.
    """
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("the simulator cut the connection")
    transport.abort()
    while not receive.__self__.disconnected:  # type: ignore[attr-defined]
        await asyncio.sleep(0)
