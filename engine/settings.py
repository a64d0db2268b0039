"""Reads engine.yaml into frozen Settings: secrets put in and masked, unknown keys refused, each error with its place.

Its JSON Schema is schemas/engine.schema.json with the block of each installed connector (`settings_schema`). What a
connection's `settings:` mean is for the mappings to say (engine/specs).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from jsonschema import Draft202012Validator
from jsonschema.validators import extend

from engine.errors import InvalidMapping, InvalidSettings
from engine.registry import Registry
from engine.secret import KEPT, MASK, Block, Missing, names_secret, resolve
from engine.specs.diagnostics import Diagnostic, finding, nearest, ordered
from engine.specs.loader import Node, load_file
from engine.specs.shelves import INSTALLED, PREFIX, built_in
from engine.specs.source import Mark
from engine.specs.validator import findings

NAME = "engine.yaml"
TELLING = re.compile(r"(pass(word|phrase)?|secret|token|api_?key|encryption_keys)(_hash)?$")
"""Keys whose value is secret even where it was written out."""

Path_ = tuple[str | int, ...]
_DURATION = re.compile(r"([1-9][0-9]*) (second|minute|hour|day)s?")
_UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}


class InvalidSettingsFile(InvalidSettings):
    """engine.yaml has errors; `diagnostics` says which, none of them showing a secret."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(ordered(diagnostics))
        super().__init__("\n".join(map(str, self.diagnostics)))


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where we listen and how others reach us. `public` has no trailing slash; None: nobody gave one."""

    public: str | None = None
    host: str = "127.0.0.1"
    port: int = 8800
    proxies: tuple[str, ...] = ()
    grace: timedelta = timedelta(seconds=10)
    tls: tuple[Path, Path] | None = None
    """The files with the certificate and its key; None: plain HTTP, TLS ends elsewhere if anywhere."""

    @property
    def url(self) -> str:
        """Under which address we are reached, without a trailing slash."""
        return self.public or f"{'https' if self.tls else 'http'}://localhost:{self.port}"


@dataclass(frozen=True, slots=True)
class DashboardUser:
    """Somebody who may sign in."""

    name: str
    password_hash: str = field(repr=False)
    role: Literal["reader", "operator"] = "reader"


@dataclass(frozen=True, slots=True)
class DashboardSettings:
    """Who may see the dashboard, and for how long at a time."""

    users: Mapping[str, DashboardUser] = field(default_factory=dict)
    idle: timedelta = timedelta(hours=1)
    longest: timedelta = timedelta(hours=12)
    session_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What is logged, and how."""

    level: str = "info"
    style: str = "console"


@dataclass(frozen=True, slots=True)
class Keep:
    """How long the store keeps what the engine itself does not need to go on."""

    journal: timedelta = timedelta(days=1100)
    requests: timedelta = timedelta(days=90)
    visits: timedelta = timedelta(days=90)
    gone: timedelta = timedelta(days=1100)


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Who is told when something needs a person, and from when on."""

    email: Mapping[str, Any] | None = None
    """What engine/observe/notices.py makes its `Email` of; the password masked."""
    webhook: Mapping[str, Any] | None = None
    limits: Mapping[str, Any] = field(default_factory=dict)
    """What engine/sync/alarms.py makes its `Limits` of."""


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """Who may see the metrics besides this machine."""

    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """Two systems with the mappings between them."""

    name: str
    mappings: str
    """An absolute folder, or `preset:NAME`."""
    zone: ZoneInfo
    settings: Mapping[str, Any]
    connectors: Mapping[str, Block]
    """By connector name: its block, secrets resolved. Prints masked."""
    places: Mapping[str, Mark] = field(default_factory=dict, repr=False, compare=False)
    """Where in engine.yaml each of `settings` stands; the block itself (else the connection) under ""."""


@dataclass(frozen=True, slots=True)
class Settings:
    """engine.yaml, checked. Its repr shows no secret."""

    path: Path
    store: str = field(repr=False)
    """The database's URL, a SQLite path made absolute."""
    server: ServerSettings
    log: LogSettings
    connections: Mapping[str, ConnectionSettings]
    keys: tuple[str, ...] = field(repr=False)
    """That encrypt what is stored of accounts, the newest first."""
    secrets: tuple[str, ...] = field(repr=False)
    """Every secret value, for the logs to mask."""
    dashboard: DashboardSettings = field(default_factory=DashboardSettings)
    keep: Keep = field(default_factory=Keep)
    metrics: MetricsSettings = MetricsSettings()
    alerts: AlertSettings = field(default_factory=AlertSettings)

    @classmethod
    def load(
        cls, path: Path, registry: Registry, *, secrets: bool = True, environment: Mapping[str, str] | None = None
    ) -> Settings:
        """Read and check a file; raises InvalidSettingsFile with every error and its place.

        Without `secrets` the variables and files that it names need not be there: their places keep what was written.
        """
        if not path.is_file():
            raise InvalidSettings(f"There is no {path}.", "`engine init` writes one; `engine --config PATH` names one.")
        try:
            root = load_file(path, _shown(path))
        except InvalidMapping as error:
            found = getattr(error, "diagnostics", ())
            raise InvalidSettingsFile(_unsecret(one, ()) for one in found) from error
        return _Reading(
            root, path.resolve(), registry, os.environ if environment is None else environment, secrets
        ).settings()


