"""Our webhooks at Pipedrive: made, looked at, renewed and removed. What they deliver is `webhooks`' business.

There is no call that changes a webhook, so a broken one is deleted and made again [facts: Pipedrive 5].
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from engine.errors import InvalidSettings
from engine.protocol import Check, Failure, Found, Hook, Query, Site

from .account import Account
from .operations import operation
from .status import Stopped
from .webhook_proof import Proof
from .webhooks import PATH, Webhooks

logger = logging.getLogger(__name__)

TOLD = frozenset({
    "activity", "deal", "lead", "note", "organization", "person", "pipeline", "product", "stage", "user",
})  # fmt: skip
"""Of these there are events [OpenAPI v1 addWebhook]."""
REMOVED = frozenset({"activity", "deal", "lead", "note", "organization", "person", "product"})
"""Of these people delete or merge records."""
VERSION = "2.0"

DAILY = timedelta(days=1)
AFTER_TROUBLE = timedelta(hours=1)
AFTER_PAUSE = timedelta(minutes=5)
"""After a trouble that passes by itself: no tokens, a pause, an account that is away."""
AFTER_START = timedelta(minutes=10)
"""A server that starts looks again, unless one looked this recently: restarts may come in rows."""
AFTER_LOSS = timedelta(hours=6)
"""How often at most an unheard change makes us look: it may be one of which Pipedrive tells nobody."""
PATIENCE = timedelta(minutes=5)
"""An unheard change is lost after this: the last try comes 183 s after the first [facts: Pipedrive 6]."""
SELDOM, OFTEN = timedelta(hours=1), timedelta(minutes=10)
"""How often changes are read where the settings don't say: with webhooks that deliver, and without."""
REMEMBERED = timedelta(seconds=20)
_STATE = "webhooks"


class Wanted(NamedTuple):
    """One webhook that the mappings need."""

    entity: str
    action: str

    @property
    def what(self) -> str:
        """`*.deal`."""
        return f"{self.action}.{self.entity}"


def needed(site: Site) -> tuple[Wanted, ...]:
    """What must be told: every change of what mappings read, and of what they only write that it went."""
    read = [Wanted(one, "*") for one in site.follows if one in TOLD]
    return (*read, *(Wanted(one, "delete") for one in site.mirrors if one in REMOVED))


def address_problem(url: str, account_url: str) -> str | None:
    """Why Pipedrive cannot deliver there; None: nothing speaks against it. A simulator here reaches us here."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if _is_here(urlsplit(account_url).hostname or ""):
        return None
    if parts.scheme != "https":
        return f"Pipedrive delivers to https addresses, not to {url}. Set server.url to the public one."
    if _is_here(host) or ("." not in host and ":" not in host):
        return f"Pipedrive cannot reach {url} from outside. Set server.url to the public address."
    if host.endswith("pipedrive.com"):
        return f"Pipedrive does not deliver to itself ({url}). Set server.url to this server's address."
    return None


def _is_here(host: str) -> bool:
    """A name or an address that means something inside only."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal", ".test"))


def fault(hook: Mapping[str, Any], proof: Proof) -> str | None:
    """What is wrong with a webhook of ours, in a few words; None: it does its work."""
    if str(hook.get("is_active", 1)) not in ("1", "True"):
        reason = hook.get("remove_reason")
        return "Pipedrive switched it off" + (f" ({reason})" if reason else "")
    if str(hook.get("version", VERSION)) != VERSION:
        return f"it delivers version {hook['version']}"
    if (hook.get("http_auth_user") or None) != proof.user:
        return "its user is another"
    if hook.get("http_auth_password") and hook["http_auth_password"] != proof.password:
        return "its password is another"
    if hook.get("last_http_status") == 401:
        return "its last delivery was refused"
    return None


class Plan(NamedTuple):
    """What there is to do."""

    keep: Sequence[Mapping[str, Any]]
    make: Sequence[Wanted]
    drop: Sequence[tuple[Mapping[str, Any], str]]
    """With the reason."""


