"""How requests are let in: by an API token, or by an access that a person granted and that is renewed in time.

A granted access lies encrypted in the state, so that every process uses the same one. Exactly one of them renews it,
by a lease; the others go on with what is still valid, or wait for the new one.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Protocol

from engine.protocol import Failure, State, Vault

from . import status, wire
from .app import App
from .grants import Ask, Grant, read, renewal
from .status import Stopped

AHEAD: Final = timedelta(minutes=5)
"""How long before its end an access is renewed."""
LEASE: Final = timedelta(minutes=1)
"""How long one process may take to renew: longer than a request's time-outs."""
WAIT: Final = 45.0
"""Seconds that the others wait for it."""
RESPITE: Final = timedelta(seconds=30)
"""After a renewal that failed while the old access is still valid; and how young one is that is not renewed again."""
IDLE: Final = timedelta(days=60)
"""Without use an access ends [facts: Pipedrive 2]."""
KEPT_ALIVE: Final = timedelta(days=1)
"""A server that runs renews at least so often, even if nothing is to be done."""
WARNED: Final = timedelta(days=30)
"""How long before its end an access that nobody uses is warned about."""
_KEY, _LEASE = "oauth", "oauth/lease"


class Pass(NamedTuple):
    """What one request shows, and where it goes."""

    url: str
    header: tuple[str, str]
    secret: str


class Access(Protocol):
    """One way of being let in. Methods raise Stopped where a person must act or nobody answers."""

    @property
    def window(self) -> str:
        """Whose requests share one burst window."""

    def current(self, ask: Ask) -> Pass:
        """What to show now; `ask` reaches the token endpoint."""

    def renewed(self, refused: Pass, ask: Ask) -> Pass | None:
        """Another pass after this one met a 401; None: there is none to be had."""


class TokenAccess:
    """A personal API token: always the same, until a person changes it."""

    def __init__(self, url: str, token: str) -> None:
        self.window = token
        self._pass = Pass(url, ("x-api-token", token), token)

    def current(self, ask: Ask) -> Pass:
        """The token."""
        return self._pass

    def renewed(self, refused: Pass, ask: Ask) -> Pass | None:
        """None."""
        return None