def duration(text: str) -> timedelta:
    """`5 minutes`, `1 hour`, `30 seconds`, `2 days`; raises InvalidSettings for anything else."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise InvalidSettings(f"'{text}' is not a duration.", "Write it like: 30 seconds, 5 minutes, 1 hour.")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def settings_schema(registry: Registry) -> dict[str, Any]:
    """The JSON Schema of engine.yaml with the installed connectors' blocks; editors complete from it."""
    schema: dict[str, Any] = json.loads((files("schemas") / "engine.schema.json").read_text("utf-8"))
    properties = schema["$defs"]["connection"]["properties"]
    for name in registry.names:
        connector = registry.connector(name)
        properties[name] = {"title": connector.title, **connector.settings_schema}
    return schema


class _Reading:
    """One file on its way: the tree with places, what was resolved in it, and what is wrong with it."""

    def __init__(
        self, root: Node, path: Path, registry: Registry, environment: Mapping[str, str], secrets: bool
    ) -> None:
        self.root, self.path, self.registry = root, path, registry
        self.environment = environment
        self.with_secrets = secrets
        self.secret_paths: set[Path_] = set()
        self.missing: set[Path_] = set()
        self.secret_values: dict[str, None] = {}
        self.errors: list[Diagnostic] = []

    def settings(self) -> Settings:
        plain = self.resolved(self.root, ())
        self.check(plain)
        connections = dict(self.connections(plain))
        self.stop_at_errors()
        server, dashboard = plain.get("server", {}), plain.get("dashboard", {})
        return Settings(
            path=self.path,
            store=self.store(plain.get("store", "sqlite:///engine.db")),
            server=ServerSettings(
                public=server["url"].rstrip("/") if "url" in server else None,
                host=server.get("host", "127.0.0.1"),
                port=server.get("port", 8800),
                proxies=tuple(server.get("proxies", ())),
                grace=duration(server.get("grace", "10 seconds")),
                tls=self.tls(server),
            ),
            log=LogSettings(**plain.get("log", {})),
            metrics=MetricsSettings(**plain.get("metrics", {})),
            alerts=self.alerts(plain.get("alerts", {})),
            connections=connections,
            keys=tuple(plain.get("encryption_keys", ())),
            secrets=tuple(self.secret_values),
            dashboard=DashboardSettings(
                users={name: DashboardUser(name, **one) for name, one in dashboard.get("users", {}).items()},
                idle=duration(dashboard.get("idle", "1 hour")),
                longest=duration(dashboard.get("longest", "12 hours")),
                session_secret=dashboard.get("session_secret"),
            ),
            keep=Keep(**{name: duration(text) for name, text in plain.get("keep", {}).items()}),
        )

    def stop_at_errors(self) -> None:
        if self.errors:
            raise InvalidSettingsFile(_unsecret(one, self.secret_values) for one in self.errors)

    def error(self, path: Path_, code: str, message: str, hint: str = "") -> None:
        self.errors.append(finding(self.root.at(*path).mark, code, message, hint))

    # ------------------------------------------------------------------------------------------------ secrets
    def resolved(self, node: Node, path: Path_) -> Any:
        """The plain values of a node, with secrets put in."""
        if isinstance(node.value, dict):
            return {key: self.resolved(inner, (*path, key)) for key, inner in node.value.items()}
        if isinstance(node.value, list):
            return [self.resolved(inner, (*path, index)) for index, inner in enumerate(node.value)]
        value = node.value
        if not isinstance(value, str):
            if _telling(path):
                self.secret_paths.add(path)  # of the wrong type, but what it says is not for everybody's eyes
            return value
        if names_secret(value):
            return self.secret(value, path)
        if _telling(path):
            self.keep(path, [value])
        return value.replace("$${", "${")

    def secret(self, text: str, path: Path_) -> str:
        if len(path) > 2 and path[0] == "connections" and path[2] == "settings":
            self.error(path, "E132", "Mappings see these settings, and never secrets.", "Write the value itself.")
            return text
        self.secret_paths.add(path)
        if not self.with_secrets:
            return text
        try:
            value, found = resolve(text, self.environment, self.path.parent, in_url=path == ("store",))
        except Missing as missing:
            self.missing.add(path)
            hint = f"Set it where the engine is started, or write the value into {KEPT}/NAME beside engine.yaml."
            self.error(path, "E131", f"{'.'.join(map(str, path))}: {missing}.", hint)
            return text
        if path[0] != "server":  # where we listen is no secret, wherever it comes from
            self.keep(path, found)
        return value

    def keep(self, path: Path_, values: list[str]) -> None:
        self.secret_paths.add(path)
        self.secret_values.update(dict.fromkeys(values))

    # -------------------------------------------------------------------------------------------------- shape
    def check(self, plain: Any) -> None:
        for name in set(self.registry.broken):
            for connection in self.root.block.get("connections", self.root).block.values():
                if name in connection.block:
                    raise self.registry.broken[name]
        for error in _Validator(settings_schema(self.registry)).iter_errors(plain):
            path: Path_ = tuple(error.absolute_path)
            if path not in self.secret_paths:
                self.errors += findings(self.root, error)
            elif self.with_secrets and path not in self.missing:
                about = error.schema.get("description") or "docs/settings.md says what this key takes."
                self.error(path, "E114", f"The value {MASK} cannot stand here.", about)

    # --------------------------------------------------------------------------------------------------- parts
    def store(self, url: str) -> str:
        password = re.search(r"://[^/@]*:([^/@]+)@", url)
        if password and not names_secret(url):
            self.secret_values[password[1]] = None
        head, separator, rest = url.partition(":///")
        if head.startswith("sqlite") and separator and not rest.startswith("/"):
            return f"{head}:///{self.path.parent / rest}"
        return url

    def tls(self, server: Mapping[str, Any]) -> tuple[Path, Path] | None:
        if "certificate" not in server:
            return None
        return self.path.parent / server["certificate"], self.path.parent / server["key"]

    def alerts(self, plain: Mapping[str, Any]) -> AlertSettings:
        """Channels as blocks that print masked; limits with their durations read."""
        email, webhook = (
            self.block(plain[name], ("alerts", name)) if name in plain else None for name in ("email", "webhook")
        )
        rest = {name: value for name, value in plain.items() if name not in ("email", "webhook")}
        return AlertSettings(email, webhook, rest | {k: duration(v) for k, v in rest.items() if k == "digest"})

    def connections(self, plain: Any) -> Iterator[tuple[str, ConnectionSettings]]:
        """Those that have what is needed; the others' shape is wrong, which `check` has said."""
        found = plain.get("connections") if isinstance(plain, dict) else None
        for name, one in found.items() if isinstance(found, dict) else ():
            texts = (one.get("mappings", ""), one.get("zone")) if isinstance(one, dict) else (None,)
            if all(isinstance(text, str) for text in texts):
                yield name, self.connection(name, one)

    def connection(self, name: str, plain: Mapping[str, Any]) -> ConnectionSettings:
        path: Path_ = ("connections", name)
        mappings = plain.get("mappings", "preset:default")
        installed = self.path.parent / INSTALLED / mappings.removeprefix(PREFIX)
        if mappings.startswith(PREFIX) and not built_in(installed.name) and installed.is_dir():
            mappings = str(installed)
        if not mappings.startswith(PREFIX):
            folder = self.path.parent / Path(mappings).expanduser()
            if not folder.is_dir():
                hint = "Write the folder's name as seen from engine.yaml, or run `engine init`."
                self.error((*path, "mappings"), "E109", f"There is no folder {mappings}.", hint)
            mappings = str(folder)
        blocks = {
            key: self.block(value, (*path, key))
            for key, value in plain.items()
            if key in self.registry.names and isinstance(value, dict)
        }
        zone, settings = self.zone(plain["zone"], path), plain.get("settings", {})
        return ConnectionSettings(name, mappings, zone, settings, blocks, self.places(path))

    def places(self, path: Path_) -> dict[str, Mark]:
        connection = self.root.at(*path)
        block = connection.get("settings")
        if block is None:
            return {"": connection.key}
        return {"": block.key, **{name: node.mark for name, node in block.block.items()}}

    def zone(self, text: str, path: Path_) -> ZoneInfo:
        if text not in available_timezones():
            hint = nearest(text, available_timezones()) or "Write it as America/New_York."
            self.error((*path, "zone"), "E113", f"'{text}' is not a time zone.", hint)
            return ZoneInfo("UTC")
        return ZoneInfo(text)

    def block(self, values: Mapping[str, Any], path: Path_) -> Block:
        inner = {
            key: self.block(value, (*path, key)) if isinstance(value, dict) else value for key, value in values.items()
        }
        size = len(path) + 1
        secret = {one[size - 1] for one in self.secret_paths if len(one) >= size and one[: size - 1] == path}
        hidden = frozenset(str(key) for key in secret if not isinstance(inner.get(str(key)), Block))
        return Block(inner, hidden)


_Validator: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "number", lambda _, value: isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    ),
)


def _telling(path: Path_) -> bool:
    """Whether the key at a place (for an entry of a list: the list's) says that its value is secret."""
    return bool(TELLING.search(next((one for one in reversed(path) if isinstance(one, str)), "")))


def _unsecret(one: Diagnostic, secrets: Iterable[str]) -> Diagnostic:
    """Without the line, where that holds a secret or a key whose value is one."""
    words = re.findall(r"[\w-]+(?=\s*:)", one.excerpt)
    shows = any(TELLING.search(word) for word in words) or any(secret in one.excerpt for secret in secrets)
    return replace(one, excerpt="") if shows else one


def _shown(path: Path) -> str:
    """A path as messages call it: short where it lies below here."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
