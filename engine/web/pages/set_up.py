"""Set-up, `/setup`: leads from `engine init` to the first plan, and says of each step whether it is done.

What it writes is left to installation.py, how far it is to guide.py. What the systems said last is kept in memory only:
whoever wants to know asks again.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.errors import EngineError, UserError
from engine.passwords import hash_password
from engine.protocol import Connects, Hooks, Named, Names
from engine.specs.model import UNSET, MappingSet, Setting, SettingName
from engine.specs.presets import load_set, presets
from engine.sync import holding
from engine.sync.checks import Checked, look
from engine.sync.connection import Connection
from engine.web import guide
from engine.web.frame import Frame
from engine.web.guide import Facts, Field, System
from engine.web.installation import Installation, Secret
from engine.web.words import ago

log = logging.getLogger("engine.web")

Path = tuple[str, ...]
"""Keys of engine.yaml, from the outermost one."""
ZONE = "The time zone of the computer that the accounting program runs on."


def routes(frame: Frame) -> list[Route]:
    """The page, and an address for each act."""
    pages = Setup(frame)
    acts: Mapping[str, Callable[[Request, FormData], Any]] = {
        "/setup/address": pages.address,
        "/setup/{connection}/access/{system}": pages.access,
        "/setup/{connection}/password/{system}": pages.password,
        "/setup/{connection}/connect/{system}": pages.connect,
        "/setup/key": pages.key,
        "/setup/{connection}/mappings": pages.mappings,
        "/setup/{connection}/webhooks/{system}": pages.webhooks,
        "/setup/{connection}/check": pages.check,
        "/setup/{connection}/go": pages.go,
    }
    return [
        Route("/setup", frame.reader(pages.show)),
        Route("/setup/{connection}/{system}.qwc", frame.reader(pages.file)),
        *(Route(path, frame.operator(act), methods=["POST"]) for path, act in acts.items()),
    ]


class Setup:
    """The handlers of one server."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.installation = Installation(frame.settings_path)
        self.checks: dict[str, list[Checked]] = {}
        self.names: dict[tuple[str, str], Names] = {}

    # ------------------------------------------------------------------------------------------------ looking
    async def show(self, request: Request) -> Response:
        """The guide."""
        shown = await self.frame.read(self._all)
        problem = str(self.frame.problem) if self.frame.problem else ""
        config = self.frame.settings_path
        return await self.frame.page(
            request, "setup.html", section="setup", connections=shown, wrong=problem, config=config,
            server=self.frame.settings.server, paths=self.frame.paths,
        )  # fmt: skip

    def _all(self) -> list[dict[str, Any]]:
        written, kept = self.installation.written(), self.installation.secrets()
        found = []
        for name in self.frame.settings.connections:
            facts = self._facts(name, written, kept)
            found_steps = guide.steps(facts)
            found.append({
                "facts": facts, "steps": found_steps, "progress": guide.progress(found_steps),
                "next": next(guide.first_open(found_steps), None), **self._mappings_form(name, written),
            })  # fmt: skip
        return found

    def _facts(self, name: str, written: Any, kept: list[Secret]) -> Facts:
        connection = self.frame.connections.get(name)
        settings, server = self.frame.settings.connections[name], self.frame.settings.server
        status: Mapping[str, Any] = connection.status() if connection else {}
        block = written["connections"][name]
        systems = tuple(self._system(name, one, block.get(one) or {}, kept, connection) for one in settings.connectors)
        rows = status.get("mappings", {}).values()
        return Facts(
            name=name,
            open=connection is not None,
            problem=str(self.frame.problem) if self.frame.problem and connection is None else "",
            address=server.url,
            public=server.public is not None,
            systems=systems,
            held=connection is not None and holding.held_since(connection) is not None,
            records=sum(sum(one["states"].values()) for one in rows),
            links=sum(status.get("links", {}).values()),
            server_checks=tuple(one for one in self.checks.get(name, ()) if not one.system),
        )

    def _system(
        self, connection: str, system: str, block: Mapping[str, Any], kept: list[Secret], found: Connection | None
    ) -> System:
        connector = self.installation.registry.connector(system)
        about: Mapping[str, Any] = connector.settings_schema.get("properties", {})
        endpoint: Any = found.endpoints[system] if found else None
        own = tuple(one for one in kept if one.path[:3] == ("connections", connection, system))
        wanted = [key for key, one in about.items() if one.get("asked")]
        gives_file = hasattr(connector, "write_qwc")
        checks = [one for one in self.checks.get(connection, ()) if one.system == system]
        return System(
            name=system,
            title=connector.title,
            fields=tuple(_field(key, about[key], block) for key in wanted),
            secrets=own,
            gives_file=gives_file,
            file_problem=_problem_of(lambda: self._qwc(found, system)) if gives_file and found else "",
            visit=self._visit(connection, system) if gives_file and found else "",
            connects=isinstance(endpoint, Connects) and "oauth" in block,
            key_missing="oauth" in block and self.installation.key_missing,
            stopped=str(endpoint.facts().get("stopped") or "") if "oauth" in block and endpoint else "",
            hooks=isinstance(endpoint, Hooks),
            checks=tuple(checks) if connection in self.checks else None,
        )

    def _visit(self, connection: str, system: str) -> str:
        with self.frame.store.reading() as tx:
            last = tx.visits.last(connection, system)
        return ago(self.frame.clock(), last["last_at"]) if last else ""

    def _qwc(self, connection: Connection, system: str) -> str:
        text: str = connection.connectors[system].write_qwc(connection.sites[system])  # type: ignore[attr-defined]
        return text

    def _mappings_form(self, name: str, written: Any) -> dict[str, Any]:
        block = written["connections"][name]
        chosen = block.get("mappings", "preset:default")
        try:
            made = load_set(self.frame.settings.connections[name].mappings)
        except UserError:
            return {"sets": (), "chosen": chosen, "fields": ()}  # the step itself says what is wrong
        given = block.get("settings") or {}
        fields = [Field("zone", str(block["zone"]), ZONE)]
        asked = [one for one in made.settings.values() if one.type != "table"]
        fields += [self._setting_field(name, made, one, given.get(one.name)) for one in asked]
        sets = tuple(dict.fromkeys((chosen, *presets(self.installation.home))))
        return {"sets": sets, "chosen": chosen, "fields": fields}

    def _setting_field(self, connection: str, made: MappingSet, setting: Setting, given: Any) -> Field:
        value = given if given is not None else "" if setting.default in (UNSET, None) else setting.default
        example = "" if setting.example in (UNSET, None) else f" For example: {setting.example}."
        choices = next((tuple(found) for found in self._choices(connection, made, setting.name) if found), ())
        return Field(setting.name, str(value), setting.help + example, setting.type, choices)

    def _choices(self, connection: str, made: MappingSet, setting: str) -> list[tuple[str, ...]]:
        """What the account itself has for the fields that this setting fills: its stages, say."""
        found = []
        for mapping in made.mappings:
            system, _, entity = mapping.target.text.partition(".")
            values = self.names.get((connection, system), Names()).values.get(entity, {})
            given = [(rule.name, rule.given) for rule in mapping.rules]
            found += [
                values.get(name, ()) for name, one in given if isinstance(one, SettingName) and one.name == setting
            ]
        return found

    async def file(self, request: Request) -> Response:
        """The file for the Web Connector."""
        connection, system = self._named(request)
        if not hasattr(connection.connectors[system], "write_qwc"):
            raise HTTPException(404)
        text = await self.frame.read(self._qwc, connection, system)
        disposition = f'attachment; filename="{connection.name}.qwc"'
        headers = {"content-disposition": disposition, "cache-control": "no-store"}
        return Response(text, media_type="application/xml", headers=headers)

    # -------------------------------------------------------------------------------------------------- acts
    async def address(self, request: Request, form: FormData) -> Response:
        """Under which address others reach the server."""
        return await self._changed(request, {("server", "url"): str(form.get("url", "")).strip()})

    async def access(self, request: Request, form: FormData) -> Response:
        """What one system needs to know of us: values into engine.yaml, secrets into their files."""
        name, system = self._written(request)
        path: Path = ("connections", name, system)
        about = self.installation.registry.connector(system).settings_schema["properties"]
        block = self.installation.written()["connections"][name].get(system) or {}
        fields = [_field(key, one, block) for key, one in about.items() if one.get("asked")]
        secret = {one.field: one for one in self.installation.secrets() if one.path[:3] == path}
        values: dict[Path, Any] = {(*path, key): value for key, value in _given(fields, form).items()}
        typed = {one.name: str(form[key]).strip() for key, one in secret.items() if form.get(key)}
        return await self._changed(request, values, typed)

    async def password(self, request: Request, _form: FormData) -> Response:
        """Make a password that a person types into the other system; here only its hash stays."""
        name, system = self._written(request)
        secret = next(
            (
                one
                for one in self.installation.secrets()
                if one.path[:3] == ("connections", name, system) and one.key == "password_hash"
            ),
            None,
        )
        if secret is None:
            raise HTTPException(404)
        made = secrets.token_urlsafe(15)
        await self.frame.read(self.installation.keep, secret.name, await self.frame.read(hash_password, made))
        if await self.frame.read(self._visit, name, system) == "":  # nothing was ever read
            await self.frame.read(holding.hold_new, self.frame.store, name, self.frame.clock())
        self._log(request, f"made a new password for {name}/{system}")
        self.frame.restart()
        title = self.installation.registry.connector(system).title
        return await self.frame.page(request, "setup_password.html", section="setup", password=made, title=title)

    async def key(self, request: Request, _form: FormData) -> Response:
        """Make the key that encrypts accesses; nobody needs to see it."""
        try:
            file = await self.frame.read(self.installation.make_key)
        except UserError as error:
            return self.frame.back(request, "/setup", str(error), well=False)
        self._log(request, f"made a key in {file}")
        self.frame.restart()
        return self.frame.back(request, "/setup", f"The key is in {file}. Keep a copy of it: no backup holds it.")

    async def connect(self, request: Request, _form: FormData) -> Response:
        """A link by which a person grants access."""
        connection, system = self._named(request)
        endpoint = connection.endpoints[system]
        if not isinstance(endpoint, Connects):
            raise HTTPException(404)
        try:
            invitation = await self.frame.read(endpoint.invite)
        except EngineError as error:
            return self.frame.back(request, "/setup", str(error), well=False)
        title = connection.connectors[system].title
        return await self.frame.page(request, "setup_link.html", section="setup", invitation=invitation, title=title)

    async def mappings(self, request: Request, form: FormData) -> Response:
        """Which set of mappings, and its settings."""
        name = request.path_params["connection"]
        path: Path = ("connections", name)
        values: dict[Path, Any] = {}
        before = await self.frame.read(self._mappings_form, name, self._written_connection(name))
        chosen = str(form.get("mappings", before["chosen"]))
        if chosen != before["chosen"]:
            values[(*path, "mappings")] = chosen
        for key, value in _given(before["fields"], form).items():
            values[(*path, "zone") if key == "zone" else (*path, "settings", key)] = value
        return await self._changed(request, values)

    async def webhooks(self, request: Request, _form: FormData) -> Response:
        """Ask the system to call us."""
        connection, system = self._named(request)
        endpoint = connection.endpoints[system]
        if not isinstance(endpoint, Hooks):
            raise HTTPException(404)
        try:
            hooks = await self.frame.read(endpoint.sync_hooks)
        except EngineError as error:
            return self.frame.back(request, f"/setup#{connection.name}-hooks", str(error), well=False)
        well = all(one.ok for one in hooks)
        told = f"{len(hooks)} webhooks are in place." if well else next(one.message for one in hooks if not one.ok)
        kept = [one for one in self.checks.get(connection.name, []) if one.name != "webhooks"]
        self.checks[connection.name] = [*kept, Checked("webhooks", well, told, connection.name, system)]
        self._log(request, f"registered webhooks of {connection.name}/{system}")
        return self.frame.back(request, f"/setup#{connection.name}-hooks", told, well=well)

    async def check(self, request: Request, _form: FormData) -> Response:
        """Ask both systems; read the account's own names with it."""
        connection = self.frame.connection(request.path_params["connection"])
        well = await self.frame.read(self._look, connection)
        told = "Both sides were asked, and let us in." if well else "Both sides were asked. Not all is well yet."
        return self.frame.back(request, f"/setup#{connection.name}-check", told, well=well)

    def _look(self, connection: Connection) -> bool:
        """Whether all is well that can be by now."""
        self.checks[connection.name] = list(look(self.frame.engine, [connection]))
        for system, endpoint in connection.endpoints.items():
            if isinstance(endpoint, Named):
                try:
                    self.names[connection.name, system] = endpoint.names()
                except EngineError as error:
                    log.warning("read.failed", extra={"endpoint": f"{connection.name}/{system}", "why": str(error)})
        facts = self._facts(connection.name, self.installation.written(), self.installation.secrets())
        return next(one for one in guide.steps(facts) if one.name == "check").state == "done"

    async def go(self, request: Request, _form: FormData) -> Response:
        """Let it write."""
        connection = self.frame.connection(request.path_params["connection"])
        await self.frame.read(holding.release, connection)
        self._log(request, f"let {connection.name} write")
        return self.frame.back(request, f"/setup#{connection.name}-go", f"{connection.name} writes from now on.")

    # ------------------------------------------------------------------------------------------------- parts
    async def _changed(
        self, request: Request, values: Mapping[Path, Any], typed: Mapping[str, str] | None = None
    ) -> Response:
        """Write what was given, and start again with it."""
        if not values and not typed:
            return self.frame.back(request, "/setup", "Nothing was changed.")
        try:
            await self.frame.read(self.installation.change, values)
            for name, value in (typed or {}).items():
                await self.frame.read(self.installation.keep, name, value)
        except UserError as error:
            return self.frame.back(request, "/setup", str(error), well=False)
        told = [".".join(path) for path in values] + list(typed or {})
        self._log(request, f"changed {', '.join(told)}")
        self.frame.restart()
        return self.frame.back(request, "/setup", "Kept. The server has started again with it.")

    def _log(self, request: Request, what: str) -> None:
        user = self.frame.user(request)
        log.info("setup", extra={"who": user.name if user else "", "what": what})

    def _written(self, request: Request) -> tuple[str, str]:
        """Connection and system of an act, as engine.yaml has them."""
        name, system = request.path_params["connection"], request.path_params["system"]
        found = self.frame.settings.connections.get(name)
        if found is None or system not in found.connectors:
            raise HTTPException(404)
        return name, system

    def _written_connection(self, name: str) -> Any:
        if name not in self.frame.settings.connections:
            raise HTTPException(404)
        return self.installation.written()

    def _named(self, request: Request) -> tuple[Connection, str]:
        """The same, of a connection that works."""
        connection = self.frame.connection(request.path_params["connection"])
        if request.path_params["system"] not in connection.endpoints:
            raise HTTPException(404)
        return connection, request.path_params["system"]


def _field(key: str, about: Mapping[str, Any], block: Mapping[str, Any]) -> Field:
    """One key of a connector's block, as its schema describes it."""
    value = str(block.get(key, about.get("default", "")))
    kind = "choice" if "enum" in about else "number" if about.get("type") in ("integer", "number") else "text"
    return Field(key, value, about["description"], kind, tuple(about.get("enum", ())))


def _given(fields: Iterable[Field], form: FormData) -> dict[str, Any]:
    """What of a form is other than before."""
    texts = {field: str(form.get(field.key, field.value)).strip() for field in fields}
    return {field.key: _typed(field, text) for field, text in texts.items() if text != field.value}


def _typed(field: Field, given: str) -> Any:
    """A form's text as the setting's type; empty means none. What doesn't fit is left for the checks to refuse."""
    if not given:
        return None
    if field.kind == "boolean":
        return given == "true"
    if field.kind == "number":
        try:
            return int(given) if given.isdecimal() else Decimal(given)
        except InvalidOperation:
            return given
    return given


def _problem_of(make: Callable[[], Any]) -> str:
    try:
        make()
    except UserError as error:
        return str(error)
    return ""