class GrantedAccess:
    """An access by OAuth2. `url` is where requests go if the grant names no host of its own."""

    def __init__(self, app: App, url: str, state: State, vault: Vault, clock: Callable[[], datetime]) -> None:
        self.app = app
        self._url = url
        self._state = state
        self._vault = vault
        self._clock = clock
        self._grant: Grant | None = None
        self._respite: datetime | None = None

    @property
    def window(self) -> str:
        """The app: its access tokens change by the hour."""
        return f"oauth {self.app.id}"

    # ------------------------------------------------------------------------------------------------- using
    def current(self, ask: Ask) -> Pass:
        """An access that is valid for some minutes, renewed if need be."""
        grant, now = self._grant, self._clock()
        if grant is None or _due(grant, now):
            grant = self.stored()
            if _due(grant, now) and not (self._resting(now) and now < grant.expires_at):
                grant = self._renew(grant, ask, fallback=now < grant.expires_at)
            self._grant = grant
        return self.pass_of(grant)

    def renewed(self, refused: Pass, ask: Ask) -> Pass | None:
        """Another process's newer access, else one that is renewed now, before its time; None if it just was."""
        self._grant = None
        grant = self.stored()
        if grant.access == refused.secret:
            if self._clock() - grant.renewed_at < RESPITE:
                return None
            grant = self._renew(grant, ask, fallback=False)
        self._grant = grant
        return self.pass_of(grant)

    def keep_alive(self, ask: Ask) -> None:
        """Renews what was not used for a day, so that a quiet server does not lose its access after sixty."""
        grant, now = self._grant, self._clock()
        if self._resting(now) or (grant is not None and now - grant.renewed_at <= KEPT_ALIVE):
            return
        try:
            grant = self.stored()
            if now - grant.renewed_at > KEPT_ALIVE:
                grant = self._renew(grant, ask, fallback=True)
            self._grant = grant
        except Stopped:  # whoever carries work is told
            self._respite = now + RESPITE

    def pass_of(self, grant: Grant) -> Pass:
        """What a request shows with this grant."""
        host = self._url if self.app.proxied or grant.host is None else grant.host
        return Pass(host, ("authorization", f"Bearer {grant.access}"), grant.access)

    # ------------------------------------------------------------------------------------------------ keeping
    def stored(self) -> Grant:
        """What is kept for all processes. Raises Stopped where nothing usable is."""
        kept = self._state.get(_KEY)
        if not kept:
            raise status.stopped("unconnected")
        if kept.get("lost"):
            raise status.stopped("lost", str(kept["lost"]))
        return self._opened(kept)

    def keep(self, grant: Grant, user: Mapping[str, Any]) -> None:
        """Stores what a person has just granted, and who that was."""
        self._state.put(_KEY, {**self._sealed(grant), "user_id": user.get("id"), "company_id": user.get("company_id")})
        self._grant, self._respite = grant, None

    @property
    def connected(self) -> bool:
        """Whether anything is kept, be it good or lost."""
        return self._state.get(_KEY) is not None

    def forget(self) -> Grant | None:
        """Removes what is kept; the grant, if it can be read."""
        kept = self._state.get(_KEY)
        self._state.put(_KEY, None)
        self._grant = None
        try:
            return self._opened(kept) if kept else None
        except Stopped:
            return None

    def taken_back(self, user_id: Any, company_id: Any) -> None:
        """Pipedrive says that this user has uninstalled the app."""
        self._change(
            lambda kept: (str(kept.get("user_id")), str(kept.get("company_id"))) == (str(user_id), str(company_id)),
            {"lost": "the app was uninstalled"},
        )
        self._grant = None

    def ends_at(self) -> datetime | None:
        """When it ends if nobody uses it; None where there is none."""
        kept = self._state.get(_KEY)
        return datetime.fromisoformat(kept["renewed_at"]) + IDLE if kept and not kept.get("lost") else None

    def facts(self) -> dict[str, Any]:
        """What a person should know of it: `stopped`, else `notes`."""
        try:
            self.stored()
        except Stopped as stopped:
            return {"stopped": stopped.failed.message}
        ends = self.ends_at()
        if ends is None or ends - self._clock() > WARNED:
            return {}
        note = f"The access to Pipedrive ends on {ends:%Y-%m-%d} unless it is used before: let the server run."
        return {"notes": [note]}

    # ----------------------------------------------------------------------------------------------- renewing
    def _renew(self, grant: Grant, ask: Ask, fallback: bool) -> Grant:
        """A newer grant than this, made by us or by another; with `fallback` this one while that takes long."""
        mine, patience = uuid.uuid4().hex, time.monotonic() + WAIT
        while not self._lease(mine):
            if fallback:
                return grant
            if time.monotonic() > patience:
                raise status.stopped("renewing", again_after=timedelta(seconds=15))
            time.sleep(0.1)
            if (stored := self.stored()).renewed_at > grant.renewed_at:
                return stored
        try:
            stored = self.stored()
            return stored if stored.renewed_at > grant.renewed_at else self._asked(stored, ask)
        except Stopped as stopped:
            if not fallback or stopped.failed.failure is not Failure.RETRY:
                raise
            self._respite = self._clock() + RESPITE
            return grant
        finally:
            self._state.change(_LEASE, lambda held: None if held and held["by"] == mine else held, LEASE)

    def _asked(self, grant: Grant, ask: Ask) -> Grant:
        asked_at, before = self._clock(), self._state.get(_KEY) or {}
        unchanged: Callable[[Any], bool] = lambda kept: kept["sealed"] == before.get("sealed")  # noqa: E731
        try:
            fresh = read(self.app, ask(renewal(self.app, grant)), asked_at, grant)
        except Stopped as stopped:
            if stopped.failed.code == "lost":  # kept, so that nobody asks again; a new connection replaces it
                self._change(unchanged, {"lost": stopped.words})
            raise
        self._change(unchanged, self._sealed(fresh))
        return fresh

    def _lease(self, mine: str) -> bool:
        now = self._clock()

        def take(held: Any) -> Any:
            free = not held or datetime.fromisoformat(held["until"]) <= now
            return {"by": mine, "until": (now + LEASE).isoformat()} if free else held

        held = self._state.change(_LEASE, take, LEASE)
        return held is not None and held["by"] == mine

    def _change(self, fits: Callable[[Any], bool], values: Mapping[str, Any]) -> None:
        """Changes what is kept, if it still is what is meant."""
        self._state.change(_KEY, lambda kept: {**kept, **values} if kept and fits(kept) else kept)

    def _resting(self, now: datetime) -> bool:
        return self._respite is not None and now < self._respite

    def _sealed(self, grant: Grant) -> dict[str, Any]:
        sealed = self._vault.seal(wire.write(grant.answer).decode())
        return {"sealed": sealed, "renewed_at": grant.renewed_at.isoformat(), "lost": None}

    def _opened(self, kept: Mapping[str, Any]) -> Grant:
        opened = self._vault.open(kept["sealed"])
        if opened is None:
            raise status.stopped("unsealed")
        return Grant(wire.read(opened.encode()), datetime.fromisoformat(kept["renewed_at"]))


def _due(grant: Grant, now: datetime) -> bool:
    return grant.expires_at - AHEAD <= now
