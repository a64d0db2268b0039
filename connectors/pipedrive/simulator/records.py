"""The records of an account and the rules they obey, whoever acts; what a person does is in `state.py`.

Thread-safe: every public method takes the lock, listeners are called after it is released. Records are plain
dicts in v2's own keys; custom fields hold only what is set. Whatever is refused raises one of `refusals`.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime
from typing import Any

from . import contacts, deals, notes
from .activities import activity_changes
from .events import Actor, Event, changed_keys
from .fields import OWNERS, Fields
from .leads import lead_changes, lead_key
from .limits import RECURRING_PLANS, Limits
from .lines import Lines
from .moments import before, stamp
from .numbers import Number, rounded
from .products import product_changes
from .projects import NEW_PROJECT, task_changes
from .refusals import Forbidden, Invalid, Missing
from .switches import Switches
from .tables import Key, Record, Tables
from .validation import check

PURGED_AFTER_DAYS = 30
"""Deleted records stay readable that long [OpenAPI v2 deleteDeal]."""
SOFT = frozenset({
    "organization", "person", "deal", "product", "pipeline", "stage", "activity", "project", "task",
})  # fmt: skip

Clock = Callable[[], datetime]


class Records:
    """Everything an account holds, and every change to it."""

    def __init__(self, plan: str, seats: int, seed: int, currency: str, clock: Clock, switches: Switches) -> None:
        self.clock = clock
        self.currency = currency
        self.switches = switches
        self.limits = Limits(plan, seats, seed)
        self.fields = Fields(seed)
        self.tables = Tables()
        self.lines = Lines(self)
        self._lock = threading.RLock()
        self._depth = 0
        self._told = 0
        self._pending: list[Event] = []
        self._listeners: list[Callable[[Event], None]] = []

    # -- what validation and the routes ask -------------------------------------------------------

    @property
    def now(self) -> str:
        """The account's time as RFC 3339 text."""
        return stamp(self.clock())

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Holds the lock; events of the block reach the listeners after the outermost one ends."""
        self._lock.acquire()
        self._depth += 1
        events: list[Event] = []
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth:
                events, self._pending = self._pending, []
            self._lock.release()
            for event in events:
                for listener in list(self._listeners):
                    listener(event)

    def subscribe(self, listener: Callable[[Event], None]) -> None:
        """Calls `listener` with every Event from now on, in the thread that caused it."""
        self._listeners.append(listener)

    def exists(self, entity: str, key: object) -> bool:
        row = self.tables.rows.get(entity, {}).get(key) if isinstance(key, Key) else None
        return row is not None and not row.get("is_deleted") and row.get("active_flag", True) is True

    def has_currency(self, code: object) -> bool:
        return any(row["code"] == code and row["active_flag"] for row in self.tables["currency"].values())

    def has_feature(self, feature: str) -> bool:
        return bool(getattr(self.switches, feature))

    def places(self, currency: str) -> int:
        """Decimals of a currency."""
        return next(int(r["decimal_points"]) for r in self.tables["currency"].values() if r["code"] == currency)

    def price(self, value: Number, currency: str) -> Number:
        """A price as it is kept: to the currency's decimals, unless switched off [assumed]."""
        return value if self.switches.exact_prices else rounded(value, self.places(currency))

    def custom_fields(self, entity: str) -> dict[str, Record]:
        return self.fields.custom(entity)

    def label_ids(self, entity: str) -> set[int]:
        field = self.fields.by_entity.get(entity, {}).get("label_ids", {})
        return {option["id"] for option in field.get("options", ())}

    def is_admin(self, user_id: int) -> bool:
        return any(access["admin"] for access in self.tables["user"][user_id]["access"])

    def sees(self, user_id: int, row: Record) -> bool:
        """Whether a user sees a record: an admin every one, others what is theirs or not only its owner's.

        visible_to 1 is the owner and the followers; 3, 5 and 7 all reach the whole company here, which has one
        group of users [facts: 4 "Visibility"; that admins see everything, and no followers, is assumed].
        """
        hidden = str(row.get("visible_to", 3)) == "1" and row["owner_id"] != user_id
        return not hidden or self.is_admin(user_id)

    def find(self, entity: str, key: Key) -> Record:
        """The stored record, also when deleted or archived, until it is purged; raises Missing."""
        row = self.tables[entity].get(key)
        purged = row is not None and row.get("is_deleted") and row["update_time"] < before(
            self.clock(), days=PURGED_AFTER_DAYS
        )  # fmt: skip
        if row is None or purged:
            raise Missing(f"{entity.replace('_', ' ').capitalize()} not found")
        return row

    def living(self, entity: str, key: Key) -> Record:
        """A record that may be changed: not deleted [assumed: 404 otherwise]."""
        row = self.find(entity, key)
        if row.get("is_deleted") or not row.get("active_flag", True):
            raise Missing(f"{entity.replace('_', ' ').capitalize()} not found")
        return row

    # -- creating, changing, deleting -------------------------------------------------------------

    def create(self, entity: str, body: Any, actor: Actor) -> Record:
        """A new record from a request body (v2's, for notes v1's)."""
        with self.changing():
            kept = check(entity, body, self, new=True)
            custom = {code: value for code, value in kept.pop("custom_fields", {}).items() if value is not None}
            now = self.now
            record: Record = {"id": 0, "add_time": now, "update_time": now}
            if entity in SOFT:
                record["is_deleted"] = False
            if entity in ("organization", "person", "deal", "product"):
                record |= {"owner_id": actor.user_id, "visible_to": 3, "custom_fields": custom}
            record |= self._new(entity, kept, actor, now)
            if entity == "lead":
                record["custom_fields"] = custom
            number = self.tables.next_id(entity)
            record["id"] = lead_key(self.fields.seed, number) if entity == "lead" else number
            self.tables.add(entity, record)
            self.tell("create", entity, record, None, actor)
            return record

    def _new(self, entity: str, kept: Record, actor: Actor, now: str) -> Record:
        if entity == "organization":
            return contacts.NEW_ORGANIZATION | kept
        if entity == "person":
            return contacts.person_changes(contacts.NEW_PERSON, kept)
        if entity == "product":
            return product_changes(None, kept, self)
        if entity == "deal":
            return self._new_deal(kept, actor, now)
        if entity == "note":
            return self._new_note(kept, actor)
        if entity == "activity":
            who = {"owner_id": actor.user_id, "creator_user_id": actor.user_id}
            return who | activity_changes(None, kept, now)
        if entity == "project":
            return NEW_PROJECT | {"owner_id": actor.user_id, "status_change_time": now} | kept
        if entity == "task":
            return {"creator_id": actor.user_id} | task_changes(None, kept, self.tables["task"], now)
        if entity == "lead":
            source = "API" if actor.source == "api" else "Manually created"
            origin = "API" if actor.source == "api" else "ManuallyCreated"
            who = {"owner_id": actor.user_id, "creator_id": actor.user_id}
            return who | {"source_name": source, "origin": origin} | lead_changes(None, kept)
        if entity == "pipeline":
            return {"order_nr": len(self.tables["pipeline"]) + 1, "is_deal_probability_enabled": False} | kept
        count = sum(row["pipeline_id"] == kept["pipeline_id"] for row in self.tables["stage"].values())
        return {"order_nr": count + 1, "deal_probability": 100, "is_deal_rot_enabled": False,
                "days_to_rotten": None} | kept  # fmt: skip

    def _new_deal(self, kept: Record, actor: Actor, now: str) -> Record:
        if kept.get("person_id") is None and kept.get("org_id") is None:
            raise Invalid("deal: either person_id or org_id is required")  # [facts: 5, docs; v1 enforced it]
        record: Record = deals.NEW_DEAL | {"label_ids": [], "creator_user_id": actor.user_id, "stage_change_time": now}
        record["currency"] = self.tables["user"][actor.user_id]["default_currency"]
        record["origin"] = "API" if actor.source == "api" else "ManuallyCreated"
        closing = deals.status_changes(record, kept, now)
        record |= kept | closing
        record |= deals.stage_changes({}, kept, self.tables["stage"], self._pipelines())
        record["value"] = rounded(record["value"], self.places(record["currency"]))
        if record["is_archived"] and not record["archive_time"]:
            record["archive_time"] = now
        self._open_deals_left(record["status"])
        return record

    def _open_deals_left(self, status: str) -> None:
        limit = self.switches.open_deals_limit
        if limit is None or status != "open":
            return
        count = sum(r["status"] == "open" and not r["is_deleted"] for r in self.tables["deal"].values())
        if count >= limit:
            raise Forbidden("Couldn't add the deal. Open deals limit reached.", "feature_capping_deals_limit")

    def _pipelines(self) -> list[Record]:
        return [row for row in self.tables["pipeline"].values() if not row["is_deleted"]]

    def _new_note(self, kept: Record, actor: Actor) -> Record:
        if not any(kept.get(key) is not None for key in notes.LINKS):
            raise Invalid(f"note: one of {', '.join(notes.LINKS)} is required")  # [OpenAPI v1 addNote]
        record = notes.NEW_NOTE | {"user_id": actor.user_id, "last_update_user_id": None} | kept
        self._note_author(kept, actor)
        record["content"] = notes.sanitised(record["content"])
        self._touch_deal(record["deal_id"])
        return record

    def _note_author(self, kept: Record, actor: Actor) -> None:
        if kept.get("user_id", actor.user_id) != actor.user_id and not self.is_admin(actor.user_id):
            raise Forbidden("Only an admin can change the author")  # [OpenAPI v1 addNote]

    def _touch_deal(self, deal_id: int | None) -> None:
        """A note counts as activity on its deal, so the deal's update_time moves [assumed]."""
        if deal_id is not None:
            self.tables["deal"][deal_id]["update_time"] = self.now

    def update(self, entity: str, key: Key, body: Any, actor: Actor) -> Record:
        """Changes a record; a request that changes nothing leaves update_time alone [assumed]."""
        with self.changing():
            row = self.find(entity, key)
            restoring = entity == "deal" and isinstance(body, dict) and body.get("is_deleted") is False
            if not restoring:
                row = self.living(entity, key)
            kept = check(entity, body, self, new=False)
            custom = kept.pop("custom_fields", None)
            changes = self._changes(entity, row, kept, actor)
            if custom is not None:
                merged = row["custom_fields"] | custom
                changes["custom_fields"] = {code: value for code, value in merged.items() if value is not None}
            return self.apply(entity, row, changes, actor)

    def _changes(self, entity: str, row: Record, kept: Record, actor: Actor) -> Record:
        if entity == "person":
            return contacts.person_changes(row, kept)
        if entity == "product":
            return product_changes(row, kept, self)
        if entity == "deal":
            return self._deal_changes(row, kept, actor)
        if entity == "note":
            self._note_author(kept, actor)
            if "content" in kept:
                kept["content"] = notes.sanitised(kept["content"])
            return kept | {"last_update_user_id": actor.user_id}
        if entity == "activity":
            return activity_changes(row, kept, self.now)
        if entity == "task":
            return task_changes(row, kept, self.tables["task"], self.now)
        if entity == "lead":
            return lead_changes(row, kept)
        return kept

    def _deal_changes(self, row: Record, kept: Record, actor: Actor) -> Record:
        if row["is_archived"] and actor.source == "api" and kept != {"is_archived": False}:
            raise Forbidden("Archived deals cannot be edited")  # [facts: 5, changelog 2025-07-15; status assumed]
        now = self.now
        changes = kept | deals.status_changes(row, kept, now)
        changes.pop("pipeline_id", None)
        stage = deals.stage_changes(row, kept, self.tables["stage"], self._pipelines())
        changes |= stage | ({"stage_change_time": now} if stage else {})
        if changes.get("status") == "open" and row["status"] != "open":
            self._open_deals_left("open")
        own_lines = self.tables.lines(row["id"])
        if own_lines and not self.switches.value_overrides_lines:
            changes.pop("value", None)
        after = row | changes
        currency: str = after["currency"]
        if "value" in changes or currency != row["currency"]:
            changes["value"] = rounded(after["value"], self.places(currency))
        for line in own_lines:
            line["currency"] = currency  # lines have no currency of their own [facts: 5]
        if "is_archived" in kept:
            changes["archive_time"] = (kept.get("archive_time") or now) if kept["is_archived"] else None
        return changes

    def apply(self, entity: str, row: Record, changes: Record, actor: Actor) -> Record:
        """Writes checked changes into a stored record and tells listeners, if anything differs."""
        previous = changed_keys(row, row | changes)
        if set(previous) <= {"last_update_user_id"}:
            return row
        row.update(changes)
        previous["update_time"] = row["update_time"]
        row["update_time"] = self.now
        if entity == "note":
            self._touch_deal(row["deal_id"])
        if previous.get("is_deleted") is False:
            self.tell("delete", entity, None, row, actor)
        else:
            self.tell("change", entity, row, previous, actor)
        return row

    def delete(self, entity: str, key: Key, actor: Actor) -> Record:
        """Deletes softly, a lead for good; what points at the record keeps doing so [assumed]."""
        with self.changing():
            row = self.living(entity, key)
            if entity in ("pipeline", "stage"):
                self._unused(entity, key)
            gone = {"active_flag": False} if entity == "note" else {} if entity == "lead" else {"is_deleted": True}
            row |= gone | {"update_time": self.now}
            if entity == "lead":
                self.tables.remove(entity, key)
            for below in self.tables["task"].values() if entity == "task" else ():
                if below["parent_task_id"] == key:  # [OpenAPI v2 deleteTask]
                    below |= gone | {"update_time": self.now}
            self.tell("delete", entity, None, row, actor)
            return row

    def _unused(self, entity: str, key: Key) -> None:
        name = f"{entity}_id"
        if any(deal[name] == key and not deal["is_deleted"] for deal in self.tables["deal"].values()):
            raise Invalid(f"{entity}: has deals")  # [assumed]

    def tell(
        self, action: Any, entity: str, current: Record | None, previous: Record | None, actor: Actor,
        *, merged_to: int | None = None, merged_from: int | None = None,
    ) -> None:  # fmt: skip
        """Queues an event for the listeners; only inside `changing`."""
        if not self._listeners:
            return
        key = (current or previous or {})["id"]
        copy = (deepcopy(current), deepcopy(previous))
        self._told += 1
        at, number = self.clock(), self._told
        self._pending.append(Event(at, action, entity, key, *copy, actor, number, merged_to, merged_from))

    # -- fields -----------------------------------------------------------------------------------

    def create_field(self, entity: str, body: Any) -> Record:
        """A custom field; 403 beyond the plan's number of them [facts: 3]."""
        with self.changing():
            limit = self.switches.custom_fields_limit
            if limit is not None and self.fields.count_custom() >= limit:
                raise Forbidden("Custom fields limit reached.", "feature_capping_custom_fields_limit")
            if not isinstance(body, dict):
                raise Invalid("body: The value is not a valid 'object'")
            return self.fields.create(entity, body)

    def delete_field(self, entity: str, code: str) -> Record:
        """Takes the field and its values away."""
        with self.changing():
            field = self.fields.delete(entity, code)
            for row in self._holders(entity):
                row["custom_fields"].pop(code, None)
            return field

    def delete_options(self, entity: str, code: str, body: Any) -> list[Record]:
        """Takes options away, and clears them in the records that hold them [assumed]."""
        with self.changing():
            gone = self.fields.delete_options(entity, code, body)
            ids = {option["id"] for option in gone}
            for row in self._holders(entity):
                held = row["custom_fields"].get(code)
                if isinstance(held, list):
                    row["custom_fields"][code] = [key for key in held if key not in ids]
                if held in ids if isinstance(held, int) else not row["custom_fields"].get(code, True):
                    del row["custom_fields"][code]
            return gone

    def _holders(self, entity: str) -> list[Record]:
        """The records that hold values of that entity's custom fields."""
        leads = self.tables["lead"].values() if entity == OWNERS["lead"] else ()
        return [*self.tables[entity].values(), *leads]

    def recurring_billing(self) -> bool:
        """Whether the plan has billing frequencies [OpenAPI v2: Growth and above]."""
        return self.limits.plan in RECURRING_PLANS
