"""What every command starts from: the settings file, the installed connectors, and the engine opened over both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import click

from engine.errors import UserError
from engine.observe import logs
from engine.registry import Registry
from engine.settings import Settings
from engine.sync.alarms import Limits
from engine.sync.alerts import Alerts
from engine.sync.channels import channels
from engine.sync.engine import Connection, Engine
from engine.sync.housekeeping import Housekeeping
from engine.sync.sender import Sender


@dataclass
class Here:
    """Where the command runs: `config` is engine.yaml, `debug` shows stack traces and every log line."""

    config: Path
    debug: bool = False

    @cached_property
    def registry(self) -> Registry:
        """The installed connectors."""
        return Registry.load()

    def settings(self, *, secrets: bool = True) -> Settings:
        """engine.yaml; without `secrets` the variables and files that it names need not be there."""
        return Settings.load(self.config, self.registry, secrets=secrets)

    def log(self, settings: Settings, level: str = "warning", style: Literal["console", "json"] = "console") -> None:
        """Set up logging for a command that opens the engine."""
        logs.set_up("debug" if self.debug else level, style, settings.secrets)

    @contextmanager
    def engine(self, settings: Settings | None = None) -> Iterator[Engine]:
        """The engine of engine.yaml, closed afterwards."""
        if settings is None:
            settings = self.settings()
            self.log(settings)
        engine = Engine.open(settings, self.registry)
        try:
            yield engine
        finally:
            engine.close()


def sender_of(engine: Engine, settings: Settings, calls: bool = True) -> Sender:
    """What calls the systems that are called by us; keeps house and watches for alerts beside it."""
    chores = Housekeeping(engine.store, engine.connections, settings.keep, engine.clock)
    limits = Limits(**settings.alerts.limits)
    url, found = settings.server.url, channels(settings.alerts)
    alerts = Alerts(engine.store, engine.connections, found, limits, engine.clock, url)

    def now_and_then() -> None:
        chores.tick()
        alerts.tick()

    return Sender(engine, calls, chores=now_and_then)


def connection_of(engine: Engine, name: str) -> Connection:
    """The connection of that name; raises UserError naming the known ones."""
    found = engine.connections.get(name)
    if found is None:
        known = ", ".join(engine.connections) or "none"
        raise UserError(f"There is no connection '{name}' in engine.yaml.", f"There are: {known}.")
    return found


def offered(registry: Registry, what: str, among: Iterable[str]) -> tuple[str, Callable[..., str]]:
    """A help for setting up that a connector offers beyond the contract, with the connector's name: the first of these
    that has it; UserError if none does."""
    for name in among:
        method = getattr(registry.connector(name), what, None)
        if callable(method):
            return name, method
    raise UserError("No connector here has a use for this command.")


here = click.make_pass_decorator(Here)
"""Gives a command the Here of its invocation."""
