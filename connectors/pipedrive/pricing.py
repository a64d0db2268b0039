"""What requests will cost: the code that carries them in earnest, over a client that counts and asks nobody.

So nothing is told twice: which calls a write takes, which fields and options it makes first, how lines are sent.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from engine.protocol import Price, Query, Request, Site, State, Write

from . import lines, options, queries, writes
from .access import Pass
from .account import Account
from .budget import Budget
from .client import Answer, Client
from .entities import owner_of_options
from .fields import AccountField
from .operations import operation
from .pace import WINDOW
from .settings import Settings
from .status import Stopped

LATENCY = timedelta(milliseconds=200)
"""Of one call, as it is reckoned with [assumed]."""
FIRST_ID = 8_000_000_000_000_000


class Pricing:
    """One reckoning over an account as it is known now; what a request makes is there for the next ones."""

    def __init__(self, settings: Settings, site: Site) -> None:
        self._tally = _Tally()
        self._client = _Counting(self._tally, site.clock)
        shared: dict[str, _Overlay] = {}
        site = replace(
            site,
            state=_Overlay(site.state),
            shared=lambda scope, real=site.shared: shared.setdefault(scope, _Overlay(real(scope))),  # type: ignore[misc]
        )
        self._account = Account(settings, self._client, site)
        self._client.account = self._account
        self._each = max(timedelta(seconds=WINDOW / settings.burst), LATENCY / settings.parallel)

    def __call__(self, requests: Sequence[Request]) -> Price:
        """The price of a batch that is carried now."""
        tokens, calls = self._tally.tokens, self._client.calls
        chosen = [one for one in requests if isinstance(one, Write) and owner_of_options(one.entity)]
        list(options.create(self._account, [one for one in chosen if one.action == "create"]))
        for one in requests:
            self._carry(one)
        return Price(self._tally.tokens - tokens, self._each * (self._client.calls - calls))

    def _carry(self, request: Request) -> None:
        try:
            if isinstance(request, Query):
                list(queries.pages(self._account, request))
            elif owner_of_options(request.entity):
                if request.action != "create":
                    options.rename(self._account, request)
            else:
                (lines.carry if request.action == "children" else writes.carry)(self._account, request)
        except Stopped:
            pass  # what cannot be sent costs nothing more


class _Tally(Budget):
    """Counts, and says yes to everything."""

    def __init__(self) -> None:
        self.tokens = 0

    def spend(self, tokens: int) -> None:
        """Counts."""
        self.tokens += tokens


class _Counting(Client):
    """Answers every call with as little as the callers can do with."""

    account: Account

    def __init__(self, tally: _Tally, clock: Any) -> None:
        self.budget = tally
        self.calls = 0
        self._ids = itertools.count(FIRST_ID)

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
        """Counts the call."""
        self.calls += 1
        if not prepaid:
            self.budget.spend(operation(name).tokens)
        return Answer(self._data(name, place or {}, query or {}, body), None, None, {})

    def _data(self, name: str, place: Mapping[str, str], query: Mapping[str, str], body: Any) -> Any:
        entity, verb = name.split(".")
        match verb:
            case "fields":
                known = self.account.fields.held(entity)
                return [_raw(one) for one in known.fields] if known is not None else []
            case "field_create":
                return {
                    "field_code": f"new-{next(self._ids)}",
                    **body,
                    "options": self._options(body.get("options", ())),
                }
            case "options_create":
                return self._options(body)
            case "lines_create":
                return [{"id": next(self._ids)} for _ in body["data"]]
            case "list":
                return [{"id": int(one)} for one in query.get("ids", "").split(",") if one]
            case "lines" | "lines_of_many":
                return []
        return {"id": int(place.get("id", next(self._ids))), "currency": None, "content": ""}

    def _options(self, given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [{"id": next(self._ids), "label": one["label"]} for one in given]


def _raw(field: AccountField) -> dict[str, Any]:
    """A custom field as Pipedrive lists it."""
    return {
        "field_code": field.code,
        "field_name": field.name,
        "field_type": field.type,
        "is_custom_field": True,
        "options": [{"id": int(number), "label": label} for number, label in field.options],
    }


class _Overlay:
    """A state over another one: what is put here is not seen there."""

    def __init__(self, below: State) -> None:
        self._below = below
        self._own: dict[str, Any] = {}

    def get(self, key: str) -> Any | None:
        return self._own[key] if key in self._own else self._below.get(key)

    def put(self, key: str, value: Any, ttl: timedelta | None = None) -> None:
        self._own[key] = value

    def change(self, key: str, function: Any, ttl: timedelta | None = None) -> Any | None:
        self._own[key] = function(self.get(key))
        return self._own[key]

    def spend(self, name: str, amount: int, limit: int, window: timedelta, since: datetime | None = None) -> bool:
        return True

    def spent(self, name: str, window: timedelta, since: datetime | None = None) -> int:
        return self._below.spent(name, window, since)
