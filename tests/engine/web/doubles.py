"""A connection with one endpoint that answers what it was told to, behind the real server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from engine.passwords import hash_password
from engine.protocol import Check, Endpoint, HttpRequest, HttpResponse, Record
from engine.settings import DashboardSettings, DashboardUser, LogSettings, MetricsSettings, ServerSettings, Settings
from engine.store.clock import machine
from engine.store.store import Store

PASSWORD = "correct horse"
HASH = hash_password(PASSWORD)


@dataclass
class Shop:
    """Keeps what it was asked."""

    response: HttpResponse | Exception = HttpResponse(200, b"well", {"content-type": "text/xml; charset=utf-8"})  # noqa: RUF009
    asked: list[HttpRequest] = field(default_factory=list)

    def answer(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request)
        if isinstance(self.response, Exception):
            raise self.response
        return self.response

    def drain(self) -> timedelta | None:
        return None

    def canonical(self, entity: str, values: Mapping[str, Any]) -> Record:
        return dict(values)

    def facts(self) -> Mapping[str, Any]:
        return {"tokens_spent": 40}

    def ping(self) -> Sequence[Check]:
        return ()

    def close(self) -> None:
        pass


@dataclass
class Acme:
    """A connection with that endpoint and a status."""

    shop: Shop = field(default_factory=Shop)
    facts: dict[str, Any] | Exception = field(default_factory=dict)

    @property
    def endpoints(self) -> Mapping[str, Endpoint]:
        return {"shop": self.shop}

    @property
    def connectors(self) -> Mapping[str, Any]:
        return {"shop": SimpleNamespace(title="The Shop")}

    def status(self) -> dict[str, Any]:
        if isinstance(self.facts, Exception):
            raise self.facts
        return self.facts


@dataclass
class Engine:
    """An engine with that connection, and a real store."""

    store: Store
    folder: Path
    acme: Acme = field(default_factory=Acme)
    clock: Callable[[], datetime] = machine
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def connections(self) -> Mapping[str, Acme]:
        return {"acme": self.acme}


def settings(metrics: MetricsSettings | None = None, **server: Any) -> Settings:
    """Settings without a file, of a server that listens at a free port."""
    listens = ServerSettings(**{"port": 0, **server})
    made = Settings(Path("engine.yaml"), "", listens, LogSettings(), {}, (), ())
    return made if metrics is None else replace(made, metrics=metrics)


def signed_in_by(chosen: Settings) -> Settings:
    """The same with users: anna is an operator, rita a reader."""
    users = {"anna": DashboardUser("anna", HASH, "operator"), "rita": DashboardUser("rita", HASH)}
    return replace(chosen, dashboard=DashboardSettings(users))
