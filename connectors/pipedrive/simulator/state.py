"""A Pipedrive account in memory, and what a person does with it in the web app; it knows no HTTP.

What a person does is free of tokens and limits, and marked `app` for listeners. The names speak as the app
does: custom fields by name and options by label, so that a demo or a test reads like a person's day. The same
rules hold as for the API (`records.py`), except that archived deals can be edited.
"""

import hashlib
from collections.abc import Iterable
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import seeds
from .apps import Apps, Registered
from .events import Actor
from .ledger import Ledger
from .merging import merge
from .moments import as_v1
from .numbers import decode, encode
from .records import Clock, Records
from .switches import Switches
from .tables import Record, Tables


class Account(Records):
    """One company's account. `clock` gives aware datetimes; `seed` fixes field keys, token and reset hour."""

    def __init__(
        self,
        *,
        company: str = "acme",
        plan: str = "growth",
        seats: int = 1,
        seed: int = 0,
        token: str | None = None,
        currency: str = "USD",
        clock: Clock | None = None,
        switches: Switches | None = None,
    ) -> None:
        """An account with an admin, his token, currencies and one pipeline. Raises ValueError for an unknown plan."""
        clock = clock or (lambda: datetime.now(UTC))
        super().__init__(plan, seats, seed, currency, clock, switches or Switches())
        self.company, self.seed = company, seed
        self.ledger = Ledger()
        self.token = token or hashlib.sha1(f"token {seed}".encode(), usedforsecurity=False).hexdigest()
        self.tokens: dict[str, int] = {self.token: 1}
        self.apps = Apps(self.clock, seed)
        self.signed_in = 1
        """Whose browser opens the page on which access is granted."""
        for row in seeds.currencies():
            self.tables.add("currency", row)
        self.add_user("Admin", f"admin@{company}.example", admin=True)
        self.add_pipeline("Pipeline")

    def records(self, entity: str, *, deleted: bool = False, **equal: Any) -> list[Record]:
        """Copies of the records (without deleted ones unless asked), optionally where keys equal values."""
        with self.changing():
            return [
                deepcopy(row)
                for row in self.tables[entity].values()
                if (deleted or (not row.get("is_deleted") and row.get("active_flag", True)))
                and all(row.get(key) == value for key, value in equal.items())
            ]

    def record(self, entity: str, key: int) -> Record:
        """A copy of one record, also when deleted; raises Missing."""
        with self.changing():
            return deepcopy(self.find(entity, key))

    def custom(self, entity: str, record: Record) -> Record:
        """A record's custom fields as a person reads them: by name, options by label."""
        shown = {}
        for code, value in record["custom_fields"].items():
            field = self.fields.get(entity, code)
            labels = {option["id"]: option["label"] for option in field["options"] or ()}
            if isinstance(value, list):
                shown[field["field_name"]] = [labels[key] for key in value]
            else:
                shown[field["field_name"]] = labels.get(value, value) if labels else value
        return shown

    def _body(self, entity: str, fields: Record, custom: Record | None) -> Record:
        body = dict(fields)
        for name, value in (custom or {}).items():
            field = self.fields.named(entity, name)
            labels = {option["label"]: option["id"] for option in field["options"] or ()}
            if isinstance(value, list):
                value = [labels.get(item, item) for item in value]
            elif isinstance(value, str):
                value = labels.get(value, value)
            body.setdefault("custom_fields", {})[field["field_code"]] = value
        return body

    def add(
        self, entity: str, *, by: int = 1, custom: Record | None = None, **fields: Any
    ) -> Record:  # fmt: skip
        """A new record of any entity but lines; returns a copy."""
        return deepcopy(self.create(entity, self._body(entity, fields, custom), Actor(by, "app")))

    def add_organization(self, name: str, **fields: Any) -> Record:
        return self.add("organization", name=name, **fields)

    def add_person(self, name: str, email: str | None = None, **fields: Any) -> Record:
        if email is not None:
            fields["emails"] = [{"value": email, "primary": True, "label": "work"}]
        return self.add("person", name=name, **fields)

    def add_deal(self, title: str, **fields: Any) -> Record:
        return self.add("deal", title=title, **fields)

    def add_product(self, name: str, **fields: Any) -> Record:
        return self.add("product", name=name, **fields)

    def add_note(self, content: str, **links: Any) -> Record:
        return self.add("note", content=content, **links)

    def add_line(self, deal_id: int, *, by: int = 1, **fields: Any) -> Record:
        return deepcopy(self.lines.add(deal_id, [fields], Actor(by, "app"))[0])

    def add_field(
        self, entity: str, name: str, kind: str, labels: Iterable[str] = ()
    ) -> Record:  # fmt: skip
        """A custom field; options by label for enum and set."""
        body: Record = {"field_name": name, "field_type": kind}
        if kind in ("enum", "set"):
            body["options"] = [{"label": label} for label in labels]
        return deepcopy(self.create_field(entity, body))

    def add_label(self, entity: str, label: str) -> int:
        """An option of the entity's label field; returns its id."""
        with self.changing():
            return int(self.fields.add_options(entity, "label_ids", [{"label": label}])[0]["id"])

    def add_pipeline(self, name: str, stages: Iterable[str] = seeds.STAGES) -> Record:
        pipeline = self.add("pipeline", name=name)
        for stage in stages:
            self.add("stage", name=stage, pipeline_id=pipeline["id"])
        return pipeline

    def add_user(self, name: str, email: str, *, admin: bool = False) -> Record:
        with self.changing():
            key = self.tables.next_id("user")
            return deepcopy(self.tables.add("user", seeds.user(key, name, email, self.currency, self.now, admin)))

    def add_token(self, token: str, user_id: int) -> None:
        """Another user's API token."""
        self.tokens[token] = user_id

    def add_app(self, name: str, secret: str, callback: str, scopes: Iterable[str] = ("base",)) -> None:
        """An app of the Developer Hub, to which access may be granted."""
        self.apps.register(Registered(name, secret, callback, tuple(scopes)))

    def add_filter(
        self, name: str, kind: str, conditions: list[Record] | None = None, some: list[Record] | None = None
    ) -> Record:  # fmt: skip
        """A saved filter: `kind` as v1 names it (deals, org ...), its conditions as v1 shows them with their field
        codes; all of the first must hold, and one of `some`."""
        with self.changing():
            key = self.tables.next_id("filter")
            groups = [{"glue": "and", "conditions": conditions or []}, {"glue": "or", "conditions": some or []}]
            now = as_v1(self.now)
            return deepcopy(self.tables.add("filter", {
                "id": key, "name": name, "filter_code": None, "is_editable": True, "active_flag": True, "type": kind,
                "temporary_flag": None, "user_id": 1, "add_time": now, "update_time": now, "visible_to": "7",
                "last_used_time": None, "custom_view_id": None, "conditions": {"glue": "and", "conditions": groups},
            }))  # fmt: skip

    def edit(
        self, entity: str, key: int, *, by: int = 1, custom: Record | None = None, **fields: Any
    ) -> Record:  # fmt: skip
        """Changes a record as a person; returns a copy."""
        return deepcopy(self.update(entity, key, self._body(entity, fields, custom), Actor(by, "app")))

    def remove(self, entity: str, key: int, *, by: int = 1) -> None:
        """Deletes a record as a person."""
        self.delete(entity, key, Actor(by, "app"))

    def stage_id(self, pipeline: str, stage: str) -> int:
        """A stage by the names a person sees; KeyError if there is none."""
        pipelines = {row["id"] for row in self.records("pipeline", name=pipeline)}
        for row in self.records("stage", name=stage):
            if row["pipeline_id"] in pipelines:
                return int(row["id"])
        raise KeyError(f"no stage {stage!r} in pipeline {pipeline!r}")

    def move_deal(self, key: int, pipeline: str, stage: str, *, by: int = 1) -> Record:
        """Drags a deal to another stage."""
        return self.edit("deal", key, by=by, stage_id=self.stage_id(pipeline, stage))

    def win_deal(self, key: int, *, by: int = 1) -> Record:
        return self.edit("deal", key, by=by, status="won")

    def lose_deal(self, key: int, reason: str | None = None, *, by: int = 1) -> Record:
        return self.edit("deal", key, by=by, status="lost", lost_reason=reason)

    def reopen_deal(self, key: int, *, by: int = 1) -> Record:
        return self.edit("deal", key, by=by, status="open")

    def archive_deal(self, key: int, *, by: int = 1) -> Record:
        return self.edit("deal", key, by=by, is_archived=True)

    def merge(self, entity: str, key: int, into: int, *, by: int = 1) -> Record:
        """Merges an organization, person or deal into another, which stays (see `merging`)."""
        return deepcopy(merge(self, entity, key, into, Actor(by, "app")))

    # -- surviving a restart ------------------------------------------------------------------------

    def dump(self) -> bytes:
        """Records, fields, tokens and what is spent today as JSON; the ledger is a test's and stays behind."""
        with self.changing():
            return encode({
                "company": self.company, "plan": self.limits.plan, "seats": self.limits.seats, "seed": self.seed,
                "token": self.token, "currency": self.currency, "tokens": self.tokens, "tables": self.tables.dump(),
                "fields": self.fields.dump(), "limits": self.limits.dump(),
                "apps": self.apps.dump(),
            })  # fmt: skip

    @classmethod
    def load(cls, raw: bytes, *, clock: Clock | None = None, switches: Switches | None = None) -> "Account":
        """The account that `dump` wrote."""
        data = decode(raw)
        known = ("company", "plan", "seats", "seed", "token", "currency")
        account = cls(**{key: data[key] for key in known}, clock=clock, switches=switches)
        account.tokens = data["tokens"]
        account.tables = Tables.load(data["tables"])
        account.fields.load(data["fields"])
        account.limits.load(data["limits"])
        if "apps" in data:
            account.apps.load(data["apps"])
        return account

    def save(self, path: Path) -> None:
        """Writes the dump so that a reader never sees half of it."""
        part = path.with_name(path.name + ".part")
        part.write_bytes(self.dump())
        part.replace(path)
