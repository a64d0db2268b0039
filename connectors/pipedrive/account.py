"""One Pipedrive account as a connection sees it: answers become records with the account's own names in them.

Holds what every request needs (client, fields, stages, the token's user); carrying requests is left to `queries`,
`writes`, `lines` and `options`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from engine.errors import SystemUnavailable
from engine.protocol import CustomField, Entity, Failure, Found, Option, Record, Site

from . import custom, identity, root_custom, shapes
from .client import Client
from .entities import catalogue, custom_owner, identity_in
from .fields import AccountField, Fields, Known, pipedrive_type
from .settings import Settings
from .stages import Stages
from .status import Stopped

_ME = "me"
_ME_KEPT_FOR = timedelta(days=1)
AHEAD = timedelta(hours=1)
"""How long before it is too old a list is read anew, so that no draft has to wait for it."""


class Account:
    """Every method may be called from any thread; all may raise Stopped where the account must be asked."""

    def __init__(self, settings: Settings, client: Client, site: Site) -> None:
        shared = site.shared(f"pipedrive:{settings.company}")
        self.settings = settings
        self.poll = settings.poll or timedelta(minutes=10)
        """How old what was read may be. Webhooks that deliver make it longer."""
        self.client = client
        self.clock = site.clock
        self.zone = site.zone
        wanted = _by_owner(site.custom_fields)
        self.fields = Fields(client, shared, site.clock, wanted, settings.identity_field)
        self.stages = Stages(client, shared, site.clock)
        self._state = site.state
        self._user: Mapping[str, Any] | None = None
        used = (custom_owner(name) for name in site.custom_fields if name in catalogue() and catalogue()[name].custom)
        self._used = tuple(dict.fromkeys(used))

    def me(self) -> Mapping[str, Any]:
        """The token's user: default_currency and company_domain. Read once (2 tokens), kept for a day."""
        if self._user is None:
            self._user = self._state.get(_ME)
        if self._user is None:
            data = self.client.send("user.me").data
            self._user = {key: data.get(key) for key in ("id", "default_currency", "company_domain")}
            self._state.put(_ME, self._user, _ME_KEPT_FOR)
        return self._user

    def forget_user(self) -> None:
        """Somebody else may have been let in."""
        self._user = None
        self._state.put(_ME, None)

    def my_id(self) -> str | None:
        """The token's user, if it was ever asked for; asks nobody."""
        user = self._user or self._state.get(_ME)
        return str(user["id"]) if user else None

    def ready(self) -> None:
        """Proves the token and reads the lists that `canonical` needs, an hour before a day is over."""
        self.me()
        self.stages.ready(AHEAD)
        for entity in self._used:
            self.fields.known(entity, AHEAD)

    # ---------------------------------------------------------------------------------------------- answers
    def found(self, name: str, raw: Mapping[str, Any], wanted: Collection[str] = ()) -> Found:
        """An answer as a record with the identity lines it carries; `wanted`: field names, none means all."""
        entity = catalogue()[name]
        wanted = _with_needs(entity, wanted)
        record = shapes.derive(name, shapes.read(entity.fields, raw, wanted))
        lines: tuple[str, ...] = ()
        text = identity_in(name)
        if text is not None:
            lines = identity.from_note(raw.get(text))
            if record.get(text):
                record[text] = identity.without(record[text]) or None
        if name == "deal" and (not wanted or "stage" in wanted):
            stage_id = raw.get("stage_id")
            record["stage"] = self.stages.name(None if stage_id is None else str(stage_id))
        if entity.custom:
            lines, values = self._custom(custom_owner(name), raw.get("custom_fields") or {}, raw)
            if not wanted or "custom" in wanted:
                record["custom"] = values
        return Found(str(raw[entity.key]), record, lines, shapes.stamp(raw))

    def answered(self, name: str, raw: Mapping[str, Any]) -> Found:
        """The answer to a write. The write is carried out, so a name that cannot be asked for now is left out."""
        try:
            return self.found(name, raw)
        except Stopped:
            entity = catalogue()[name]
            record = shapes.derive(name, shapes.read(entity.fields, raw))
            return Found(str(raw[entity.key]), record, stamp=shapes.stamp(raw))

    def _custom(
        self, entity: str, raw: Mapping[str, Any], root: Mapping[str, Any]
    ) -> tuple[tuple[str, ...], Record]:  # fmt: skip
        """Identity lines and values by name; v1 has them at the root, v2 has no key there that looks like one."""
        known = self.fields.known(entity)
        if any(code not in known.by_code for code in (*raw, *root_custom.codes(root))):
            known = self.fields.reread(entity, unless_younger=True)
        raw = {**raw, **root_custom.read(known.by_code, root)}
        try:
            return self._named(known, raw)
        except custom.UnknownOption:
            known = self.fields.reread(entity, unless_younger=True)
        try:
            return self._named(known, raw)
        except custom.UnknownOption as option:  # younger than our list, which is younger than a minute
            without = [one for one in known.fields if one.name != str(option)]
            return self._named(Known(entity, without, known.read_at), raw)

    def _named(self, known: Known, raw: Mapping[str, Any]) -> tuple[tuple[str, ...], Record]:
        ours = known.find(self.settings.identity_field)
        lines = identity.from_field(raw.get(ours.code)) if ours is not None else ()
        return lines, shapes.read_custom(known.unique, raw, ours.code if ours is not None else "")

    # ----------------------------------------------------------------------------------------------- drafts
    def canonical(self, name: str, values: Mapping[str, Any]) -> Record:
        """A draft's values as a Query would show them once written; what no type can hold stays as it is.

        A custom field that is optional and not there is left out. Raises SystemUnavailable where nothing is known of
        the account's fields or stages yet and it cannot be asked.
        """
        made: Record = {}
        for key, value in values.items():
            try:
                if not (key.startswith("custom.") and self._left_out(name, key.removeprefix("custom."))):
                    made[key] = self._canonical(catalogue()[name], key, self.text_of(value, ask=False))
            except Stopped as stopped:
                if stopped.failed.failure is not Failure.REFUSED:
                    raise SystemUnavailable(stopped.failed.message) from stopped
                made[key] = value
        return made

    def text_of(self, value: Any, ask: bool = True) -> Any:
        """The value, links to records (`Option`) as the text that a field holds; without `ask` nobody is asked."""
        if isinstance(value, dict) and set(value) == {"entity", "key"}:  # an Option that was stored with its write
            value = Option(**value)
        if isinstance(value, Option):
            return self.fields.label_of(value, ask)
        return [self.text_of(one, ask) for one in value] if isinstance(value, list | tuple) else value

    def field(self, entity: str, name: str) -> AccountField | None:
        """The custom field of that name, or as it will be made; None for one that is left out or nobody asked for."""
        entity = custom_owner(entity)
        there = self.fields.known(entity).find(name)
        wanted = self.fields.wanted(entity, name)
        if there is not None or wanted is None or wanted.optional:
            return there
        return AccountField("", name, pipedrive_type(wanted))

    def _left_out(self, entity: str, name: str) -> bool:
        entity = custom_owner(entity)
        wanted = self.fields.wanted(entity, name)
        return wanted is not None and wanted.optional and self.fields.known(entity).find(name) is None

    def _canonical(self, entity: Entity, key: str, value: Any) -> Any:
        if key == "custom" and isinstance(value, dict):
            return {name: self._canonical(entity, f"custom.{name}", one) for name, one in value.items()}
        if key.startswith("custom."):
            field = self.field(entity.name, key.removeprefix("custom."))
            return custom.canonical(field, value) if field is not None else value
        if key == "stage" and entity.name == "deal" and value:
            return self.stages.canonical(str(value))
        lines = next((one for one in entity.children if one.name == key), None)
        if lines is not None:
            known = {one.name: one for one in lines.fields}
            return [{k: shapes.canonical_field(known[k], v) for k, v in one.items() if k in known} for one in value]
        field_ = entity.field(key)
        if field_ is None:
            return value
        if field_.type == "datetime" and value:
            return shapes.written_moment(shapes.instant(str(value), self.zone))
        return shapes.canonical_field(field_, value)

    # ------------------------------------------------------------------------------------------------ values
    def currency_of(self, given: Mapping[str, Any], entity: str, key: str | None) -> Callable[[], str | None]:
        """What tells the currency of a record's amounts: its own, else the user's. A record is asked for it once."""

        def ask() -> str | None:
            if given.get("currency"):
                return str(given["currency"])
            if key is not None and entity == "deal":
                return str(self.client.send("deal.get", place={"id": key}).data["currency"])
            return self.me()["default_currency"]  # type: ignore[no-any-return]

        asked: list[str | None] = []

        def once() -> str | None:
            if not asked:
                asked.append(ask())
            return asked[0]

        return once

    def moment(self, entity: str) -> Callable[[str], str]:
        """How that entity's API takes a moment: v1 has no zone and a blank [facts: Pipedrive 4]."""

        def write(text: str) -> str:
            at: datetime = shapes.instant(text, self.zone)
            return at.strftime("%Y-%m-%d %H:%M:%S") if entity == "note" else shapes.written_moment(at)

        return write


def _by_owner(wanted: Mapping[str, Sequence[CustomField]]) -> Mapping[str, Sequence[CustomField]]:
    """What the mappings write, by the entity whose fields these are; of two of one name the first counts."""
    owned: dict[str, list[CustomField]] = {}
    for entity, fields in wanted.items():
        of_owner = owned.setdefault(custom_owner(entity), [])
        of_owner += [one for one in fields if one.name not in {there.name for there in of_owner}]
    return owned


def _with_needs(entity: Entity, wanted: Collection[str]) -> frozenset[str]:
    needs = [need for name in wanted if (field := entity.field(name)) for need in field.needs]
    return frozenset((*wanted, entity.key, *needs)) if wanted else frozenset()
