"""The Pipedrive connector: its registration, and the endpoint that the engine calls for one connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

from engine.errors import InvalidSettings, SystemUnavailable
from engine.protocol import (
    Addressed,
    Catalogue,
    Charging,
    Check,
    Connector,
    Connects,
    Endpoint,
    Hook,
    Hooks,
    HttpRequest,
    HttpResponse,
    Invitation,
    Named,
    Names,
    Priced,
    Query,
    Record,
    Site,
    Spends,
)

from . import check, entities, names, queries, settings, shapes
from .access import Access, GrantedAccess, TokenAccess
from .account import Account
from .client import Client
from .connecting import Connecting
from .listening import Listening
from .pricing import Pricing
from .sender import LEAST, Sender
from .status import Stopped
from .webhook_subscriptions import Subscriptions
from .webhooks import Webhooks

Answer = TypeVar("Answer")

_PAGES = {"organization": "organization", "person": "person", "deal": "deal", "lead": "leads/inbox"}
"""Entity -> where the account shows its records to people."""


class Pipedrive:
    """Pipedrive by its API v2; notes, users and currencies by v1, which alone has them [facts: Pipedrive 1]."""

    name: ClassVar[str] = "pipedrive"
    title: ClassVar[str] = "Pipedrive"
    settings_schema: ClassVar[Mapping[str, Any]] = settings.SCHEMA

    @classmethod
    def catalogue(cls) -> Catalogue:
        """Its entities, as data."""
        return entities.catalogue()

    @classmethod
    def derive(cls, entity: str, record: Record, earlier: Record | None) -> Record:
        """Adds e-mail and phone of a person, price and currency of a product."""
        return shapes.derive(entity, record)

    @classmethod
    def enrich(cls, entity: str, record: Record, lookup: Callable[[str, str], Record]) -> Record:
        """Nothing to add: names of the account (stages, options) are put in where records are read."""
        return record

    @classmethod
    def open(cls, site: Site) -> Endpoint:
        """The endpoint of a connection. Raises InvalidSettings; talks to nobody."""
        return PipedriveEndpoint(site)


class PipedriveEndpoint:
    """One Pipedrive account in one connection."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._settings = settings.Settings.of(site.settings)
        access = _access(self._settings, site)
        self._client = Client.of(self._settings, site, access)
        self._account = Account(self._settings, self._client, site)
        self._granted = access if isinstance(access, GrantedAccess) else None
        self._connecting: Connecting | None = None
        if self._granted is not None:
            self._connecting = Connecting(site, self._settings, self._granted, self._client, self._connected)
        proof = self._settings.webhook
        self._webhooks = Webhooks(site, proof, self._account)
        self._subscriptions = Subscriptions(site, proof, self._account, self._webhooks)
        work = Listening(site.work, self._webhooks, self._subscriptions)
        self._sender = Sender(self._account, work, site)

    def __repr__(self) -> str:
        return f"PipedriveEndpoint({self._settings.company!r})"

    def drain(self) -> timedelta | None:
        """Carries what is due, as fast as tokens and limits allow; when to come again."""
        if self._granted is not None:
            self._granted.keep_alive(self._client.ask)
        self._subscriptions.look()
        self._account.poll = self._subscriptions.poll
        return self._sender.drain()

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Takes webhook deliveries at `/webhook`, and people who connect an account below `/oauth`."""
        found = self._connecting.answer(request) if self._connecting is not None else None
        return found or self._webhooks.answer(request)

    def invite(self) -> Invitation:
        """A link for connecting an account by OAuth2. Raises InvalidSettings."""
        return self._connects().invite()

    def disconnect(self) -> bool:
        """Gives the access back. Raises InvalidSettings, SystemUnavailable."""
        return self._connects().disconnect()

    def _connected(self) -> None:
        self._account.forget_user()
        self._sender.wake()

    def _connects(self) -> Connecting:
        if self._connecting is None:
            hint = "Put 'oauth' in the place of 'api_token' in engine.yaml to connect an account."
            raise InvalidSettings("pipedrive: this connection uses an API token.", hint)
        return self._connecting

    def list_hooks(self) -> Sequence[Hook]:
        """Every webhook of the account, others' too. Raises SystemUnavailable."""
        return _asked(self._subscriptions.every)

    def sync_hooks(self) -> Sequence[Hook]:
        """Makes, renews and removes ours. Raises InvalidSettings, SystemUnavailable."""
        self._subscriptions.check()
        return _asked(self._subscriptions.sync)

    def remove_hooks(self) -> Sequence[Hook]:
        """Removes ours. Raises SystemUnavailable."""
        return _asked(self._subscriptions.remove)

    def canonical(self, entity: str, values: Mapping[str, Any]) -> Record:
        """A draft's values as a Query would show them once written. Raises SystemUnavailable."""
        return self._account.canonical(entity, values)

    def facts(self) -> Mapping[str, Any]:
        """The day's tokens against our share of them, and until when old history will be through."""
        budget = self._client.budget
        spent: dict[str, Any] = {
            "tokens_spent": budget.spent,
            "tokens_limit": budget.limit,
            "tokens_reserve": budget.reserve,
        }
        history = self._sender.history.facts(self._site.work.backlog())
        told = [history["forecast"]] if history else []
        stopped = self._sender.stopped
        access = self._granted.facts() if self._granted is not None else {"stopped": stopped} if stopped else {}
        notes = [*access.pop("notes", ()), *told, *self._subscriptions.notes()]
        if budget.free() < LEAST:
            spent["waits_until"] = self._site.clock() + budget.wait(LEAST)
        return {**spent, "tokens_since": budget.began(), **history, **access, "notes": notes}

    def spending(self, since: datetime) -> Sequence[tuple[datetime, int]]:
        """The tokens of each hour."""
        return self._client.budget.by_hour(since)

    def address(self, entity: str, key: str) -> str | None:
        """The record's page in the account."""
        page = _PAGES.get(entity)
        return f"{self._settings.url}/{page}/{key}" if page and entities.is_key(entity, key) else None

    def ping(self) -> Sequence[Check]:
        """Asks Pipedrive who we are (2 tokens), and compares company, plan, clock and rights with the settings."""
        found = check.ping(self._account)
        if self._granted is not None:
            found = [*found, *check.access(self._granted, self._site, self._settings.webhook.configured)]
        return [*found, *self._subscriptions.ping()]

    def charge(self, query: Query, records: int) -> int:
        """Tokens of this query."""
        return queries.price(query, records)

    def names(self) -> Names:
        """The account's custom fields, stages and users. Raises SystemUnavailable."""
        return _asked(lambda: names.names(self._account))

    def pricing(self) -> Pricing:
        """Reckons with the account as it is known now."""
        return Pricing(self._settings, self._site)

    def close(self) -> None:
        """Lets go of sockets."""
        self._client.close()


def _access(settings: settings.Settings, site: Site) -> Access:
    """How a connection is let in. Raises InvalidSettings."""
    if settings.app is None:
        assert settings.token is not None
        return TokenAccess(settings.url, settings.token)
    if site.vault is None:
        hint = "Add encryption_keys to engine.yaml; `engine key` makes a key."
        raise InvalidSettings("pipedrive: 'oauth' keeps tokens, and there is no key to encrypt them.", hint)
    return GrantedAccess(settings.app, settings.url, site.state, site.vault, site.clock)


def _asked(ask: Callable[[], Answer]) -> Answer:
    """For a person who waits for the answer."""
    try:
        return ask()
    except Stopped as stopped:
        raise SystemUnavailable(stopped.failed.message) from stopped


_: type[Connector] = Pipedrive
_hooks: type[Hooks] = PipedriveEndpoint
_named: type[Named] = PipedriveEndpoint
_connects: type[Connects] = PipedriveEndpoint
_charging: type[Charging] = PipedriveEndpoint
_priced: type[Priced] = PipedriveEndpoint
_spends: type[Spends] = PipedriveEndpoint
_addressed: type[Addressed] = PipedriveEndpoint
