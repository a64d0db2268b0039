"""The Pipedrive connector: its registration, and the endpoint that the engine calls for one connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

from engine.errors import SystemUnavailable
from engine.protocol import (
    Catalogue,
    Check,
    Connector,
    Endpoint,
    Hook,
    Hooks,
    HttpRequest,
    HttpResponse,
    Named,
    Names,
    Record,
    Site,
)

from . import check, entities, names, settings, shapes
from .account import Account
from .client import Client
from .listening import Listening
from .sender import Sender
from .status import Stopped
from .webhook_subscriptions import Subscriptions
from .webhooks import Webhooks

Answer = TypeVar("Answer")


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
        self._client = Client.of(self._settings, site)
        self._account = Account(self._settings, self._client, site)
        proof = self._settings.webhook
        self._webhooks = Webhooks(site, proof, self._account)
        self._subscriptions = Subscriptions(site, proof, self._account, self._webhooks)
        work = Listening(site.work, self._webhooks, self._subscriptions)
        self._sender = Sender(self._account, work, site.state)

    def __repr__(self) -> str:
        return f"PipedriveEndpoint({self._settings.company!r})"

    def drain(self) -> timedelta | None:
        """Carries what is due, as fast as tokens and limits allow; when to come again."""
        self._subscriptions.look()
        self._account.poll = self._subscriptions.poll
        return self._sender.drain()

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Takes webhook deliveries at `/webhook`."""
        return self._webhooks.answer(request)

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
        spent = {"tokens_spent": budget.spent, "tokens_limit": budget.limit, "tokens_reserve": budget.reserve}
        history = self._sender.history.facts(self._site.work.backlog())
        told = [history["forecast"]] if history else []
        return {**spent, **history, "notes": [*told, *self._subscriptions.notes()]}

    def ping(self) -> Sequence[Check]:
        """Asks Pipedrive who we are (2 tokens), and compares company, plan, clock and rights with the settings."""
        return [*check.ping(self._account), *self._subscriptions.ping()]

    def names(self) -> Names:
        """The account's custom fields, stages and users. Raises SystemUnavailable."""
        return _asked(lambda: names.names(self._account))

    def close(self) -> None:
        """Lets go of sockets."""
        self._client.close()


def _asked(ask: Callable[[], Answer]) -> Answer:
    """For a person who waits for the answer."""
    try:
        return ask()
    except Stopped as stopped:
        raise SystemUnavailable(stopped.failed.message) from stopped


_: type[Connector] = Pipedrive
_hooks: type[Hooks] = PipedriveEndpoint
_named: type[Named] = PipedriveEndpoint