def plan(wanted: Collection[Wanted], ours: Sequence[Mapping[str, Any]], url: str, proof: Proof) -> Plan:
    """Compares what is needed with what we have: one good webhook for each, all others go. Pure."""
    keep: dict[Wanted, Mapping[str, Any]] = {}
    drop: list[tuple[Mapping[str, Any], str]] = []
    for hook in ours:
        what = Wanted(str(hook.get("event_object")), str(hook.get("event_action")))
        wrong = fault(hook, proof)
        if what not in wanted:
            drop.append((hook, "no mapping needs it any more"))
        elif hook.get("subscription_url") != url:
            drop.append((hook, "it delivers to another address"))
        elif wrong is not None:
            drop.append((hook, wrong))
        elif what in keep:
            drop.append((hook, "there are two of it"))
        else:
            keep[what] = hook
    return Plan(list(keep.values()), [one for one in wanted if one not in keep], drop)


class Subscriptions:
    """The webhooks of one connection. What was found is kept in the state, for the status and for other processes."""

    def __init__(self, site: Site, proof: Proof, account: Account, heard: Webhooks) -> None:
        self._site = site
        self._proof = proof
        self._account = account
        self._heard = heard
        self.url = proof.url or f"{site.url}{PATH}"
        self.problem = address_problem(self.url, account.settings.url)
        self.wanted = needed(site)
        self._known: tuple[datetime, Mapping[str, Any]] | None = None
        self._started = True
        self._about = {"connection": site.connection}

    # --------------------------------------------------------------------------------------------- by itself
    def look(self) -> None:
        """Brings the webhooks in order if it is time for that; what hinders is kept for the status."""
        if not self._proof.configured or self.problem is not None or not self._claim():
            return
        try:
            self.sync()
        except Stopped as stopped:
            logger.warning("hooks.unsound", extra={**self._about, "why": stopped.failed.message})

    @property
    def poll(self) -> timedelta:
        """How often changes are read: as the settings say, else seldom while webhooks tell of them."""
        given = self._account.settings.poll
        return given if given is not None else SELDOM if self._deliver() else OFTEN

    def found(self, query: Query, found: Sequence[Found]) -> None:
        """Compares what a poll found with what was told: of a change that nobody told, the webhook is looked at."""
        if query.kind != "changed" or query.cursor is None or query.entity not in self._site.follows:
            return
        if Wanted(query.entity, "*") not in self.wanted or not self._deliver():
            return
        now, since = self._site.clock(), datetime.fromisoformat(self._state()["made_at"])
        heard = self._heard.heard().get(query.entity, since) + timedelta(minutes=2)  # it is kept to the minute
        unheard = [one.key for one in found if one.stamp and max(since, heard) < one.stamp < now - PATIENCE]
        if unheard:
            logger.warning("hook.unheard", extra={**self._about, "entity": query.entity, "record": unheard[0]})
            self._keep(lambda kept: {**kept, "lost_at": now.isoformat()})

    def notes(self) -> Iterator[str]:
        """How it stands, in sentences for the status. Asks nobody."""
        how = f"{_every(self.poll)} ({self._poll_price():,} tokens a day)"
        if not self._proof.configured:
            yield f"Webhooks are off (no `webhook` in the settings), so changes are read {how}."
            return
        state = self._state()
        if self.problem is not None:
            yield f"No webhooks: {self.problem}"
        elif state.get("said"):
            yield str(state["said"])
        refused = self._heard.refused()
        if refused is not None:
            yield f"A delivery was refused at {refused[0]:%Y-%m-%d %H:%M} UTC: {refused[1]}."
        yield f"Besides, changes are read {how}."

    def ping(self) -> Iterator[Check]:
        """How it stands, for `engine ping`. Asks nobody."""
        if self.problem is not None and self._proof.configured:
            yield Check("webhooks", False, self.problem)
        elif self._proof.configured:
            state = self._state()
            said = state.get("said") or "Webhooks are made when the server starts, or by `engine webhooks sync`."
            yield Check("webhooks", bool(state.get("ok", True)), str(said))

    # ------------------------------------------------------------------------------------------- when asked
    def check(self) -> None:
        """Raises InvalidSettings where webhooks cannot work."""
        if not self._proof.configured:
            hint = "Give it user and password: docs/pipedrive.md says how."
            raise InvalidSettings(f"The connection {self._site.connection} has no `webhook` in engine.yaml.", hint)
        if self.problem is not None:
            raise InvalidSettings(self.problem)

    def every(self) -> Sequence[Hook]:
        """Every webhook of the account (10 tokens). Raises Stopped."""
        return [self._hook(one, self._is_ours(one)) for one in self._listed()]

    def sync(self) -> Sequence[Hook]:
        """Makes, renews and removes (10 tokens to look, 10 for each made, 6 for each removed). Raises Stopped."""
        now = self._site.clock()
        try:
            made = self._sync()
        except Stopped as stopped:
            words = f"Webhooks are not in order: {stopped.failed.message}"
            passing = stopped.failed.failure in (Failure.UNSENT, Failure.RETRY)
            at = now - AFTER_TROUBLE + AFTER_PAUSE if passing else now
            self._keep(lambda kept: {**kept, "looked_at": at.isoformat(), "ok": False, "said": words})
            raise
        return made

    def remove(self) -> Sequence[Hook]:
        """Removes ours (10 tokens to look, 6 for each). Raises Stopped."""
        gone = [one for one in self._listed() if self._is_ours(one)]
        for one in gone:
            self._delete(one)
        now = self._site.clock().isoformat()
        said = "Webhooks were removed by hand; a server that runs makes them again within the hour."
        self._keep(lambda kept: {"looked_at": now, "ok": False, "said": said, "keys": [], "print": self._print()})
        return [self._hook(one, True, "removed") for one in gone]

    def _sync(self) -> Sequence[Hook]:
        now = self._site.clock()
        todo = plan(self.wanted, [one for one in self._listed() if self._is_ours(one)], self.url, self._proof)
        shown = [self._hook(one, True) for one in todo.keep]
        keys = [one["id"] for one in todo.keep]
        for hook, reason in todo.drop:
            self._delete(hook)
            logger.info("hook.removed", extra={**self._about, "hook": hook["id"], "why": reason})
            shown.append(self._hook(hook, True, f"removed: {reason}"))
        for one in todo.make:
            hook = self._make(one)
            keys.append(hook["id"])
            # One by one, so that a webhook made before a refusal is known as ours.
            self._keep(lambda kept, id_=hook["id"]: {**kept, "keys": sorted({*kept.get("keys", ()), id_})})
            shown.append(self._hook(hook, True, "made"))
        events = ", ".join(one.what for one in self.wanted) or "nothing"
        stands = {
            "looked_at": now.isoformat(),
            "ok": True,
            "said": f"{len(self.wanted)} webhooks deliver to {self.url} ({events}).",
            "keys": sorted(keys),
            "print": self._print(),
        }
        changed = bool(todo.make or todo.drop)
        self._keep(lambda kept: {"made_at": now.isoformat(), **_made_at(kept, changed), **stands})
        return shown

    # ------------------------------------------------------------------------------------------------- calls
    def _listed(self) -> Sequence[Mapping[str, Any]]:
        rows: Sequence[Mapping[str, Any]] = self._account.client.send("webhook.list").data or ()
        return rows

    def _make(self, wanted: Wanted) -> Mapping[str, Any]:
        body = {
            "subscription_url": self.url,
            "event_action": wanted.action,
            "event_object": wanted.entity,
            "name": f"ml-connector {self._site.connection} {wanted.what}",
            "version": VERSION,
        }
        if self._proof.user is not None:
            body |= {"http_auth_user": self._proof.user, "http_auth_password": str(self._proof.password)}
        hook: Mapping[str, Any] = self._account.client.send("webhook.create", body=body).data
        logger.info("hook.made", extra={**self._about, "hook": hook["id"], "what": wanted.what})
        return hook

    def _delete(self, hook: Mapping[str, Any]) -> None:
        try:
            self._account.client.send("webhook.delete", place={"id": str(hook["id"])})
        except Stopped as stopped:
            if stopped.failed.failure is not Failure.GONE:
                raise

    # ------------------------------------------------------------------------------------------------- state
    def _is_ours(self, hook: Mapping[str, Any]) -> bool:
        """By its address; one that we made for an earlier address by its id."""
        return hook.get("subscription_url") == self.url or hook.get("id") in self._state().get("keys", ())

    def _hook(self, hook: Mapping[str, Any], ours: bool, message: str = "") -> Hook:
        what = f"{hook.get('event_action')}.{hook.get('event_object')}"
        wrong = fault(hook, self._proof) if ours else None
        if not message:
            message = wrong or ("delivers" if ours else "not of this connection")
            if hook.get("last_delivery_time"):
                said = (
                    f"last delivery {hook['last_delivery_time']}, answered {hook.get('last_http_status') or 'nothing'}"
                )
                message += f"; {said}"
        ok = wrong is None or message.startswith(("made", "removed"))
        return Hook(str(hook["id"]), what, str(hook.get("subscription_url")), ours, ok, message)

    def _claim(self) -> bool:
        """Whether it is time to look, and no other process does: the moment is put down before the look."""
        now, started = self._site.clock(), self._started
        state = self._state()
        if not self._due(state, now, started):
            return False
        claimed = False

        def claim(kept: Any) -> Any:
            nonlocal claimed
            claimed = self._due(kept or {}, now, started)
            return {**(kept or {}), "looked_at": now.isoformat(), "print": self._print()} if claimed else kept

        self._known = (now, self._site.state.change(_STATE, claim) or {})
        self._started = False
        return claimed

    def _due(self, state: Mapping[str, Any], now: datetime, started: bool) -> bool:
        looked_at = state.get("looked_at")
        if looked_at is None or state.get("print") != self._print():
            return True
        age = now - datetime.fromisoformat(looked_at)
        lost = state.get("lost_at", "") > looked_at and age > AFTER_LOSS
        refused = self._heard.refused()
        doubtful = not state.get("ok") or (refused is not None and refused[0].isoformat() > looked_at)
        after = AFTER_START if started else AFTER_TROUBLE if doubtful else DAILY
        return lost or age > after

    def _deliver(self) -> bool:
        state = self._state()
        return self._proof.configured and self.problem is None and bool(state.get("ok")) and "made_at" in state

    def _state(self) -> Mapping[str, Any]:
        now = self._site.clock()
        if self._known is None or now - self._known[0] > REMEMBERED:
            self._known = (now, self._site.state.get(_STATE) or {})
        return self._known[1]

    def _keep(self, change: Any) -> None:
        kept = self._site.state.change(_STATE, lambda kept: change(kept or {}))
        self._known = (self._site.clock(), kept or {})

    def _print(self) -> str:
        """What a webhook is made from; when it differs, they are looked at at once. Holds no secret."""
        return f"{self.url} {self._proof.user} {' '.join(sorted(one.what for one in self.wanted))}"

    def _poll_price(self) -> int:
        prices = [operation(f"{one}.list").tokens for one in self._site.follows if not one.endswith("_option")]
        return round(sum(prices) * (DAILY / self.poll))


def _made_at(kept: Mapping[str, Any], changed: bool) -> Mapping[str, Any]:
    """Since when they are as they are."""
    return {"made_at": kept["made_at"]} if "made_at" in kept and not changed else {}


def _every(pause: timedelta) -> str:
    minutes = pause.total_seconds() / 60
    if minutes >= 60 and minutes % 60 == 0:
        return "every hour" if minutes == 60 else f"every {minutes / 60:.0f} hours"
    return f"every {minutes:.0f} minutes" if minutes >= 2 else f"every {pause.total_seconds():.0f} seconds"
